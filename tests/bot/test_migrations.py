"""A database of the last version, with rows in it, goes on after an update."""

import shutil
from pathlib import Path

from bot.batch_menus import BatchMenus
from utils.breaker_store import SqliteBreakers
from utils.database import Database

MIGRATIONS = Path(__file__).parents[2] / "core" / "migrations"


async def test_menus_and_pauses_of_the_last_version_are_read(tmp_path):
    """Migrations 015 and 016: a column less, a column more, and nothing lost."""
    older = tmp_path / "older"
    older.mkdir()
    for migration in MIGRATIONS.glob("*.sql"):
        if migration.name < "015":
            shutil.copy(migration, older)
    database = Database(tmp_path / "goldcrest.db", older)
    await database.start()
    await database.run(
        "INSERT INTO batch_menus VALUES ('t', 7, -100, 3, NULL, 9, NULL, TRUE, '[]', 'A list', 5, '1-3', 'B1', 1000.0)"
    )
    await database.run("INSERT INTO breakers VALUES ('youtube', NULL, 1, 1000.0)")
    await database.stop()
    database = Database(tmp_path / "goldcrest.db", MIGRATIONS)
    await database.start()
    menu = await BatchMenus(database, clock=lambda: 1000.0).get("t")
    assert (menu.title, menu.total, menu.ranges, menu.message_id) == ("A list", 5, "1-3", 9)
    (kept,) = await SqliteBreakers(database, clock=lambda: 1000.0).load()
    assert (kept.name, kept.remaining_seconds, kept.by_hand) == ("youtube", None, False)
    await database.stop()
