"""Proofs of origin for YouTube: the operator's own and those that a server mints; refused ones are put aside."""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from utils.logs import get_logger

#: A given token that a site refused rests that long.
REST_SECONDS: Final = 1800.0
#: A minting server that failed is left alone that long.
MINT_REST_SECONDS: Final = 60.0
#: Minted tokens are good for at least twelve hours by their makers' word; half of it is safe.
KEEP_SECONDS: Final = 6 * 3600.0
MINTED: Final = 256
#: Tokens are some 40 to 250 characters; what is far off is something else that was pasted by mistake.
SHORTEST: Final = 32
LONGEST: Final = 1400
_TOKEN: Final = re.compile(rf"[A-Za-z0-9_-]{{{SHORTEST},{LONGEST}}}={{0,2}}", re.ASCII)
_BINDING: Final = re.compile(r"[\w%=.|:-]{1,2000}", re.ASCII)
CONTEXTS: Final = ("gvs", "player", "subs")

#: Makes a token for a content binding; `fresh`: not out of its own store. The token, and for how many seconds it is
#: good (None: untold). Raises OSError or ValueError.
Mint = Callable[[str, bool], Awaitable[tuple[str, float | None]]]


@dataclass(eq=False, slots=True)
class Given:
    """A token out of the settings. `visitor`: the visitor data it was made for, "" where nobody told."""

    token: str
    visitor: str
    failures: int = 0
    rests_until: float = float("-inf")


class PoTokens:
    """The pool. `mint`: the server's way, None where there is none. What doesn't fit is logged and left out."""

    def __init__(
        self, given: Iterable[str], mint: Mint | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._mint = mint
        self._mint_rests_until = float("-inf")
        self._minting = asyncio.Lock()
        self._minted: OrderedDict[tuple[str, str], tuple[str, float]] = OrderedDict()
        #: bindings whose token was refused: the next one must not come out of the server's own store
        self._spoiled: set[tuple[str, str]] = set()
        self._given: list[Given] = []
        self._counts = dict.fromkeys(("handed", "minted", "mint_failures", "refused", "skipped"), 0)
        for position, text in enumerate(given, 1):
            try:
                self._given.append(read_given(text))
            except ValueError as error:
                self._counts["skipped"] += 1
                get_logger().warning("youtube.po_token_skipped", position=position, reason=str(error))

    @property
    def ready(self) -> bool:
        """Whether there is any use in asking now."""
        return self.pick() is not None or self._can_mint()

    def pick(self) -> Given | None:
        """The given token that has failed least and doesn't rest."""
        awake = [each for each in self._given if each.rests_until <= self._clock()]
        return min(awake, key=lambda each: each.failures, default=None)

    async def token(self, context: str, binding: str, given: Given | None) -> str | None:
        """A token for that content; None where there is none to be had.

        `context`: "gvs", bound to the visitor (or the account), "player" or "subs", bound to the video. `given`: the
        one that was picked for this job; it serves the media only.
        """
        if context not in CONTEXTS or not _BINDING.fullmatch(binding):
            return None
        if given is not None and context == "gvs" and given.visitor in {"", binding}:
            self._counts["handed"] += 1
            return given.token
        async with self._minting:  # two jobs of one visitor need one token
            token = self._kept(context, binding) or await self._make(context, binding)
        self._counts["handed"] += token is not None
        return token

    def failed(self, tokens: Sequence[str]) -> None:
        """The site refused jobs that showed these: given ones rest, minted ones are made anew."""
        self._counts["refused"] += len(tokens)
        for given in self._given:
            if given.token in tokens:
                given.failures += 1
                given.rests_until = self._clock() + REST_SECONDS
        for key in [key for key, (token, _) in self._minted.items() if token in tokens]:
            del self._minted[key]
            self._spoiled.add(key)
        while len(self._spoiled) > MINTED:
            self._spoiled.pop()

    def worked(self, tokens: Sequence[str]) -> None:
        """A job that showed these was served."""
        for given in self._given:
            if given.token in tokens:
                given.failures = 0

    def figures(self) -> dict[str, Any]:
        """For /status; no token among it."""
        awake = sum(each.rests_until <= self._clock() for each in self._given)
        return {
            "given": len(self._given),
            "resting": len(self._given) - awake,
            "server": self._mint is not None,
            "kept": len(self._minted),
            **self._counts,
        }

    def _can_mint(self) -> bool:
        return self._mint is not None and self._mint_rests_until <= self._clock()

    def _kept(self, context: str, binding: str) -> str | None:
        token, until = self._minted.get((context, binding), (None, 0.0))
        return token if until > self._clock() else None

    async def _make(self, context: str, binding: str) -> str | None:
        if self._mint is None or not self._can_mint():
            return None
        key = context, binding
        try:
            token, seconds = await self._mint(binding, key in self._spoiled)
            token = checked(token)
        except (OSError, ValueError) as error:  # TimeoutError is an OSError
            self._counts["mint_failures"] += 1
            self._mint_rests_until = self._clock() + MINT_REST_SECONDS
            get_logger().warning("youtube.po_token_server", reason=str(error)[:200] or type(error).__name__)
            return None
        self._counts["minted"] += 1
        self._spoiled.discard(key)
        self._minted[key] = token, self._clock() + min(KEEP_SECONDS, seconds or KEEP_SECONDS)
        while len(self._minted) > MINTED:
            self._minted.popitem(last=False)
        return token


def read_given(text: str) -> Given:
    """A setting's entry, `TOKEN` or `TOKEN:VISITOR_DATA`. Raises ValueError with a reason that doesn't show it."""
    token, colon, visitor = text.strip().partition(":")
    if colon and not _BINDING.fullmatch(visitor):
        raise ValueError("what stands behind the colon is no visitor data")
    return Given(checked(token), visitor)


def checked(token: str) -> str:
    """The token, padded and without what URLs do to it. Raises ValueError with a reason that doesn't show it."""
    token = unquote(token.strip())
    if not _TOKEN.fullmatch(token):
        wrong = (
            "it is too short or too long" if re.fullmatch(r"[\w-]*={0,2}", token, re.ASCII) else "it isn't base64url"
        )
        raise ValueError(f"a proof-of-origin token is {SHORTEST} to {LONGEST} letters, digits, - and _; {wrong}")
    bare = token.rstrip("=")
    if len(bare) % 4 == 1:
        raise ValueError("it isn't base64url: a character is missing")
    return bare + "=" * (-len(bare) % 4)  # yt-dlp wants its padding
