"""A database for tests: a file with every table, copied from a template, without waiting for the disk."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import create_engine

from chargecloud.infra.sql.engine import Broadcast, Database
from chargecloud.infra.sql.store import StoreOptions
from chargecloud.infra.sql.uow import Options
from chargecloud.kernel.clock import Clock, ManualClock
from chargecloud.main.tables import metadata


def make_template(path: Path) -> Path:
    """An empty database with every table of the platform."""
    engine = create_engine(f"sqlite:///{path}")
    metadata().create_all(engine)
    engine.dispose()
    return path


@asynccontextmanager
async def opened(
    path: Path,
    *,
    template: Path | None = None,
    clock: Clock | None = None,
    options: Options | None = None,
    broadcast: Broadcast | None = None,
) -> AsyncIterator[Database]:
    """A started database at this path, stopped at the end."""
    _furnish(path, template)
    store = StoreOptions(synchronous="OFF")
    database = Database(f"sqlite:///{path}", clock or ManualClock(), options=options, broadcast=broadcast, store=store)
    await database.start()
    try:
        yield database
    finally:
        await database.stop()


def _furnish(path: Path, template: Path | None) -> None:
    """Put a database with every table there, unless there is one."""
    if path.exists():
        return
    if template:
        shutil.copyfile(template, path)
    else:
        make_template(path)
