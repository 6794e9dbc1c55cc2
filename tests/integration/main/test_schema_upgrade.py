"""Every schema that was ever merged is brought to the newest with the rows it holds, on every engine."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection

from chargecloud.main import schema, schema_state
from tests.support.mariadb import own_database_now
from tests.support.rows import ROWS, Rows, on, populate, rows_of, tables


@pytest.fixture(
    params=[pytest.param("sqlite", marks=pytest.mark.slow), pytest.param("mariadb", marks=pytest.mark.connected)]
)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{(tmp_path / 'old.db').as_posix()}"
    else:
        with own_database_now() as made:
            yield made


def compared_and_more(connection: Connection, *, kept: Rows, version: str, first: int) -> Rows:
    """What was kept is there, more comes in, and all of it is kept."""
    there = tables(connection)
    found = rows_of(connection, there)
    for table, rows in kept.items():
        names = rows[0].keys()
        assert [{name: row[name] for name in names} for row in found[table]] == rows, (version, table)
    populate(connection, there, first)
    return rows_of(connection, there)


def test_a_populated_database_keeps_its_rows(url: str) -> None:
    """Step by step from the first schema; at each, rows are written as that schema has them, and none is lost later."""
    kept: Rows = {}
    before = ""
    for step, version in enumerate(schema_state.known()):
        assert schema.upgrade(url, version) == (before, version)
        kept = on(url, partial(compared_and_more, kept=kept, version=version, first=1 + step * ROWS))
        before = version
        assert len(kept) > 25
    assert schema.drift(url) == []
