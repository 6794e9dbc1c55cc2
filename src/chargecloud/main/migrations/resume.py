"""Migrations on MySQL and MariaDB, which commit each DDL statement by itself: a killed one goes on where it stopped.

How many statements of the running migration are done stands in a table of its own until the migrations are through. A
statement that was done but not yet noted is recognised by the server's complaint that it is done already.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

import structlog
from alembic.ddl.mysql import MySQLImpl
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import Connection, CursorResult, Executable, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.util import immutabledict

log = structlog.get_logger("chargecloud.schema")

TABLE = "alembic_progress"
T = TypeVar("T")

_DONE_ALREADY = {
    1050,  # the table exists
    1060,  # the column exists
    1061,  # the index exists
    1091,  # what is to be dropped is not there
    1359,  # the trigger exists
    1826,  # the foreign key exists
}


class Progress:
    """Counts the statements of each migration and leaves out those that are done."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._number = 0
        self._resumed = inspect(connection).has_table(TABLE)
        self._done = 0
        if self._resumed:
            self._done = int(connection.exec_driver_sql(f"SELECT statements FROM {TABLE}").scalar() or 0)
            log.warning("schema.resumed", statements_done=self._done)
        else:
            connection.exec_driver_sql(f"CREATE TABLE {TABLE} (statements INT NOT NULL)")
            connection.exec_driver_sql(f"INSERT INTO {TABLE} VALUES (0)")

    def step(self, run: Callable[[], T]) -> T | None:
        """Run the next statement of the migration, unless an earlier run did."""
        self._number += 1
        if self._number <= self._done:
            return None
        first = self._resumed and self._number == self._done + 1
        result = None
        try:
            result = run()
        except DBAPIError as error:
            number = error.orig.args[0] if error.orig and error.orig.args else 0
            if not first or number not in _DONE_ALREADY:
                raise
        self._note(self._number)
        return result

    def applied(
        self, ctx: MigrationContext, step: MigrationInfo, heads: Collection[Any], run_args: Mapping[str, Any]
    ) -> None:
        """A migration is through: the next one counts from its beginning."""
        self._number = self._done = 0
        self._resumed = False
        self._note(0)

    def finish(self) -> None:
        """All are through."""
        self._connection.exec_driver_sql(f"DROP TABLE {TABLE}")

    def _note(self, number: int) -> None:
        self._connection.exec_driver_sql(f"UPDATE {TABLE} SET statements = {number}")


class ResumingImpl(MySQLImpl):
    """Takes the place of Alembic's own: statements of migrations go through `Progress` when `env.py` gave one."""

    __dialect__ = "mysql"

    def _exec(
        self,
        construct: Executable | str,
        execution_options: Mapping[str, Any] | None = None,
        multiparams: Sequence[Mapping[str, Any]] | None = None,
        params: Mapping[str, Any] = immutabledict(),
    ) -> CursorResult[Any] | None:
        def run() -> CursorResult[Any] | None:
            return super(ResumingImpl, self)._exec(construct, execution_options, multiparams, params)

        progress: Progress | None = self.context_opts.get("progress")
        table = getattr(construct, "table", None)
        if progress is None or getattr(table, "name", "") == self.context_opts.get("version_table", "alembic_version"):
            return run()
        return progress.step(run)
