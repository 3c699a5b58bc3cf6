"""What the forkserver does without, checked in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

from platforms.extractor.extractors import Extractors
from platforms.extractor.lean import find_sites
from platforms.registry import Registry

ROOT = Path(__file__).resolve().parents[3]


def run(script: str) -> str:
    """Standard output of a clean interpreter."""
    text = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n" + textwrap.dedent(script)
    command = [sys.executable, "-I", "-c", text]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def test_the_forkserver_holds_no_event_loop_and_no_list_of_all_extractors():
    """After loading, neither is in memory, nor our own sites; the extractors of a site come with its first link."""
    out = run("""
        from platforms.extractor.lean import aside, find_sites, leave_out
        leave_out()
        from platforms.extractor.preload import preload
        from platforms.extractor.protocol import Boot
        loaded = preload(Boot(), lambda enabled: aside(find_sites, enabled))
        names = ("asyncio", "yt_dlp.extractor.lazy_extractors", "platforms.registry", "yt_dlp.extractor.tiktok")
        print([name for name in names if name in sys.modules])
        found = [each.ie_key() for each in loaded.extractors.for_url("https://vm.tiktok.com/x")]
        print("TikTokVM" in found, "Youtube" in found, found[-1])
        print([name for name in names if name in sys.modules])
    """)
    assert out.splitlines() == ["[]", "True False Generic", "['yt_dlp.extractor.tiktok']"]


def test_a_search_that_fails_aside_is_no_empty_table():
    out = run("""
        from platforms.extractor.lean import aside
        try:
            aside(lambda enabled: 1 / 0, ())
        except EOFError:
            print("told")
    """)
    assert out == "told"


def test_the_table_has_every_site():
    """With hosts as the registry knows them, and at least one extractor each."""
    table = find_sites(())
    assert sorted(table) == sorted(Registry().names())
    assert all(site["classes"] for site in table.values())
    assert "youtu.be" in table["youtube"]["hosts"]


def test_only_sites_that_are_served():
    """And the generic one, which others lead to."""
    assert sorted(find_sites(("TikTok",))) == ["generic", "tiktok"]


def test_extractors_follow_the_host():
    """Of the site for its own names, of all for others'; generic ones last in any case."""
    extractors = Extractors(find_sites(("youtube", "tiktok")))

    def keys(url: str) -> set[str]:
        found = [each.ie_key() for each in extractors.for_url(url)]
        assert found[-1] == "Generic"
        return set(found)

    for link in ("https://www.youtube.com/watch?v=x", "https://YOUTU.BE./x", "//music.youtube.com/x"):
        assert "Youtube" in keys(link)
        assert "TikTok" not in keys(link)
    for link in ("https://example.com/", "https://notyoutube.com/", "https://[::1]/", "ytsearch:x", "", "https://[/"):
        assert {"Youtube", "TikTok"} <= keys(link)
    assert extractors.by_key("TikTok").IE_NAME == "TikTok"
