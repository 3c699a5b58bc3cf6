"""From a link to a file in the chat, with the real client on the wire."""

from dataclasses import replace

import pytest

from platforms.shapes import Progress
from services.users import Person
from tests.bot.conftest import MEBIBYTE, QUALITIES, jpeg, settled
from utils.errors import CutOff, Private, SiteDown
from utils.texts import Texts

LINK = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
OTHER = "https://www.tiktok.com/@goldie/video/7000000000000000001"


def is_menu(message):
    return len(message.buttons) > 1


def statuses(telegram, chat=None):
    """What the bot has written and not taken away again, files aside."""
    return [m for m in telegram.alice.messages(chat) if m.sender is telegram.bot and not m.file]


@pytest.fixture
def texts():
    return Texts(strict=True)


async def menu_of(telegram, text=LINK, **where):
    sent = await telegram.alice.say(where.get("chat", telegram.bot), text)
    return await telegram.alice.wait_for(is_menu, after=sent, **where)


async def test_the_whole_way(bot, telegram, sites):
    """A link in prose becomes a menu with sizes, a press the file: exact, streamable, with dimensions and thumbnail."""
    alice = telegram.alice
    asked = await alice.say(telegram.bot, f"look ({LINK}), it is *nice*")
    menu = await alice.wait_for(is_menu)
    assert [button.text for row in menu.buttons for button in row] == [
        "Best \u00b7 84.0 MB",
        "\u2716 2160p \u00b7 2.93 GB",
        "1080p \u00b7 84.0 MB",
        "360p",
        "Audio only \u00b7 3.0 MB",
    ]
    assert menu.text.startswith(f"{sites.title}\nGoldie \u00b7 0:06\n")
    assert menu.reply_to is asked
    await alice.press(menu, "1080p")
    video = await alice.wait_for(lambda m: m.file)
    assert video.file.read() == sites.files[0][1]
    shape = video.file.attribute("Video")
    assert (shape.w, shape.h, shape.duration, shape.supports_streaming) == (640, 360, 6.2, True)
    assert video.file.thumb.image_size() == ("JPEG", 320, 180)
    assert video.file.name == "A b goldcrest b & its nest.mp4"
    assert (video.text, video.reply_to) == (f"{sites.title}\nSource", asked)
    assert [entity.url for entity in video.entities] == [LINK]
    await telegram.world.until(lambda: not statuses(telegram))
    assert sites.fetches == [("youtube:dQw4w9WgXcQ", "1080p")]
    assert telegram.server.calls_of("messages.SetBotCallbackAnswer")


async def test_the_second_time_it_comes_from_telegram(bot, telegram, sites):
    """The menu marks what is stored, and a press brings it without download or upload."""
    alice = telegram.alice
    await alice.press(await menu_of(telegram), "1080p")
    first = await alice.wait_for(lambda m: m.file)
    parts = len(telegram.server.calls_of("upload."))
    again = await menu_of(telegram)
    assert again.button("1080p").text.startswith("\u26a1")
    await alice.press(again, "1080p")
    second = await alice.wait_for(lambda m: m.file, after=again)
    assert second.file is first.file
    assert len(sites.fetches) == 1
    assert len(telegram.server.calls_of("upload.")) == parts
    await telegram.world.until(lambda: not statuses(telegram))


async def test_progress_is_shown_and_paced(run, telegram, sites):
    """Bar, megabytes, speed and time left; a state that is overtaken is never shown; edits keep their distance."""
    bot = await run(GOLDCREST_TELEGRAM__EDIT_INTERVAL_SECONDS="0.5")
    sites.fetching.clear()
    sites.phases = [
        Progress("downloading", done * MEBIBYTE // 2, 84 * MEBIBYTE, 3.5 * MEBIBYTE, 20) for done in range(1, 85)
    ]
    menu = await menu_of(telegram)
    await telegram.alice.press(menu, "1080p")
    status = await telegram.alice.wait_for(lambda m: "42.0 MB of 84.0 MB" in m.text)
    assert "3.5 MB/s \u00b7 0:20 left" in status.text
    assert "\u2593\u2593\u2593\u2593\u2593\u2593\u2591\u2591\u2591\u2591\u2591\u2591 50%" in status.text
    assert status.button("Cancel")
    sites.fetching.set()
    await telegram.alice.wait_for(lambda m: m.file)
    assert len(status.edits) < 8
    assert any(seconds > 0.1 for seconds in bot.sleeps)


async def test_several_links_are_several_menus(bot, telegram, sites):
    """Each link of a message is looked at and chosen by itself."""
    alice = telegram.alice
    await alice.say(telegram.bot, f"{LINK} and {OTHER}, and {LINK} once more")
    await telegram.world.until(lambda: len([m for m in statuses(telegram) if is_menu(m)]) == 2)
    for menu in [m for m in statuses(telegram) if is_menu(m)]:
        await alice.press(menu, "Audio")
    await telegram.world.until(lambda: len([m for m in alice.messages() if m.file]) == 2)
    assert sorted(sites.fetches) == [("tiktok:7000000000000000001", "audio"), ("youtube:dQw4w9WgXcQ", "audio")]


async def test_a_link_behind_words_counts(bot, telegram):
    """The target of a text link is read like one that stands in the open."""
    from pyrogram import raw

    entity = raw.types.MessageEntityTextUrl(offset=0, length=4, url=LINK)
    telegram.world.post(
        telegram.alice, telegram.world.dialog(telegram.alice, telegram.bot), "this one", entities=[entity]
    )
    assert is_menu(await telegram.alice.wait_for(is_menu))


async def test_no_link_is_answered_with_one_sentence(bot, telegram, texts):
    """In private a text without a link gets the next step."""
    said = await telegram.alice.say(telegram.bot, "hello there")
    answer = await telegram.alice.wait_for(lambda m: True, after=said)
    assert answer.text == f"{texts('error.no_link')} {texts('hint.no_link')}"


async def test_a_refused_link_says_why(bot, telegram, sites, texts):
    """A private address gets its own sentence, and the good link beside it its menu."""
    await telegram.alice.say(telegram.bot, f"http://127.0.0.1/admin {LINK} http://10.0.0.1/x")
    answer = await telegram.alice.wait_for(lambda m: m.text.startswith(texts("error.private_address")))
    await telegram.alice.wait_for(is_menu)
    assert [m.text for m in statuses(telegram)].count(answer.text) == 1
    assert sites.probes == ["youtube:dQw4w9WgXcQ"]


async def test_a_failed_look_is_one_sentence_and_a_next_step(bot, telegram, sites, texts):
    """The status message turns into the reason; no traceback, no buttons."""
    sites.fails = [Private("site says: video 42 is private")]
    await telegram.alice.say(telegram.bot, LINK)
    answer = await telegram.alice.wait_for(lambda m: texts("error.private") in m.text)
    assert answer.text == f"{texts('error.private')}\n{texts('hint.private')}"
    assert answer.buttons == ()


async def test_an_unforeseen_failure_shows_nothing_of_itself(bot, telegram, sites, texts):
    """A bug of ours is told as one, without its text."""
    sites.fails = [RuntimeError("secret inner detail")]
    await telegram.alice.say(telegram.bot, LINK)
    answer = await telegram.alice.wait_for(lambda m: texts("error.internal") in m.text)
    assert "secret" not in answer.text


async def test_a_failed_download_can_be_tried_again(bot, telegram, sites, texts):
    """The reason stands in the status message with a button, which does what it says."""
    sites.breaks = [CutOff("short")]
    menu = await menu_of(telegram)
    await telegram.alice.press(menu, "360p")
    await telegram.alice.wait_for(lambda m: texts("error.cut_off") in m.text)
    await telegram.alice.press(menu, "Try again")
    assert await telegram.alice.wait_for(lambda m: m.file)
    assert len(sites.fetches) == 2


NOTHING_FITS = tuple(replace(each, fits=False) for each in QUALITIES)


@pytest.mark.parametrize(
    ("shape", "advice"),
    [
        ({}, "Choose one without \u2716."),
        ({"qualities": NOTHING_FITS}, "Nothing of it is small enough, but a part may be"),
        ({"qualities": NOTHING_FITS, "duration_seconds": None}, "Nothing of it is small enough."),
    ],
)
async def test_what_does_not_fit_is_refused_on_the_button(bot, telegram, sites, shape, advice):
    """A press on a marked quality shows sizes as the menu writes them and what helps; it starts nothing."""
    sites.shape = shape
    menu = await menu_of(telegram)
    answer = await telegram.alice.press(menu, "2160p")
    assert answer.alert
    assert answer.text.startswith("This is 2.93 GB, and I can send at most 1.95 GB.")
    assert advice in answer.text
    assert sites.fetches == []
    assert is_menu(menu)


@pytest.mark.parametrize("text", [LINK, f"{LINK} 0:01-0:03"])
async def test_what_was_cancelled_has_its_menu_again(bot, telegram, sites, text):
    """The same menu, of the whole or of a clip, in the same message, and it works."""
    menu = await menu_of(telegram, text)
    before = menu.text, menu.buttons
    sites.fetching.clear()
    await telegram.alice.press(menu, "360p")
    await telegram.world.until(lambda: menu.buttons[0][0].text == "Cancel")
    await telegram.alice.press(menu, "Cancel")
    await telegram.world.until(lambda: "Cancelled." in menu.text)
    await telegram.alice.press(menu, "Show the menu again")
    await telegram.world.until(lambda: is_menu(menu))
    assert (menu.text, menu.buttons) == before
    sites.fetching.set()
    await telegram.alice.press(menu, "360p")
    assert await telegram.alice.wait_for(lambda m: m.file)


async def test_what_was_cancelled_and_is_forgotten_has_no_way_back(bot, telegram, sites):
    """The offer was swept meanwhile."""
    menu = await menu_of(telegram)
    sites.fetching.clear()
    await telegram.alice.press(menu, "360p")
    await telegram.world.until(lambda: menu.buttons[0][0].text == "Cancel")
    await bot.database.run("DELETE FROM offers")
    await telegram.alice.press(menu, "Cancel")
    await telegram.world.until(lambda: "Cancelled." in menu.text)
    assert not menu.buttons


async def test_two_presses_are_one_job(bot, telegram, sites):
    """Whoever presses twice gets one file."""
    menu = await menu_of(telegram)
    sites.fetching.clear()
    data = menu.button("1080p").data
    for _ in range(3):
        await telegram.alice.press(menu, data) if menu.buttons[0][0].data == data else None
        try:
            await telegram.alice.press(menu, "1080p")
        except LookupError:
            break  # the menu has become the status already
    sites.fetching.set()
    await telegram.alice.wait_for(lambda m: m.file)
    await telegram.world.until(lambda: not statuses(telegram))
    assert len([m for m in telegram.alice.messages() if m.file]) == 1


async def test_cancel_while_looking(bot, telegram, sites, texts):
    """The probe is given up, the message says so."""
    sites.looking.clear()
    await telegram.alice.say(telegram.bot, LINK)
    status = await telegram.alice.wait_for(lambda m: m.buttons)
    assert "youtube.com" in status.text
    answer = await telegram.alice.press(status, "Cancel")
    assert answer.text == texts("press.cancelling")
    await telegram.alice.wait_for(lambda m: m.text == texts("error.cancelled"))
    assert status.buttons == ()


async def test_cancel_in_the_queue(bot, telegram, sites, texts):
    """Two downloads run, the third waits, and is cancelled before it begins."""
    sites.fetching.clear()
    for number in range(2):
        await telegram.alice.press(
            await menu_of(telegram, f"https://www.youtube.com/watch?v=dQw4w9WgXc{number}"), "360p"
        )
    menu = await menu_of(telegram)
    await telegram.alice.press(menu, "360p")
    await telegram.world.until(lambda: texts("status.queued") in menu.text)
    await telegram.alice.press(menu, "Cancel")
    await telegram.world.until(lambda: menu.text == f"{sites.title}\n{texts('error.cancelled')}")
    sites.fetching.set()
    await telegram.world.until(lambda: len([m for m in telegram.alice.messages() if m.file]) == 2)
    assert len(sites.fetches) == 2


async def test_cancel_while_downloading(bot, telegram, sites, texts, tmp_path):
    """The download stops, nothing is sent, no folder stays."""
    sites.fetching.clear()
    menu = await menu_of(telegram)
    await telegram.alice.press(menu, "360p")
    await telegram.alice.wait_for(lambda m: texts("status.downloading") in m.text)
    await telegram.alice.press(menu, "Cancel")
    await telegram.world.until(lambda: menu.text == f"{sites.title}\n{texts('error.cancelled')}")
    await settled(lambda: not list((tmp_path / "work").iterdir()))
    assert not telegram.server.calls_of("upload.")


async def test_cancel_while_uploading(bot, telegram, sites, texts, tmp_path):
    """Parts stop in the middle, nothing is sent, no folder stays."""
    from tests.telegram_server.faults import Mute

    sites.files = [("v.mp4", bytes(12 * MEBIBYTE), {"kind": "video", "mime": "video/mp4"})]
    telegram.server.faults.add("upload.SaveBigFilePart", Mute(), times=None, skip=4)
    menu = await menu_of(telegram)
    await telegram.alice.press(menu, "360p")
    await telegram.alice.wait_for(lambda m: texts("status.uploading") in m.text and "of 12.0 MB" in m.text)
    await telegram.alice.press(menu, "Cancel")
    await telegram.world.until(lambda: menu.text == f"{sites.title}\n{texts('error.cancelled')}")
    assert not telegram.server.calls_of("messages.SendMedia")
    await settled(lambda: not list((tmp_path / "work").iterdir()))


async def test_only_the_one_who_asked_may_cancel(bot, telegram, sites, texts):
    """Neither a look nor a job of somebody else can be stopped, except by the owner."""
    bob = telegram.world.person("Bob", "bob")
    group = telegram.world.supergroup("Birds", telegram.alice, bob)
    await telegram.alice.add(group, telegram.bot, "admin")
    await bot.app.users.allow(Person(bob.id))
    sites.looking.clear()
    said = await telegram.alice.say(group, LINK)
    status = await telegram.alice.wait_for(lambda m: m.buttons, chat=group, after=said)
    answer = await bob.press(status, "Cancel")
    assert (answer.text, answer.alert) == (texts("press.not_yours"), True)
    sites.fetching.clear()
    sites.looking.set()
    await telegram.world.until(lambda: is_menu(status))
    await telegram.alice.press(status, "Best")
    await settled(lambda: sites.fetches)
    await telegram.world.until(lambda: status.buttons[0][0].text == "Cancel")
    answer = await bob.press(status, "Cancel")
    assert (answer.text, answer.alert) == (texts("press.not_yours"), True)
    sites.fetching.set()
    assert await telegram.alice.wait_for(lambda m: m.file, chat=group)


async def test_cancel_of_what_has_ended_takes_the_button_away(bot, telegram, sites):
    """A status that a crash left behind, of a job that is over or that nobody knows any more."""
    sites.fetching.clear()
    menu = await menu_of(telegram)
    await telegram.alice.press(menu, "Best")
    await telegram.world.until(lambda: menu.buttons[0][0].text == "Cancel")
    data = menu.button("Cancel").data
    left_over = [
        telegram.world.post(telegram.bot, telegram.world.dialog(telegram.bot, telegram.alice), "x", markup=menu.markup)
        for _ in range(2)
    ]
    sites.fetching.set()
    await telegram.world.until(lambda: menu.deleted_at)
    await telegram.alice.press(left_over[0], data)
    await telegram.world.until(lambda: not left_over[0].buttons)
    await bot.database.run("DELETE FROM jobs")
    assert (await telegram.alice.press(left_over[1], data)).alert
    await telegram.world.until(lambda: not left_over[1].buttons)
    assert [message.text for message in left_over] == ["x", "x"]


async def test_an_old_menu_says_that_it_is_old(bot, telegram, texts):
    """Its offer was swept: the press says what to do."""
    menu = await menu_of(telegram)
    await bot.database.run("DELETE FROM offers")
    answer = await telegram.alice.press(menu, "Best")
    assert answer.alert
    assert answer.text == f"{texts('error.expired')} {texts('hint.expired')}"


async def test_a_full_queue_is_told_and_the_menu_stays(bot, telegram, sites, texts):
    """The bound of one person: a sentence in the chat, because the press was answered already."""
    sites.fetching.clear()
    for number in range(20):
        await telegram.alice.press(
            await menu_of(telegram, f"https://www.youtube.com/watch?v=dQw4w9WgX{number:02}"), "360p"
        )
    menu = await menu_of(telegram)
    await telegram.alice.press(menu, "360p")
    assert await telegram.alice.wait_for(lambda m: "20 downloads" in m.text, after=menu)
    assert is_menu(menu)
    sites.fetching.set()


async def test_too_many_looks_at_once_are_refused(run, telegram, sites, texts, monkeypatch):
    """One person can't fill the pool; what was begun goes on."""
    monkeypatch.setattr("bot.looks.USER_BOUND", 2)
    await run()
    sites.looking.clear()
    links = " ".join(f"https://www.youtube.com/watch?v=dQw4w9WgX{number:02}" for number in range(3))
    await telegram.alice.say(telegram.bot, links)
    assert await telegram.alice.wait_for(lambda m: "2 downloads" in m.text)
    sites.looking.set()
    await telegram.world.until(lambda: len([m for m in statuses(telegram) if is_menu(m)]) == 2)


@pytest.mark.parametrize(
    ("change", "key"), [({"is_live": True, "qualities": ()}, "live_now"), ({"qualities": ()}, "no_media")]
)
async def test_nothing_to_choose_is_told_at_once(bot, telegram, sites, *, change, key):
    """A running stream, or an item without anything to fetch, gets its sentence in place of a menu."""
    sites.shape = change
    await telegram.alice.say(telegram.bot, LINK)
    assert await telegram.alice.wait_for(lambda m: bot.app.texts(f"error.{key}") in m.text)


async def test_a_probe_that_never_ends_is_given_up(run, telegram, sites, texts):
    """Three of the site's own deadlines, then a sentence."""
    await run(GOLDCREST_EXTRACTOR__PROBE_DEADLINE_SECONDS="0.1")
    sites.looking.clear()
    await telegram.alice.say(telegram.bot, LINK)
    assert await telegram.alice.wait_for(lambda m: texts("error.deadline") in m.text)
    sites.looking.set()


async def test_a_job_of_an_earlier_process_goes_on(run, telegram, sites):
    """Stopped in the middle of a download, started again: the file comes, once, and the status goes."""
    await run()
    sites.fetching.clear()
    await telegram.alice.press(await menu_of(telegram), "360p")
    await settled(lambda: sites.fetches)
    await run.stop()
    sites.fetching.set()
    await run()
    await telegram.alice.wait_for(lambda m: m.file)
    await telegram.world.until(lambda: not statuses(telegram))
    assert len([m for m in telegram.alice.messages() if m.file]) == 1


async def test_buttons_of_an_earlier_process_work(run, telegram, sites):
    """A menu outlives a restart; the cancel button of a look doesn't, and its message goes."""
    await run()
    menu = await menu_of(telegram)
    sites.looking.clear()
    await telegram.alice.say(telegram.bot, OTHER)
    look = await telegram.alice.wait_for(lambda m: "tiktok" in m.text)
    await run.stop()
    sites.looking.set()
    await run()
    await telegram.alice.press(menu, "Best")
    assert await telegram.alice.wait_for(lambda m: m.file)
    answer = await telegram.alice.press(look, "Cancel")
    assert answer.alert
    await telegram.world.until(lambda: look not in telegram.alice.messages())


async def test_a_link_that_was_being_looked_at_is_looked_at_again(run, telegram, sites):
    """A message whose handling was cut off by a restart is read again and becomes a menu."""
    await run()
    sites.looking.clear()
    said = await telegram.alice.say(telegram.bot, LINK)
    await telegram.alice.wait_for(lambda m: m.buttons, after=said)
    await run.stop()
    sites.looking.set()
    await run()
    assert await telegram.alice.wait_for(is_menu, after=said)


async def test_in_a_group_only_the_one_who_asked_may_press(bot, telegram, sites, texts):
    """Others are told so; the menu stands beneath the message; chatter without links is left alone."""
    bob = telegram.world.person("Bob", "bob")
    group = telegram.world.supergroup("Birds", telegram.alice, bob)
    await telegram.alice.add(group, telegram.bot, "admin")
    await telegram.alice.say(group, "hello everybody")
    await bob.say(group, OTHER)
    menu = await menu_of(telegram, chat=group)
    answer = await bob.press(menu, "360p")
    assert answer.alert
    assert sites.fetches == []
    await telegram.alice.press(menu, "360p")
    video = await telegram.alice.wait_for(lambda m: m.file, chat=group)
    assert video.chat is group
    assert sites.probes == ["youtube:dQw4w9WgXcQ"]
    await telegram.world.until(lambda: not statuses(telegram, group))


async def test_the_owner_may_press_for_others(bot, telegram, sites):
    """The owner can cancel and choose for everybody."""
    bob = telegram.world.person("Bob", "bob")
    group = telegram.world.supergroup("Birds", telegram.alice, bob)
    await telegram.alice.add(group, telegram.bot, "admin")
    await bot.app.users.allow(Person(bob.id))
    sites.fetching.clear()
    said = await bob.say(group, LINK)
    menu = await bob.wait_for(is_menu, chat=group, after=said)
    await bob.press(menu, "360p")
    await settled(lambda: sites.fetches)
    await telegram.world.until(lambda: menu.buttons and menu.buttons[0][0].text == "Cancel")
    await telegram.alice.press(menu, "Cancel")
    await telegram.world.until(lambda: menu.text == f"{sites.title}\nCancelled.")


async def test_in_a_group_an_unknown_page_without_media_is_passed_over(bot, telegram, sites):
    """The generic site stays silent where it finds nothing; a site in trouble says so."""
    from utils.errors import NoMedia

    group = telegram.world.supergroup("Birds", telegram.alice)
    await telegram.alice.add(group, telegram.bot, "admin")
    sites.fails = [NoMedia("page"), SiteDown("500")]
    await telegram.alice.say(group, "https://example.org/page")
    await telegram.world.until(lambda: telegram.server.calls_of("channels.DeleteMessages"))
    assert statuses(telegram, group) == []
    await telegram.alice.say(group, "https://example.org/other")
    assert await telegram.alice.wait_for(lambda m: "does not answer" in m.text, chat=group)


async def test_in_a_forum_the_answer_stays_in_its_topic(bot, telegram, sites):
    """Menu and file come where the link was sent."""
    forum = telegram.world.supergroup("Birds", telegram.alice, forum=True)
    await telegram.alice.add(forum, telegram.bot, "admin")
    root = await telegram.alice.say(forum, "Nests")
    said = await telegram.alice.say(forum, LINK, topic=root.id_for(telegram.alice))
    menu = await telegram.alice.wait_for(is_menu, chat=forum, after=said)
    await telegram.alice.press(menu, "360p")
    video = await telegram.alice.wait_for(lambda m: m.file, chat=forum)
    assert menu.topic == video.topic == root.id_for(telegram.alice)


async def test_audio_photo_and_album(bot, telegram, sites):
    """Each kind comes as Telegram shows it best; photos and videos of one item as an album, in order."""
    sites.files = [("a.m4a", b"a" * 4000, {"kind": "audio", "mime": "audio/mp4", "title": "Song", "performer": "Bird"})]
    await telegram.alice.press(await menu_of(telegram), "Audio")
    audio = (await telegram.alice.wait_for(lambda m: m.file)).file
    tags = audio.attribute("Audio")
    assert (audio.kind, tags.title, tags.performer, tags.duration) == ("audio", "Song", "Bird", 6)
    sites.files = [
        ("1.jpg", jpeg(640, 480), {"kind": "photo", "mime": "image/jpeg", "width": 640, "height": 480}),
        ("2.mp4", b"v" * 3000, {"kind": "video", "mime": "video/mp4", "width": 320, "height": 240}),
        ("3.jpg", jpeg(480, 640), {"kind": "photo", "mime": "image/jpeg", "width": 480, "height": 640}),
        ("4.txt", b"t" * 3000, {"kind": "document", "mime": "text/plain"}),
    ]
    for again in (False, True):
        menu = await menu_of(telegram, OTHER)
        await telegram.alice.press(menu, "Best")
        await telegram.alice.wait_for(lambda m: m.file and m.file.kind == "document", after=menu)
        came = [m for m in telegram.alice.messages() if m.file and m.order > menu.order]
        assert [m.file.kind for m in came] == ["photo", "video", "photo", "document"]
        assert [m.file.read() for m in came] == [content for _, content, _ in sites.files]
        assert len({m.album for m in came[:3]}) == 1
        assert came[0].album is not None
        assert came[3].album is None
        assert [bool(m.text) for m in came] == [True, False, False, False]
        assert len(sites.fetches) == 2, again


async def test_long_and_odd_titles_make_clean_captions(bot, telegram, sites):
    """A title of emoji, markup and control characters is shortened to what Telegram takes and shown as it is."""
    sites.title = "\x00\u202e<a href='x'>[b](c)`" + "\U0001f426" * 900
    await telegram.alice.press(await menu_of(telegram), "Best")
    video = await telegram.alice.wait_for(lambda m: m.file)
    assert len(video.text.encode("utf-16-le")) // 2 <= 1024
    assert video.text.endswith("\u2026\nSource")
    assert "<a href='x'>[b](c)`\U0001f426" in video.text
    assert "\u202e" not in video.file.name


async def test_captions_without_a_link_to_the_source(run, telegram, sites):
    """The setting takes the link away."""
    await run(GOLDCREST_TELEGRAM__CAPTION_LINK="no")
    await telegram.alice.press(await menu_of(telegram), "Best")
    video = await telegram.alice.wait_for(lambda m: m.file)
    assert video.text == sites.title
    assert not video.entities
