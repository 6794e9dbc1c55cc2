"""The way to the newest schema, by Alembic."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, event, inspect, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry

from chargecloud.infra.sql.append_only import protect
from chargecloud.kernel.killpoints import reach
from chargecloud.main import schema_server
from chargecloud.main.migrations import resume
from chargecloud.main.migrations.resume import Progress
from chargecloud.main.schema_state import BUSY_TIMEOUT_S, is_server, newest, path_of, refuse_unknown, unusable
from chargecloud.main.tables import metadata

SCRIPTS = Path(__file__).parent / "migrations"


def configuration(connection: Connection | None = None, progress: Progress | None = None) -> Config:
    """Alembic's configuration, without any file."""
    config = Config()
    config.set_main_option("script_location", SCRIPTS.as_posix())
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["progress"] = progress
    return config


def upgrade(url: str, to: str = "head") -> tuple[str, str]:
    """Bring the database to the newest schema (or to an earlier one, in tests of what was released before).

    Gives the revisions before and after, "" for an empty database. Not to be called inside an event loop.
    """
    if is_server(url):
        return schema_server.on_server(url, lambda connection: _upgrade_server(connection, url, to))
    path = path_of(url)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
    with _connected(url, begin="BEGIN IMMEDIATE") as connection:
        return _upgrade(connection, url, to, None)


def _upgrade(connection: Connection, url: str, to: str, progress: Progress | None) -> tuple[str, str]:
    before = _revision(connection)
    if before != newest():
        refuse_unknown(before, url)
        command.upgrade(configuration(connection, progress), to)
        reach("K15")
    metadata()
    protect(connection)
    return before, _revision(connection)


def _upgrade_server(connection: Connection, url: str, to: str) -> tuple[str, str]:
    """One process at a time; a killed migration goes on where it stopped."""
    schema_server.take_turn(connection)
    if _revision(connection) == newest() and not inspect(connection).has_table(resume.TABLE):
        return _upgrade(connection, url, to, None)
    progress = Progress(connection)
    revisions = _upgrade(connection, url, to, progress)
    progress.finish()
    return revisions


def drift(url: str) -> list[str]:
    """What the tables in code have and the database has not, or the other way round."""
    if is_server(url):
        return schema_server.on_server(url, _drift)
    with _connected(url) as connection:
        return _drift(connection)


def _drift(connection: Connection) -> list[str]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return [str(difference) for difference in compare_metadata(context, metadata())]


def _revision(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or ""


@contextmanager
def _connected(url: str, *, begin: str = "BEGIN") -> Iterator[Connection]:
    """One transaction, DDL included: a killed migration leaves nothing half done."""
    engine = create_engine(make_url(url).set(drivername="sqlite"), connect_args={"timeout": BUSY_TIMEOUT_S})
    event.listen(engine, "connect", _no_hidden_transactions)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    try:
        with engine.begin() as connection:
            yield connection
    except DatabaseError as error:
        raise unusable(url, error.orig) from None
    finally:
        engine.dispose()


def _no_hidden_transactions(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
