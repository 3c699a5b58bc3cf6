"""Asking the kernel for Landlock: each release for what it knows, and refusals that are not overlooked."""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest

from tests.utils.confined import in_a_thread
from utils.landlock import LandlockState, landlock_state, no_new_privileges, restrict

KERNEL = landlock_state()


class Kernel:
    """A stand-in for the system calls: an ABI, and which calls fail."""

    def __init__(self, abi: int, fails: tuple[int, ...] = ()) -> None:
        self.abi = abi
        self.fails = fails
        self.calls: list[tuple[Any, ...]] = []

    def __call__(self, number: int, *arguments: Any) -> int:
        self.calls.append((number, *arguments))
        if number == 444 and arguments[0] is None:
            return self.abi
        if number in self.fails:
            return -1
        return os.open(os.devnull, os.O_RDONLY) if number == 444 else 0


def test_the_state_is_readable():
    """What the kernel offers is one small value; the network part came with ABI 4."""
    assert KERNEL.files == (KERNEL.abi >= 1)
    assert KERNEL.network == (KERNEL.abi >= 4)


@pytest.mark.parametrize(
    ("abi", "known", "files"),
    [
        (1, 8, 0x1FFF),
        (2, 8, 0x3FFF),
        (3, 8, 0x7FFF),
        (4, 16, 0x7FFF),
        (5, 16, 0xFFFF),
        (6, 24, 0xFFFF),
        (9, 24, 0xFFFF),
    ],
)
def test_each_kernel_is_asked_for_what_it_knows(abi, known, files, tmp_path):
    """A right or a field that the kernel doesn't know would be refused as a whole."""
    kernel = Kernel(abi)
    state = restrict([tmp_path], [tmp_path], [80], call=kernel, give_up_privileges=lambda: True)
    assert state == LandlockState(abi=abi, files=True, network=abi >= 4)
    create = kernel.calls[1]
    assert (len(create[1]), create[2].value) == (known, known)
    assert int.from_bytes(create[1][:8], sys.byteorder) == files
    assert [call[0] for call in kernel.calls[2:]] == [445, 445] + ([445] if abi >= 4 else []) + [446]


def test_without_landlock_nothing_is_done(monkeypatch, tmp_path):
    """Missing, switched off, or another system: the state says so and the worker goes on."""
    nothing = LandlockState(abi=0, files=False, network=False)
    kernel = Kernel(-1)
    assert restrict([tmp_path], [], [], call=kernel) == nothing
    assert len(kernel.calls) == 1
    monkeypatch.setattr(sys, "platform", "darwin")
    assert landlock_state() == nothing


@pytest.mark.parametrize("fails", [(444,), (445,), (446,)])
def test_a_kernel_that_refuses_is_an_error(fails, tmp_path):
    """Nobody works on in the belief to be confined."""
    with pytest.raises(OSError, match="landlock_"):
        restrict([tmp_path], [], [80], call=Kernel(7, fails), give_up_privileges=lambda: True)


def test_privileges_must_go(tmp_path):
    """Without the promise to gain none the kernel wouldn't take the rules."""
    with pytest.raises(OSError, match="NO_NEW_PRIVS"):
        restrict([tmp_path], [], [], call=Kernel(7), give_up_privileges=lambda: False)


def test_giving_up_privileges():
    """The real call works for everybody."""
    assert in_a_thread(no_new_privileges)


def test_missing_paths_are_left_out(tmp_path):
    """Lists name what some systems have; a file gets the rights of files only."""
    file = tmp_path / "file"
    file.touch()
    kernel = Kernel(7)
    restrict([tmp_path / "gone", file / "below"], [file], [], call=kernel, give_up_privileges=lambda: True)
    rules = [call for call in kernel.calls if call[0] == 445]
    assert len(rules) == 1
    assert int.from_bytes(rules[0][3][:8], sys.byteorder) == 0xFFFF & 0b1100000000000111 & ~1
