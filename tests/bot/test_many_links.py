"""Many links in one message: offered together, or each by itself."""

import pytest

from bot.handlers.links import SINGLE_BOUND, refused_text
from platforms.links import Refused
from platforms.registry import Registry
from services.beside import positions_beside
from tests.bot.test_lists import LIST, VIDEO, buttons, ended, files, is_choice, is_list, one_button
from utils.errors import Removed, SiteDown
from utils.texts import Texts

LINKS = [VIDEO.format(number) for number in range(12)]


@pytest.fixture
def texts():
    return Texts(strict=True)


def is_offer(message):
    return "Show each" in buttons(message)


def is_item(message):
    return "1080p \u00b7 84.0 MB" in buttons(message)


async def offer_of(telegram, text, **where):
    said = await telegram.alice.say(where.get("chat", telegram.bot), text)
    return await telegram.alice.wait_for(is_offer, after=said, **where)


async def test_many_links_are_one_batch(bot, telegram, sites):
    """Twelve links: one menu, one press, twelve files beneath the message, no item was asked about before."""
    menu = await offer_of(telegram, "all of these " + " ".join(LINKS))
    assert menu.text.startswith("12 links\n12 from youtube.com\n")
    assert sites.probes == []
    await telegram.alice.press(menu, "360p")
    assert await ended(telegram, menu) == "12 links\n12 sent"
    assert len(files(telegram)) == 12
    assert {m.reply_to for m in files(telegram)} == {menu.reply_to}
    assert all(m.text == f"{sites.title}\nSource" for m in files(telegram))


async def test_failures_of_links_are_named_by_their_address(bot, telegram, sites, texts):
    """Nothing else is known of them; the button tries them again."""
    menu = await offer_of(telegram, " ".join(LINKS[:4]))
    sites.breaks = [Removed("x")]
    await telegram.alice.press(menu, "360p")
    text = await ended(telegram, menu)
    assert f"youtube.com/watch?v=dQw4w9WgX00: {texts('error.removed')}" in text
    await telegram.alice.press(menu, "Try the failed one again")
    await telegram.world.until(lambda: menu.text == "4 links\n1 sent")
    assert len(files(telegram)) == 4


async def test_a_few_links_have_a_menu_each(bot, telegram, sites):
    """Up to three, as if each had been sent alone."""
    await telegram.alice.say(telegram.bot, " ".join(LINKS[:SINGLE_BOUND]))
    await telegram.world.until(lambda: len([m for m in telegram.alice.messages() if is_item(m)]) == SINGLE_BOUND)
    assert not [m for m in telegram.alice.messages() if is_offer(m)]


async def test_each_failure_says_which_link(bot, telegram, sites, texts):
    """Also after another try, and when an offer of many is shown one by one; a message of one link needs none."""
    alice = telegram.alice
    sites.fails = [SiteDown(), Removed(), SiteDown()]
    await alice.say(telegram.bot, " ".join(LINKS[:2]))
    down = await alice.wait_for(lambda m: texts("error.site_down") in m.text)
    removed = await alice.wait_for(lambda m: texts("error.removed") in m.text)
    assert {message.text.split("\n")[0] for message in (down, removed)} == set(LINKS[:2])
    first = down.text.split("\n")[0]
    edits = len(down.edits)
    await alice.press(down, "Try again")
    await telegram.world.until(lambda: len(down.edits) > edits and texts("error.site_down") in down.text)
    assert down.text.startswith(f"{first}\n")
    menu = await offer_of(telegram, " ".join(LINKS[4:8]))
    sites.fails = [Removed()] * 4
    await alice.press(menu, "Show each")
    for link in LINKS[4:8]:
        await alice.wait_for(lambda m, link=link: m.text.startswith(f"{link}\n{texts('error.removed')}"), after=menu)
    sites.fails = [Removed()]
    said = await alice.say(telegram.bot, LINKS[3])
    await alice.wait_for(lambda m: m.text.startswith(texts("error.removed")), after=said)


async def test_a_look_that_is_stopped_says_which_link(bot, telegram, sites, texts):
    """Where there are several."""
    sites.looking.clear()
    await telegram.alice.say(telegram.bot, " ".join(LINKS[:2]))
    look = await telegram.alice.wait_for(lambda m: "Looking" in m.text)
    await telegram.alice.press(look, "Cancel")
    await telegram.world.until(lambda: texts("error.cancelled") in look.text)
    assert look.text.split("\n")[0] in LINKS


async def test_each_can_be_shown_instead(bot, telegram, sites):
    """The offer goes, a menu for each link comes beneath the message; pressed twice it is once."""
    menu = await offer_of(telegram, " ".join(LINKS[:5]))
    data = menu.button("Show each").data
    stale = telegram.world.post(
        telegram.bot, telegram.world.dialog(telegram.bot, telegram.alice), "x", markup=one_button(data)
    )
    await telegram.alice.press(menu, "Show each")
    await telegram.world.until(lambda: menu.deleted_at)
    assert (await telegram.alice.press(stale, data)).alert
    await telegram.world.until(lambda: len([m for m in telegram.alice.messages() if is_item(m)]) == 5)
    assert {m.reply_to for m in telegram.alice.messages() if is_item(m)} == {menu.reply_to}


async def test_too_many_to_show_each_leaves_the_offer(bot, telegram, sites, texts, monkeypatch):
    """The bound of one person is told on the button, and all can still be fetched."""
    monkeypatch.setattr("bot.looks.USER_BOUND", 0)
    menu = await offer_of(telegram, " ".join(LINKS[:5]))
    answer = await telegram.alice.press(menu, "Show each")
    assert answer.alert
    assert texts("hint.busy") in answer.text
    await telegram.alice.press(menu, "360p")
    assert await ended(telegram, menu) == "5 links\n5 sent"


async def test_lists_among_the_links_have_their_own_menus(bot, telegram, sites):
    """Items together, each list by itself, because something must be chosen from it."""
    menu = await offer_of(telegram, f"{' '.join(LINKS[:4])} {LIST}")
    assert menu.text.startswith("4 links\n")
    assert await telegram.alice.wait_for(is_list)
    await telegram.alice.press(menu, "Audio")
    assert await ended(telegram, menu) == "4 links\n4 sent"


async def test_positions_beside_several_links_mean_nothing(bot, telegram, sites):
    """Nobody could tell which list they belong to."""
    said = await telegram.alice.say(telegram.bot, f"{LIST} {LINKS[0]} 1-3")
    await telegram.alice.wait_for(is_list, after=said)
    assert not [m for m in telegram.alice.messages() if is_choice(m)]


async def test_refused_links_are_told_in_one_message(bot, telegram, sites, texts):
    """Each reason once with its links, and the good ones are offered."""
    bad = "http://127.0.0.1/a http://10.0.0.1/b https://www.youtube.com/premium"
    menu = await offer_of(telegram, f"{bad} {' '.join(LINKS[:4])}")
    told = [m for m in telegram.alice.messages() if m.sender is telegram.bot and m is not menu]
    assert len(told) == 1
    assert told[0].text.startswith(texts("error.private_address"))
    assert "http://127.0.0.1/a\nhttp://10.0.0.1/b\n\n" in told[0].text
    assert texts("error.unsupported") in told[0].text


async def test_links_beyond_the_bound_are_told(bot, telegram, sites, texts):
    """Nobody is left to believe that all of 120 links are fetched."""
    menu = await offer_of(telegram, " ".join(f"youtu.be/dQw4w9W{number:04}" for number in range(120)))
    assert menu.text.startswith("20 links\n")
    told = [m.text for m in telegram.alice.messages() if m.sender is telegram.bot and m is not menu]
    assert told == [texts.many("links.left_out", 100, bound=20)]
    assert "first 20" in told[0]
    assert "100 more" in told[0]


async def test_in_a_group_unknown_pages_are_not_offered(bot, telegram, sites):
    """Five articles are chatter; five videos are not."""
    group = telegram.world.supergroup("Birds", telegram.alice)
    await telegram.alice.add(group, telegram.bot, "admin")
    pages = " ".join(f"https://example.org/{number}" for number in range(5))
    menu = await offer_of(telegram, f"{pages} {' '.join(LINKS[:4])}", chat=group)
    assert menu.text.startswith("4 links\n4 from youtube.com\n")


def test_many_refused_links_are_bounded(texts):
    """Of each reason the first few are repeated."""
    refused = [Refused(f"http://10.0.0.{number}/{'x' * 200}", "private_address") for number in range(9)]
    assert "10.0.0.1" not in refused_text(texts, refused)
    text = refused_text(texts, [*refused, Refused("ftp://a.test", "unsafe_link")])
    assert text.count("10.0.0.") == 5
    assert "and 4 more" in text


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        (f"{LIST} 1-10,15", "1-10,15"),
        (f"3 {LIST}", "3"),
        (f"{LIST} all", "all"),
        (LIST, ""),
        (f"top 10: {LIST}", ""),
        (f"{LIST} {LINKS[0]} 1", ""),
    ],
)
def test_positions_beside_a_link(text, ranges):
    """Nothing but positions may stand beside the only link."""
    assert positions_beside(text, Registry().detect(text, 20).links) == ranges
