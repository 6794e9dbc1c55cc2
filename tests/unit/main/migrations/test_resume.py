"""A migration that was killed on a server goes on where it stopped, whatever the moment."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chargecloud.main import schema, schema_state
from chargecloud.main.migrations import resume
from tests.support.mariadb import name_of, own_database, own_database_now, run_now, run_sql

ROOT = Path(__file__).resolve().parents[4]
KILLED = """
import os, sys
from chargecloud.main import schema
from chargecloud.main.migrations.resume import Progress
note, left = Progress._note, [int(sys.argv[2])]
def killed(self, number):
    left[0] -= 1
    if left[0] == 0 and sys.argv[3] == "before":
        os._exit(9)
    note(self, number)
    if left[0] == 0:
        os._exit(9)
Progress._note = killed
schema.upgrade(sys.argv[1])
"""
"""Dies at the n-th step, after its statement and before or after that was noted."""


@pytest.fixture
def url() -> Iterator[str]:
    with own_database_now() as made:
        yield made


def built(url: str) -> list[tuple[object, ...]]:
    """Every column and index of a database."""
    name = name_of(url)
    columns = run_sql(
        "SELECT table_name, column_name, column_type, is_nullable, collation_name FROM information_schema.columns "
        f"WHERE table_schema = '{name}' ORDER BY 1, 2"
    )
    indexes = run_sql(
        "SELECT table_name, index_name, seq_in_index, column_name FROM information_schema.statistics "
        f"WHERE table_schema = '{name}' ORDER BY 1, 2, 3"
    )
    partitions = run_sql(
        "SELECT table_name, partition_name FROM information_schema.partitions "
        f"WHERE table_schema = '{name}' AND partition_name IS NOT NULL ORDER BY 1, 2"
    )
    return [*run_now(columns), *run_now(indexes), *run_now(partitions)]


@pytest.mark.connected
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", [1, 2, 17, -2, -1])
def test_a_killed_migration_goes_on(url: str, step: int, moment: str) -> None:
    with own_database_now() as whole:
        schema.upgrade(whole)
        expected = built(whole)
    count = step if step > 0 else steps_of_all() + 1 + step
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, url, str(count), moment], env=environment, capture_output=True, check=False
    )
    assert killed.returncode == 9, killed.stderr
    schema.upgrade(url)
    assert schema_state.revision(url) == schema_state.newest()
    assert built(url) == expected
    assert schema.drift(url) == []


def steps_of_all() -> int:
    """Notes taken by the migrations of an empty database."""
    counted = 0
    note = resume.Progress._note

    def count(self: resume.Progress, number: int) -> None:
        nonlocal counted
        counted += 1
        note(self, number)

    with pytest.MonkeyPatch.context() as patch, own_database_now() as url:
        patch.setattr(resume.Progress, "_note", count)
        schema.upgrade(url)
    return counted


@pytest.mark.connected
async def test_of_those_that_start_at_once_one_migrates() -> None:
    async with own_database() as url:
        done = await asyncio.gather(*(asyncio.to_thread(schema.upgrade, url) for _ in range(3)))
    assert sorted(before for before, _ in done) == ["", schema_state.newest(), schema_state.newest()]
    assert {after for _, after in done} == {schema_state.newest()}
