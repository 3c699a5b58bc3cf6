"""Clips and recordings through the bot process, with the real extractor."""

from __future__ import annotations

import pytest

from tests.end_to_end.test_links import playable

pytestmark = pytest.mark.process
SECONDS = 60


def has(button):
    """A message with such a button."""
    return lambda message: any(button in each.text for row in message.buttons for each in row)


async def say(telegram, text, button):
    """Say something and wait for the message with that button."""
    said = await telegram.alice.say(telegram.bot, text)
    return await telegram.alice.wait_for(has(button), SECONDS, after=said)


async def file_behind(telegram, message, number=1):
    """The `number`th file after a message."""
    await telegram.world.until(lambda: len(files(telegram, message)) >= number, SECONDS)
    return files(telegram, message)[number - 1]


def files(telegram, message):
    return [each for each in telegram.alice.messages() if each.file is not None and each.order > message.order]


async def test_the_whole_way_of_a_clip(bot, telegram, sites):
    """A link with a start offers the clip; neither is sent for the other; the second time at once."""
    link = sites.youtube.samples()["clip"] + "&t=2s"
    menu = await say(telegram, link, "✂ From 0:02")
    await telegram.alice.press(menu, "✂")
    cut = await telegram.alice.wait_for(lambda m: m is menu and has("Whole")(m), SECONDS)
    assert "From 0:02 to the end" in cut.text
    await telegram.alice.press(cut, "360p")
    clip = await file_behind(telegram, menu)
    assert clip.file.duration == pytest.approx(2, abs=0.2)
    assert "[0:02-]" in clip.text
    assert playable(clip.file.path) == ""

    again = await say(telegram, link, "✂ From 0:02")
    assert not again.button("360p").text.startswith("\u26a1")
    await telegram.alice.press(again, "360p")
    whole = await file_behind(telegram, again)
    assert whole.file.duration == pytest.approx(4, abs=0.2)

    third = await say(telegram, f"{sites.youtube.samples()['clip']} 0:02-0:04", "Whole")
    assert third.button("360p").text.startswith("\u26a1")
    uploads = len(telegram.server.calls_of("upload."))
    await telegram.alice.press(third, "360p")
    stored = await file_behind(telegram, third)
    assert stored.file is clip.file
    assert len(telegram.server.calls_of("upload.")) == uploads


async def test_a_stream_is_recorded(bot, telegram, sites):
    """Told as live, recorded for a minute, never taken for an earlier one."""
    menu = await say(telegram, sites.samples()["twitch"]["live"], "1 min")
    assert "Live" in menu.text
    await telegram.alice.press(menu, "1 min")
    first = await file_behind(telegram, menu)
    assert first.file.duration == pytest.approx(60, abs=2)
    assert (first.file.width, first.file.height) == (256, 144)
    assert playable(first.file.path) == ""
    again = await say(telegram, sites.samples()["twitch"]["live"], "1 min")
    await telegram.alice.press(again, "1 min")
    second = await file_behind(telegram, again)
    assert second.file.id != first.file.id


async def test_stop_and_send(bot, telegram, sites):
    """The button ends a recording early, and what there is comes; Cancel brings nothing."""
    sites.broadcast.pace = 0.3
    sites.broadcast.window = 10
    link = sites.youtube.samples()["live"]
    menu = await say(telegram, link, "30 min")
    await telegram.alice.press(menu, "30 min")
    status = await telegram.alice.wait_for(lambda m: "of 30:00" in m.text, SECONDS)
    await telegram.alice.press(status, "Stop and send")
    video = await file_behind(telegram, menu)
    assert 1 < video.file.duration < 300
    other = await say(telegram, link, "30 min")
    await telegram.alice.press(other, "30 min")
    status = await telegram.alice.wait_for(lambda m: m is other and "of 30:00" in m.text, SECONDS)
    await telegram.alice.press(status, "Cancel")
    await telegram.alice.wait_for(lambda m: m is other and m.text.endswith("Cancelled."), SECONDS)
    assert not files(telegram, other)
