"""Settings: the defaults, the environment over them, and one line about whatever doesn't fit."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
import yaml

from utils.config import DEFAULTS, PREFIX, SECRETS, SHORT_NAMES, Settings, environment_name, load_settings
from utils.errors import ConfigError

TOKEN = "123456:" + "x" * 35
ACCOUNT = {"BOT_TOKEN": TOKEN, "API_ID": "1234", "API_HASH": "0123456789abcdef" * 2}


def complaint(**environment: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_settings(environment)
    assert "\n" not in caught.value.detail
    return caught.value.detail


def test_the_defaults_fit():
    """Without any environment every value of config/default.yaml is accepted."""
    settings = load_settings({})
    assert (settings.server.port, settings.log.level, settings.telegram.lazy_raw) == (8080, "info", True)
    assert settings.data_dir.is_absolute()
    assert settings.secrets == ()


def test_the_process_environment_is_read(monkeypatch):
    """Without an argument os.environ counts."""
    monkeypatch.setenv("PORT", "81")
    assert load_settings().server.port == 81


def test_settings_are_frozen():
    """Nobody changes a setting after the start."""
    with pytest.raises(AttributeError):
        setattr(load_settings({}).server, "port", 1)  # noqa: B010 - as an assignment mypy refuses it already


def test_every_default_has_a_unit_and_a_reason_and_its_short_name():
    """The comments of default.yaml feed the README's table: `unit; reason [NAME]`."""
    section = ""
    seen: set[tuple[str, str]] = set()
    for line in DEFAULTS.read_text("utf-8").splitlines():
        if found := re.match(r"^(\w+):$", line):
            section = found[1]
        elif found := re.match(r"^  (\w+):", line):
            place = (section, found[1])
            comment = re.search(r"  ?# [^;]+; [^\[]+?(?: \[(?P<short>\w+)\])?$", line)
            assert comment, line
            assert comment["short"] == next((name for name, at in SHORT_NAMES.items() if at == place), None), line
            seen.add(place)
    sections = msgspec.structs.fields(Settings)
    assert seen == {(part.name, key.name) for part in sections for key in msgspec.structs.fields(part.type)}
    assert seen >= SECRETS


def test_the_environment_overrides():
    """Short names, long names, lists, booleans, choices in any case, and blanks around them."""
    settings = load_settings(
        {
            **ACCOUNT,
            "PORT": " 10000 ",
            "ENABLE_PLATFORMS": "youtube, tiktok",
            "GOLDCREST_EGRESS__PORTS": "80 443",
            "EGRESS_ALLOW": "127.0.0.0/8,::1/128",
            "GOLDCREST_SERVER__TRUSTED_PROXIES": "10.0.0.0/8 fd00::/8",
            "LOG_LEVEL": "DEBUG",
            "GOLDCREST_TELEGRAM__LAZY_RAW": "No",
            "GOLDCREST_SANDBOX__LANDLOCK": "1",
            "YOUTUBE_PO_TOKEN": "one,two",
            "UNRELATED": "x",
        }
    )
    assert settings.server.port == 10000
    assert settings.platforms.enabled == ("youtube", "tiktok")
    assert settings.egress.ports == (80, 443)
    assert settings.egress.allow == ("127.0.0.0/8", "::1/128")
    assert settings.server.trusted_proxies == ("10.0.0.0/8", "fd00::/8")
    assert settings.log.level == "debug"
    assert (settings.telegram.lazy_raw, settings.sandbox.landlock) == (False, True)
    assert set(settings.secrets) == {TOKEN, ACCOUNT["API_HASH"], "one", "two"}


def test_an_empty_variable_leaves_the_default():
    """Hosting pages set empty variables; these mean nothing."""
    assert load_settings(dict.fromkeys(SHORT_NAMES, "")) == load_settings({})


def test_the_long_name_wins_over_the_short_one():
    """Who writes both means the more precise one, whatever their order."""
    pair = {"PORT": "1", "GOLDCREST_SERVER__PORT": "2"}
    assert load_settings(pair).server.port == 2
    assert load_settings(dict(reversed(pair.items()))).server.port == 2


def test_every_setting_has_a_name_in_the_environment():
    """The short one where there is one."""
    assert environment_name("server", "port") == "PORT"
    assert environment_name("server", "host") == f"{PREFIX}SERVER__HOST"


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("PORT", "99999", "a whole number from 0 to 65535"),
        ("PORT", "http", "a whole number from 0 to 65535"),
        ("PORT", "80.5", "a whole number from 0 to 65535"),
        ("API_ID", "-1", "a whole number from 0 up"),
        ("GOLDCREST_TELEGRAM__STORAGE_CHAT_ID", "here", "a whole number"),
        ("COLD_START_TARGET", "0", "a number above 0 and up to 86400"),
        ("COLD_START_TARGET", "nan", "a number above 0 and up to 86400"),
        ("GOLDCREST_EGRESS__QUOTA_FACTOR", "0.5", "a number from 1 to 100"),
        ("LOG_LEVEL", "loud", "one of debug, info, warning or error"),
        ("GOLDCREST_SANDBOX__LANDLOCK", "maybe", "yes or no"),
        ("GOLDCREST_EGRESS__PORTS", "80,99999", "whole numbers from 1 to 65535, separated by commas"),
        ("EGRESS_ALLOW", "home", "networks like 10.0.0.0/8 or fd00::/8, separated by commas"),
        ("EGRESS_UPSTREAM", "ftp://example.org", "a URL that begins with http:// or https://"),
        ("TELEGRAM_SERVER", "example.org", "host:port, like 127.0.0.1:8443"),
    ],
)
def test_a_bad_value_is_named_with_what_fits(name: str, value: str, fits: str):
    """One line: the setting as the person wrote it, the value, and what would do."""
    assert complaint(**{name: value}) == f"{name} = {value!r} does not fit: it must be {fits}"


def test_a_secret_is_not_shown_even_when_it_does_not_fit():
    """The line ends in logs and on screens."""
    assert complaint(BOT_TOKEN="1:short").startswith("BOT_TOKEN = (hidden) does not fit: it must be a token from @Bot")
    assert complaint(EGRESS_UPSTREAM="socks://me:word@host").startswith("EGRESS_UPSTREAM = 'socks://***@host'")


def test_an_unknown_long_name_is_an_error():
    """A misspelt setting must not be ignored in silence."""
    assert complaint(GOLDCREST_SERVER__PROT="1").startswith("GOLDCREST_SERVER__PROT is not a setting")
    assert complaint(GOLDCREST_NOTHING="1").startswith("GOLDCREST_NOTHING is not a setting")


def test_settings_that_belong_together():
    """A token without its account, and a server without its key, end the start."""
    assert complaint(BOT_TOKEN=TOKEN).startswith("BOT_TOKEN is set, so API_ID and API_HASH must be set too")
    assert complaint(TELEGRAM_SERVER="127.0.0.1:1") == "TELEGRAM_SERVER and TELEGRAM_SERVER_KEY must be set together"
    assert complaint(GOLDCREST_SERVER__ACCESS="key").endswith("must be set together")
    assert complaint(GOLDCREST_BREAKER__OPEN_SECONDS="601", GOLDCREST_BREAKER__OPEN_CAP_SECONDS="600").endswith(
        "must not be below GOLDCREST_BREAKER__OPEN_SECONDS"
    )


def test_files_that_are_named_must_be_there(tmp_path: Path):
    """A missing certificate is found at the start, not at the first download."""
    missing = tmp_path / "ca.pem"
    assert (
        complaint(EGRESS_TRUST=str(missing)) == f"EGRESS_TRUST = {str(missing)!r} does not fit: there is no such file"
    )
    missing.write_text("")
    assert load_settings({"EGRESS_TRUST": str(missing)}).egress.trust == str(missing)


def test_a_network_that_only_looks_like_one():
    """300.0.0.0/8 has the form and is none."""
    for name in ("EGRESS_ALLOW", "GOLDCREST_SERVER__TRUSTED_PROXIES"):
        assert complaint(**{name: "300.0.0.0/8"}) == f"{name} = '300.0.0.0/8' does not fit: there is no such network"


class TestDefaultsFile:
    """What an operator may break in config/default.yaml."""

    def broken(self, tmp_path: Path, **sections: object) -> str:
        tree = yaml.safe_load(DEFAULTS.read_text("utf-8"))
        for section, values in sections.items():
            if isinstance(values, dict):
                tree.setdefault(section, {}).update(values)
            else:
                tree[section] = values
        path = tmp_path / "default.yaml"
        path.write_text(yaml.safe_dump(tree))
        return self.line(path)

    def line(self, path: Path) -> str:
        with pytest.raises(ConfigError) as caught:
            load_settings({}, path)
        assert "\n" not in caught.value.detail
        return caught.value.detail

    def test_a_bad_value(self, tmp_path: Path):
        """It is named by its place."""
        fits = "server.port = 'web' does not fit: it must be a whole number from 0 to 65535"
        assert self.broken(tmp_path, server={"port": "web"}) == fits
        fits = "egress.ports = '0' does not fit: it must be whole numbers from 1 to 65535, separated by commas"
        assert self.broken(tmp_path, egress={"ports": [0]}) == fits
        fits = "server.host = None does not fit: it must be a text"
        assert self.broken(tmp_path, server={"host": None}) == fits
        fits = "storage.data_dir = '' does not fit: it must be a text that is not empty"
        assert self.broken(tmp_path, storage={"data_dir": ""}) == fits
        fits = "platforms.enabled = 5 does not fit: it must be words separated by commas"
        assert self.broken(tmp_path, platforms={"enabled": 5}) == fits

    def test_an_unknown_or_missing_key(self, tmp_path: Path):
        """Both are said, with section and key."""
        assert self.broken(tmp_path, server={"prot": 1}) == "default.yaml: server.prot is not a setting"
        assert self.broken(tmp_path, sever={"port": 1}) == "default.yaml: sever.port is not a setting"
        path = tmp_path / "default.yaml"
        path.write_text("log:\n  level: info\n")
        assert self.line(path) == "default.yaml: telegram.bot_token is missing"

    def test_no_settings_at_all(self, tmp_path: Path):
        """A file that is missing, no YAML, or without sections ends in one line too."""
        path = tmp_path / "default.yaml"
        assert "can't be read" in self.line(path)
        path.write_text("a: [\n")
        assert "can't be read" in self.line(path)
        path.write_text("just words")
        assert "must hold sections" in self.line(path)
        assert "must hold sections" in self.broken(tmp_path, log="info")
