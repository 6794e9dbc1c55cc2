"""Backup and restore of the SQLite file: a copy counts only once it has been read again and its ledger proved.

Both are synchronous and not to be called inside an event loop; a platform may run beside a backup.
"""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import create_async_engine

from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import AuditReport
from chargecloud.infra.folders import sync_folder
from chargecloud.infra.sql import sqlite_driver  # makes its dialect known
from chargecloud.kernel.clock import local_time
from chargecloud.kernel.errors import Conflict, NotFound, Refused, Unavailable, Unsupported
from chargecloud.kernel.killpoints import reach
from chargecloud.main import schema_state

STEP_PAGES = 2_560
"""Ten megabytes are copied between two signs of progress."""
CHUNK_BYTES = 8 * 1024 * 1024
PROBLEMS_SHOWN = 5
BESIDE = ("-wal", "-shm")
"""What SQLite keeps beside a database that is open or was not closed."""
PATTERN = "chargecloud-*.db"

Progress = Callable[[int, int], None]
"""Takes how much is done and how much there is, in one unit or another."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A file that was read from end to end and proved whole."""

    path: Path
    size_bytes: int
    schema: str
    sums: tuple[tuple[str, int, int], ...]
    """Of each account of the ledger: name, number of postings, their sum in fen."""
    open_holds: int

    @property
    def postings(self) -> int:
        """Lines of the ledger."""
        return sum(count for _, count, _ in self.sums)


def back_up(url: str, target: Path, now_ms: int, progress: Progress) -> Copy:
    """One moment of the database in a file of its own; `target` is its name, or a folder that gets a dated one."""
    source = _file_of(url)
    if not source.exists():
        raise NotFound(f"there is no database {source}; mend CHARGECLOUD_DATA_DIR or --config", "database_missing")
    if target.is_dir():
        target = target / f"chargecloud-{local_time(now_ms):%Y%m%d-%H%M%S}.db"
    if target.exists():
        raise Conflict(f"{target} exists already; name another file, or a folder", "backup_exists")
    with _arriving(target, source.stat().st_size) as partial:
        sums = _copied(source, partial, progress)
        found = verify(partial, called=str(source))
        if found.sums != sums:
            raise Refused(
                f"the copy has other sums than the database: {found.sums} instead of {sums}", "backup_differs"
            )
    return replace(found, path=target)


def restore(url: str, backup: Path, now_ms: int, progress: Progress) -> tuple[Copy, Path | None]:
    """Put a backup in the database's place; gives it, and where the database that was there is now."""
    place = _file_of(url)
    verify(backup)
    aside = place.with_name(f"{place.name}.before-restore-{local_time(now_ms):%Y%m%d-%H%M%S}")
    was_there = place.exists()
    with _arriving(place, backup.stat().st_size, replacing=True) as partial:
        with backup.open("rb") as source, partial.open("wb") as copy:
            while chunk := source.read(CHUNK_BYTES):
                copy.write(chunk)
                progress(copy.tell(), backup.stat().st_size)
        found = verify(partial)
        if was_there:
            _put_aside(place, aside)
    return replace(found, path=place), aside if was_there else None


def keep_newest(folder: Path, keep: int) -> list[Path]:
    """Remove dated backups of a folder but the newest ones; gives those that went."""
    old = sorted(folder.glob(PATTERN))[:-keep]
    for path in old:
        path.unlink()
    return old


def verify(path: Path, *, called: str = "") -> Copy:
    """Read the whole file: structure, schema, and the ledger's proofs where this program's version wrote it.

    Refused says what is wrong with the file, or with what it is `called` when that is where the fault comes from.
    """
    called = called or str(path)
    if not path.exists():
        raise NotFound(f"there is no file {path}", "backup_missing")
    schema = schema_state.revision(f"sqlite:///{path.as_posix()}")
    if not schema:
        raise Refused(f"{called} holds no database of this platform", "backup_strange")
    try:
        with closing(_connect(path)) as connection:
            faults = [row[0] for row in connection.execute("PRAGMA integrity_check(5)") if row[0] != "ok"]
            sums = _sums(connection)
            holds = connection.execute("SELECT COUNT(*) FROM wallet_holds WHERE state = 'open'").fetchone()[0]
    except sqlite3.Error as error:
        raise Refused(f"{called} is damaged: {error}", "backup_damaged") from error
    if schema == schema_state.newest():
        faults += asyncio.run(_audited(path)).problems
    if faults:
        raise Refused(f"{called} is damaged: {'; '.join(faults[:PROBLEMS_SHOWN])}", "backup_damaged")
    return Copy(path, path.stat().st_size, schema, sums, holds)


def _file_of(url: str) -> Path:
    path = None if schema_state.is_server(url) else schema_state.path_of(url)
    if path is None:
        raise Unsupported(
            "only a SQLite file is backed up and restored by this command; for MySQL and MariaDB "
            "docs/operating/backup.md has the commands",
            "backup_elsewhere",
        )
    return path


def _copied(source: Path, target: Path, progress: Progress) -> tuple[tuple[str, int, int], ...]:
    """Page by page within one read transaction, so that writers neither wait nor make it begin anew."""
    with closing(_connect(source)) as database, closing(sqlite3.connect(target, isolation_level=None)) as copy:
        database.execute("BEGIN")
        sums = _sums(database)
        database.backup(copy, pages=STEP_PAGES, progress=lambda _, left, pages: progress(pages - left, pages))
        reach("K15")
        copy.execute("PRAGMA journal_mode = DELETE")
        return sums


def _connect(path: Path) -> sqlite3.Connection:
    """A reader; one that may fold the log of a database nobody has open."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=schema_state.BUSY_TIMEOUT_S)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _sums(connection: sqlite3.Connection) -> tuple[tuple[str, int, int], ...]:
    statement = "SELECT account, COUNT(*), SUM(amount_fen) FROM wallet_postings GROUP BY account ORDER BY account"
    return tuple((str(account), int(count), int(fen)) for account, count, fen in connection.execute(statement))


async def _audited(path: Path) -> AuditReport:
    engine = create_async_engine(URL.create(f"sqlite+{sqlite_driver.LocalDialect.driver}", database=str(path)))
    try:
        async with engine.connect() as connection:
            return await wallet.audit(connection)
    finally:
        await engine.dispose()


@contextmanager
def _arriving(target: Path, size_bytes: int, *, replacing: bool = False) -> Iterator[Path]:
    """A file beside the target that takes its name once it is complete and on disk; removed when something fails."""
    free_bytes = shutil.disk_usage(target.parent).free
    if free_bytes < size_bytes:
        raise Unavailable(
            f"{target.parent} has {free_bytes >> 20} MiB left and {size_bytes >> 20} MiB are needed; free some space",
            "disk_full",
        )
    partial = target.with_name(f"{target.name}.partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        if replacing:
            partial.replace(target)
        else:
            partial.rename(target)
        sync_folder(target.parent)
    finally:
        for ending in ("", *BESIDE):
            partial.with_name(partial.name + ending).unlink(missing_ok=True)


def _put_aside(place: Path, aside: Path) -> None:
    """Only when nobody has it open; a damaged one goes as it is."""
    try:
        with closing(sqlite3.connect(place, isolation_level=None, timeout=0)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")  # needs to be alone, and folds the log back
    except sqlite3.OperationalError as error:
        raise Conflict(f"{place} is in use ({error}); stop the platform first", "database_in_use") from error
    except sqlite3.DatabaseError:
        pass
    for ending in ("", *BESIDE):
        with suppress(FileNotFoundError):
            place.with_name(place.name + ending).rename(aside.with_name(aside.name + ending))
