"""What holds for all tests: time says nothing on a busy machine."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("goldcrest", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("goldcrest")
