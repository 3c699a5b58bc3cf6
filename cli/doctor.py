"""`doctor`: run every check side by side and say of each how it went and what to do next."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from cli import checks, checks_identities, checks_network
from cli.checks import Finding
from utils.config import load_settings
from utils.errors import ConfigError

if TYPE_CHECKING:
    from utils.config import Settings
    from utils.texts import Texts

Check = Callable[["Settings"], Awaitable[Finding]]

#: in the order of the report
CHECKS: Final[dict[str, Check]] = {
    "settings": checks.settings,
    "telegram": checks_network.telegram,
    "ffmpeg": checks.ffmpeg,
    "extractor": checks.extractor,
    "disk": checks.disk,
    "memory": checks.memory,
    "sandbox": checks.sandbox,
    "javascript": checks.javascript,
    "po_tokens": checks.po_tokens,
    "egress": checks_network.egress,
    "identities": checks_identities.identities,
    "reports": checks.reports,
}
CHECK_SECONDS: Final = 20.0


def examine(read: Callable[[], Settings] = load_settings, chosen: dict[str, Check] = CHECKS) -> list[Finding]:
    """The findings of all checks; where the settings don't fit, only that one."""
    try:
        settings = read()
    except ConfigError as error:
        return [Finding("settings", "fail", "broken", {"line": error.detail})]
    return asyncio.run(_all(settings, chosen))


def passed(findings: Sequence[Finding]) -> bool:
    """Whether nothing failed; warnings are no failure."""
    return all(finding.result != "fail" for finding in findings)


def lines(findings: Sequence[Finding], texts: Texts) -> Iterator[str]:
    """One line per finding: how it went, what was found, and the next step behind an arrow."""
    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        detail, step = words(finding, texts)
        arrow = f" \N{RIGHTWARDS ARROW} {step}" if step else ""
        yield f"{finding.result:4}  {finding.check:{width}}  {detail}{arrow}"


def shape(findings: Sequence[Finding], texts: Texts) -> dict[str, Any]:
    """The same for programs."""
    rows = []
    for finding in findings:
        detail, step = words(finding, texts)
        rows.append({"check": finding.check, "result": finding.result, "detail": detail, "next": step})
    return {"ok": passed(findings), "checks": rows}


def words(finding: Finding, texts: Texts) -> tuple[str, str]:
    """Sentence and next step (empty where there is none)."""
    key = f"doctor.{finding.check}.{finding.case}"
    if not texts.has(key):
        key = f"doctor.any.{finding.case}"
    step = f"{key}.next"
    return texts(key, **finding.values), texts(step, **finding.values) if texts.has(step) else ""


async def _all(settings: Settings, chosen: dict[str, Check]) -> list[Finding]:
    return list(await asyncio.gather(*(_one(name, check, settings) for name, check in chosen.items())))


async def _one(name: str, check: Check, settings: Settings) -> Finding:
    try:
        return await asyncio.wait_for(check(settings), CHECK_SECONDS)
    except TimeoutError:
        return Finding(name, "fail", "slow", {"seconds": f"{CHECK_SECONDS:g}"})
    except Exception as error:  # noqa: BLE001 - one broken check must not hide the others
        return Finding(name, "fail", "crashed", {"error": f"{type(error).__name__}: {error}"})
