"""What the parent holds for its workers and hands to a job: proofs of origin, turns at JavaScript, an account."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from platforms.extractor.javascript import Admission, JavaScript, Reserve
from platforms.extractor.players import PlayerFolder
from platforms.extractor.tokens import PoTokens
from platforms.extractor.ways import WayFinder, Ways
from utils.errors import BotCheck, SiteBlocked

if TYPE_CHECKING:
    from platforms.extractor.protocol import Order
    from platforms.extractor.tokens import Given
    from platforms.extractor.ways import Poor
    from platforms.shapes import Extractor, Way
    from utils.config import Settings

#: what an option "tools" may name
TOOLS: Final = frozenset({"po_token", "javascript", "cookies", "anonymous"})
#: errors behind which a proof of origin may stand that isn't good any more
_REFUSED: Final = (BotCheck, SiteBlocked)
#: A job that asks more often than any extractor would is refused.
MOST_QUESTIONS: Final = 50


class Tools:
    """`admit`: whether memory bears so many bytes more; `reserve` keeps them for us."""

    def __init__(self, settings: Settings, admit: Admission, reserve: Reserve | None = None) -> None:
        platforms = settings.platforms
        mint = None
        if platforms.po_token_server:
            from platforms.extractor.minter import Minter

            mint = Minter(platforms.po_token_server)
        self.ways = Ways()
        self._tokens = PoTokens(platforms.youtube_po_token, mint)
        self._javascript = JavaScript(platforms.javascript, admit, reserve=reserve)
        self._players = PlayerFolder(settings.data_dir / "cache" / "players")

    async def has(self, tool: str) -> bool:
        """Whether that tool is at hand now."""
        if tool == "po_token":
            return self._tokens.ready
        return tool == "javascript" and await self._javascript.ready()

    def by_ways(
        self, extractor: Extractor, site: str, ways: tuple[Way, ...], poor: Poor, *, cookies: bool = False
    ) -> Extractor:
        """That extractor, asking in several ways. `cookies`: whether it shows those of an account."""

        async def has(tool: str) -> bool:
            return cookies if tool == "cookies" else await self.has(tool)

        return WayFinder(extractor, site, ways, poor, self.ways, has)

    async def errand(self, order: Order) -> Errand:
        """What the tools that an order names are for its job; the names leave its options."""
        options = dict(order.options)
        asked = frozenset(options.pop("tools", ())) & TOOLS
        order = replace(order, options=options, anonymous="anonymous" in asked)
        given = None
        if "po_token" in asked and self._tokens.ready:
            given = self._tokens.pick()
            order = replace(order, po_token=True, options=_as_visitor(options, given.visitor if given else ""))
        if "javascript" in asked and await self._javascript.ready() and (runtime := await self._javascript.runtime()):
            with suppress(OSError):  # a disk that is full or read-only costs the tool, not the job
                players = str(self._players.prepare())
                order = replace(order, runtime=runtime.name, runtime_command=runtime.command, players=players)
        return Errand(order, self._tokens, given, self._javascript)

    def figures(self) -> dict[str, Any]:
        """For /status: how each way of each site went, and the tools."""
        return {
            "ways": self.ways.figures(),
            "po_tokens": self._tokens.figures(),
            "javascript": self._javascript.figures(),
        }


class Errand:
    """One job's dealings with the tools. `order`: as it goes to the worker; `secrets`: what no message may repeat."""

    def __init__(self, order: Order, tokens: PoTokens, given: Given | None, javascript: JavaScript) -> None:
        self.order = order
        self.secrets: list[str] = []
        self._shown: list[str] = []
        self._tokens = tokens
        self._given = given
        self._javascript = javascript
        self._turn: bool | None = None
        self._questions = 0

    @property
    def busy(self) -> bool:
        """Whether the worker runs JavaScript now, which moves no bytes and has a bound of its own."""
        return self._turn is not None

    async def answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """To a worker's question, as far as its order entitles it to ask."""
        self._questions += 1
        about = question.get("about")
        if self._questions > MOST_QUESTIONS:
            return {}
        if about == "po_token" and self.order.po_token:
            context, binding = str(question.get("context")), str(question.get("binding"))
            token = await self._tokens.token(context, binding, self._given)
            if token is not None and token not in self._shown:
                self._shown.append(token)
                self.secrets.append(token)
            return {"token": token}
        if about == "javascript" and self.order.runtime and self._turn is None:
            prepared = question.get("prepared") is True
            if await self._javascript.take_turn(prepared=prepared):
                self._turn = prepared
            return {"granted": self._turn is not None}
        if about == "javascript_done" and self._turn is not None:
            peak = question.get("peak_bytes")
            self._give_back(peak if isinstance(peak, int) else 0)
        return {}

    def ended(self, error: BaseException | None) -> None:
        """The job is over: its turn goes back, and its tokens are judged by how it went."""
        if self._turn is not None:
            self._give_back(0)
        if error is None:
            self._tokens.worked(self._shown)
        elif isinstance(error, _REFUSED) and self._shown:
            self._tokens.failed(self._shown)

    def _give_back(self, peak_bytes: int) -> None:
        prepared, self._turn = bool(self._turn), None
        self._javascript.give_back(prepared=prepared, peak_bytes=peak_bytes)


def _as_visitor(options: Mapping[str, Any], visitor: str) -> dict[str, Any]:
    """The options with the visitor for whom a token was made, where that is known."""
    if not visitor:
        return dict(options)
    arguments = {name: dict(given) for name, given in (options.get("extractor_args") or {}).items()}
    arguments["youtube"] = {**arguments.get("youtube", {}), "visitor_data": [visitor]}
    return {**options, "extractor_args": arguments}
