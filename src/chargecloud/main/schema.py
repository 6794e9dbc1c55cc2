"""The database's schema: which revision it has, which one this program needs, and the way from one to the other."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry

from chargecloud.infra.sql.append_only import protect
from chargecloud.kernel.errors import Unavailable, Unsupported
from chargecloud.main.tables import metadata

SCRIPTS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT_S = 30


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without any file."""
    config = Config()
    config.set_main_option("script_location", SCRIPTS.as_posix())
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    """The revision this program needs."""
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    return head or ""


def upgrade(url: str) -> tuple[str, str]:
    """Bring the database to the newest schema; gives the revisions before and after ("" for an empty database)."""
    path = _path(url)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
    with _connected(url, begin="BEGIN IMMEDIATE") as connection:
        before = _revision(connection)
        if before != newest():
            _refuse_unknown(before, url)
            command.upgrade(configuration(connection), "head")
        metadata()
        protect(connection)
        return before, _revision(connection)


def revision(url: str) -> str:
    """The revision the database has, "" when it is empty or absent; refused when this program does not know it."""
    path = _path(url)
    if path and not path.exists():
        return ""
    with _connected(url) as connection:
        found = _revision(connection)
    _refuse_unknown(found, url)
    return found


def drift(url: str) -> list[str]:
    """What the tables in code have and the database has not, or the other way round."""
    with _connected(url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return [str(difference) for difference in compare_metadata(context, metadata())]


def _refuse_unknown(found: str, url: str) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}
    if found and found not in known:
        raise Unavailable(
            f"the database {make_url(url).render_as_string()} has schema {found}, which this version does not know: "
            "it was written by a newer chargecloud; install that version, or restore a backup made before the upgrade",
            "schema_unknown",
        )


def _revision(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or ""


def _path(url: str) -> Path | None:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        raise Unsupported(f"{parsed.get_backend_name()}: only SQLite is supported by this version", "database_unknown")
    return Path(parsed.database) if parsed.database and parsed.database != ":memory:" else None


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
        shown = make_url(url).render_as_string()
        message = f"the database {shown} cannot be used: {error.orig}; check the path, its permissions and its disk"
        raise Unavailable(message, "database_unavailable") from None
    finally:
        engine.dispose()


def _no_hidden_transactions(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
