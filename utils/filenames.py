"""File names that a person sees: a title made safe for every file system and for a Content-Disposition header."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

#: file systems take 255 bytes; room is left for what browsers append to a second copy
NAME_BYTES: Final = 180
FALLBACK: Final = "file"
FORBIDDEN: Final = re.compile(r'[/\\:*?"<>|]+')
EXTENSION: Final = re.compile(r"[a-z0-9]{1,5}")
#: Windows gives these to devices, whatever follows the first dot
DEVICES: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)", re.IGNORECASE)


def file_name(title: str, extension: str, note: str = "") -> str:
    """A name like "Title (note).ext" without separators, control and direction characters, within NAME_BYTES."""
    # Category C holds control, format (right-to-left override) and private characters, none of which a name needs.
    visible = "".join(
        char if unicodedata.category(char)[0] != "C" else " " for char in unicodedata.normalize("NFC", title)
    )
    stem = " ".join(FORBIDDEN.sub(" ", visible).split()).strip(". ") or FALLBACK
    if DEVICES.match(stem):
        stem = f"_{stem}"
    extension = extension.lower().lstrip(".")
    end = (f" ({note})" if note else "") + (f".{extension}" if EXTENSION.fullmatch(extension) else "")
    return _shortened(stem, NAME_BYTES - len(end.encode())) + end


def ascii_name(name: str) -> str:
    """The name for readers of the old `filename=` parameter: other characters become underscores."""
    return re.sub(r'[^ -~]|["\\%]', "_", name)


def _shortened(text: str, size: int) -> str:
    """At most that many bytes of UTF-8, cut between characters."""
    return text.encode()[:size].decode(errors="ignore").rstrip()
