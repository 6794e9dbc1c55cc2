"""MariaDB keeps the promises of the database contract."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.outbox import outbox
from chargecloud.kernel.clock import ManualClock
from tests.contract.database import DatabaseContract, Open, suite
from tests.support.mariadb import own_database


@pytest.mark.connected
class TestMariadb(DatabaseContract):
    @asynccontextmanager
    async def open_database(self) -> AsyncIterator[Open]:
        told: list[tuple[str, bytes]] = []

        def tell(topic: str, patch: bytes) -> None:
            told.append((topic, patch))

        async with own_database() as url:
            database = Database(url, ManualClock(), broadcast=tell)
            await database.start()
            try:
                async with database.unit() as uow:
                    await uow.connection.run_sync(outbox.create)
                    await uow.connection.run_sync(suite.create_all)
                yield Open(database, told)
            finally:
                await database.stop()
