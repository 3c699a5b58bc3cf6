"""Which identity asks a site: the least loaded and healthiest that isn't resting; one that is refused makes way."""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from platforms.shapes import ANONYMOUS, Identity
from utils.errors import (
    AgeRestricted,
    BadCookies,
    BotCheck,
    CircuitOpen,
    GeoBlocked,
    GoldcrestError,
    IdentitiesResting,
    LoginRequired,
    Paid,
    Private,
    ProxyDown,
    RateLimited,
    SiteBlocked,
)

if TYPE_CHECKING:
    from utils.circuit_breaker import CircuitBreaker, Permit
    from utils.circuit_breakers import Breakers

T = TypeVar("T")

#: identities that one attempt tries at most; whoever retries the attempt meets those that don't rest
MOST_TRIES: Final = 4
#: items whose identity is remembered: what one was let see, it fetches as well
ITEMS: Final = 256
#: an account is asked with where two more are running through everybody's identity, or where nothing else helps
ACCOUNT_LOAD: Final = 2
#: share of the newest outcome in an identity's health, and the health of one that always fails
NEWS: Final = 0.2
LEAST_HEALTH: Final = 0.1
#: the first rest in seconds, doubled by each further one until something goes well; a site's own Retry-After is kept
RESTS: Final[Mapping[type[GoldcrestError], float]] = {
    BotCheck: 600.0,
    SiteBlocked: 600.0,
    RateLimited: 60.0,
    LoginRequired: 60.0,
    ProxyDown: 30.0,
    BadCookies: 600.0,
}
LONGEST_REST_SECONDS: Final = 7200.0
#: refusals of an item that an account may lift
_FOR_ACCOUNTS: Final = (LoginRequired, AgeRestricted, Private, Paid)


@dataclass(slots=True, eq=False)
class Member:
    """One identity of a site with what is known of it. `health`: share of late calls that went well, newest first."""

    identity: Identity
    breaker: CircuitBreaker
    running: int = 0
    success: int = 0
    failed: int = 0
    last_error: str = ""
    health: float = 1.0
    rests: int = 0

    @property
    def cost(self) -> float:
        """What one more call through it would weigh."""
        return (1 + self.running + ACCOUNT_LOAD * bool(self.identity.cookies)) / max(self.health, LEAST_HEALTH)

    def went_well(self) -> None:
        """It got what was asked for."""
        self.success += 1
        self.rests = 0
        self.health += NEWS * (1 - self.health)

    def went_wrong(self, error: GoldcrestError) -> None:
        """It did not, and not because of the item."""
        self.failed += 1
        self.last_error = error.code
        self.health -= NEWS * self.health

    def rest(self, permit: Permit, error: GoldcrestError) -> None:
        """Leave it in peace for a while, unless it rests already or was resumed since that call began.

        So many calls that are refused together are one rest, and none ends what an operator holds.
        """
        if not permit.current:
            return
        first = next(seconds for kind, seconds in RESTS.items() if isinstance(error, kind))
        seconds = min(first * 2**self.rests, LONGEST_REST_SECONDS)
        self.rests = min(self.rests + 1, 16)
        permit.failed(error, max(seconds, error.retry_after_seconds or 0.0))

    def figures(self) -> dict[str, Any]:
        """For /status; nothing of its secrets."""
        remaining = self.breaker.remaining_seconds
        return {
            "name": self.identity.name,
            "cookies": bool(self.identity.cookies),
            "proxy": bool(self.identity.proxy),
            "running": self.running,
            "success": self.success,
            "failed": self.failed,
            "last_error": self.last_error,
            "health": round(self.health, 2),
            "state": self.breaker.state,
            "resting_seconds": None if remaining is None else round(remaining, 1),
        }


@dataclass(slots=True)
class Walk:
    """What one attempt has met so far: who was asked, and what the next one must have."""

    tried: set[str] = field(default_factory=set)
    met: list[GoldcrestError] = field(default_factory=list)
    told: GoldcrestError | None = None
    account: bool = False
    proxies: set[str] = field(default_factory=set)

    def suits(self, identity: Identity) -> bool:
        """Whether that identity may do better than those before it."""
        if self.account and not identity.cookies:
            return False
        return identity.name not in self.tried and identity.proxy not in self.proxies


class Identities:
    """The pools of all sites. A site without one is asked as `ANONYMOUS`, and nothing is noted of that.

    `breakers`: an identity's is named "site/identity". `rng`: decides between equals.
    """

    def __init__(
        self,
        configured: Mapping[str, Iterable[Identity]],
        breakers: Breakers,
        *,
        rng: Callable[[], float] = random.random,
    ) -> None:
        self._configured = {site: tuple(pool) for site, pool in configured.items()}
        self._uploaded: dict[str, tuple[Identity, ...]] = {}
        self._breakers = breakers
        self._rng = rng
        self._pools: dict[str, list[Member]] = {}
        self._items: OrderedDict[tuple[str, str], str] = OrderedDict()
        for site in self._configured:
            self._fill(site)

    def set_uploaded(self, site: str, identities: Iterable[Identity]) -> None:
        """The identities of a site that the owner has sent from the chat; those that stay keep what is known of them.

        They join the site's own list. Where it has none, everybody's identity stays beside them.
        """
        self._uploaded[site] = tuple(identities)
        self._fill(site)

    def renewed(self, site: str, name: str) -> None:
        """Somebody has signed in anew under that name: nothing that was known of it holds, and it rests no longer.

        One that an operator holds stays held.
        """
        self._pools[site] = [
            Member(member.identity, member.breaker) if member.identity.name == name else member
            for member in self._pools[site]
        ]
        breaker = self._breakers.get(f"{site}/{name}")
        if breaker.remaining_seconds is not None:
            breaker.close()

    def listed(self) -> tuple[tuple[str, Identity], ...]:
        """The operator's own, each with its site."""
        return tuple((site, identity) for site, pool in self._configured.items() for identity in pool)

    def identities(self, site: str) -> tuple[Identity, ...]:
        """A site's pool, empty for one without."""
        return tuple(member.identity for member in self._pools.get(site, ()))

    async def run(
        self,
        site: str,
        item: str,
        call: Callable[[Identity], Awaitable[T]],
        turn: Callable[[], Awaitable[None]] | None = None,
    ) -> T:
        """What `call` gives with one identity after the other, until one is let in. `item`: a key of what is asked for.

        Each asks the site, so each is chosen when the site's `turn` has come. A refusal of the identity (bot check, too
        many requests, a block, a dead proxy, cookies that are no use) rests it; one that an account or another country
        may lift is taken to those. Raises IdentitiesResting where all rest, the item's own refusal where nobody was let
        in, and whatever else `call` or `turn` raises.
        """
        pool = self._pools.get(site)
        if not pool:
            if turn is not None:
                await turn()
            return await call(ANONYMOUS)
        walk = Walk()
        while any(member.breaker.state != "open" for member in self._fitting(pool, walk)):
            if turn is not None:
                await turn()
            if (chosen := self._choose(site, item, pool, walk)) is None:
                break
            member, permit = chosen
            walk.tried.add(member.identity.name)
            member.running += 1
            try:
                with permit:
                    try:
                        result = await call(member.identity)
                    except GoldcrestError as error:
                        if self._goes_on(member, permit, error, walk):
                            continue
                        raise
                member.went_well()
                self._remember(site, item, member.identity.name)
                return result
            finally:
                member.running -= 1
        raise self._verdict(pool, walk)

    def figures(self) -> dict[str, list[dict[str, Any]]]:
        """Every member of every pool by site, see `Member.figures`."""
        return {site: [member.figures() for member in pool] for site, pool in self._pools.items()}

    def _fill(self, site: str) -> None:
        known = {member.identity: member for member in self._pools.get(site, ())}
        uploaded = self._uploaded.get(site, ())
        wanted = {each.name: each for each in (*uploaded, *self._configured.get(site, ()))}
        if uploaded and site not in self._configured:
            wanted = {ANONYMOUS.name: ANONYMOUS, **wanted}
        self._pools[site] = [
            known.get(identity) or Member(identity, self._breakers.get(f"{site}/{identity.name}"))
            for identity in wanted.values()
        ]
        if not wanted:
            del self._pools[site]

    def _choose(self, site: str, item: str, pool: list[Member], walk: Walk) -> tuple[Member, Permit] | None:
        """The best of those that suit and don't rest, with its breaker's leave."""
        first = self._items.get((site, item), "")
        fitting = self._fitting(pool, walk)
        for member in sorted(fitting, key=lambda each: (each.identity.name != first, each.cost, self._rng())):
            try:
                return member, member.breaker.admit()
            except CircuitOpen:
                continue
        return None

    @staticmethod
    def _fitting(pool: list[Member], walk: Walk) -> list[Member]:
        """Those that this attempt may still try."""
        return [each for each in pool if walk.suits(each.identity)] if len(walk.tried) < MOST_TRIES else []

    def _goes_on(self, member: Member, permit: Permit, error: GoldcrestError, walk: Walk) -> bool:
        """Note how it went; whether somebody else may do better."""
        identity = member.identity
        walk.met.append(error)
        if isinstance(error, LoginRequired) and not identity.cookies:
            walk.told, walk.account = error, True
        elif isinstance(error, tuple(RESTS)):
            member.went_wrong(error)
            member.rest(permit, error)
            if isinstance(error, LoginRequired):
                walk.told, walk.account = walk.told or error, True
        elif isinstance(error, _FOR_ACCOUNTS):
            walk.told, walk.account = error, True
        elif isinstance(error, GeoBlocked):
            walk.told = error
            walk.proxies.add(identity.proxy)
        else:
            if error.trips:
                member.went_wrong(error)
            return False
        return True

    def _verdict(self, pool: list[Member], walk: Walk) -> GoldcrestError:
        """Why nobody was let in."""
        resting = [member for member in pool if not walk.account or member.identity.cookies]
        waits = [seconds for member in resting if (seconds := member.breaker.remaining_seconds)]
        missed = any(walk.suits(member.identity) for member in resting)
        if walk.told is not None and not missed:
            return walk.told
        if walk.met and walk.told is None and (len(pool) == 1 or all(isinstance(each, ProxyDown) for each in walk.met)):
            return walk.met[-1]
        codes = ", ".join(each.code for each in walk.met) or "nobody was asked"
        return IdentitiesResting(codes, retry_after_seconds=min(waits, default=None))

    def _remember(self, site: str, item: str, name: str) -> None:
        self._items[site, item] = name
        self._items.move_to_end((site, item))
        while len(self._items) > ITEMS:
            self._items.popitem(last=False)
