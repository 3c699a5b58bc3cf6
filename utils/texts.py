"""Words that people read: sentences from the message catalogues, and sizes, times and bars written out."""

from __future__ import annotations

import gettext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from utils.errors import GoldcrestError

CATALOGUES: Final = Path(__file__).resolve().parent.parent / "templates" / "locale"
DOMAIN: Final = "goldcrest"
#: what is said where a key is missing in production
FALLBACK_KEY: Final = "error.internal"
SIZE_STEP: Final = 1024
SIZE_UNITS: Final = ("B", "KB", "MB", "GB", "TB")
MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 24 * HOUR
BAR_FULL: Final = "\u2593"
BAR_EMPTY: Final = "\u2591"


@dataclass(frozen=True, slots=True)
class Explained:
    """A failure for a person: one sentence, and the next step (empty where there is none)."""

    sentence: str
    hint: str


class Texts:
    """One language. `texts(key, **values)` gives the sentence with its placeholders filled.

    `strict` raises KeyError for a key or value that is missing (tests); otherwise the sentence for an unknown fault is
    given, so that a gap in a translation never breaks an answer.
    """

    def __init__(self, language: str = "en", *, strict: bool = False, folder: Path = CATALOGUES) -> None:
        self.language = language
        self._strict = strict
        with (folder / language / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
            self._catalogue = gettext.GNUTranslations(file)

    def __call__(self, key: str, **values: Any) -> str:
        """The sentence of `key`."""
        return self._filled(self._catalogue.gettext(key), key, values)

    def many(self, key: str, count: int, **values: Any) -> str:
        """The form of `key` that the language uses for `count`, which is the placeholder {count}."""
        return self._filled(self._catalogue.ngettext(key, key, count), key, {"count": count, **values})

    def error(self, error: GoldcrestError) -> Explained:
        """Sentence and next step of a failure.

        A key followed by a colon and the sorted names of the error's values ("error.too_large:limit_mb") is preferred,
        because values may be absent or no; `wait` stands for `retry_after_seconds`. A report is named behind the step.
        """
        values = {name: value for name, value in error.values.items() if value is not None and value is not False}
        if error.retry_after_seconds:
            values["wait"] = self.wait(error.retry_after_seconds)
        hint = self._variant(error.hint_key, values)
        if error.report_id:
            hint = f"{hint} {self('failure.report', report=error.report_id)}"
        return Explained(self._variant(error.text_key, values), hint)

    def wait(self, seconds: float) -> str:
        """A time to wait, rounded up to one unit: "45 s", "18 min", "2 h", "3 days"."""
        whole = max(1, round(seconds))
        if whole < 2 * MINUTE:
            return self("unit.seconds", count=whole)
        if whole < 2 * HOUR:
            return self("unit.minutes", count=-(-whole // MINUTE))
        if whole < 2 * DAY:
            return self("unit.hours", count=-(-whole // HOUR))
        return self.many("unit.days", -(-whole // DAY))

    def has(self, key: str) -> bool:
        """Whether the catalogue holds the key."""
        return self._catalogue.gettext(key) != key

    def _variant(self, key: str, values: dict[str, Any]) -> str:
        precise = f"{key}:{','.join(sorted(values))}"
        return self(precise if values and self.has(precise) else key, **values)

    def _filled(self, pattern: str, key: str, values: dict[str, Any]) -> str:
        try:
            if pattern != key:
                return pattern.format_map(values)
        except KeyError:
            if self._strict:
                raise
        if self._strict:
            raise KeyError(key)
        return self._catalogue.gettext(FALLBACK_KEY)


def size_text(size_bytes: float) -> str:
    """A size as Telegram's apps write it (steps of 1024): "812 B", "12.3 MB", "1.95 GB"."""
    size, unit = float(size_bytes), 0
    while size >= SIZE_STEP and unit < len(SIZE_UNITS) - 1:
        size, unit = size / SIZE_STEP, unit + 1
    digits = 0 if unit < SIZE_UNITS.index("MB") else 1 if unit == SIZE_UNITS.index("MB") else 2
    return f"{size:.{digits}f} {SIZE_UNITS[unit]}"


def duration_text(seconds: float) -> str:
    """A length of time as players write it: "0:07", "3:05", "1:02:03"."""
    whole = round(seconds)
    hours, rest = divmod(whole, HOUR)
    minutes, left = divmod(rest, MINUTE)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def progress_bar(fraction: float, width: int = 12) -> str:
    """A bar of `width` blocks; a fraction outside 0…1 is drawn as its nearer end."""
    full = int(min(1.0, max(0.0, fraction)) * width)
    return BAR_FULL * full + BAR_EMPTY * (width - full)
