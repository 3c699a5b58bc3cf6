"""The task behind the only way out ends: links are served again without a restart of the process."""

from __future__ import annotations

import pytest

from main import open_app
from tests.faults.conftest import until
from utils.config import load_settings

pytestmark = pytest.mark.process


async def test_the_proxy_comes_back(tmp_path, sites):
    """Its state is told as it is, then it is well again, and what is asked for comes through it."""
    memory = {"MAX_MEMORY_MB": "4000"}  # the process of the tests counts as well
    async with open_app(load_settings({"DATA_DIR": str(tmp_path), **memory, **sites.env()})) as app:

        def seems(*, ok):
            async def told():
                return app.state()["parts"]["egress"]["ok"] is ok

            return told

        assert app.up_egress
        app.up_egress._accepting.cancel()
        await until(seems(ok=False))
        await until(seems(ok=True))
        (link,) = app.downloads.detect(f"{sites.public_url}/m/mux_144.mp4").links
        assert (await app.downloads.probe(link)).qualities
