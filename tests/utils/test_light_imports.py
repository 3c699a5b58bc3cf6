"""Imports without what a package would load on the side."""

import subprocess
import sys

import pytest

from utils.light_imports import without


def test_a_package_is_hidden_for_a_while():
    """Afterwards it can be imported; one that is in use already stays."""
    sys.modules.pop("wave", None)
    with without("wave", "json"):
        with pytest.raises(ImportError):
            import wave
        import json

        assert json
    import wave

    assert wave


def test_pybreaker_is_loaded_without_redis():
    """Which would cost every process 10 MB, for a storage that isn't used."""
    script = "import utils.breaker_machine, sys; print('redis' in sys.modules, 'tornado' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "False"]
