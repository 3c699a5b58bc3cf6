"""What is shown of lists and batches: pages, choices, progress, failures."""

import pytest

from bot.batch_keyboards import BatchRetry, BatchSkip, BatchStop, BatchTake, ListPage, ListPick
from bot.batch_menus import BatchMenu
from bot.batch_screens import choice_screen, links_screen, list_screen
from bot.batch_status import batch_screen, ended_screen
from bot.rich import TEXT_LIMIT, units
from platforms.shapes import Entry, Link, Listing
from services.batch_shapes import Batch, BatchEvent, BatchFailure, BatchItem
from utils.errors import BadRange
from utils.ids import button_token, ulid
from utils.texts import Texts

BOUND = 200
LIST = Link("https://www.youtube.com/playlist?list=PL1", "youtube:playlist:PL1", "youtube", "playlist", "PL1")


@pytest.fixture
def texts():
    return Texts(strict=True)


def entry(position, **fields):
    known = {"url": f"https://site.test/{position}", "title": f"Song {position}", "duration_seconds": 61.0}
    return Entry(position, **{**known, **fields})


def listing(total=60, first=1, count=10, *, more=True, **fields):
    entries = tuple(entry(position) for position in range(first, first + count))
    known = ("youtube", "playlist", LIST.canonical, LIST.url, "A *list*\nof songs", "Goldie")
    return Listing(*known, total, first, fields.pop("entries", entries), more, **fields)


def words(screen):
    return "".join(piece.text for piece in screen.rich)


def labels(screen):
    return [[button.text for button in row] for row in screen.keyboard]


def event(*, total=20, final=False, failures=(), titles=(), **counts):
    told = counts.pop("told", {})
    return BatchEvent("B", total, counts, tuple(titles), tuple(failures), final=final, **told)


def batch(**fields):
    known = {"title": "A list", "quality": "720p", "user_id": 1, "target": {}, "total": 20, "created_at": 0.0}
    return Batch(id="B", front="telegram", **{**known, **fields})


def test_the_first_page(texts):
    """Title, who made it, how many there are, the entries with their length; a way on but none back."""
    screen = list_screen(texts, "t", listing(), BOUND)
    assert words(screen).startswith(
        "A *list* of songs\nGoldie \u00b7 60 entries \u00b7 1 to 10 of 60\n\n1. Song 1 \u00b7 1:01\n2."
    )
    assert labels(screen) == [
        ["1", "2", "3", "4", "5"],
        ["6", "7", "8", "9", "10"],
        ["\u203a"],
        ["All 60", "This page", "Choose\u2026"],
    ]
    assert screen.keyboard[2][0].data == ListPage("t", 11)
    assert screen.keyboard[3][1].data == ListPick("t", "1-10")


def test_a_page_in_the_middle_leads_both_ways(texts):
    """The page that is shown is the one that is picked."""
    screen = list_screen(texts, "t", listing(first=11), BOUND)
    assert [button.data for button in screen.keyboard[2]] == [ListPage("t", 1), ListPage("t", 21)]
    assert screen.keyboard[3][1].data == ListPick("t", "11-20")


def test_a_list_of_one_page_needs_no_turning(texts):
    """Nor a button for the page beside that for all."""
    screen = list_screen(texts, "t", listing(total=3, count=3, more=False), BOUND)
    assert labels(screen) == [["1", "2", "3"], ["All 3", "Choose\u2026"]]
    assert "1 to 3" not in words(screen)


def test_a_list_without_an_end_tells_no_total(texts):
    """Mixes and searches: what is known is said, nothing is guessed."""
    screen = list_screen(texts, "t", listing(total=None), BOUND)
    assert "Goldie \u00b7 1 to 10\n" in words(screen)
    assert labels(screen)[-1][0] == "All"


def test_more_than_one_order_takes_is_said_on_the_button(texts):
    """Ten thousand entries: the first two hundred are offered."""
    assert labels(list_screen(texts, "t", listing(total=10_000), BOUND))[-1][0] == "First 200"


def test_hidden_and_nameless_entries_are_shown_but_not_offered(texts):
    """What the site gives no address of has no button; no title is told as such."""
    entries = (entry(1, url="", title="[Private video]", duration_seconds=None), entry(2, title=" \n"))
    screen = list_screen(texts, "t", listing(total=2, entries=entries, more=False), BOUND)
    assert "1. [Private video]\n2. Untitled \u00b7 1:01" in words(screen)
    assert labels(screen)[0] == ["2"]


def test_other_lists_of_a_channel_have_buttons(texts):
    """Its shorts and its streams."""
    shelves = (entry(1, title="Shorts"), entry(2, title="Live"), entry(3, url=""))
    assert ["Shorts", "Live"] in labels(list_screen(texts, "t", listing(shelves=shelves), BOUND))


def test_the_longest_page_fits(texts):
    """Ten titles of any length stay below Telegram's limit, and so do the data of every button."""
    entries = tuple(entry(10**9 + number, title="\U0001f426" * 500) for number in range(10))
    found = Listing(
        "y", "playlist", "c", "u", "\U0001f426" * 999, "\U0001f426" * 999, 10**10, 10**9, entries, more=True
    )
    screen = list_screen(texts, button_token(), found, BOUND)
    assert units(words(screen)) <= TEXT_LIMIT
    assert all(button.data.pack() for row in screen.keyboard for button in row)


def menu(**fields):
    return BatchMenu(
        **{"token": "t", "user_id": 1, "chat_id": 1, "links": (LIST,), "title": "A list", "total": 60, **fields}
    )


@pytest.mark.parametrize(
    ("ranges", "total", "said"),
    [
        ("11-20", 60, "Positions 11-20"),
        ("all", 60, "All 60 entries"),
        ("all", 10_000, "The first 200 entries; more don't go into one order"),
        ("all", None, "All entries, up to 200"),
    ],
)
def test_the_choice_for_a_list(texts, *, ranges, total, said):
    """It says what was picked; the positions travel in the buttons."""
    screen = choice_screen(texts, menu(total=total), ranges, BOUND)
    assert words(screen).startswith(f"A list\n{said}\n")
    assert labels(screen) == [["Best"], ["1080p", "720p"], ["480p", "360p"], ["Audio only"], ["Back"]]
    assert screen.keyboard[1][1].data == BatchTake("t", ranges, "720p")


def test_typed_positions_lie_with_the_menu(texts):
    """They may be far longer than a button's data."""
    ranges = ",".join(str(position) for position in range(1, 200, 2))
    screen = choice_screen(texts, menu(total=None, ranges=ranges), ranges, BOUND)
    assert screen.keyboard[0][0].data == BatchTake("t", "", "best")
    assert "Positions 1, 3, 5, 7" in words(screen)


def test_what_cannot_be_picked_is_refused(texts):
    """A forged or outdated button beyond the end of the list."""
    with pytest.raises(BadRange):
        choice_screen(texts, menu(total=5), "11-20", BOUND)


def test_many_links_are_counted_by_site(texts):
    """The most frequent first."""
    links = tuple(
        Link(f"https://www.{host}/{number}", f"{host}:{number}", "x", "video", str(number))
        for number, host in enumerate(["a.test", "b.test", "b.test", "b.test"])
    )
    screen = links_screen(texts, menu(links=links, title="4 links", is_list=False))
    assert words(screen).startswith("4 links\n3 from b.test \u00b7 1 from a.test\n")
    assert labels(screen)[-1] == ["Show each"]


def test_a_batch_that_begins(texts):
    """Before anything is known of it there is a word and a way to stop it."""
    screen = batch_screen(texts, batch(), event(total=None))
    assert words(screen) == f"A list\n{texts('batch.preparing')}"
    assert [row[0].data for row in screen.keyboard] == [BatchStop("B")]


def test_the_progress_of_a_batch(texts):
    """A bar of what has ended, counts of each kind, titles in flight, a button to skip each of them."""
    running = (BatchItem(8, "A rather long title of an item that runs", "u", "running", ulid()),)
    seen = event(total=20, done=5, failed=1, running=1, queued=3, titles=["A rather long title of an item that runs"])
    screen = batch_screen(texts, batch(), seen, running)
    assert words(screen).splitlines() == [
        "A list",
        "\u2593\u2593\u2593\u2591\u2591\u2591\u2591\u2591\u2591\u2591\u2591\u2591 6 of 20",
        "5 sent \u00b7 1 running \u00b7 13 waiting \u00b7 1 failed",
        "",
        "\u25b8 A rather long title of an item that runs",
    ]
    assert screen.keyboard[0][0].text == "Skip: 8. A rather long title of an\u2026"
    assert isinstance(screen.keyboard[0][0].data, BatchSkip)
    assert screen.keyboard[1][0].data == BatchStop("B")


def test_many_running_items_are_bounded(texts):
    """However many run at once."""
    running = tuple(BatchItem(number, f"T{number}", "u", "running", ulid()) for number in range(50))
    screen = batch_screen(texts, batch(), event(running=50, titles=[item.title for item in running]), running)
    assert words(screen).endswith("and 45 more")
    assert len(screen.keyboard) == 6


def test_a_batch_without_failures_ends_with_its_count(texts):
    """Nothing is left to press."""
    screen = ended_screen(texts, batch(), event(final=True, done=20))
    assert (words(screen), screen.keyboard) == ("A list\n20 sent", ())


def test_failures_are_listed_with_their_reason(texts):
    """Position, title or address, one sentence; a button tries them again."""
    failures = (
        BatchFailure(3, "Gone", "https://site.test/3", "removed"),
        BatchFailure(6, "", "https://site.test/6", "no_such_code"),
    )
    screen = ended_screen(texts, batch(), event(final=True, done=18, failed=2, failures=failures))
    assert words(screen).splitlines() == [
        "A list",
        "18 sent \u00b7 2 failed",
        "",
        f"3. Gone: {texts('error.removed')}",
        f"6. site.test/6: {texts('error.internal')}",
    ]
    assert screen.keyboard[0][0].text == "Try the 2 failed again"
    assert screen.keyboard[0][0].data == BatchRetry("B")


def test_many_failures_stay_below_the_limit(texts):
    """What doesn't fit, or wasn't told, is counted."""
    failures = tuple(BatchFailure(number, "\U0001f426" * 300, "u", "login_required") for number in range(1, 51))
    screen = ended_screen(texts, batch(title="\U0001f426" * 500), event(final=True, failed=120, failures=failures))
    lines = words(screen).splitlines()
    assert units(words(screen)) <= TEXT_LIMIT
    shown = [line for line in lines if texts("error.login_required") in line]
    assert 5 < len(shown) < 50
    assert lines[-1] == f"and {120 - len(shown)} more"


def test_a_list_that_could_not_be_read_says_why(texts):
    """With what came before that."""
    screen = ended_screen(texts, batch(), event(total=None, final=True, told={"error_code": "private"}))
    assert words(screen) == f"A list\n{texts('batch.nothing')}\n{texts('error.private')} {texts('hint.private')}"


def test_a_cancelled_batch_says_so(texts):
    """And what had come by then."""
    seen = event(final=True, done=7, cancelled=3, told={"cancelled": True})  # ten of the list were never read
    assert (
        words(ended_screen(texts, batch(), seen)) == f"A list\n{texts('error.cancelled')}\n7 sent \u00b7 13 cancelled"
    )
