"""The commands of the terminal: signatures are the usage, docstrings the help. `serve` itself is main.py's."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cli.run import FAILED, OK, USAGE, run_command, run_plain
from cli.screen import answer, close_output, complain, progress_bar, say
from core.list_pages import LAST, PAGE_BOUND
from platforms.parts import asked_part, check_minutes
from platforms.shapes import QUALITY_KEYS
from utils.config import load_settings
from utils.errors import ConfigError
from utils.logs import setup_logs
from utils.texts import Texts

if TYPE_CHECKING:
    from services.app import App
    from utils.config import Settings

PROGRAM: Final = "python main.py"
DEBUG: Final = "--debug"


def readable(text: str) -> str:
    """An argument with whatever of it is no UTF-8 replaced."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


OpenApp = Callable[["Settings"], AbstractAsyncContextManager["App"]]
LinkArgument = Annotated[str, typer.Argument(parser=readable, metavar="URL", help="A link, or a text that holds one.")]
TextArguments = Annotated[
    list[str] | None,
    typer.Argument(parser=readable, metavar="TEXT", help="Texts; without any, the lines of standard input."),
]
QualityOption = Annotated[str, typer.Option("-q", "--quality", help=f"One of {', '.join(QUALITY_KEYS)}.")]
FolderOption = Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Where files go; made if missing.")]
ItemsOption = Annotated[
    str,
    typer.Option(
        "--items", parser=readable, metavar="RANGES", help="Which items of a list: 1-10,15 or 5- or -5; all by default."
    ),
]
PageOption = Annotated[int | None, typer.Option("--page", min=1, max=LAST, help="Of a list, the page of that number.")]
CountOption = Annotated[int, typer.Option("--count", min=1, max=PAGE_BOUND, help="Items of a page.")]
FromOption = Annotated[
    str, typer.Option("--from", parser=readable, metavar="TIME", help="Begin there, like 0:43 or 1h2m3s.")
]
ToOption = Annotated[str, typer.Option("--to", parser=readable, metavar="TIME", help="End there.")]
MinutesOption = Annotated[int | None, typer.Option("--minutes", help="Record so much of a running stream.")]
DEAD_ACTIONS: Final = ("list", "replay", "replay-all", "discard")
ActionArgument = Annotated[str, typer.Argument(metavar="ACTION", help=f"One of {', '.join(DEAD_ACTIONS)}.")]
LetterArgument = Annotated[
    str, typer.Argument(parser=readable, metavar="ID", help="Which one, as the list names it; of replay-all the code.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of lines.")]


class Terminal:
    """What the commands share: settings, words, and the ways to an App and to the server."""

    def __init__(self, open_app: OpenApp, serve: Callable[[], int], *, debug: bool) -> None:
        self.open_app = open_app
        self.serve = serve
        self.debug = debug
        self.texts = Texts()

    def settings(self) -> Settings:
        """Read the settings and send logs to standard error. Raises ConfigError."""
        settings = load_settings()
        level = "debug" if self.debug else "warning"
        setup_logs(level, settings.log.format, settings.secrets, tracebacks=self.debug)
        return settings

    def run(self, work: Callable[[App], Awaitable[dict[str, Any]]], *, beside: Path | None = None) -> int:
        """Run `work` with an App whose data folder lives as long as the command; the exit code."""
        from cli.jobs import apart

        settings = self.settings()

        async def in_app() -> dict[str, Any]:
            with apart(settings, beside) as own:
                async with self.open_app(own) as app:
                    return await work(app)

        return run_command(in_app, self.texts, debug=self.debug)


def run(arguments: Sequence[str], open_app: OpenApp, serve: Callable[[], int]) -> int:
    """Run one command; its exit code: 0, 1 for a failure, 2 for wrong usage, 128 + n after signal n.

    `open_app` wires the way of a link for one command, `serve` is the server's own entry.
    """
    options, rest = _split(arguments)
    terminal = Terminal(open_app, serve, debug=DEBUG in options)
    options = [option for option in options if option != DEBUG]
    try:
        _commands()(args=[*options, *rest], prog_name=PROGRAM, obj=terminal)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else FAILED
    except ConfigError as error:
        complain(error.detail)
        return USAGE
    except OSError as error:  # standard output's, by an answer or by the help
        if terminal.debug:
            raise
        close_output()
        complain(terminal.texts("cli.unwritten", reason=error.strerror))
        return FAILED
    return OK


def serve(context: typer.Context) -> None:
    """Run the web app, and the bot where BOT_TOKEN is set (the same without any command)."""
    raise typer.Exit(context.obj.serve())


def get(
    context: typer.Context,
    url: LinkArgument,
    quality: QualityOption = "best",
    folder: FolderOption = Path(),
    items: ItemsOption = "",
    *,
    start: FromOption = "",
    end: ToOption = "",
    minutes: MinutesOption = None,
) -> None:
    """Download one link, a part of it, or of a list its items; what was saved is printed as JSON."""
    if quality not in QUALITY_KEYS:
        raise typer.BadParameter(f"{quality!r} is none of {', '.join(QUALITY_KEYS)}", param_hint="-q")
    try:
        str(folder.resolve()).encode()  # as JSON names what is saved
        folder.mkdir(parents=True, exist_ok=True)
    except UnicodeEncodeError:
        raise typer.BadParameter(f"{readable(str(folder.resolve()))} is no UTF-8 name", param_hint="-o") from None
    except OSError as error:
        raise typer.BadParameter(f"{folder} can't be used: {error.strerror}", param_hint="-o") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise typer.BadParameter(f"{folder} can't be written to", param_hint="-o")
    from cli import jobs
    from cli.delivery import FolderDelivery

    terminal: Terminal = context.obj

    async def work(app: App) -> dict[str, Any]:
        with progress_bar(terminal.texts) as show:
            if minutes is not None:
                check_minutes(minutes, app.settings.downloads.live_minutes)
            part = asked_part(start, end, minutes)
            return await jobs.get(app, url, quality, FolderDelivery(folder), show, items=items, part=part)

    raise typer.Exit(terminal.run(work, beside=folder.resolve()))


def info(context: typer.Context, url: LinkArgument, page: PageOption = None, count: CountOption = 10) -> None:
    """Show title, length and qualities of one link as JSON, of a list a page of its items."""
    from cli import jobs

    raise typer.Exit(context.obj.run(lambda app: jobs.info(app, url, page, count)))


def detect(context: typer.Context, texts: TextArguments = None) -> None:
    """Find the links in texts without asking any site; one line of JSON per text."""
    from cli.detect import detected, make_registry, texts_of

    terminal: Terminal = context.obj
    settings = terminal.settings()
    registry = make_registry(settings)

    def work() -> bool:
        for text in texts_of(texts or ()):
            if not answer(detected(registry, text, settings.downloads.links_per_message), lines=True):
                break
        return True

    raise typer.Exit(run_plain(work, terminal.texts, debug=terminal.debug))


def doctor(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """Check settings, Telegram, ffmpeg, disk, memory, sandbox, JavaScript and the way out."""
    from cli.doctor import examine, lines, passed, shape

    terminal: Terminal = context.obj

    def work() -> bool:
        findings = examine(terminal.settings)
        if as_json:
            answer(shape(findings, terminal.texts))
        else:
            say("\n".join(lines(findings, terminal.texts)))
        return passed(findings)

    raise typer.Exit(run_plain(work, terminal.texts, debug=terminal.debug))


def dead(context: typer.Context, action: ActionArgument = "list", letter: LetterArgument = "") -> None:
    """Show what failed for good, replay one of them, or all with one code, for the same people, or discard it."""
    from cli import dead as letters

    if action not in DEAD_ACTIONS:
        raise typer.BadParameter(f"{action!r} is none of {', '.join(DEAD_ACTIONS)}", param_hint="ACTION")
    if (action == "list") == bool(letter):
        raise typer.BadParameter("all but list need an ID, list takes none", param_hint="ID")
    terminal: Terminal = context.obj
    settings = terminal.settings()

    async def work() -> dict[str, Any]:
        if action == "list":
            return await letters.listed(settings, terminal.texts)
        work = {"replay": letters.replay, "replay-all": letters.replay_all, "discard": letters.discard}[action]
        return await work(settings, letter)

    raise typer.Exit(run_command(work, terminal.texts, debug=terminal.debug))


def _commands() -> typer.Typer:
    commands = typer.Typer(
        help="Goldcrest: send a link, get the file.",
        epilog=f"Add {DEBUG} to any command to see tracebacks and all logs.",
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for command in (serve, get, info, detect, doctor, dead):
        commands.command()(command)
    return commands


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Options and commands; and what stands behind the marker `--`, with it."""
    items = list(arguments)
    at = items.index("--") if "--" in items else len(items)
    return items[:at], items[at:]
