"""The doctor says which identities there are and whose cookies are at their end."""

import msgspec
import pytest

from cli.checks_identities import DAY_SECONDS, identities
from utils.config import load_settings

NOW = 1_900_000_000.0
ROW = ".instagram.com\tTRUE\t/\tTRUE\t{}\t{}\tv\n"


@pytest.fixture
def look(tmp_path):
    settings = load_settings({"DATA_DIR": str(tmp_path)})

    async def look():
        finding = await identities(msgspec.structs.replace(settings), clock=lambda: NOW)
        return finding.result, finding.case, finding.values

    return look


@pytest.fixture
def keep(tmp_path):
    def keep(name, days, cookie="sessionid"):
        path = tmp_path / "cookies" / "instagram" / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(ROW.format(int(NOW + days * DAY_SECONDS) if days else 0, cookie))

    return keep


async def test_without_identities_all_is_well(look, tmp_path):
    """Files of sites that there are none of don't count."""
    (tmp_path / "cookies" / "nosite").mkdir(parents=True)
    (tmp_path / "cookies" / "nosite" / "x.txt").touch()
    assert await look() == ("ok", "none", {})


async def test_good_ones_are_counted(look, keep, tmp_path):
    """Of the list and of the chat; a cookie without an end is good."""
    keep("anna", 30)
    keep("ben", 0)
    (tmp_path / "identities.yaml").write_text("generic: [{name: north, proxy: 'http://proxy.test'}]")
    assert await look() == ("ok", "fine", {"count": 3, "sites": "generic, instagram"})


async def test_a_near_end_is_a_warning(look, keep):
    """With the days until the first."""
    keep("anna", 2.5)
    keep("ben", 1.5)
    assert await look() == ("warn", "soon", {"which": "instagram/ben, instagram/anna", "days": 1})


@pytest.mark.parametrize(("days", "cookie"), [(-1, "sessionid"), (30, "csrftoken")])
async def test_an_end_or_a_visitor_is_a_warning(look, keep, days, cookie):
    """Cookies that have expired, and those of somebody who isn't signed in."""
    keep("anna", days, cookie)
    assert await look() == ("warn", "useless", {"which": "instagram/anna"})


async def test_a_broken_list_fails(look, tmp_path):
    """In the line that would end the start."""
    (tmp_path / "identities.yaml").write_text("instagran: []")
    result, case, values = await look()
    assert (result, case) == ("fail", "broken")
    assert values["line"].startswith("identities.yaml: 'instagran' is no site")


async def test_a_file_for_any_host_is_not_judged(look, tmp_path):
    """Which host it is for, nobody knows before a link comes."""
    (tmp_path / "any.txt").write_text(ROW.format(0, "x"))
    (tmp_path / "identities.yaml").write_text("generic: [{name: any, cookies: any.txt}]")
    assert await look() == ("ok", "fine", {"count": 1, "sites": "generic"})
