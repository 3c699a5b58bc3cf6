"""The Dockerfile is read whole, the context is what .dockerignore leaves over."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bench.dockerfile import command, context_files, read_dockerfile, variables

ROOT = Path(__file__).parents[2]
TEXT = """# comment
FROM debian:bookworm-slim AS one
RUN a \\
    # between
    && b

ENV A=b C="d e"
FROM one
COPY --from=one /x /y
COPY . /z
ENTRYPOINT ["tini", "--", "x"]
EXPOSE 80
"""


def test_stages_and_steps():
    """Continuations are joined, comments left out, options taken apart."""
    one, image = read_dockerfile(TEXT)
    assert (one.base, one.name) == ("debian:bookworm-slim", "one")
    assert [(step.name, " ".join(step.words.split())) for step in one.steps] == [
        ("RUN", "a && b"),
        ("ENV", 'A=b C="d e"'),
    ]
    assert variables(one.steps[1].words) == {"A": "b", "C": "d e"}
    assert (image.base, image.name) == ("one", "1")
    assert (image.steps[0].options, image.steps[0].words) == ({"from": "one"}, "/x /y")
    assert command(image.steps[2].words) == ["tini", "--", "x"]


@pytest.mark.parametrize("text", ["ADD x y", "FROM a b c", "FROM x\nADD x y", "FROM x\nRUN a \\\n"])
def test_what_is_not_known_is_an_error(text):
    """A step that would be skipped makes the check worthless."""
    with pytest.raises(ValueError, match=r"."):
        read_dockerfile(text)


def test_a_command_in_shell_form_is_an_error():
    """A shell as process 1 swallows signals."""
    with pytest.raises(ValueError, match=r"."):
        command("python main.py")


def test_the_context(tmp_path):
    """The last rule that covers a path decides."""
    (tmp_path / ".dockerignore").write_text("# all but\n*\n!a\n!b.txt\n**/__pycache__\n**/*.pyc\n")
    for name in ("a/x.py", "a/__pycache__/x.pyc", "a/b/y.pyc", "b.txt", "c.txt", "d/z.py", "aa"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [path.as_posix() for path in context_files(tmp_path)] == ["a/x.py", "b.txt"]


class TestOurs:
    """What must hold of the files in this repository."""

    stages = read_dockerfile((ROOT / "Dockerfile").read_text("utf-8"))

    def test_the_image_does_not_run_as_root(self):
        """And nothing after USER changes the image."""
        names = [step.name for step in self.stages[-1].steps]
        assert not {"RUN", "COPY"} & set(names[names.index("USER") :])
        assert next(step.words for step in self.stages[-1].steps if step.name == "USER") not in {"root", "0"}

    def test_no_secret_is_named(self):
        """Neither in the image nor with a value in the hosts' files."""
        assert "TOKEN" not in (ROOT / "Dockerfile").read_text("utf-8")
        assert "TOKEN" not in (ROOT / "fly.toml").read_text("utf-8")
        (service,) = yaml.safe_load((ROOT / "render.yaml").read_text("utf-8"))["services"]
        assert all(variable["sync"] is False and "value" not in variable for variable in service["envVars"])
        assert service["healthCheckPath"] == "/health"

    def test_the_context_holds_the_code_and_nothing_else(self):
        """No tests, no data folder, no git, no environment."""
        tops = {path.parts[0] for path in context_files(ROOT)}
        folders = {"api", "bot", "config", "core", "platforms", "services", "templates", "utils", "wiring"}
        assert {"main.py", *folders} <= tops
        assert tops <= {*tops, "LICENSE"} - {"tests", "bench", "data", ".git", ".venv", "build", "docs"}
