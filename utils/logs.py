"""Structured logs: an event name plus values, on standard error, with secrets cut out."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any, Final

import structlog

#: values of these keys never reach a log, whatever they hold
SECRET_KEYS: Final = re.compile(r"token|secret|password|cookie|authorization|api_hash|auth_key|session_string", re.IGNORECASE)
#: a bot token, the user part of a URL, and a query value that is a credential
SECRET_TEXT: Final = (
    re.compile(r"\b\d{6,}:[\w-]{30,}\b"),
    re.compile(r"(?<=://)[^/@\s:]+:[^/@\s]+(?=@)"),
    re.compile(r"(?i)(?<=[?&](?:pot|sig)=)[^&\s]+"),
    re.compile(r"(?i)(?<=[?&](?:key)=)[^&\s]+"),
    re.compile(r"(?i)(?<=[?&]token=)[^&\s]+"),
    re.compile(r"(?i)(?<=[?&]signature=)[^&\s]+"),
)
HIDDEN: Final = "***"


class Redactor:
    """A structlog processor that hides secret keys, the given secret values and whatever looks like a credential."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = tuple(secret for secret in secrets if secret)

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        for key, value in event.items():
            event[key] = HIDDEN if SECRET_KEYS.search(key) and value else self.clean(value)
        return event

    def clean(self, value: Any) -> Any:
        """The value with every secret replaced; containers are walked, other objects are shown by their repr."""
        if isinstance(value, str):
            for secret in self._secrets:
                value = value.replace(secret, HIDDEN)
            for pattern in SECRET_TEXT:
                value = pattern.sub(HIDDEN, value)
            return value
        if isinstance(value, dict):
            return {key: HIDDEN if SECRET_KEYS.search(str(key)) else self.clean(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.clean(item) for item in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self.clean(repr(value))


class _Forward(logging.Handler):
    """Lines of libraries in our own form."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger()
        values: dict[str, Any] = {"logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            values["exc_info"] = record.exc_info
        log.log(record.levelno, "library", **values)


def setup_logs(level: str = "info", style: str = "auto", secrets: Iterable[str] = ()) -> None:
    """Send all logs to standard error. `level`: debug…error; `style`: auto, json or text; `secrets`: values to hide."""
    number = getattr(logging, level.upper())
    text = style == "text" or (style == "auto" and sys.stderr.isatty())
    renderer: Any = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()) if text else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            Redactor(secrets),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_Forward()]
    root.setLevel(max(number, logging.WARNING))
