"""What every front is given."""

from types import SimpleNamespace
from typing import Any

import pytest

from services.app import App
from services.shapes import error_shape, media_shape
from tests.services.conftest import link, media
from utils.config import load_settings
from utils.errors import RateLimited, SiteDown, Starting
from utils.texts import Texts


@pytest.mark.parametrize("name", ["downloads", "users", "shelf", "extractor"])
def test_a_use_case_that_is_not_up_says_that_it_is_starting(name):
    """And is given out once its part has come up."""
    app = App(load_settings({}), Texts())
    with pytest.raises(Starting):
        getattr(app, name)
    part: Any = SimpleNamespace()
    setattr(app, f"up_{name}", part)
    assert getattr(app, name) is part


def test_shapes_tell_what_a_person_chooses_by_and_when_to_come_back():
    """The seconds only where the site named some."""
    assert [quality["key"] for quality in media_shape(media(link()))["qualities"]] == ["best", "360p"]
    slow = error_shape(RateLimited(retry_after_seconds=30), Texts())
    assert (slow["code"], slow["retry_after_seconds"]) == ("rate_limited", 30)
    assert "retry_after_seconds" not in error_shape(SiteDown(), Texts())
