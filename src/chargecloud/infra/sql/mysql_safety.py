"""Does this server keep what it has committed, and does it compare and check as we expect? Looked at on every start."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.kernel.errors import Refused, Unsupported

log = structlog.get_logger("chargecloud.database")

OLDEST = {"MySQL": (8, 0, 16), "MariaDB": (10, 11, 0)}
"""MySQL before 8.0.16 reads CHECK constraints and ignores them."""
STRICT = {"STRICT_TRANS_TABLES", "STRICT_ALL_TABLES"}

_VARIABLES = (
    "innodb_flush_log_at_trx_commit",
    "log_bin",
    "sync_binlog",
    "default_storage_engine",
)
_READ = text(
    "SELECT version(), @@SESSION.sql_mode, @@character_set_database, "
    + ", ".join(f"@@GLOBAL.{name}" for name in _VARIABLES)
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A variable with a value that loses or falsifies data."""

    variable: str
    found: str
    needed: str
    mend: str

    def __str__(self) -> str:
        return f"{self.variable} is {self.found or '(empty)'}, needed is {self.needed}: {self.mend}"


async def check(connection: AsyncConnection, *, allow_unsafe: bool) -> None:
    """Refused names every fault and how to mend it; with `allow_unsafe` they are only logged."""
    row = (await connection.execute(_READ)).one()
    version, sql_mode, charset, *values = map(str, row)
    refuse_old(version)
    variables = dict(zip(_VARIABLES, values, strict=True)) | {"sql_mode": sql_mode, "charset": charset}
    found = list(faults(variables))
    if found and not allow_unsafe:
        raise Refused(
            f"the database server is not set up safely: {'; '.join(map(str, found))}. "
            "CHARGECLOUD_DATABASE__ALLOW_UNSAFE=true starts all the same, for data that may be lost",
            "database_unsafe",
            variables=[fault.variable for fault in found],
        )
    for fault in found:
        log.warning("database.unsafe", variable=fault.variable, found=fault.found, needed=fault.needed)


def refuse_old(version: str) -> None:
    """A server older than what the tables need."""
    product = "MariaDB" if "mariadb" in version.lower() else "MySQL"
    digits = version.removeprefix("5.5.5-").partition("-")[0]
    numbers = tuple(int(part) for part in digits.split(".") if part.isdigit())
    if numbers < OLDEST[product]:
        needed = ".".join(map(str, OLDEST[product]))
        raise Unsupported(f"{product} {digits} is too old; {needed} or newer is needed", "database_old")


def faults(variables: Mapping[str, str]) -> Iterator[Fault]:
    """What is wrong with a server's settings. `charset` is that of the database, the rest are variables."""
    flush = variables["innodb_flush_log_at_trx_commit"]
    if flush != "1":
        yield _in_file("innodb_flush_log_at_trx_commit", flush, "1", "a power failure loses committed payments")
    if variables["log_bin"] == "1" and variables["sync_binlog"] != "1":
        yield _in_file("sync_binlog", variables["sync_binlog"], "1", "the binary log falls behind the tables")
    if not STRICT & set(variables["sql_mode"].split(",")):
        yield _in_file("sql_mode", variables["sql_mode"], "STRICT_TRANS_TABLES", "numbers and texts are cut silently")
    if variables["default_storage_engine"].lower() != "innodb":
        engine = variables["default_storage_engine"]
        yield _in_file("default_storage_engine", engine, "InnoDB", "other engines have no transactions")
    if variables["charset"] != "utf8mb4":
        mend = "ALTER DATABASE <name> CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
        yield Fault("character_set_database", variables["charset"], "utf8mb4", mend)


def _in_file(variable: str, found: str, needed: str, why: str) -> Fault:
    mend = f"{why}; write {variable} = {needed} under [mysqld] and restart the server, or SET GLOBAL until then"
    return Fault(variable, found, needed, mend)
