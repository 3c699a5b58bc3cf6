"""Bad bodies: each gets one sentence that names what is wrong."""

import pytest

import api.bodies
from tests.api.client import raw


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"{", "The body is not valid JSON."),
        (b"\xff", "The body is not valid JSON."),
        (b"{}", "The field url is missing."),
        (b"[]", "The body must be a JSON object."),
        (b'{"url": 7}', "The field url must be text."),
        (b'{"url": null}', "The field url must be text."),
        (b'{"url": "x", "quality": "best"}', "There is no field quality here."),
        (b'{"url": "' + b"x" * 9000 + b'"}', "The field url is too long."),
    ],
)
async def test_a_probe_that_cannot_be_read(client, body, sentence):
    """One clear sentence, status 400."""
    answer = await client.ask("POST", "/api/v1/probe", body, {"content-type": "application/json; charset=utf-8"})
    assert (answer.status, answer.error["code"], answer.error["message"]) == (400, "bad_request", sentence)
    assert answer.error["hint"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "Give either a url or an offer."),
        ({"url": "x", "offer": "y"}, "Give either a url or an offer."),
        ({"url": "x", "quality": 1}, "The field quality must be text."),
        ({"url": ["x"]}, "The field url must be text."),
        ({"offer": "x" * 65}, "The field offer is too long."),
    ],
)
async def test_an_order_that_cannot_be_read(client, body, sentence):
    """The same for the other body."""
    assert (await client.post("/api/v1/downloads", body)).error["message"] == sentence


async def test_a_word_that_is_none_of_those_that_fit(client):
    """The field is named, and the JSON is not blamed."""
    answer = await client.post("/api/v1/breakers", {"name": "youtube", "state": "x"})
    assert answer.error["message"] == "The field state has a value that is not one of its own."


async def test_a_form_is_no_json(client):
    """What another site's form can send without asking is not taken."""
    kind = {"content-type": "text/plain"}
    answer = await client.ask("POST", "/api/v1/probe", b'{"url": "https://media.example.net/x"}', kind)
    assert answer.error["message"] == "The body must be sent as application/json."


async def test_a_body_above_the_bound_is_cut_off(client):
    """64 KB are read, then the connection closes; a length that is not told changes nothing."""
    answer = await client.post("/api/v1/probe", {"url": "x" * 70_000})
    assert (answer.status, answer.error["code"]) == (413, "body_too_large")
    assert answer.error["message"] == "This request is larger than the 64 KB that are read."
    head = f"POST /api/v1/probe HTTP/1.1\r\nHost: localhost:{client.port}\r\nContent-Type: application/json\r\n"
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    assert b" 413 " in await raw(client.port, head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 2)


async def test_a_body_that_does_not_come_is_given_up(client, monkeypatch):
    """Nobody holds a request open by promising more than is sent."""
    monkeypatch.setattr(api.bodies, "BODY_SECONDS", 0.02)
    head = f"POST /api/v1/probe HTTP/1.1\r\nHost: localhost:{client.port}\r\nContent-Type: application/json\r\n"
    answer = await raw(client.port, head.encode() + b"Content-Length: 50\r\n\r\n{")
    assert b" 400 " in answer
    assert b"The body did not arrive in time." in answer
