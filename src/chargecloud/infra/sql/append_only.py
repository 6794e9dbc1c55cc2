"""Tables whose rows are never changed and never removed: the database itself refuses, whatever the program does."""

from sqlalchemy import Connection, Table, event

from chargecloud.infra.sql.types import metadata

APPEND_ONLY: dict[str, object] = {"append_only": True}
"""`Table(..., info=APPEND_ONLY)`."""


def append_only_tables() -> list[Table]:
    """Every table that asked for it."""
    return [table for table in metadata.sorted_tables if table.info.get("append_only")]


def protect(connection: Connection) -> None:
    """Install the guards of tables that exist; harmless when they are there. Called after each migration."""
    if connection.dialect.name != "sqlite":
        return
    for table in append_only_tables():
        for act in ("UPDATE", "DELETE"):
            name = f"tr_{table.name}_no_{act.lower()}"
            connection.exec_driver_sql(
                f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {act} ON {table.name} "
                f"BEGIN SELECT RAISE(ABORT, '{table.name} is append-only'); END"
            )


@event.listens_for(metadata, "after_create")
def _created(_target: object, connection: Connection, **_: object) -> None:
    protect(connection)
