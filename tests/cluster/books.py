"""The tables of MariaDB as a SQLite file, by plain SELECTs: what the judges of the crash test and the city can read."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import asyncmy

CHUNK = 5_000
LEFT_OUT = {"session_samples", "battery_reports"}
"""Curves: many rows, and no judge looks at them."""


def copy_tables(port: int, database: str, target: Path) -> None:
    """Every table but the curves, column by column; raises when the server does not answer."""
    asyncio.run(_copy(port, database, target))


async def _copy(port: int, database: str, target: Path) -> None:
    source = await asyncmy.connect(host="127.0.0.1", port=port, user="root", db=database, charset="utf8mb4")
    try:
        async with source.cursor() as cursor:
            await cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            await cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
            await cursor.execute("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'")
            names = [row[0] for row in await cursor.fetchall()]
            with sqlite3.connect(target) as copy:
                for name in names:
                    if name not in LEFT_OUT:
                        await _table(cursor, copy, name)
    finally:
        await source.ensure_closed()


async def _table(cursor: Any, copy: sqlite3.Connection, name: str) -> None:
    await cursor.execute(f"SELECT * FROM `{name}`")
    columns = [column[0] for column in cursor.description]
    quoted = ", ".join(f'"{column}"' for column in columns)
    copy.execute(f'CREATE TABLE "{name}" ({quoted})')
    insert = f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(columns))})'
    while rows := await cursor.fetchmany(CHUNK):
        copy.executemany(insert, [tuple(row) for row in rows])
