"""diskcache without pickle."""

from __future__ import annotations

import pickle
from io import BytesIO

import diskcache
import pytest

from utils.safe_disk import SafeDisk


@pytest.fixture
def disk(tmp_path):
    return SafeDisk(str(tmp_path))


def test_text_keys_and_bytes_pass(disk):
    """What goes in comes out."""
    assert disk.get(*disk.put("key")) == "key"
    _, mode, filename, value = disk.store(b"value", read=False)
    assert disk.fetch(mode, filename, bytes(value), read=False) == b"value"


@pytest.mark.parametrize("key", [1, b"key", ("key",), None])
def test_other_keys_are_refused(disk, key):
    """Diskcache would pickle them."""
    with pytest.raises(TypeError):
        disk.put(key)


@pytest.mark.parametrize(("key", "raw"), [(pickle.dumps("key"), False), ("key", False), (b"key", True), (5, True)])
def test_forged_keys_are_refused(disk, key, raw):
    """A pickled key of a forged row is never loaded."""
    with pytest.raises(ValueError, match="text"):
        disk.get(key, raw)


@pytest.mark.parametrize(("value", "read"), [("text", False), ({"a": 1}, False), (5, False), (BytesIO(b"x"), True)])
def test_other_values_are_refused(disk, value, read):
    """Diskcache would pickle them or write files."""
    with pytest.raises(TypeError):
        disk.store(value, read)


@pytest.mark.parametrize(
    ("mode", "filename", "value", "read"),
    [
        (4, None, pickle.dumps("value"), False),
        (4, "a.val", None, False),
        (2, "../../etc/passwd", None, False),
        (3, "a.val", None, False),
        (1, "a.val", b"x", False),
        (1, None, b"x", True),
        (1, None, "text", False),
    ],
)
def test_forged_values_are_refused(disk, mode, filename, value, read):
    """Pickles, files and text of a forged row are never read."""
    with pytest.raises(ValueError, match="bytes"):
        disk.fetch(mode, filename, value, read)


def test_a_cache_with_it_never_loads_a_pickle(tmp_path):
    """The whole of diskcache on top of it: a forged row that would run code on loading raises."""
    with diskcache.Cache(str(tmp_path), disk=SafeDisk) as cache:
        cache.set("key", b"value")
        evil = b"cos\nsystem\n(S'touch " + str(tmp_path / "run").encode() + b"'\ntR."
        cache._sql("UPDATE Cache SET mode = 4, value = ?", (evil,))
        with pytest.raises(ValueError, match="bytes"):
            cache.get("key")
    assert not (tmp_path / "run").exists()
