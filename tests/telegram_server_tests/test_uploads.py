"""Uploads by themselves: parts in any order make the file that was cut into them."""

import hashlib
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.telegram_server.faults import RpcError
from tests.telegram_server.uploads import MAX_PARTS, BigUpload, SmallUpload


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    length=st.integers(1, 9000),
    part_bytes=st.sampled_from([1024, 2048, 4096]),
    seed=st.integers(0, 1 << 20),
    big=st.booleans(),
)
def test_any_order_makes_the_same_file(tmp_path: Path, length: int, part_bytes: int, seed: int, big: bool) -> None:
    """Parts that come shuffled and partly twice give back the bytes, for small and big files."""
    chance = random.Random(seed)
    data = chance.randbytes(length)
    parts = [data[at : at + part_bytes] for at in range(0, length, part_bytes)]
    order = [*range(len(parts)), *chance.sample(range(len(parts)), len(parts) // 2)]
    chance.shuffle(order)
    upload = BigUpload(tmp_path / "f", len(parts)) if big else SmallUpload(tmp_path / "f")
    for number in order:
        upload.add(number, parts[number])
    path = upload.finish(len(parts), "" if big else hashlib.md5(data).hexdigest())
    upload.close()
    assert path.read_bytes() == data


def test_small_files_are_checked(tmp_path: Path) -> None:
    """Empty, oversized, unequal and missing parts and a wrong checksum each have their error."""
    upload = SmallUpload(tmp_path / "f")
    for part, data, error in (
        (0, b"", "FILE_PART_EMPTY"),
        (0, bytes((512 << 10) + 1), "FILE_PART_SIZE_INVALID"),
        (MAX_PARTS, b"x", "FILE_PART_INVALID"),
    ):
        with pytest.raises(RpcError, match=error):
            upload.add(part, data)
    upload.add(0, bytes(1024))
    upload.add(2, b"end")
    for parts, md5, error in (
        (3, "", "FILE_PART_1_MISSING"),
        (0, "", "FILE_PARTS_INVALID"),
        (1, "", "FILE_PARTS_INVALID"),
    ):
        with pytest.raises(RpcError, match=error):
            upload.finish(parts, md5)
    upload.add(1, bytes(1000))
    with pytest.raises(RpcError, match="FILE_PART_SIZE_CHANGED"):
        upload.finish(3, "")
    upload.add(1, bytes(1024))
    with pytest.raises(RpcError, match="MD5_CHECKSUM_INVALID"):
        upload.finish(3, "0" * 32)
    for part in range(21):
        upload.add(part, bytes(512 << 10))
    with pytest.raises(RpcError, match="FILE_PART_TOO_BIG"):
        upload.finish(21, "")
