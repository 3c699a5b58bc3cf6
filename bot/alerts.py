"""Alerts in the owner's chat: one message, one line for each rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from bot.rich import plain
from bot.telegram import Place
from services.alert_rules import FIGURES

if TYPE_CHECKING:
    from bot.telegram import Telegram
    from services.alerts import Announcer, Told
    from services.app import App
    from utils.alerts import Notice
    from utils.texts import Texts

SIGNS: Final = {
    "critical": "\N{LARGE RED CIRCLE}",
    "warning": "\N{LARGE YELLOW CIRCLE}",
    "info": "\N{LARGE GREEN CIRCLE}",
}
#: lines of one message; there are not so many rules that matter at once
LINES: Final = 30


def announcer(app: App, telegram: Telegram) -> Announcer:
    """Tells the owner; False where there is nobody to tell."""

    async def announce(news: Sequence[Told]) -> bool:
        owner_id = app.users.owner_id
        if owner_id is None:
            return False
        lines = [line(app.texts, told.notice) for told in news[:LINES]]
        await telegram.send_text(Place(owner_id), plain("\n".join(lines)))
        return True

    return announce


def line(texts: Texts, notice: Notice) -> str:
    """What has happened, with the figure as people read it."""
    rule = notice.rule
    return texts(
        f"alert.{notice.kind}",
        sign=SIGNS[notice.level],
        name=texts(f"alert.{rule.metric}"),
        value=texts("alert.unknown") if notice.value is None else written(texts, rule.metric, notice.value),
        limit=written(texts, rule.metric, rule.threshold),
        time=texts.wait(notice.seconds),
    )


def written(texts: Texts, figure: str, value: float) -> str:
    """A share as per cent, a time in its unit, a number as it is."""
    kind = FIGURES[figure]
    if kind == "share":
        return f"{100 * value:.0f} %"
    return texts.wait(value) if kind == "seconds" else f"{value:g}"
