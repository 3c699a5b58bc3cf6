"""After the log-in a person stands where they were going, and never on another site."""

from urllib.parse import urlencode

import pytest

from api.way import login_address, wanted
from tests.api.stage import staged
from tests.api.test_access import KEY, scope


def asked(path, query=b"", **more):
    return {**scope(**more), "path": path, "query_string": query}


@pytest.mark.parametrize(
    ("path", "query", "way"),
    [
        ("/dashboard", b"", "/dashboard"),
        ("/", b"url=https%3A%2F%2Fa.test%2F%3Fb", "/?url=https%3A%2F%2Fa.test%2F%3Fb"),
        ("/\u00e9 x", b"", "/%C3%A9%20x"),
        ("/login", b"next=%2Fdashboard", "/dashboard"),
        ("/login", b"", "/"),
        ("/login", b"next=https%3A%2F%2Fevil.test", "/"),
        ("/login", b"next=%2F%2Fevil.test", "/"),
        ("/login", b"next=%2F%5Cevil.test", "/"),
        ("/login", b"next=%2Fa%0D%0ASet-Cookie%3A+x", "/"),
        ("//evil.test/", b"", "/"),
    ],
)
def test_the_way_is_an_address_of_ours(path, query, way):
    """Two slashes, a backslash or a line break lead to the page instead."""
    assert wanted(asked(path, query)) == way


def test_an_order_is_no_way():
    """Only what can be looked at."""
    assert wanted(asked("/api/v1/probe", method="POST")) == "/"
    assert login_address("/?a=b&c") == "/login?next=%2F%3Fa%3Db%26c"


async def test_the_form_leads_on_and_the_log_out_back(tmp_path):
    """Also after a wrong key; a log-out takes the cookie."""
    async with staged(tmp_path, access="key", access_key=KEY) as stage:
        client = stage.client
        form = {"content-type": "application/x-www-form-urlencoded", "accept": "text/html"}

        async def enter(key):
            return await client.ask("POST", "/login?next=%2Fdashboard", urlencode({"key": key}).encode(), form)

        action = b'action="/login?next=%2Fdashboard"'
        assert action in (await client.get("/dashboard", accept="text/html")).body
        assert action in (await enter("wrong")).body
        right = await enter(KEY)
        assert (right.status, right.headers["location"]) == (303, "/dashboard")
        cookie = right.cookies[0].split(";")[0]
        assert b'action="/logout"' in (await client.get("/dashboard", cookie=cookie)).body
        left = await client.ask("POST", "/logout", headers={"cookie": cookie})
        assert (left.status, left.headers["location"]) == (303, "/login")
        assert left.cookies[0].startswith("goldcrest_key=; Max-Age=0; Path=/;")
        asking = await client.get("/login", accept="text/html")
        assert (asking.status, b'id="key"' in asking.body) == (200, True)


async def test_where_no_key_is_wanted_there_is_no_log_in(client):
    """And nothing to log out of."""
    answer = await client.get("/login?next=%2Fdashboard")
    assert (answer.status, answer.headers["location"]) == (303, "/dashboard")
    assert b"/logout" not in (await client.get("/")).body
