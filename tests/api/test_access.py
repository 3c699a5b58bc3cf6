"""Who may use the page: the rules one by one, then over the wire."""

from urllib.parse import urlencode

import pytest

from api.access import Access
from tests.api.stage import VIDEO, settings_for, staged
from utils.errors import AccessDenied, CrossSite, KeyNeeded, UnknownHost

KEY = "a-key-of-more-than-16"


def scope(*, client="127.0.0.1", host="localhost:8080", method="GET", version="1.1", scheme="http", **headers):
    pairs = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return {
        "type": "http",
        "method": method,
        "http_version": version,
        "scheme": scheme,
        "client": (client, 5000) if client else None,
        "headers": [(name.encode(), value.encode()) for name, value in pairs.items() if value is not None],
    }


@pytest.fixture
def access(tmp_path):
    def make(**server):
        return Access(settings_for(tmp_path, **server).server)

    return make


@pytest.mark.parametrize("client", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:8080", "a.localhost", "LOCALHOST."]
)
def test_this_machine_may_use_it(access, client, host):
    """Every way to write it."""
    access().check(scope(client=client, host=host))


@pytest.mark.parametrize(
    "stranger",
    [
        {"client": "192.168.1.9"},
        {"client": "172.17.0.1"},
        {"client": "::ffff:10.0.0.1"},
        {"client": None},
        {"x_forwarded_for": "127.0.0.1"},
        {"forwarded": "for=127.0.0.1"},
        {"x_real_ip": "127.0.0.1"},
        {"via": "1.1 proxy"},
        {"version": "1.0"},
    ],
)
def test_others_and_proxies_are_refused(access, stranger):
    """Whatever comes through a proxy on this machine is not from this machine."""
    with pytest.raises(AccessDenied):
        access().check(scope(**stranger))


@pytest.mark.parametrize(
    "host", ["evil.test", "evil.test:8080", "localhost.evil.test", "127.0.0.1.evil.test", "", "[::", "a b"]
)
def test_a_name_that_points_here_is_refused(access, host):
    """DNS rebinding: the browser's address bar says evil.test, the connection comes from this machine."""
    with pytest.raises(UnknownHost):
        access().check(scope(host=host))


def test_a_public_name_is_not_local(access):
    """In local mode it means a proxy that tells nothing of itself."""
    with pytest.raises(UnknownHost):
        access(public_url="https://birds.example").check(scope(host="birds.example"))


@pytest.mark.parametrize(
    "host", ["birds.example", "birds.example:443", "192.168.1.5:8080", "[2a00::1]:8080", "localhost"]
)
def test_open_takes_everybody_under_a_known_name_or_an_address(access, host):
    """An address can't be rebound."""
    open_to_all = access(access="open", public_url="https://Birds.example/goldcrest")
    open_to_all.check(scope(client="203.0.113.7", host=host, x_forwarded_for="198.51.100.1"))


def test_open_still_refuses_other_names(access):
    """A page that is open in a home network must not be reached by a site that rebinds its name."""
    for public_url in ("https://birds.example", ""):
        with pytest.raises(UnknownHost):
            access(access="open", public_url=public_url).check(scope(client="10.0.0.2", host="evil.test"))


@pytest.mark.parametrize(
    "sender",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"origin": "http://localhost:9999"},
        {"sec_fetch_site": "same-origin", "origin": "http://evil.test"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT"])
def test_another_site_cannot_order(access, sender, method):
    """Neither by a form nor by a script."""
    with pytest.raises(CrossSite):
        access().check(scope(method=method, **sender))


@pytest.mark.parametrize(
    "sender",
    [{}, {"origin": "http://localhost:8080", "sec_fetch_site": "same-origin"}, {"origin": "https://localhost:8080"}],
)
def test_our_own_page_and_programs_can(access, sender):
    """The scheme is not compared: a proxy in front may have taken the TLS off."""
    access().check(scope(method="POST", **sender))


def test_reading_from_another_site_is_no_order(access):
    """A link to the page works."""
    access().check(scope(sec_fetch_site="cross-site"))


def test_a_key_opens_from_anywhere(access):
    """As a header for programs, as a cookie for browsers, under any name."""
    keyed = access(access="key", access_key=KEY)
    keyed.check(scope(client="203.0.113.7", host="any.example", authorization=f"Bearer {KEY}"))
    cookie = keyed.cookie(scope()).split(";")[0]
    assert KEY not in cookie
    keyed.check(scope(client="203.0.113.7", host="any.example", cookie=f"other=1; {cookie}"))


@pytest.mark.parametrize(
    "proof",
    [
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": f"Basic {KEY}"},
        {"authorization": KEY},
        {"cookie": "goldcrest_key=wrong"},
        {"cookie": f"goldcrest_key={KEY}"},
        {"cookie": "goldcrest_key=\u00e9"},
        {"cookie": 'a="\\'},
    ],
)
def test_without_the_key_nobody_gets_in(access, proof):
    """Not from this machine either."""
    with pytest.raises(KeyNeeded):
        access(access="key", access_key=KEY).check(scope(**proof))


def test_no_key_fits_where_none_is_set(access):
    """An empty key is not a key."""
    assert not access().fits("")


def test_the_cookie_is_kept_from_scripts_and_plain_http(access):
    """Secure wherever the visitor's side is TLS."""
    keyed = access(access="key", access_key=KEY)
    assert "HttpOnly; SameSite=Lax" in keyed.cookie(scope())
    assert "Secure" not in keyed.cookie(scope())
    assert keyed.cookie(scope(x_forwarded_proto="https")).endswith("Secure")
    assert keyed.cookie(scope(scheme="https")).endswith("Secure")


# --- over the wire ---------------------------------------------------------------------------------------------------


async def test_health_is_for_everybody_the_rest_is_not(client):
    """A host asks from outside; a stranger gets the sentence and how the owner opens it."""
    client.headers["x-forwarded-for"] = "203.0.113.7"
    assert (await client.get("/health")).status == 200
    assert (await client.get("/ready")).status == 200
    assert (await client.get("/static/goldcrest.css")).status == 200  # the notice would be bare without it
    for path in ("/status", "/api/v1/downloads/x", "/static/../status", "/nothing"):
        answer = await client.get(path)
        assert (answer.status, answer.error["code"]) == (403, "access_denied")
    page = await client.get("/", accept="text/html,*/*")
    assert page.status == 403
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert b"GOLDCREST_SERVER__ACCESS_KEY" in page.body
    assert b"<script" not in page.body


async def test_a_cross_site_order_is_refused_before_it_is_read(client):
    """And nothing was asked of any site."""
    answer = await client.post("/api/v1/probe", {"url": VIDEO}, origin="https://evil.test")
    assert (answer.status, answer.error["code"]) == (403, "cross_site")


async def test_the_key_is_entered_once(tmp_path):
    """The form, a wrong key, the right one, and then the page; programs send it as a header."""
    async with staged(tmp_path, access="key", access_key=KEY) as stage:
        client = stage.client
        form = await client.get("/", accept="text/html")
        assert form.status == 401
        assert b'action="/login?next=%2F"' in form.body
        assert (await client.get("/static/goldcrest.css")).status == 200
        assert (await client.post("/api/v1/probe", {"url": VIDEO})).error["code"] == "key_needed"

        async def enter(key, **headers):
            kind = {"content-type": "application/x-www-form-urlencoded", "accept": "text/html", **headers}
            return await client.ask("POST", "/login", urlencode({"key": key}).encode(), kind)

        wrong = await enter("wrong")
        assert wrong.status == 401
        assert b"That is not the access key" in wrong.body
        assert (await enter(KEY, origin="https://evil.test")).status == 403
        right = await enter(KEY)
        assert (right.status, right.headers["location"]) == (303, "/")
        cookie = right.cookies[0].split(";")[0]
        assert b'id="link"' in (await client.get("/", cookie=cookie)).body
        assert (await client.get("/status", authorization=f"Bearer {KEY}")).status == 200
