"""Files made from other files."""

from bench.generated import run, settings_table, sites_table, with_table
from utils.config import DEFAULTS, SHORT_NAMES

BEGIN = "<!-- settings: begin -->"
END = "<!-- settings: end -->"

PO = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "a"\nmsgstr "b"\n'


def test_table_has_every_setting():
    """One row per key of default.yaml, well-known ones under their short name."""
    import yaml

    table = settings_table(DEFAULTS.read_text("utf-8"))
    count = sum(len(section) for section in yaml.safe_load(DEFAULTS.read_text("utf-8")).values())
    assert len(table.splitlines()) == count + 2
    for name in SHORT_NAMES:
        assert f"| `{name}` |" in table
    assert "| `GOLDCREST_SERVER__HOST` | `0.0.0.0` | address |" in table


def test_table_of_sites_is_read_from_their_modules():
    """The name comes from the docstring, the kinds and the link from the examples; links are whole cells."""
    rows = sites_table().splitlines()
    assert any(row.startswith("| YouTube | `youtube` | video, short, live, clip, playlist") for row in rows)
    assert "| Likee | `likee` | video, user, short links | `https://likee.video/@huynh_hong_quan_/video/" in str(rows)
    assert any(row.startswith("| Any other page or file | `generic` | video, item") for row in rows)
    assert {row.count("|") for row in rows} == {5}


def test_only_the_part_between_the_markers_changes():
    """Text around the markers stays; a README without them is left alone."""
    assert with_table(f"head\n{BEGIN}\nold\n{END}\ntail", "settings", "T") == f"head\n{BEGIN}\nT\n{END}\ntail"
    assert with_table("no markers", "settings", "T") == "no markers"


def test_check_names_stale_files_and_writes_nothing(tmp_path, capsys):
    """--check exits 1 until the files are written, then 0."""
    folder = tmp_path / "templates" / "locale" / "en" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "goldcrest.po").write_text(PO, "utf-8")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "default.yaml").write_text('log:\n  level: "info"  # word; how much [LOG_LEVEL]\n', "utf-8")
    (tmp_path / "README.md").write_text(f"{BEGIN}\n{END}\n", "utf-8")
    assert run(["--check"], tmp_path) == 1
    assert not (folder / "goldcrest.mo").exists()
    assert "goldcrest.mo" in capsys.readouterr().out
    assert run([], tmp_path) == 0
    assert run(["--check"], tmp_path) == 0
    assert "| `LOG_LEVEL` | `info` | word | how much |" in (tmp_path / "README.md").read_text("utf-8")
