"""The embedded database keeps the promises of the database contract."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.contract.database import DatabaseContract, Open, suite
from tests.support.database import opened


class TestSqlite(DatabaseContract):
    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path, database_template: Path) -> None:
        self.path, self.template = tmp_path / "contract.db", database_template

    @asynccontextmanager
    async def open_database(self) -> AsyncIterator[Open]:
        told: list[tuple[str, bytes]] = []

        def tell(topic: str, patch: bytes) -> None:
            told.append((topic, patch))

        async with opened(self.path, template=self.template, broadcast=tell) as database:
            async with database.unit() as uow:
                await uow.connection.run_sync(suite.create_all)
            yield Open(database, told)
