"""Structured logs: an event name plus values, on standard error, with secrets cut out."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any, Final, TextIO, cast

#: values of these keys never reach a log, whatever they hold
SECRET_KEYS: Final = re.compile(
    r"token|secret|password|cookie|authorization|api_hash|auth_key|session_string", re.IGNORECASE
)
#: what looks like a credential, behind what is kept: a bot token, the user part of a URL, a query value, a header
SECRET_TEXT: Final = (
    re.compile(r"(?P<keep>)(?<!\d)\d{6,}:[\w-]{30,}"),
    re.compile(r"(?P<keep>://)[^/@\s]+(?=@)"),
    re.compile(r"(?P<keep>[?&](?:pot|sig|signature|key|auth|password|secret|\w*token)=)[^&\s]+", re.IGNORECASE),
    re.compile(r"(?P<keep>\b(?:\w+-)?authorization\W{1,4}(?:(?:basic|bearer) )?)[\w+/=.~-]+", re.IGNORECASE),
    re.compile(r"(?P<keep>\bcookie: )[^\r\n]+", re.IGNORECASE),
)
HIDDEN: Final = "***"
#: left out before setup_logs
EARLY: Final = frozenset({"debug", "info"})
LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


@contextmanager
def _without(name: str) -> Iterator[None]:
    """Let imports in the block believe that a package is not installed, unless somebody uses it already."""
    hide = name not in sys.modules
    if hide:
        sys.modules.update({name: cast("ModuleType", None)})  # the documented way to block an import
    try:
        yield
    finally:
        if hide:
            del sys.modules[name]


def _structlog() -> ModuleType:
    """Structlog, loaded when it is needed and without rich, which costs 4.5 MB and 70 ms for colours in tracebacks."""
    with _without("rich"):
        import structlog

    return structlog


class Logger:
    """Structlog's logger, loaded with its first line.

    What is said before `setup_logs` goes nowhere unless it is a warning or worse: the first answer of /health is not
    held up by loading what would be left out anyway.
    """

    def __getattr__(self, name: str) -> Any:
        loaded = sys.modules.get("structlog")
        if name in EARLY and (loaded is None or not loaded.is_configured()):
            return _say_nothing
        return getattr(_structlog().get_logger(), name)


def get_logger() -> Logger:
    """The logger of a module."""
    return Logger()


def _say_nothing(_event: str, **_values: object) -> None:
    return


class Redactor:
    """A structlog processor that hides secret keys, the given secret values and whatever looks like a credential."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = tuple(secret for secret in secrets if secret)

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """The event with its values cleaned; structlog's shape of a processor."""
        for key, value in event.items():
            event[key] = HIDDEN if SECRET_KEYS.search(key) and value else self.clean(value)
        return event

    def clean(self, value: Any) -> Any:
        """The value with every secret replaced; containers are walked, other objects are shown by their repr."""
        if isinstance(value, str):
            for secret in self._secrets:
                value = value.replace(secret, HIDDEN)
            for pattern in SECRET_TEXT:
                value = pattern.sub(rf"\g<keep>{HIDDEN}", value)
            return value
        if isinstance(value, dict):
            return {key: HIDDEN if SECRET_KEYS.search(str(key)) else self.clean(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.clean(item) for item in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self.clean(repr(value))


def _without_traceback(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event.pop("exc_info", None)
    return event


class _Forward(logging.Handler):
    """Lines of libraries in our own form."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - a library's wrong format string must not end its call
            message = str(record.msg)
        values: dict[str, Any] = {"logger": record.name, "message": message}
        if record.exc_info:
            values["exc_info"] = record.exc_info
        level = max(known for known in LEVELS.values() if known <= max(record.levelno, logging.DEBUG))
        get_logger().log(level, "library", **values)


class Droppable:
    """A file for log lines: one that can't be written (its disk is full, its reader is gone) is dropped, in silence."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        """Write what can be written."""
        with suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        """Hand it on at once, where that can be."""
        with suppress(OSError):
            self._file.flush()


def setup_logs(
    level: str = "info", style: str = "auto", secrets: Iterable[str] = (), *, tracebacks: bool = True
) -> None:
    """Send all logs to standard error.

    `level`: debug…error; `style`: auto, json or text; `secrets`: values to hide; `tracebacks`: whether errors that
    nobody foresaw bring theirs, which is for operators and not for people at a terminal.
    """
    structlog = _structlog()
    number = LEVELS[level]
    terminal = sys.stderr.isatty()
    text = style == "text" or (style == "auto" and terminal)
    renderer: Any = structlog.dev.ConsoleRenderer(colors=terminal) if text else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info if tracebacks else _without_traceback,
            Redactor(secrets),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=Droppable(sys.stderr)),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_Forward()]
    root.setLevel(max(number, logging.WARNING))
