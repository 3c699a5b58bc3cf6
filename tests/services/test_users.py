"""Who may use the bot."""

import asyncio
import hashlib
import itertools

import pytest

from services.users import Users


@pytest.fixture
def users(database):
    """Build the part on the same database: what a restart is."""
    numbers = itertools.count(1)

    async def build(owner_id=0):
        part = Users(database, owner_id, clock=lambda: 1000.0, new_token=lambda: f"token-{next(numbers)}")
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
