"""One cache of compiled statements for every database of a test process.

SQLAlchemy keeps what it has compiled with an engine, for its dialect. Each test opens a database of its own, so that
the same statements were compiled anew for each: a tenth of the time of the suite.
"""

from sqlalchemy import Connection, Engine, event
from sqlalchemy.util import LRUCache

from chargecloud.infra.sql.sqlite_driver import LocalDialect

SIZE = 3_000


def share_compiled() -> None:
    """From now on, in this process."""
    compiled: LRUCache[object, object] = LRUCache(SIZE)
    for name, method in (("__eq__", _same_class), ("__hash__", _hash_of_class)):
        setattr(LocalDialect, name, method)

    @event.listens_for(Engine, "engine_connect")
    def remember(connection: Connection) -> None:
        if isinstance(connection.dialect, LocalDialect):
            connection.execution_options(compiled_cache=compiled)


def _same_class(dialect: LocalDialect, other: object) -> bool:
    return type(dialect) is type(other)


def _hash_of_class(dialect: LocalDialect) -> int:
    return hash(type(dialect))
