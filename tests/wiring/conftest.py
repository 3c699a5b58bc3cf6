"""The house, and the proof that a test which says that it strikes a part has seen the part say so."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest

from tests.end_to_end.conftest import sites, telegram
from tests.wiring.house import standing

__all__ = ["sites", "telegram"]


@pytest.fixture
def seen_ill():
    """Names of the parts that were seen ill."""
    return set()


@pytest.fixture(autouse=True)
def struck(request, seen_ill):
    """Whoever strikes a part sees it ill; of a test with a parameter `part`, that one."""
    yield
    parts = {part for mark in request.node.iter_markers("strikes") for part in mark.args}
    chosen = getattr(request.node, "callspec", None)
    assert seen_ill >= ({chosen.params["part"]} if chosen and "part" in chosen.params else parts)


@pytest.fixture
def serving(seen_ill):
    """Starts a house in a folder with further settings."""

    @asynccontextmanager
    async def serving(folder, **environment):
        async with standing(folder, seen_ill, **environment) as house:
            await house.manager.start()
            yield house

    return serving


@pytest.fixture
async def house(tmp_path, serving):
    async with serving(tmp_path / "data") as house:
        await house.well()
        yield house
