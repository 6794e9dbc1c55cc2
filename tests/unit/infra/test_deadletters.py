"""What nobody could handle is written down, boundedly."""

import pytest
from sqlalchemy import insert, select

from chargecloud.device.events import Beat
from chargecloud.infra import deadletters
from chargecloud.infra.deadletters import DeadLetters, dead_messages, forget_oldest
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.message import Envelope

LETTER = Envelope("1", Beat(charge_point_code="1", connector_no=1, faulted=False), 42, id="a.1")


async def rows(database: Database) -> list[tuple[object, ...]]:
    async with database.read() as connection:
        return [tuple(row) for row in await connection.execute(select(dead_messages).order_by(dead_messages.c.id))]


async def test_a_message_is_kept_with_its_error(database: Database) -> None:
    letters = DeadLetters(database)
    letters.keep("business", LETTER, "KeyError: 'x'" + "." * 5_000)
    await letters.stop()
    ((_, group, message_id, key, kind, body, error, at_ms),) = await rows(database)
    assert (group, message_id, key, kind, at_ms) == ("business", "a.1", "1", "Beat", 42)
    assert '"connector_no":1' in str(body)
    assert str(error).startswith("KeyError: 'x'") and len(str(error)) == deadletters.MAX_ERROR


async def test_more_than_can_be_written_is_counted(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadletters, "MAX_WAITING", 2)
    letters = DeadLetters(database)
    for _ in range(5):
        letters.keep("business", LETTER, "error")
    await letters.stop()
    assert letters.lost == 3
    assert len(await rows(database)) == 2


async def test_a_database_that_is_away_loses_the_letter_and_counts_it(database: Database) -> None:
    await database.stop()
    letters = DeadLetters(database)
    letters.keep("business", LETTER, "error")
    await letters.stop()
    assert letters.lost == 1


async def test_only_the_newest_are_kept(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadletters, "KEEP_ROWS", 3)
    row = {"group_name": "g", "message_id": "", "kind": "Beat", "body": "{}", "error": "e", "at_ms": 1}
    async with database.unit() as uow:
        await uow.connection.execute(insert(dead_messages), [{**row, "key": str(number)} for number in range(5)])
    for _ in range(2):
        await forget_oldest(database)
        assert [kept[3] for kept in await rows(database)] == ["2", "3", "4"]
