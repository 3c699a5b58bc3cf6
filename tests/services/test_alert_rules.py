"""The file of rules: the one that comes along, and what is said of bad ones."""

import pytest

from services.alert_rules import FIGURES, RULE_BOUND, read_rules
from utils.config import DEFAULTS
from utils.errors import ConfigError
from utils.texts import Texts

RULE = "rules:\n  - {name: full, metric: disk, threshold: 0.9}\n"


def test_the_rules_that_come_along():
    """Those of the card: memory at 95 and 80 %, all sites down, an error rate of 10 %; none about cookies."""
    rules = {rule.name: rule for rule in read_rules(DEFAULTS.with_name("alerts.yaml"))}
    found = {name: (rule.metric, rule.level, rule.threshold) for name, rule in rules.items()}
    assert found == {
        "memory_critical": ("memory", "critical", 0.95),
        "platforms_down": ("platforms_down", "critical", 0.99),
        "memory_high": ("memory", "warning", 0.8),
        "error_rate": ("error_rate", "warning", 0.1),
        "disk_full": ("disk", "warning", 0.95),
        "queue_full": ("queue", "warning", 0.8),
        "telegram_down": ("telegram_down_seconds", "warning", 120),
        "parts_down": ("parts_down", "warning", 0),
    }
    assert {rule.metric for rule in rules.values()} == set(FIGURES)


def test_every_figure_has_a_name_for_people():
    """Alerts are told by them."""
    texts = Texts(strict=True)
    assert all(texts(f"alert.{figure}") for figure in FIGURES)


@pytest.mark.parametrize("text", ["{}", "rules: []"])
def test_no_rules_are_fine(tmp_path, text):
    """Who wants none writes none."""
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    assert read_rules(path) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: [", "rules.yaml can't be read: "),
        ("[]", "Expected `object`, got `array`"),
        ("rule: []", "Invalid enum value 'rule'"),
        ("rules:\n  - {name: full}\n", "missing required field `metric`"),
        ("rules:\n  - {name: full, metric: disk, threshold: much}\n", "Expected `float`, got `str`"),
        ("rules:\n  - {name: full, metric: disk, threshold: 1, more: 1}\n", "unknown field `more`"),
        ("rules:\n  - {name: Full!, metric: disk, threshold: 1}\n", "matching regex"),
        ("rules:\n  - {name: full, metric: disk, threshold: 1, level: loud}\n", "Invalid enum value 'loud'"),
        ("rules:\n  - {name: full, metric: disk, threshold: 1, for_seconds: -1}\n", ">= 0"),
        (
            "rules:\n  - {name: full, metric: luck, threshold: 1}\n",
            "full watches 'luck'; it must be one of memory, disk",
        ),
        (f"{RULE}  - {{name: full, metric: queue, threshold: 1}}\n", "full stands there twice"),
        ("rules:\n  - {name: full, metric: disk, threshold: 0.9, clear: 0.95}\n", "would be raised by what clears it"),
        (
            "rules:\n" + "".join(f"  - {{name: n{n}, metric: disk, threshold: 1}}\n" for n in range(RULE_BOUND + 1)),
            "holds 65 rules",
        ),
    ],
)
def test_a_bad_file_is_one_line(tmp_path, text, said):
    """It names the file and what is wrong with it."""
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_rules(path)
    assert caught.value.detail.startswith("rules.yaml")
    assert said in caught.value.detail
    assert "\n" not in caught.value.detail


def test_a_missing_file_is_one_line(tmp_path):
    """As for every other file of the operator."""
    with pytest.raises(ConfigError, match="No such file"):
        read_rules(tmp_path / "none.yaml")
