"""Who may use the bot."""

import asyncio
import hashlib
import itertools

import pytest

from services.users import DAY_SECONDS, INVITE_BOUND, STRANGER_BOUND, STRANGERS_A_DAY, Person, Users

BOB = Person(7, "Bob")


@pytest.fixture
def now():
    """The time, which a test moves on."""
    return [1000.0]


@pytest.fixture
def users(database, now):
    """Build the part on the same database: what a restart is."""
    numbers = itertools.count(1)

    async def build(owner_id=0, besides=()):
        part = Users(database, owner_id, besides, clock=lambda: now[0], new_token=lambda: f"token-{next(numbers)}")
        await part.start()
        return part

    return build


async def test_closed_until_somebody_owns_it(users):
    """Without an owner nobody is served."""
    part = await users()
    assert part.owner_id is None
    assert not part.may_use(1)
    assert not part.may_use(None)
    assert not part.is_owner(None)


async def test_the_setting_makes_the_owner_and_closes_the_claim(users):
    """OWNER_ID needs no link, and none is given out."""
    part = await users(42)
    assert part.owner_id == 42
    assert part.is_owner(42)
    assert part.may_use(42)
    assert await part.new_claim() is None


async def test_a_claim_works_once_and_lasts(users, database):
    """The first who opens the link owns the bot, also after a restart; the token is never stored in the clear."""
    part = await users()
    token = await part.new_claim()
    stored = await database.one("SELECT token_hash FROM claims")
    assert stored["token_hash"] == hashlib.sha256(token.encode()).hexdigest()
    assert not await part.claim("wrong", 6)
    assert await part.claim(token, 7)
    assert not await part.claim(token, 8)
    again = await users()
    assert again.owner_id == 7
    assert await again.new_claim() is None
    assert await database.all("SELECT * FROM claims") == []


async def test_two_people_at_once_give_one_owner(users):
    """A race for the same link has one winner."""
    part = await users()
    token = await part.new_claim()
    won = await asyncio.gather(*(part.claim(token, user) for user in range(1, 9)))
    assert sum(won) == 1
    assert part.owner_id == won.index(True) + 1


async def test_a_new_link_ends_the_old_one(users):
    """Only the link that stands in the newest log works."""
    part = await users()
    old, new = await part.new_claim(), await part.new_claim()
    assert not await part.claim(old, 7)
    assert await part.claim(new, 7)


async def test_owner_of_the_setting_comes_before_the_one_who_claimed(users):
    """Setting OWNER_ID later hands the bot over; the former owner may still use it."""
    part = await users()
    await part.claim(await part.new_claim(), 7)
    later = await users(42)
    assert later.owner_id == 42
    assert not later.is_owner(7)
    assert later.may_use(7)


async def test_an_invitation_works_once_for_a_day(users, now, database):
    """Whoever brings it first is let in for good; a used, a wrong and an old one let nobody in."""
    part = await users(42)
    tokens = first, second = await part.invite(), await part.invite()
    stored = await database.all("SELECT token_hash FROM invites")
    assert {row["token_hash"] for row in stored} == {hashlib.sha256(token.encode()).hexdigest() for token in tokens}
    assert await part.join(first, BOB)
    assert not await part.join(first, Person(8))
    assert not await part.join("wrong", Person(8))
    now[0] += DAY_SECONDS
    assert not await part.join(second, Person(8))
    await part.invite()
    assert len(await database.all("SELECT * FROM invites")) == 1
    again = await users(42)
    assert (again.may_use(7), again.is_owner(7), again.may_use(8)) == (True, False, False)
    assert again.people() == [BOB]


async def test_two_people_with_one_invitation_are_one_let_in(users):
    """A race for the same link has one winner."""
    part = await users(42)
    token = await part.invite()
    won = await asyncio.gather(*(part.join(token, Person(user)) for user in range(1, 9)))
    assert sum(won) == len(part.people()) == 1


async def test_open_invitations_are_bounded(users, now):
    """One more than the bound, and the oldest works no longer."""
    part = await users(42)
    tokens = []
    for _ in range(INVITE_BOUND + 1):
        now[0] += 1
        tokens.append(await part.invite())
    assert not await part.join(tokens[0], BOB)
    assert await part.join(tokens[1], BOB)


async def test_the_owner_lets_in_and_puts_out(users):
    """Both last; what is so already changes nothing, and the owner stays the owner."""
    part = await users(42)
    assert await part.allow(BOB)
    assert not await part.allow(BOB)
    assert not await part.allow(Person(42))
    assert (await users(42)).may_use(7)
    assert await part.deny(7)
    assert not await part.deny(7)
    assert not await part.deny(42)
    assert not (await users(42)).may_use(7)
    assert part.is_owner(42)


async def test_whom_the_setting_lets_in_only_the_setting_puts_out(users):
    """They stand beside those let in from the chat, and are let in for as long as the setting names them."""
    part = await users(42, besides=(8, 42))
    assert (part.may_use(8), part.by_setting(8), part.is_owner(42)) == (True, True, True)
    assert not await part.deny(8)
    assert part.people() == [Person(8)]
    assert not (await users(42)).may_use(8)


async def test_names_are_kept_as_they_were_last_seen(users):
    """Of those let in only, and shortened."""
    part = await users(42)
    await part.allow(Person(7))
    await part.seen(Person(7, "Bob" * 100))
    await part.seen(Person(7, ""))
    await part.seen(Person(9, "Mallory"))
    assert (await users(42)).people() == [Person(7, ("Bob" * 100)[:80])]
    assert part.person(9) == Person(9)


async def test_the_owner_hears_of_a_stranger_once(users):
    """Also after a restart, also of one who was put out; the name that the owner heard is found again."""
    part = await users(42)
    assert await part.unheard_of(7)
    assert await part.unheard_of(7)
    await part.heard_of(BOB)
    assert not await part.unheard_of(7)
    assert not await (await users(42)).unheard_of(7)
    await part.allow(Person(7))
    assert part.person(7) == BOB
    await part.allow(Person(8, "Carol"))
    await part.deny(8)
    assert not await part.unheard_of(8)


async def test_strangers_are_bounded(users, now, database):
    """So many a day are told of, the others on another day; of all of them so many are remembered."""
    part = await users(42)
    for user in range(100, 100 + STRANGERS_A_DAY):
        assert await part.unheard_of(user)
        await part.heard_of(Person(user))
    assert not await part.unheard_of(1)
    now[0] += DAY_SECONDS
    assert await part.unheard_of(1)
    await database.run(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
        " INSERT INTO strangers (id, name, asked_at) SELECT 1000 + i, '', i / 100000.0 FROM n",
        STRANGER_BOUND,
    )
    await part.heard_of(Person(9))
    assert (await database.one("SELECT COUNT(*) FROM strangers"))[0] == STRANGER_BOUND
