"""Landlock: the kernel's own fence around this process and all that it starts. Needs no privilege and no set-up."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

# include/uapi/linux/landlock.h; the numbers of the calls are the same on all architectures.
_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_CREATE_RULESET_VERSION: Final = 1
_RULE_PATH_BENEATH: Final = 1
_RULE_NET_PORT: Final = 2
_PR_SET_NO_NEW_PRIVS: Final = 38

_EXECUTE: Final = 1 << 0
_WRITE_FILE: Final = 1 << 1
_READ_FILE: Final = 1 << 2
_READ_DIR: Final = 1 << 3
_ALL_FILES_V1: Final = (1 << 13) - 1
_REFER: Final = 1 << 13  # since 2: renaming and linking between folders
_TRUNCATE: Final = 1 << 14  # since 3
_IOCTL_DEVICE: Final = 1 << 15  # since 5
#: What a rule on a single file may hold; the others are rights of folders.
_OF_FILES: Final = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
_BIND_TCP: Final = 1 << 0  # since 4, like the next
_CONNECT_TCP: Final = 1 << 1
_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS: Final = 0b11  # since 6

ABI_NETWORK: Final = 4

#: A system call by number; the result as the kernel gives it, -1 for a failure (the reason is lost on purpose:
#: missing, switched off and refused all mean the same here).
SystemCall = Callable[..., int]


@dataclass(frozen=True, slots=True)
class LandlockState:
    """What the kernel can confine, or after `confine` what it does confine. `abi` is 0 where there is no Landlock."""

    abi: int
    files: bool
    network: bool


def system_call(number: int, *arguments: Any) -> int:
    """The C library's `syscall`."""
    result: int = ctypes.CDLL(None, use_errno=True).syscall(number, *arguments)
    return result


def no_new_privileges() -> bool:
    """No program that this process starts gains rights by its file (setuid). Landlock asks for it."""
    return bool(ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)


def landlock_state(call: SystemCall = system_call) -> LandlockState:
    """What this kernel can confine."""
    if sys.platform != "linux":
        return LandlockState(abi=0, files=False, network=False)
    abi = max(0, call(_CREATE_RULESET, None, ctypes.c_size_t(0), _CREATE_RULESET_VERSION))
    return LandlockState(abi=abi, files=abi > 0, network=abi >= ABI_NETWORK)


def restrict(
    read: Sequence[Path],
    write: Sequence[Path],
    tcp_ports: Sequence[int],
    *,
    call: SystemCall = system_call,
    give_up_privileges: Callable[[], bool] = no_new_privileges,
) -> LandlockState:
    """Confine the calling thread and its future children for good; what is confined now.

    Call it while the process has one thread. Paths that don't exist are left out. Raises OSError where the kernel has
    Landlock and yet refuses: then nobody is to go on as if it were in force.
    """
    state = landlock_state(call)
    if not state.files:
        return state
    files = _file_rights(state.abi)
    network = _BIND_TCP | _CONNECT_TCP if state.network else 0
    scoped = _SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS if state.abi >= 6 else 0  # noqa: PLR2004 - an ABI number
    fields = struct.pack("=QQQ", files, network, scoped)
    known = 24 if state.abi >= 6 else 16 if state.network else 8  # noqa: PLR2004 - older kernels know a shorter struct
    ruleset = _good(call(_CREATE_RULESET, fields[:known], ctypes.c_size_t(known), 0), "landlock_create_ruleset")
    try:
        for paths, rights in ((read, _EXECUTE | _READ_FILE | _READ_DIR), (write, files & ~_EXECUTE)):
            for path in paths:
                _allow(ruleset, path, rights, call)
        if state.network:
            for port in tcp_ports:
                rule = struct.pack("=QQ", _CONNECT_TCP, port)
                _good(call(_ADD_RULE, ruleset, _RULE_NET_PORT, rule, 0), "landlock_add_rule")
        if not give_up_privileges():
            raise OSError("prctl(PR_SET_NO_NEW_PRIVS) failed")
        _good(call(_RESTRICT_SELF, ruleset, 0), "landlock_restrict_self")
    finally:
        os.close(ruleset)
    return state


def _file_rights(abi: int) -> int:
    """All rights that this kernel can take away."""
    rights = _ALL_FILES_V1
    for since, right in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL_DEVICE)):
        rights |= right if abi >= since else 0
    return rights


def _allow(ruleset: int, path: Path, rights: int, call: SystemCall) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return
    try:
        allowed = rights if path.is_dir() else rights & _OF_FILES
        rule = struct.pack("=Qi", allowed, place)
        _good(call(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0), "landlock_add_rule")
    finally:
        os.close(place)


def _good(result: int, what: str) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{what} failed")
    return result
