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
    there = _triggers(connection)
    for table in append_only_tables():
        for act in ("UPDATE", "DELETE"):
            name = f"tr_{table.name}_no_{act.lower()}"
            if name not in there:
                connection.exec_driver_sql(_guard(connection.dialect.name, name, act, table.name))


def _guard(dialect: str, name: str, act: str, table: str) -> str:
    begin, refuse = f"CREATE TRIGGER {name} BEFORE {act} ON {table}", f"'{table} is append-only'"
    if dialect == "sqlite":
        return f"{begin} BEGIN SELECT RAISE(ABORT, {refuse}); END"
    return f"{begin} FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = {refuse}"


def _triggers(connection: Connection) -> set[str]:
    if connection.dialect.name == "sqlite":
        found = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        found = "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
    return set(connection.exec_driver_sql(found).scalars())


@event.listens_for(metadata, "after_create")
def _created(_target: object, connection: Connection, **_: object) -> None:
    protect(connection)
