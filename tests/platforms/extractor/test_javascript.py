"""JavaScript runtimes: which is found, whose turn it is, what memory must bear; the fence around a run."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from yt_dlp.extractor.youtube.jsc import _registry
from yt_dlp.extractor.youtube.jsc._builtin.ejs import EJSBaseJCP
from yt_dlp.extractor.youtube.jsc.provider import JsChallengeProviderError

from platforms.extractor import qjs, solver
from platforms.extractor.javascript import MARGIN, NEED_MB, PREPARED_MB, JavaScript, Runtime, find_runtime
from platforms.extractor.players import MOST_BYTES, MOST_FILES, PlayerFolder
from utils.sandbox import landlock_state

MEBIBYTE = 1 << 20
DENO = Runtime("deno", ("/opt/deno",), (2, 3, 1))


def program(folder: Path, name: str, said: str) -> str:
    """A program that answers every question with one line."""
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{said}'\nexit 1\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"deno": "deno 2.3.1 (stable)", "node": "v24.1.0"}, ("deno", (2, 3, 1))),
        ({"deno": "deno 1.46.0", "node": "v22.0.0"}, ("node", (22, 0, 0))),
        ({"node": "v20.20.2", "bun": "1.2.11"}, ("bun", (1, 2, 11))),
        ({"qjs": "QuickJS-ng version 0.12.1"}, ("quickjs", (0, 12, 1))),
        ({"qjs": "QuickJS version 2025-09-13"}, ("quickjs", (2025, 9, 13))),
    ],
)
async def test_the_first_that_is_new_enough_is_taken(tmp_path: Path, said, found):
    """By what the program says of itself, whatever its exit code."""
    paths = {name: program(tmp_path, name, text) for name, text in said.items()}
    runtime = await find_runtime("auto", paths.get)
    assert runtime is not None
    assert (runtime.name, runtime.version) == found
    assert Path(runtime.path).parent == tmp_path


async def test_a_named_program_is_the_only_candidate(tmp_path: Path):
    """Known by its name; one that isn't there, is too old or has a strange name is none."""
    named = program(tmp_path, "qjs-ng", "QuickJS-ng version 0.17.0")
    runtime = await find_runtime(named, lambda _: "/bin/false")
    assert runtime == Runtime("quickjs", (named,), (0, 17, 0))
    for other in (program(tmp_path, "node", "v18.0.0"), program(tmp_path, "v8", "v99.0.0"), str(tmp_path / "deno")):
        assert await find_runtime(other) is None
    assert await find_runtime("off") is None


async def test_the_wheel_stands_in_where_no_program_is(tmp_path: Path):
    """quickjs-ng in this environment, behind all programs; nonsense is no version."""
    nonsense = {"node": program(tmp_path, "node", "what"), "deno": str(tmp_path / "none")}
    runtime = await find_runtime("auto", nonsense.get)
    assert runtime is not None
    assert (runtime.name, runtime.command[0]) == ("quickjs", sys.executable)
    assert runtime.path.endswith("qjs.py")


async def test_a_program_that_never_answers_is_none(tmp_path: Path, monkeypatch):
    """It is ended."""
    monkeypatch.setattr("platforms.extractor.javascript.VERSION_SECONDS", 0.05)
    hung = tmp_path / "deno"
    hung.write_text("#!/bin/sh\nexec sleep 1000\n")
    hung.chmod(0o755)
    assert await find_runtime(str(hung)) is None


def javascript(admit=lambda _: True, runtime: Runtime | None = DENO) -> tuple[JavaScript, list[str]]:
    sought: list[str] = []

    async def find(setting: str) -> Runtime | None:
        sought.append(setting)
        return runtime

    return JavaScript("auto", admit, find), sought


async def test_the_runtime_is_looked_for_once_and_only_when_needed():
    """Figures don't ask."""
    script, sought = javascript()
    assert script.figures()["runtime"] is None
    assert sought == []
    assert list(await asyncio.gather(script.runtime(), script.ready())) == [DENO, True]
    assert await script.runtime() == DENO
    assert sought == ["auto"]
    assert (script.figures()["runtime"], script.figures()["version"]) == ("deno", "2.3.1")
    assert not await javascript(runtime=None)[0].ready()


async def test_memory_decides_by_what_a_run_takes():
    """As told until a run was measured; a prepared script takes less."""
    asked: list[int] = []
    room = [0]

    def admit(need_bytes: int) -> bool:
        asked.append(need_bytes // MEBIBYTE)
        return need_bytes <= room[0]

    script, _ = javascript(admit)
    assert not await script.ready()
    assert not await script.take_turn(prepared=False)
    room[0] = 400 * MEBIBYTE
    assert await script.take_turn(prepared=False)
    script.give_back(prepared=False, peak_bytes=100 * MEBIBYTE)
    assert await script.take_turn(prepared=False)
    script.give_back(prepared=False)
    assert asked == [PREPARED_MB, NEED_MB["deno"], NEED_MB["deno"], int(100 * MARGIN)]
    told = script.figures()
    assert (told["runs"], told["refused"], told["peak_mb"], told["running"]) == (2, 1, 100, False)


async def test_one_runs_at_a_time(monkeypatch):
    """The second waits its turn, and is refused where that never comes."""
    script, _ = javascript()
    assert await script.take_turn(prepared=True)
    waiting = asyncio.create_task(script.take_turn(prepared=True))
    await asyncio.sleep(0)
    assert not waiting.done()
    script.give_back(prepared=True)
    assert await waiting
    monkeypatch.setattr("platforms.extractor.javascript.TURN_SECONDS", 0.01)
    assert not await script.take_turn(prepared=True)
    script.give_back(prepared=True)
    assert script.figures()["refused"] == 1


def test_kept_scripts_are_bounded(tmp_path: Path):
    """The oldest leave, whatever folder they lie in."""
    folder = PlayerFolder(tmp_path / "players")
    root = folder.prepare()
    assert root.stat().st_mode & 0o777 == 0o700
    (root / "sub").mkdir()
    for number in range(MOST_FILES + 2):
        path = root / "sub" / str(number)
        path.write_bytes(b"x")
        os.utime(path, (number, number))
    folder.prepare()
    assert {path.name for path in root.rglob("*") if path.is_file()} == {str(n) for n in range(2, MOST_FILES + 2)}
    big = root / "big"
    with big.open("wb") as file:
        file.truncate(MOST_BYTES)
    os.utime(big, (1000, 1000))
    folder.prepare()
    assert [path.name for path in root.rglob("*") if path.is_file()] == ["big"]


def test_yt_dlp_still_has_the_switch_for_prepared_scripts():
    """A private name: if this fails, scripts are no longer kept and each run takes twice the memory; no more."""
    assert hasattr(EJSBaseJCP, solver.PREPARED_FLAG)


def test_without_the_switch_nothing_is_set(tmp_path: Path, monkeypatch):
    """A renamed flag costs the cache, not the site."""
    monkeypatch.setattr(_registry._jsc_providers, "value", {})
    monkeypatch.setattr(_registry._jsc_preferences, "value", set())
    monkeypatch.setattr("yt_dlp.extractor.youtube.jsc.provider._jsc_providers", _registry._jsc_providers)
    monkeypatch.delattr(EJSBaseJCP, solver.PREPARED_FLAG)
    provider = solver.provide(lambda _: {}, "node", ("/usr/bin/node",), tmp_path)
    assert not hasattr(provider, solver.PREPARED_FLAG)


QJS = (sys.executable, "-I", str(Path(qjs.__file__)))
SHELL = ("/bin/sh",)


def test_a_run_gives_back_what_the_script_writes(tmp_path: Path):
    """Nothing is left in the folder."""
    assert solver.run("quickjs", QJS, "console.log('one', 2); console.error('x')", tmp_path) == "one 2\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("script", ["throw new Error('no')", "syntax error here", "while (true) { a = [a, a] }"])
def test_a_script_that_fails_is_told(tmp_path: Path, script: str):
    """By what the runtime said last, bounded."""
    with pytest.raises(JsChallengeProviderError) as caught:
        solver.run("quickjs", QJS, script, tmp_path)
    assert len(str(caught.value)) < 400
    assert list(tmp_path.iterdir()) == []


def test_a_runtime_that_is_gone_or_hangs_is_told(tmp_path: Path, monkeypatch):
    """Both are the provider's own error, which leads on to other formats."""
    with pytest.raises(JsChallengeProviderError, match="can't be run"):
        solver.run("node", (str(tmp_path / "node"),), "1", tmp_path)
    monkeypatch.setattr(solver, "RUN_SECONDS", 0.2)
    monkeypatch.setattr(solver, "fence", lambda *_: None)
    with pytest.raises(JsChallengeProviderError, match="TimeoutExpired"):
        solver.run("quickjs", QJS, "while (true) {}", tmp_path)


def test_an_older_node_gets_its_fence_by_its_old_name(tmp_path: Path, monkeypatch):
    """22.0 to 23.4 refuse the new one."""
    monkeypatch.setattr(solver, "fence", lambda *_: None)
    node = tmp_path / "node"
    node.write_text(
        '#!/bin/sh\ncase $1 in --permission) echo "bad option: --permission" >&2; exit 9;; esac\necho "$*"\ncat\n'
    )
    node.chmod(0o755)
    assert solver.run("node", (str(node),), "script", tmp_path) == (
        "--experimental-permission --no-warnings --max-old-space-size=512 -\nscript"
    )


@pytest.mark.skipif(not landlock_state().network, reason="this kernel has no Landlock for the network")
def test_a_run_reaches_nobody_and_nothing(tmp_path: Path):
    """No environment, no network, no file of ours, no writing: proved by a program that tries all of it."""
    secret = tmp_path / "secret"
    secret.write_text("secret")
    allowed = tmp_path / "players"
    allowed.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        tries = f"""
import os, socket, sys
def reached(act):
    try: act()
    except OSError: return False
    return True
print(reached(lambda: socket.create_connection(("127.0.0.1", {port}), 1)), reached(lambda: open({str(secret)!r})),
      reached(lambda: open({str(allowed / "x")!r}, "w")), reached(lambda: open("/tmp/goldcrest-x", "w")),
      sorted(set(os.environ) - {{"LC_CTYPE"}}))
"""
        command = (sys.executable, "-I", "-")
        done = solver._run([*command], tries, allowed)
    assert done.stdout.split("[")[0].split() == ["False"] * 4, done.stderr
    assert "BOT_TOKEN" not in done.stdout
    assert done.stdout.split("[")[1].strip() == "'DENO_NO_UPDATE_CHECK', 'HOME', 'NO_COLOR', 'PATH']"


def test_the_wheel_s_program_tells_its_version_and_runs_a_script(tmp_path: Path):
    """As the real one would."""
    script = tmp_path / "x.js"
    script.write_text("console.log(1 + 1)")
    asked = subprocess.run([*QJS, "--help"], capture_output=True, text=True, check=False)
    assert (asked.returncode, asked.stdout[:19]) == (1, "QuickJS-ng version ")
    assert subprocess.run([*QJS, "--script", script], capture_output=True, text=True, check=True).stdout == "2\n"
