"""The one `MetaData` all tables hang on, and column types that mean the same on every engine.

Times are epoch milliseconds in columns named `*_at_ms`; money and energy are whole numbers with their unit in the name.
"""

from typing import Any

from sqlalchemy import BigInteger, Integer, LargeBinary, MetaData, String, Text
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateTable
from sqlalchemy.types import TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    }
)


def big_id() -> TypeEngine[int]:
    """A 64-bit key the database counts up (SQLite counts only INTEGER)."""
    return BigInteger().with_variant(Integer(), "sqlite")


def epoch_ms() -> TypeEngine[int]:
    """A moment as epoch milliseconds; DATETIME loses fractions on one of the engines."""
    return BigInteger()


def fen() -> TypeEngine[int]:
    """An amount of money in whole fen."""
    return BigInteger()


def big_int() -> TypeEngine[int]:
    """Any other whole number that may outgrow 31 bits: energy, counts, fault bits."""
    return BigInteger()


def code(length: int) -> TypeEngine[str]:
    """A code, number or token: compared byte by byte, so that N0 and n0 are two."""
    return String(length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql", "mariadb")


def large_bytes() -> TypeEngine[bytes]:
    """Bytes that may be more than the 65,535 a server's BLOB holds."""
    return LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")


def json_text() -> TypeEngine[str]:
    """JSON as text, written and read with msgspec."""
    return Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")


@compiles(CreateTable, "mysql", "mariadb")
def _create_table(element: CreateTable, compiler: Any, **options: Any) -> str:
    """Every table holds every character and compares by bytes, as SQLite does, whatever the server's defaults are."""
    statement = str(compiler.visit_create_table(element, **options)).rstrip()
    return f"{statement} ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
