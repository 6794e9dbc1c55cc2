"""A ticket is good for one connection and nothing in the database opens one."""

import pytest
from sqlalchemy import select, update

from chargecloud.infra.http import tickets
from chargecloud.infra.http.tickets import issue, live_tickets, redeem
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import Unauthenticated

TOKEN = "a-secret-token-of-some-length"


async def new(database: Database) -> str:
    async with database.unit() as uow:
        return await issue(uow, TOKEN)


async def used(database: Database, ticket: str) -> str:
    async with database.unit() as uow:
        return await redeem(uow, ticket)


async def rows(database: Database) -> list[tuple[object, ...]]:
    async with database.read() as connection:
        return [tuple(row) for row in await connection.execute(select(live_tickets))]


async def test_it_stands_for_its_token_once(database: Database) -> None:
    ticket = await new(database)
    assert await used(database, ticket) == TOKEN
    with pytest.raises(Unauthenticated):
        await used(database, ticket)
    assert await rows(database) == []


async def test_the_database_shows_neither_ticket_nor_token(database: Database) -> None:
    ticket = await new(database)
    shown = str(await rows(database))
    assert ticket not in shown and TOKEN not in shown and TOKEN.encode().hex() not in shown


async def test_expired_ones_are_void_and_go_with_the_next(database: Database, clock: ManualClock) -> None:
    first = await new(database)
    clock.advance(tickets.LIFETIME_MS)
    with pytest.raises(Unauthenticated):
        await used(database, first)
    second = await new(database)
    assert len(await rows(database)) == 1
    assert await used(database, second) == TOKEN


async def test_a_changed_row_opens_nothing(database: Database) -> None:
    ticket = await new(database)
    async with database.unit() as uow:
        await uow.connection.execute(update(live_tickets).values(sealed_token="00" * 40))
    with pytest.raises(Unauthenticated, match="does not open"):
        await used(database, ticket)
