"""A login wall, the owner's cookies, and the same link again: the whole process from chat to site and back."""

from __future__ import annotations

from tests.sites.instagram import SESSION

ROW = ".instagram.com\tTRUE\t/\tTRUE\t4000000000\tsessionid\t{}\n"


async def test_cookies_from_the_chat_open_what_needs_a_login(bot, telegram, sites):
    """The sentence first; with the file the story comes; /status knows the identity and no secret."""
    alice, link = telegram.alice, "https://www.instagram.com/stories/goldcrest/500/"
    await alice.say(telegram.bot, link)
    await alice.wait_for(lambda message: "signed-in visitors only" in message.text, seconds=60)
    await alice.send_file(
        telegram.bot, ROW.format(SESSION).encode(), "cookies.txt", "text/plain", text="/cookies instagram anna"
    )
    await alice.wait_for(lambda message: 'for instagram as "anna"' in message.text)
    asked = await alice.say(telegram.bot, link)
    menu = await alice.wait_for(lambda message: len(message.buttons) > 1, 60, after=asked)
    await alice.press(menu, "Best")
    video = await alice.wait_for(lambda message: message.file, 60, after=asked)
    assert video.file.kind == "video"
    _, status = await bot.get("/status")
    shown = {each["name"]: each for each in status["platforms"]["instagram"]["identities"]}
    assert (shown["anna"]["success"], shown["anna"]["failed"]) == (2, 0)
    assert shown["anna"]["expires_in_days"] > 1000
    assert SESSION not in str(status)
    assert SESSION not in str(bot.log)
    assert not any(SESSION in message.text for message in alice.messages())
    sent = [entry for entry in sites.requests.all() if SESSION in entry.headers.get("cookie", "")]
    assert {entry.host.removeprefix("www.") for entry in sent} <= {"instagram.com", "i.instagram.com"}


async def test_an_identity_file_that_does_not_fit_ends_the_start(tmp_path, settings):
    """One line with file, key and what fits, and no password."""
    import asyncio
    import os
    import sys

    from tests.end_to_end.bot_process import ROOT

    listed = tmp_path / "identities.yaml"
    listed.write_text("instagram: [{name: x, proxy: 'ftp://me:secret@proxy.test'}]")
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "PORT": "0", **settings}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "main.py", "serve"), cwd=ROOT, env=environment, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 2
    last = errors.decode().strip().splitlines()[-1]
    assert last.startswith("identities.yaml: instagram[1].proxy = (hidden) does not fit: it must be http://")
    assert b"secret" not in errors
