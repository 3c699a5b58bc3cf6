"""What the Telegram client must not forget: the sealed session, peers, and how far it has read updates."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

import msgspec
import structlog
from pyrogram.storage import Storage, UpdateState
from pyrogram.storage.sqlite_storage import get_input_peer

from utils.seal import BrokenSeal, Seal

if TYPE_CHECKING:
    from utils.database import Database

log = structlog.get_logger()
#: peers (about 300 bytes each) held in memory; the others are read from the table
PEERS_IN_MEMORY: Final = 1000
#: peers kept in the table; those not met for longest go first
PEERS_KEPT: Final = 50_000


class Record(msgspec.Struct):
    """The session itself; a fresh one leads to Telegram's second data centre, where pyrogram signs in by default."""

    dc_id: int = 2
    server_address: str = "149.154.167.51"
    port: int = 443
    api_id: int | None = None
    test_mode: bool | None = None
    auth_key: bytes | None = None
    date: int = 0
    user_id: int | None = None
    is_bot: bool | None = None


def _field(name: str) -> Any:
    """Give pyrogram's way to read (without an argument) or write one field of the session."""

    async def access(self: SessionStore, value: Any = object) -> Any:
        if value is object:
            return getattr(self.record, name)
        setattr(self.record, name, value)
        return None

    return access


class SessionStore(Storage):
    """pyrogram's storage of one bot.

    Everything lives in memory. `keep` writes the session at once; peers and update states are written by `flush`,
    whose owner decides when an update counts as handled.
    """

    def __init__(self, database: Database, seal: Seal, bot_id: int, clock: Callable[[], float] = time.time) -> None:
        self.record = Record()
        self._database = database
        self._seal = seal
        self._bot_id = bot_id
        self._clock = clock
        self._opened = False
        self._peers: OrderedDict[int, tuple[int, str]] = OrderedDict()
        self._new_peers: dict[int, tuple[int, str]] = {}
        self._states: dict[int, UpdateState] = {}
        self._written: dict[int, UpdateState] = {}

    dc_id = _field("dc_id")
    server_address = _field("server_address")
    port = _field("port")
    api_id = _field("api_id")
    test_mode = _field("test_mode")
    auth_key = _field("auth_key")
    date = _field("date")
    user_id = _field("user_id")
    is_bot = _field("is_bot")

    async def open(self) -> None:
        """Read what an earlier process kept; a session that can't be opened is forgotten, which means a new login."""
        if self._opened:
            return
        row = await self._database.one("SELECT sealed FROM telegram_sessions WHERE bot_id = ?", self._bot_id)
        if row is not None:
            try:
                self.record = msgspec.json.decode(self._seal.open(row["sealed"]), type=Record)
            except (BrokenSeal, msgspec.DecodeError) as error:
                log.warning("telegram.session_unreadable", error=str(error))
        for state in await self._database.all(
            "SELECT id, pts, qts, date, seq FROM telegram_states WHERE bot_id = ?", self._bot_id
        ):
            self._states[state["id"]] = UpdateState(**dict(state))
        self._written = dict(self._states)
        self._opened = True

    async def keep(self) -> None:
        """Write the session, sealed."""
        await self._database.run(
            "INSERT INTO telegram_sessions (bot_id, sealed) VALUES (?, ?)"
            " ON CONFLICT (bot_id) DO UPDATE SET sealed = excluded.sealed",
            self._bot_id,
            self._seal.seal(msgspec.json.encode(self.record)),
        )

    async def forget(self) -> None:
        """Drop a dead session; peers and states belong to the bot and outlive it."""
        self.record = Record()
        await self._database.run("DELETE FROM telegram_sessions WHERE bot_id = ?", self._bot_id)

    async def save(self) -> None:
        """Nothing; `flush` has its own time."""

    async def close(self) -> None:
        """Nothing; the database has its own life."""

    async def delete(self) -> None:
        """What a log-out asks for."""
        await self.forget()

    # --- how far updates were read

    async def get_update_states(self, ids: int | Iterable[int] | None = None) -> list[UpdateState]:
        """The states of these ids, or of all, oldest first."""
        wanted = self._states if ids is None else (ids,) if isinstance(ids, int) else tuple(ids)
        found = [self._states[state_id] for state_id in wanted if state_id in self._states]
        return sorted(found, key=lambda state: state.date or 0)

    async def set_update_state(self, update_state: UpdateState | Iterable[UpdateState]) -> None:
        """Take over what isn't None."""
        for state in (update_state,) if isinstance(update_state, UpdateState) else update_state:
            known = self._states.get(state.id)
            fields = ("pts", "qts", "date", "seq")
            merged = {
                name: getattr(known, name, None) if getattr(state, name) is None else getattr(state, name)
                for name in fields
            }
            self._states[state.id] = UpdateState(state.id, **merged)

    async def delete_update_state(self, state_id: int | Iterable[int]) -> None:
        """Forget a chat that can't be read any more."""
        for each in (state_id,) if isinstance(state_id, int) else state_id:
            self._states.pop(each, None)

    def states(self) -> dict[int, UpdateState]:
        """How far has been read now, for `flush`."""
        return dict(self._states)

    def rewind(self, states: dict[int, UpdateState]) -> None:
        """Go back to what `states` gave earlier: what was read since may have gaps."""
        self._states |= states

    async def flush(self, states: dict[int, UpdateState] | None) -> None:
        """Write the new peers and these states (None: leave those), as far as they differ from what is written."""
        peers = dict(self._new_peers)
        states = self._written if states is None else states
        changed = [state for state in states.values() if self._written.get(state.id) != state]
        dropped = [state_id for state_id in self._written if state_id not in states]
        if not (peers or changed or dropped):
            return
        async with self._database.transaction():
            for state in changed:
                await self._database.run(
                    "INSERT INTO telegram_states (bot_id, id, pts, qts, date, seq) VALUES (?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT (bot_id, id) DO UPDATE SET"
                    " pts = excluded.pts, qts = excluded.qts, date = excluded.date, seq = excluded.seq",
                    *(self._bot_id, state.id, state.pts, state.qts, state.date, state.seq),
                )
            for state_id in dropped:
                await self._database.run(
                    "DELETE FROM telegram_states WHERE bot_id = ? AND id = ?", self._bot_id, state_id
                )
            for peer_id, (access_hash, kind) in peers.items():
                await self._database.run(
                    "INSERT INTO telegram_peers (bot_id, id, access_hash, kind, seen_at) VALUES (?, ?, ?, ?, ?)"
                    " ON CONFLICT (bot_id, id) DO UPDATE SET"
                    " access_hash = excluded.access_hash, kind = excluded.kind, seen_at = excluded.seen_at",
                    *(self._bot_id, peer_id, access_hash, kind, self._clock()),
                )
        self._written = dict(states)
        for peer_id, peer in peers.items():
            if self._new_peers.get(peer_id) == peer:
                del self._new_peers[peer_id]

    # --- peers

    async def update_peers(self, peers: Iterable[tuple[int, int | None, str, str | None]]) -> None:
        """Remember people and chats; only what changed is written."""
        for peer_id, access_hash, kind, _phone in peers:
            if access_hash is None:
                continue  # not an address; the next update may bring one
            if self._peers.get(peer_id) != (access_hash, kind):
                self._new_peers[peer_id] = (access_hash, kind)
            self._remember(peer_id, access_hash, kind)

    async def get_peer_by_id(self, peer_id: int) -> Any:
        """The address of a peer. Raises KeyError where it was never met."""
        found = self._peers.get(peer_id) or self._new_peers.get(peer_id)
        if found is None:
            row = await self._database.one(
                "SELECT access_hash, kind FROM telegram_peers WHERE bot_id = ? AND id = ?", self._bot_id, peer_id
            )
            if row is None:
                raise KeyError(f"ID not found: {peer_id}")
            found = (row["access_hash"], row["kind"])
        self._remember(peer_id, *found)
        return get_input_peer(peer_id, *found)

    async def update_usernames(self, usernames: Iterable[tuple[int, list[str | None]]]) -> None:
        """Nothing; a bot answers people it has met, by id."""

    async def get_peer_by_username(self, username: str) -> Any:
        """Raises KeyError, so that Telegram is asked."""
        raise KeyError(f"Username not found: {username}")

    async def get_peer_by_phone_number(self, phone_number: str) -> Any:
        """Raises KeyError, so that Telegram is asked."""
        raise KeyError(f"Phone number not found: {phone_number}")

    async def sweep(self) -> None:
        """Forget the peers that were not met for longest."""
        await self._database.run(
            "DELETE FROM telegram_peers WHERE bot_id = ? AND seen_at < (SELECT MIN(seen_at) FROM"
            " (SELECT seen_at FROM telegram_peers WHERE bot_id = ? ORDER BY seen_at DESC LIMIT ?) AS newest)",
            *(self._bot_id, self._bot_id, PEERS_KEPT),
        )

    def _remember(self, peer_id: int, access_hash: int, kind: str) -> None:
        self._peers[peer_id] = (access_hash, kind)
        self._peers.move_to_end(peer_id)
        while len(self._peers) > PEERS_IN_MEMORY:
            self._peers.popitem(last=False)
