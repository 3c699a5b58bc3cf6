"""The owner lets people in and puts them out, through the real client."""

from __future__ import annotations

import pytest

from bot.people import OWNER_COMMANDS, PAGE
from services.users import Person
from tests.bot.test_way_of_a_link import LINK, is_menu
from tests.telegram_server import asking
from utils.texts import Texts


@pytest.fixture
def texts() -> Texts:
    return Texts(strict=True)


@pytest.fixture
def bob(telegram):
    return telegram.world.person("Bob", "bob")


@pytest.fixture
def name(bob):
    """Bob as the owner reads him."""
    return f"Bob @bob ({bob.id})"


@pytest.fixture
async def known(bot, telegram):
    """The owner has talked to the bot, so it can write to her."""
    await owner(telegram, "/start")


async def owner(telegram, text, **where):
    """Alice writes; the bot's answer."""
    said = await telegram.alice.say(where.get("chat", telegram.bot), text)
    return await telegram.alice.wait_for(lambda m: m.sender is telegram.bot, after=said, **where)


async def served(telegram, person):
    """Whether a link of that person gets its menu."""
    said = await person.say(telegram.bot, LINK)
    answer = await person.wait_for(lambda m: m.sender is telegram.bot and "Looking" not in m.text, after=said)
    return is_menu(answer)


async def test_an_invitation_lets_in_whoever_opens_it_first(bot, telegram, bob, name, texts):
    """The owner hears who came; the second one hears that the link is used, and so does the owner; it survives."""
    made = await owner(telegram, "/invite")
    assert "https://t.me/goldcrest_bot?start=join_" in made.text
    payload = made.text.rpartition("?start=")[2]
    await bob.start(telegram.bot, payload)
    await bob.wait_for(lambda m: m.text == texts("people.joined"))
    await telegram.alice.wait_for(lambda m: m.text == texts("people.has_joined", person=name))
    assert await served(telegram, bob)
    carol = telegram.world.person("Carol")
    await carol.start(telegram.bot, payload)
    await carol.wait_for(lambda m: m.text == texts("people.used_link"))
    await telegram.alice.wait_for(lambda m: m.text == texts("people.knocks", person=f"Carol ({carol.id})"))
    assert not bot.app.users.may_use(carol.id)


async def test_who_is_in_already_uses_no_invitation_up(bot, telegram, bob, texts):
    """The owner tries the link and it still works for the one it is for."""
    payload = (await owner(telegram, "/invite")).text.rpartition("?start=")[2]
    assert (await owner(telegram, f"/start {payload}")).text == texts("start")
    await bob.start(telegram.bot, payload)
    await bob.wait_for(lambda m: m.text == texts("people.joined"))


@pytest.mark.usefixtures("known")
async def test_a_stranger_asks_once_and_is_let_in_by_a_button(bot, telegram, bob, name, texts):
    """Whatever they go on to write; their name is known, and they hear of it."""
    await bob.say(telegram.bot, "hello")
    await bob.say(telegram.bot, "hello?")
    await bob.wait_for(lambda m: m.text == texts("stranger"))
    asked = await telegram.alice.wait_for(lambda m: m.text == texts("people.knocks", person=name))
    answer = await asking.press(telegram.world, bob, asked, f"pi:{bob.id}".encode(), 10)
    assert "private" in answer.text
    await telegram.alice.press(asked, "Let in")
    await telegram.world.until(lambda: asked.text == texts("people.let_in", person=name))
    await bob.wait_for(lambda m: m.text == texts("people.welcome"))
    assert await served(telegram, bob)
    assert len([m for m in telegram.alice.messages() if "wrote to me" in m.text]) == 0
    assert bot.app.users.people() == [Person(bob.id, "Bob @bob")]


@pytest.mark.usefixtures("known")
async def test_a_stranger_is_ignored(bot, telegram, bob, name, texts):
    """The note says how to change one's mind; nobody is told, nobody is let in."""
    await bob.say(telegram.bot, "hello")
    asked = await telegram.alice.wait_for(lambda m: m.text == texts("people.knocks", person=name))
    await telegram.alice.press(asked, "Ignore")
    await telegram.world.until(lambda: asked.text == texts("people.ignored", user_id=bob.id))
    assert not bot.app.users.may_use(bob.id)


async def test_without_an_owner_who_talks_to_the_bot_nobody_is_told_of_strangers(run, telegram, bob, texts):
    """The stranger hears the polite sentence all the same, and the owner hears of them another time."""
    await run(OWNER_ID="0")
    await bob.say(telegram.bot, "hello")
    await bob.wait_for(lambda m: m.text == texts("stranger"))
    bot = await run(OWNER_ID="999")
    carol = telegram.world.person("Carol")
    await carol.say(telegram.bot, "hello")
    await carol.wait_for(lambda m: m.text == texts("stranger"))
    assert await bot.app.users.unheard_of(carol.id)


async def test_by_id_and_out_again(bot, telegram, bob, name, texts):
    """What is under way for somebody who is put out still comes; their next link is refused."""
    assert (await owner(telegram, f"/allow {bob.id}")).text == texts("people.let_in", person=str(bob.id))
    assert (await owner(telegram, f"/allow {bob.id}")).text == texts("people.already", person=str(bob.id))
    bot.sites.fetching.clear()
    said = await bob.say(telegram.bot, LINK)
    await bob.press(await bob.wait_for(is_menu, after=said), "360p")
    assert (await owner(telegram, f"/deny {bob.id}")).text == texts("people.put_out", person=name)
    assert (await owner(telegram, f"/deny {bob.id}")).text == texts("people.not_in", person=name)
    bot.sites.fetching.set()
    await bob.wait_for(lambda m: m.file)
    assert not await served(telegram, bob)


@pytest.mark.parametrize("payload", ["", "Bob", "0", "1" * 30])
async def test_what_names_nobody_is_explained(bot, telegram, texts, payload):
    """Both commands say how somebody is named."""
    for command in ("allow", "deny"):
        assert (await owner(telegram, f"/{command} {payload}")).text == texts("people.who", command=command)


async def test_the_owner_and_the_setting_can_not_be_put_out(run, telegram, bob, texts):
    """The setting lets people in without a word to the bot, and says where it is changed."""
    await run(GOLDCREST_TELEGRAM__USERS=f"{bob.id}, 77")
    assert await served(telegram, bob)
    assert (await owner(telegram, f"/deny {telegram.alice.id}")).text == texts("people.owner")
    assert (await owner(telegram, f"/deny {bob.id}")).text == texts("people.setting")
    listed = await owner(telegram, "/people")
    assert texts("people.by_setting", person="77") in listed.text
    assert listed.buttons == ()


async def test_a_reply_in_a_group_names_its_writer(bot, telegram, bob, name, texts):
    """From then on the bot serves them in that group too, and no longer when they are put out."""
    alice = telegram.alice
    group = telegram.world.supergroup("Birds", alice, bob)
    await alice.add(group, telegram.bot, "admin")
    said = await bob.say(group, LINK)
    await alice.say(group, "/allow@goldcrest_bot", reply_to=said)
    await alice.wait_for(lambda m: m.text == texts("people.let_in", person=name), chat=group)
    said = await bob.say(group, LINK)
    await bob.wait_for(is_menu, chat=group, after=said)
    await bob.say(group, f"/allow@goldcrest_bot {bob.id}")
    await bob.wait_for(lambda m: m.text == texts("people.owner_only"), chat=group)
    await alice.say(group, "/deny", reply_to=said)
    await alice.wait_for(lambda m: m.text == texts("people.put_out", person=name), chat=group)
    await alice.say(group, "/invite@goldcrest_bot")
    await alice.wait_for(lambda m: m.text == texts("people.owner_only"), chat=group)
    assert not await bot.database.all("SELECT * FROM invites")


async def test_a_message_that_is_passed_on_names_its_writer(bot, telegram, bob, name, texts):
    """Without a link it is offered at once, with one or later it is replied to; a hidden writer is told of."""
    alice = telegram.alice
    friends = telegram.world.supergroup("Friends", alice, bob)
    passed = await alice.forward(await bob.say(friends, "hi"), telegram.bot)
    offered = await alice.wait_for(lambda m: m.text == texts("people.outside", person=name))
    assert offered.reply_to is passed
    await alice.press(offered, "Let in")
    await telegram.world.until(lambda: offered.text == texts("people.let_in", person=name))
    again = await alice.forward(await bob.say(friends, "hi"), telegram.bot)
    await alice.wait_for(lambda m: m.text == texts("people.already", person=name), after=again)
    await alice.say(telegram.bot, "/deny", reply_to=again)
    await alice.wait_for(lambda m: m.text == texts("people.put_out", person=name))


async def test_the_list_has_pages_and_removes(bot, telegram, texts):
    """By name; a removal says what becomes of their downloads and leaves the page where it is."""
    for number in range(PAGE + 1):
        await bot.app.users.allow(Person(100 + number, f"Friend {number}"))
    assert (await owner(telegram, "/people")).text.startswith(texts.many("people.title", PAGE + 1))
    listed = await owner(telegram, "/people")
    assert "Friend 0 (100)" in listed.text
    assert f"Friend {PAGE}" not in listed.text
    await telegram.alice.press(listed, "\u25b6")
    await telegram.world.until(lambda: f"Friend {PAGE} ({100 + PAGE})" in listed.text)
    answer = await telegram.alice.press(listed, f"Remove Friend {PAGE}")
    assert answer.text == texts("people.put_out", person=f"Friend {PAGE} ({100 + PAGE})")
    await telegram.world.until(lambda: "Friend 0 (100)" in listed.text)
    assert len(listed.buttons) == PAGE
    for number in range(PAGE):
        await bot.app.users.deny(100 + number)
    assert (await owner(telegram, "/people")).text.startswith(texts("people.none"))


async def test_people_are_the_owners(bot, telegram, bob, texts):
    """Somebody let in can neither list, invite nor press."""
    await bot.app.users.allow(Person(bob.id))
    for command in ("/people", "/invite", "/allow 5", "/deny 5"):
        said = await bob.say(telegram.bot, command)
        await bob.wait_for(lambda m: m.text == texts("people.owner_only"), after=said)
    listed = await owner(telegram, "/people")
    for data in (f"po:{bob.id}:0", "pp:0", "pi:5", "pn:5"):
        answer = await asking.press(telegram.world, bob, listed, data.encode(), 10)
        assert answer.text == texts("press.not_yours")
    assert bot.app.users.people() == [Person(bob.id, "Bob @bob")]


async def test_the_owners_commands_stand_in_their_menu_and_help(bot, telegram, bob, texts):
    """Only in the chat of the owner."""
    await bot.app.users.allow(Person(bob.id))
    assert (await owner(telegram, "/help")).text == f"{texts('help')}\n\n{texts('help.owner')}"
    said = await bob.say(telegram.bot, "/help")
    await bob.wait_for(lambda m: m.text == texts("help"), after=said)
    await owner(telegram, "/start")
    await telegram.world.until(lambda: ("Peer", "") in telegram.bot.commands)
    shown = [command.command for command in telegram.bot.commands["Peer", ""]]
    assert shown == ["start", "help", *OWNER_COMMANDS]
    assert [command.command for command in telegram.bot.commands["Default", ""]] == ["start", "help"]


async def test_the_owners_menu_is_written_at_every_start(run, telegram):
    """Once the owner has talked to the bot; commands that an update brings appear by themselves."""
    await run()
    await owner(telegram, "/start")
    await telegram.world.until(lambda: ("Peer", "") in telegram.bot.commands)
    telegram.bot.commands.clear()
    await run()
    await telegram.world.until(lambda: ("Peer", "") in telegram.bot.commands)


async def test_a_later_try_of_somebody_put_out_is_dropped(bot, telegram, bob, texts):
    """What was only to be ordered later is not ordered."""
    from utils.errors import SiteDown

    await bot.app.users.allow(Person(bob.id))
    bot.sites.fails.append(SiteDown())
    said = await bob.say(telegram.bot, LINK)
    failed = await bob.wait_for(lambda m: texts("error.site_down") in m.text, after=said)
    await bob.press(failed, "Try again in")
    await telegram.world.until(lambda: "by myself" in failed.text)
    await bot.app.users.deny(bob.id)
    bot.ticker.pass_by(3600)
    await telegram.world.until(lambda: texts("later.cancelled") in failed.text)
    assert len(bot.sites.probes) == 1
