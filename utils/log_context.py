"""Correlation ids: values that every log line of one piece of work carries, whatever task or module writes it."""

from __future__ import annotations

from contextvars import Context, copy_context


def log_context(**values: str) -> Context:
    """A copy of the present context for a new task (`create_task(…, context=…)`) whose lines hold these values."""
    from structlog.contextvars import bind_contextvars

    context = copy_context()
    context.run(bind_contextvars, **values)
    return context
