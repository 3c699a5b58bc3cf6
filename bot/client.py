"""The bot as a part: signed in for as long as the process lives, whatever Telegram says; one login ever."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

import structlog

from bot.refusals import WRONG_SETTINGS, refusal
from bot.server_time import ServerTime
from bot.tasks import end
from utils.errors import StorageTrouble, TelegramRefused
from utils.health import Health
from utils.seal import Seal

if TYPE_CHECKING:
    from bot.desk import Desk
    from bot.line import Line
    from bot.session_store import SessionStore
    from services.app import App
    from utils.config import Settings
    from utils.database import Database

log = structlog.get_logger()
#: how long `start` waits for the first sign-in; the attempt itself goes on
FIRST_SECONDS: Final = 10.0
#: after a failed sign-in, doubled each time, half of it by chance
RETRY_SECONDS: Final = 2.0
LONGEST_RETRY_SECONDS: Final = 120.0
#: Telegram will say no again; somebody may put the bot right at @BotFather meanwhile
REFUSED_RETRY_SECONDS: Final = 600.0
#: a session that lived so long was no mistake; the next login needs no wait
STEADY_SECONDS: Final = 60.0
#: Telegram counts whole seconds of a FLOOD_WAIT
MARGIN_SECONDS: Final = 1.0
#: how far updates were read is written that often
KEEP_SECONDS: Final = 1.0
#: before what goes on beside the handlers is begun again
HELPER_SECONDS: Final = 2.0
#: an update that isn't dealt with after that time doesn't hold up the others
SETTLE_SECONDS: Final = 600.0
#: a connection through which nothing came for so long is as good as broken; pyrogram finds out and makes a new one
SILENT_SECONDS: Final = 20.0


class TelegramPart:
    """`start` returns when the bot is signed in or can't be for now; it tries again for as long as it lives."""

    def __init__(
        self,
        settings: Settings,
        app: App,
        database: Database,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        rng: Callable[[], float] = random.random,
    ) -> None:
        self._settings = settings
        self._app = app
        self._database = database
        self._clock = clock
        self._sleep = sleep
        self._rng = rng
        self._desk: Desk | None = None
        self._store: SessionStore | None = None
        self._line: Line | None = None
        self._name = ""
        self._trouble = "signing in"
        self._retry_at: float | None = None
        self._failures = 0
        self._runner: asyncio.Task[None] | None = None
        self._helper: asyncio.Task[None] | None = None
        self._tried = asyncio.Event()

    async def start(self) -> None:
        """Load pyrogram and sign in. Raises ConfigError for a server key that is none."""
        from bot.prepare import prepare

        telegram = self._settings.telegram
        self._tried.clear()
        self._trouble, self._retry_at, self._failures = "signing in", None, 0
        await prepare(telegram)
        from bot.desk import Desk
        from bot.session_store import SessionStore

        # a session of another server must not be shown to this one
        seal = Seal(telegram.bot_token, f"telegram session {telegram.server}")
        self._store = SessionStore(self._database, seal, int(telegram.bot_token.partition(":")[0]))
        self._desk = Desk(self._app, self._database, self._clock, self._sleep)
        await self._desk.start()
        await self._store.sweep()
        self._runner = asyncio.create_task(self._run(self._desk, self._store), name="telegram")
        tried = asyncio.create_task(self._tried.wait(), name="telegram first try")
        try:
            await asyncio.wait({tried, self._runner}, timeout=FIRST_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            tried.cancel()

    async def stop(self) -> None:
        """End handling, keep what was read, close the connection; bounded."""
        try:
            if self._desk is not None:
                await self._desk.stop()
                handled = not self._desk.open_events()
                if self._store is not None:
                    # updates that were being handled come again at the next start
                    await self._store.flush(self._store.states() if handled else None)
        finally:
            if self._runner is not None:
                await end(self._runner)

    def health(self) -> Health:
        """Signed in, connected and heard from, or what is in the way; a restart helps where a task of ours died."""
        if self._runner is None or self._runner.done():
            return Health(ok=False, detail="the task that keeps it signed in is dead")
        if self._line is not None:
            if self._helper is not None and self._helper.done():
                return Health(ok=False, detail="the task beside its handlers is dead")
            if not self._line.connected:
                return Health(ok=False, detail="reconnecting", heals=True)
            if (seconds := self._line.silent_seconds) > SILENT_SECONDS:
                return Health(ok=False, detail=f"silent for {round(seconds)} s", heals=True)
            return Health(detail=f"@{self._name}")
        detail = self._trouble
        if self._retry_at is not None:
            detail += f"; next try in {max(0, round(self._retry_at - self._clock()))} s"
        return Health(ok=False, detail=detail, heals=True)

    async def _run(self, desk: Desk, store: SessionStore) -> None:
        """One line after another."""
        from bot.feed import Feed
        from bot.line import Line, SessionDeadError

        server_time = ServerTime()
        while True:
            line = Line(
                self._settings.telegram, store, Feed(desk.take), server_time, sleep=self._sleep, clock=self._clock
            )
            began_at = self._clock()
            try:
                me = await line.open()
                log.info("telegram.signed_in", bot=me.username, seconds=round(self._clock() - began_at, 3))
                await self._live(line, me, desk, store)
            except SessionDeadError as error:
                log.warning("telegram.session_ended", reason=str(error))
                await store.forget()
                if self._clock() - began_at > STEADY_SECONDS:
                    self._failures = 0
                wait_seconds = self._backoff() if self._failures else 0.0
                self._trouble = f"signing in anew after {error}"
            except Exception as error:  # noqa: BLE001 - the edge: the other parts live on and this one tries again
                wait_seconds = self._judge(error)
            finally:
                self._line = None
                desk.pause()
                desk.telegram.detach()
                await line.close()
            self._failures += 1
            self._tried.set()
            if wait_seconds:
                self._retry_at = self._clock() + wait_seconds
                await self._sleep(wait_seconds)
                self._retry_at = None

    async def _live(self, line: Line, me: Any, desk: Desk, store: SessionStore) -> None:
        """Serve until the line ends. Raises what it ended with."""
        self._name = desk.bot_name = me.username or str(me.id)
        desk.telegram.attach(line.client, line.dead)
        self._line = line
        helper = self._helper = asyncio.create_task(self._tend(line, desk, store), name="telegram helper")
        try:
            self._app.downloads.deliver_to("telegram", desk.messenger)
            self._app.batches.report_to("telegram", desk.batch_boards.report)
            if self._app.up_reminders is not None:
                self._app.up_reminders.deliver_to(desk.due)
            desk.resume()
            self._tried.set()
            await asyncio.shield(line.lost)
            raise line.loss()
        finally:
            self._helper = None
            await end(helper)

    async def _tend(self, line: Line, desk: Desk, store: SessionStore) -> None:
        """What goes on beside the handlers: first reading what was missed, then keeping how far was read."""
        for work in (lambda: self._begin(line, desk), lambda: self._keep(desk, store)):
            await self._through(work)

    async def _through(self, work: Callable[[], Awaitable[None]]) -> None:
        """Again after a pause where it breaks: nobody else does it, and the handlers work on meanwhile."""
        while True:
            try:
                return await work()
            except StorageTrouble as error:
                log.warning("telegram.helper_waits", detail=error.detail)
            except Exception:  # the edge of the helper: nobody awaits it
                log.exception("telegram helper broke")
            await self._sleep(HELPER_SECONDS)

    async def _begin(self, line: Line, desk: Desk) -> None:
        token = await self._app.users.new_claim()
        if token is not None:
            link = f"https://t.me/{self._name}?start=claim_{token}"
            log.warning("telegram.no_owner", note="whoever opens this link first owns the bot", link=link)
        await line.catch_up()
        if self._app.up_cookies is not None:
            from bot.handlers.cookies import notices

            self._app.up_cookies.notice_through(notices(self._app, desk.telegram))
        if self._app.up_alerts is not None:
            from bot.alerts import announcer

            self._app.up_alerts.announce_through(announcer(self._app, desk.telegram))
        texts = self._app.texts
        try:
            await desk.telegram.set_commands({name: texts(f"command.{name}") for name in ("start", "help")})
        except TelegramRefused as error:
            log.warning("telegram.commands_refused", error=error.detail)

    async def _keep(self, desk: Desk, store: SessionStore) -> None:
        """Write how far updates were read, but not further than they were dealt with."""
        while True:
            states, open_events = store.states(), desk.open_events()
            asked_at = self._clock()
            while True:
                await self._sleep(KEEP_SECONDS)
                await store.flush(None)
                if not open_events & desk.open_events() or self._clock() - asked_at > SETTLE_SECONDS:
                    break
            await store.flush(states)

    def _judge(self, error: Exception) -> float:
        """Say once what is wrong; how long to wait before the next try."""
        if isinstance(error, OSError):
            self._trouble = "Telegram does not answer"
            wait_seconds = self._backoff()
            log.warning("telegram.unreachable", reason=str(error), retry_in_seconds=round(wait_seconds, 1))
            return wait_seconds
        refused = refusal(error)
        if refused.retry_after_seconds is not None:
            wait_seconds = refused.retry_after_seconds + MARGIN_SECONDS
            self._trouble = f"Telegram asks for a pause before the next login ({refused.detail})"
            log.warning("telegram.login_flood", error=refused.detail, retry_in_seconds=wait_seconds)
            return wait_seconds
        if refused.detail in WRONG_SETTINGS:
            name = "API_ID and API_HASH" if refused.detail.startswith("API_ID") else "BOT_TOKEN"
            self._trouble = f"Telegram does not accept {name} ({refused.detail})"
            log.error("telegram.refused", reason=self._trouble)
            return REFUSED_RETRY_SECONDS
        self._trouble = f"sign-in failed ({refused.detail})"
        wait_seconds = self._backoff()
        log.warning("telegram.sign_in_failed", error=refused.detail, retry_in_seconds=round(wait_seconds, 1))
        return wait_seconds

    def _backoff(self) -> float:
        longest: float = min(LONGEST_RETRY_SECONDS, RETRY_SECONDS * 2.0 ** min(self._failures, 10))
        return longest * (0.5 + 0.5 * self._rng())
