"""The document api/openapi.yaml says what is: every address, every method, every code, and answers of that shape."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.routing import Route

import api
from api.bodies import DownloadBody, ProbeBody
from api.web import make_web
from platforms.shapes import QUALITY_KEYS
from tests.api.stage import VIDEO
from utils.errors import GeoBlocked, RateLimited, all_errors

DOCUMENT = yaml.safe_load((Path(api.__file__).parent / "openapi.yaml").read_text("utf-8"))
SCHEMAS = DOCUMENT["components"]["schemas"]
#: for people and their browsers, not for programs
PAGES = {"/", "/login", "/logout", "/dashboard", "/static/{name}"}
KINDS: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
    "null": type(None),
}


def misfits(value, schema, where="$", schemas=SCHEMAS):
    """What of a value doesn't fit the parts of JSON Schema that the document uses. `schemas`: what it refers to."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        found = [misfits(value, one, where, schemas) for one in schema["anyOf"]]
        return [] if [] in found else [f"{where}: none fits", *found[-1]]
    if "const" in schema:
        return [] if value == schema["const"] else [f"{where}: {value!r}"]
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    # In Python True is an int, in JSON it is no number.
    if not any(isinstance(value, KINDS[kind]) and isinstance(value, bool) == (kind == "boolean") for kind in kinds):
        return [f"{where}: {value!r} is not {kinds}"]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where}: {value!r} is not listed")
    if isinstance(value, list):
        found += [
            bad
            for n, item in enumerate(value)
            for bad in misfits(item, schema.get("items", {}), f"{where}[{n}]", schemas)
        ]
    if isinstance(value, dict):
        known = schema.get("properties", {})
        others = schema.get("additionalProperties", "properties" not in schema)
        found += [f"{where}.{key} is missing" for key in schema.get("required", []) if key not in value]
        for key, item in value.items():
            fitting = known.get(key, others)
            if fitting is False:
                found.append(f"{where}.{key} is not documented")
            elif fitting is not True:
                found += misfits(item, fitting, f"{where}.{key}", schemas)
    return found


async def test_every_address_and_method_is_documented(stage):
    """And nothing else is."""
    routes = make_web(stage.app, asyncio.Event())._inner.routes  # type: ignore[attr-defined]
    served = {
        (route.path, method)
        for route in routes
        if isinstance(route, Route) and route.path not in PAGES
        for method in route.methods or ()
        if method != "HEAD"
    }
    documented = {
        (path, method.upper())
        for path, methods in DOCUMENT["paths"].items()
        for method in methods
        if method != "parameters"
    }
    assert served == documented


async def test_the_document_is_served(client):
    """As it lies beside the code."""
    answer = await client.get("/api/v1/openapi.yaml")
    assert answer.headers["content-type"] == "application/yaml"
    assert yaml.safe_load(answer.body) == DOCUMENT


def test_every_code_and_quality_is_documented():
    """Programs can switch over them."""
    assert SCHEMAS["Error"]["properties"]["code"]["enum"] == list(dict.fromkeys(kind.code for kind in all_errors()))
    assert SCHEMAS["QualityKey"]["enum"] == list(QUALITY_KEYS)


@pytest.mark.parametrize(("path", "body"), [("/api/v1/probe", ProbeBody), ("/api/v1/downloads", DownloadBody)])
def test_bodies_are_those_that_are_read(path, body):
    """Field by field."""
    schema = DOCUMENT["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(schema["properties"]) == set(body.__struct_fields__)


async def test_answers_have_the_documented_shapes(stage, client):
    """Taken from a real server."""
    probe = (await client.post("/api/v1/probe", {"url": VIDEO})).json
    assert misfits(probe["media"], SCHEMAS["Media"]) == []
    stage.sites.gate.clear()
    answers = [(await client.post("/api/v1/downloads", {"offer": probe["offer"]})).json]
    identity = answers[0]["job"]["id"]
    await stage.until(identity, "downloading")
    answers.append((await client.get(f"/api/v1/downloads/{identity}")).json)
    stage.sites.gate.set()
    await stage.until(identity, "done")
    answers.append((await client.delete(f"/api/v1/downloads/{identity}")).json)
    stage.sites.fails = [GeoBlocked()]
    bad = await stage.order(url="https://media.example.net/bad.mp4")
    await stage.until(bad["id"], "failed")
    answers.append((await client.get(f"/api/v1/downloads/{bad['id']}")).json)
    assert [misfits(answer, SCHEMAS["JobAnswer"]) for answer in answers] == [[]] * 4
    stage.sites.probes[VIDEO] = RateLimited(retry_after_seconds=3)
    failure = (await client.post("/api/v1/probe", {"url": VIDEO})).json
    assert misfits(failure, SCHEMAS["Failure"]) == []
    for path, name in (("/health", "Health"), ("/ready", "Readiness"), ("/status", "Status")):
        assert misfits((await client.get(path)).json, SCHEMAS[name]) == []


def test_the_check_finds_what_is_wrong():
    """So that an empty list means something."""
    good: dict[str, Any] = {"ready": True, "missing": ["a"]}
    assert misfits(good, SCHEMAS["Readiness"]) == []
    bads: tuple[Any, ...] = (
        [],
        {"ready": 1, "missing": []},
        {"ready": True},
        {**good, "more": 1},
        {"ready": True, "missing": [1]},
    )
    assert all(misfits(bad, SCHEMAS["Readiness"]) for bad in bads)
    assert misfits("x", SCHEMAS["QualityKey"]) != []
    assert misfits({"ok": True, "error": {}}, SCHEMAS["Failure"]) != []
