"""From a link to a file in the chat, with the real client on the wire."""

LINK = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"


async def test_link_menu_press_file(bot, telegram):
    """alice sends a link, sees the sizes, presses, gets the file with its dimensions, and the status is gone."""
    alice = telegram.alice
    await alice.say(telegram.bot, f"look: {LINK} nice")
    menu = await alice.wait_for(lambda m: len(m.buttons) > 1)
    print(menu)
    await alice.press(menu, "1080p")
    video = await alice.wait_for(lambda m: m.file)
    print(video, video.file.attributes, video.text, video.entities)
    print(bot.part.health())
