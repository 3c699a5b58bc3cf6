"""A server of its own for each test."""

import pytest

from tests.api.stage import staged


@pytest.fixture
async def stage(tmp_path):
    async with staged(tmp_path) as stage:
        yield stage


@pytest.fixture
def client(stage):
    return stage.client
