"""The way to the newest schema, by Alembic."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry

from chargecloud.infra.sql.append_only import protect
from chargecloud.main.schema_state import BUSY_TIMEOUT_S, newest, path_of, refuse_unknown, unusable
from chargecloud.main.tables import metadata

SCRIPTS = Path(__file__).parent / "migrations"


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without any file."""
    config = Config()
    config.set_main_option("script_location", SCRIPTS.as_posix())
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(url: str) -> tuple[str, str]:
    """Bring the database to the newest schema; gives the revisions before and after ("" for an empty database)."""
    path = path_of(url)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
    with _connected(url, begin="BEGIN IMMEDIATE") as connection:
        before = _revision(connection)
        if before != newest():
            refuse_unknown(before, url)
            command.upgrade(configuration(connection), "head")
        metadata()
        protect(connection)
        return before, _revision(connection)


def drift(url: str) -> list[str]:
    """What the tables in code have and the database has not, or the other way round."""
    with _connected(url) as connection:
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
