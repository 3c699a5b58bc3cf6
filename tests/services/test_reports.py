"""Reports on a real disk: what is kept, what never is, and how much."""

import asyncio
import json
import stat
from dataclasses import replace

import pytest
import structlog

from services.reports import LINE_CHARACTERS, MOST_LINES, TEXT_CHARACTERS, Reports
from tests.services.conftest import link
from utils.config import load_settings
from utils.errors import ExtractorBroken, InternalError, WorkerCrashed, all_errors

DAY = 86_400.0


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "reports"


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make(folder, clock):
    def made(**limits):
        settings = load_settings({f"GOLDCREST_REPORTS__{key.upper()}": str(v) for key, v in limits.items()})
        return Reports(folder, settings.reports, secrets=["hunter2", "s3cr3t/pass"], clock=clock)

    return made


def unknown(message="odd", **evidence):
    error = ExtractorBroken(message)
    error.evidence = {"types": ["DownloadError", "ExtractorError"], "message": message, **evidence}
    return error


def content(folder):
    return [json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))]


async def test_an_unknown_failure_is_kept(make, folder, clock):
    """With versions, site, address, chain and warnings, for us alone; its name is in the error and the log."""
    reports = make()
    await reports.start()
    error = unknown(
        "[vimeo] 76979871: Unable to foo",
        status=418,
        headers={"retry-after": "9"},
        warnings=["HTTP Error 418"],
        trace=["ExtractorError:", "extractor/vimeo.py:1254 _real_extract"],
    )
    with structlog.testing.capture_logs() as logs:
        name = await reports.keep(error, link("1"))
    assert error.report_id == name
    assert [line["report"] for line in logs] == [name]
    (path,) = folder.iterdir()
    assert path.name == f"{name}.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (report,) = content(folder)
    assert report["url"] == "https://site.test/1"
    assert (report["code"], report["platform"], report["status"], report["seen"]) == (
        "extractor_broken",
        "site",
        418,
        1,
    )
    assert report["types"] == ["DownloadError", "ExtractorError"]
    assert report["trace"][1] == "extractor/vimeo.py:1254 _real_extract"
    assert report["warnings"] == ["HTTP Error 418"]
    assert set(report["versions"]) == {"python", "system", "yt-dlp", "kurigram"}
    assert reports.figures() == {"count": 1, "last_at": clock.now}
    assert json.loads(await reports.read(name))["id"] == name


async def test_a_fault_of_our_own_brings_its_chain(make, folder):
    """Class names and places of what was being handled; of its words only what is no secret, and no value of a line."""
    reports, secret = make(), "a1" * 20

    def fail():
        try:
            dict[str, int]()[f"token={secret} user 123456789"]
        except KeyError as cause:
            raise RuntimeError("with hunter2") from cause

    try:
        fail()
    except RuntimeError as error:
        internal = InternalError(repr(error))
    await reports.keep(internal)
    (report,) = content(folder)
    assert report["types"] == ["InternalError", "RuntimeError", "KeyError"]
    assert any(line.startswith("services/test_reports.py:") for line in report["trace"])
    whole = json.dumps(report)
    assert "hunter2" not in whole
    assert secret not in whole
    assert "123456789" not in whole


@pytest.mark.parametrize("kind", [kind for kind in all_errors() if not kind.reported], ids=lambda kind: kind.__name__)
async def test_what_is_explained_needs_no_report(make, folder, kind):
    """Only unknown causes are kept."""
    reports = make()
    assert await reports.keep(kind("odd"), link()) == ""
    assert not folder.exists()


async def test_the_same_failure_is_one_report(make, folder, clock):
    """Counted; numbers don't make another of it, another site or place does."""
    reports = make()
    first = await reports.keep(unknown("item 123 odd"), link())
    clock.now += 60
    assert await reports.keep(unknown("item 456 odd"), link()) == first
    (report,) = content(folder)
    assert (report["seen"], report["first_at"], report["last_at"]) == (2, 1000.0, 1060.0)
    assert await reports.keep(unknown("something else"), link()) != first
    assert await reports.keep(unknown("item 123 odd")) != first
    assert await reports.keep(unknown("item 123 odd", trace=["a.py:1 f"]), link()) != first
    assert len(content(folder)) == 4


async def test_an_error_is_kept_once_on_its_way(make, folder):
    """It passes several edges."""
    reports, error = make(), WorkerCrashed("exit code 7")
    assert await reports.keep(error) == await reports.keep(error)
    assert content(folder)[0]["seen"] == 1


async def test_many_at_once_are_counted_right(make, folder):
    """Twenty of a kind side by side."""
    reports = make()
    await asyncio.gather(*(reports.keep(unknown(), link()) for _ in range(20)))
    assert [report["seen"] for report in content(folder)] == [20]


async def test_no_secret_reaches_the_disk(make, folder):
    """Of the settings, of addresses, headers, cookies, warnings; whatever the field."""
    reports, token = make(), "123456:" + "Ab9" * 12
    dirty = [
        f"Authorization: Bearer {token}",
        f"https://api.telegram.org/bot{token}/getFile",
        "Cookie: sid=abcdef123; csrf=q",
        "proxy http://goldie:hunter2@10.1.2.3:3128/",
        "s3cr3t%2Fpass and s3cr3t/pass",
        f"https://cdn.test/x?sig={'f00d' * 10}",
        "chat -1001234567890",
    ]
    error = unknown("\n".join(dirty), warnings=dirty, headers=dict(enumerate(dirty)), trace=dirty, types=dirty)
    error.detail = "hunter2"
    where = replace(link(), url=f"https://u:hunter2@site.test/a/{'b4' * 20}?token={token}#{token}")
    await reports.keep(error, where)
    whole = json.dumps(content(folder))
    for secret in (
        token,
        "Ab9Ab9",
        "hunter2",
        "s3cr3t",
        "abcdef123",
        "f00df00d",
        "1001234567890",
        "b4b4b4",
        "10.1.2.3",
    ):
        assert secret not in whole, secret


async def test_a_report_is_small(make, folder):
    """However much a site says."""
    reports = make()
    lines = ["w x y z " * 10_000] * 1000
    await reports.keep(unknown("a b c " * 100_000, warnings=lines, trace=lines, types=lines), link())
    (report,) = content(folder)
    assert len(report["message"]) == TEXT_CHARACTERS
    assert len(report["warnings"]) == MOST_LINES
    assert len(report["warnings"][0]) == LINE_CHARACTERS
    assert next(folder.iterdir()).stat().st_size < 32 * 1024


async def test_number_and_age_are_bounded(make, folder, clock):
    """The oldest leave first, also those of an earlier process."""
    reports = make(count=3, days=2)
    for letter in "abcde":
        clock.now += 1
        await reports.keep(unknown(letter), link())
    assert sorted(report["message"] for report in content(folder)) == ["c", "d", "e"]
    clock.now += 2 * DAY - 1
    again = make(count=3, days=2)
    await again.start()
    assert [note.first_at for note in again.newest()] == [1005.0, 1004.0]
    assert len(content(folder)) == 2
    clock.now += 2 * DAY
    await again.keep(unknown("f"), link())
    assert [report["message"] for report in content(folder)] == ["f"]


async def test_strange_files_are_left_alone(make, folder):
    """Only what is a report is read, shown and removed."""
    folder.mkdir()
    for name, text in (("notes.json", "{}"), ("ABCDEF01.json", "half a {"), ("ABCDEF02.json", '{"id": 1}')):
        (folder / name).write_text(text)
    (folder / "ABCDEF03.json").mkdir()
    reports = make()
    await reports.start()
    assert reports.newest() == []
    for name in ("notes", "ABCDEF01", "../../etc/passwd", ""):
        assert await reports.read(name) is None
    assert await reports.clear() == 0
    assert len(list(folder.iterdir())) == 4


async def test_clear(make, folder):
    """All of them; a report that is gone from the disk is none."""
    reports = make()
    name = await reports.keep(unknown(), link())
    (folder / f"{name}.json").unlink()
    assert await reports.read(name) is None
    await reports.keep(unknown("other"), link())
    assert await reports.clear() == 2
    assert list(folder.iterdir()) == []
    assert reports.figures() == {"count": 0, "last_at": None}


async def test_a_full_disk_costs_only_the_report(make, folder):
    """The failure itself is told all the same."""
    folder.write_text("no folder")
    error = unknown()
    assert await make().keep(error, link()) == ""
    assert error.report_id == ""
