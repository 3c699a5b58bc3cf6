"""What the forkserver does without, checked in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

from platforms.extractor.lean import find_extractors, load

ROOT = Path(__file__).resolve().parents[3]


def run(script: str) -> str:
    """Standard output of a clean interpreter."""
    text = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n" + textwrap.dedent(script)
    command = [sys.executable, "-I", "-c", text]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def test_the_forkserver_holds_no_event_loop_and_no_list_of_all_extractors():
    """After loading, neither asyncio nor the lazy list is in memory, and the chosen extractors are."""
    out = run("""
        from platforms.extractor.lean import aside, find_extractors, leave_out
        leave_out()
        from platforms.extractor.preload import preload
        from platforms.extractor.protocol import Boot
        loaded = preload(Boot(("tiktok", "generic")), lambda names: aside(find_extractors, names))
        print([each.ie_key() for each in loaded.extractors])
        print([name for name in ("asyncio", "yt_dlp.extractor.lazy_extractors", "utils.config") if name in sys.modules])
    """)
    assert out.splitlines() == ["['TikTok', 'Generic']", "[]"]


def test_a_search_that_fails_aside_is_no_empty_list():
    out = run("""
        from platforms.extractor.lean import aside
        try:
            aside(lambda names: 1 / 0, ())
        except EOFError:
            print("told")
    """)
    assert out == "told"


def test_patterns_name_extractors():
    """As yt-dlp's own --use-extractors does, whatever the order; the generic one stands last."""
    names = [name for _, name in find_extractors(("generic", "instagram.*"))]
    assert names[-1] == "GenericIE"
    assert {"InstagramIE", "InstagramStoryIE"} <= set(names)
    assert [each.__name__ for each in load(find_extractors(()))] == ["GenericIE"]
