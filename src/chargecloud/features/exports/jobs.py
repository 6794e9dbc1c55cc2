"""Making exports, each by one process at a time, and forgetting files whose time is over."""

import asyncio
import shutil
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import msgspec
import structlog

from chargecloud.features.exports import model, service, sql
from chargecloud.features.exports.messages import Export, Wanted
from chargecloud.features.exports.model_lists import LISTS
from chargecloud.features.operators import service as operators
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.schedule.contract import Job
from chargecloud.infra.spreadsheets import MAX_XLSX_ROWS, WRITERS, SheetFile
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.errors import ChargeCloudError, Forbidden, Refused, Unavailable
from chargecloud.kernel.ids import new_id

log = structlog.get_logger("chargecloud.exports")

T = TypeVar("T")
ReadList = Callable[[Principal, str, Mapping[str, str]], Awaitable[bytes]]
"""(who, path under the API's prefix, query) -> a page of a list as JSON, as its route answers it."""

PAGE = 200
TELL_EVERY_S = 1.0
RAW_TIMES = 10
"""What a file may take on disk while it is made: XLSX is packed at its end."""
FORGET_AT_ONCE = 20
CHUNKS_AT_ONCE = 20


class _Page(msgspec.Struct):
    items: list[dict[str, object]]
    next: str | None


class Exporter:
    """Makes the next export, if there is one: pages of the list into a file on disk, and the file into the database."""

    def __init__(self, read: ReadList, folder: Path) -> None:
        """`folder`: for files while they are made; each export has one of its own in it."""
        self._read = read
        self._folder = folder
        self._owner = new_id()

    async def run(self, database: Database) -> None:
        """Make one export; what goes wrong on purpose is told to whoever asked for it."""
        async with database.unit() as uow:
            found = await service.begin(uow, self._owner)
        if found is None:
            return
        folder = self._folder / str(found.export_id)
        making = _Making(database, found, self._owner, self._read)
        try:
            await asyncio.to_thread(_empty, folder)
            await making.run(folder)
        except _NotMine:
            log.info("exports.broken_off", export=found.export_id)
        except Unavailable:
            raise  # for a while: it is begun again when nothing is heard of us
        except ChargeCloudError as error:
            log.info("exports.failed", export=found.export_id, error=error.code)
            async with database.unit() as uow:
                await service.fail(uow, found.export_id, self._owner, code=error.code, reason=error.message)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


class _NotMine(Exception):
    """The export was removed, or somebody else makes it because nothing was heard of us."""


class _Making:
    """One export while it is made."""

    def __init__(self, database: Database, export: Export, owner: str, read: ReadList) -> None:
        self._database = database
        self._export = export
        self._owner = owner
        self._read = read
        self._rows = 0
        self._told_s = database.clock.monotonic()
        limits = database.options.exports
        self._max_rows = min(limits.max_rows, MAX_XLSX_ROWS - 1) if export.wanted.format == "xlsx" else limits.max_rows
        self._max_bytes = limits.max_file_mib << 20

    async def run(self, folder: Path) -> None:
        wanted = self._export.wanted
        path = folder / f"export.{wanted.format.value}"
        file = WRITERS[wanted.format.value](path, model.titles(wanted.columns, wanted.language))
        with ExitStack() as given_up:
            given_up.callback(file.abandon)
            more = await self._write(file, folder)
            given_up.pop_all()
        await self._meanwhile(asyncio.to_thread(file.close))
        size_bytes = path.stat().st_size
        self._fits(size_bytes, 1)
        await self._keep(path)
        async with self._database.unit() as uow:
            await service.finish(
                uow, self._export.export_id, self._owner, rows=self._rows, more=more, size_bytes=size_bytes
            )
        log.info("exports.done", export=self._export.export_id, rows=self._rows, bytes=size_bytes)

    async def _write(self, file: SheetFile, folder: Path) -> bool:
        """Every page of the list into the file; whether the list goes on beyond what a file may have."""
        wanted, before = self._export.wanted, ""
        while True:
            page = await self._page(before)
            items = page.items[: self._max_rows - self._rows]
            size_bytes = await asyncio.to_thread(_written, file, wanted, items, folder)
            self._rows += len(items)
            self._fits(size_bytes, RAW_TIMES)
            if self._database.clock.monotonic() - self._told_s >= TELL_EVERY_S:
                await self._tell()
            if page.next is None or self._rows >= self._max_rows:
                return page.next is not None or len(items) < len(page.items)
            before = page.next

    async def _page(self, before: str) -> _Page:
        """A page, for whoever asked, with what they may do now."""
        wanted = self._export.wanted
        async with self._database.read() as connection:
            needed = self._database.options.second_factor_roles
            who = await operators.principal_of(connection, self._export.staff_id, needed)
        if who is None:
            raise Forbidden("申请导出的账号已停用", "staff_disabled")
        service.demand_list(who, wanted)
        query = {**wanted.filters, "limit": str(PAGE)} | ({"before": before} if before else {})
        return msgspec.json.decode(await self._read(who, LISTS[wanted.list].path, query), type=_Page)

    def _fits(self, size_bytes: int, times: int) -> None:
        if size_bytes > self._max_bytes * times:
            most = self._database.options.exports.max_file_mib
            raise Refused(
                f"文件超过 {most} MiB，请缩小范围", "export_too_large", setting="exports.max_file_mib", rows=self._rows
            )

    async def _keep(self, path: Path) -> None:
        """The file into the database, piece by piece."""
        with path.open("rb") as file:
            chunk_no = 0
            while piece := await asyncio.to_thread(file.read, model.CHUNK_BYTES):
                packed = await asyncio.to_thread(zlib.compress, piece, 1)
                async with self._database.unit() as uow:
                    if not await service.keep(uow, self._export.export_id, self._owner, chunk_no, packed):
                        raise _NotMine
                chunk_no += 1

    async def _tell(self) -> None:
        self._told_s = self._database.clock.monotonic()
        async with self._database.unit() as uow:
            if not await service.still_mine(uow, self._export.export_id, self._owner, self._rows):
                raise _NotMine

    async def _meanwhile(self, work: Awaitable[T]) -> T:
        """Wait for something slow and say from time to time that one is still there."""
        waiting = asyncio.ensure_future(work)
        while not (await asyncio.wait({waiting}, timeout=model.LEASE_MS // 3_000))[0]:
            await self._tell()
        return waiting.result()


def _written(file: SheetFile, wanted: Wanted, items: Sequence[Mapping[str, object]], folder: Path) -> int:
    """Write items of a list; how much there is on disk now."""
    file.add([model.row(wanted, item) for item in items])
    return sum(each.stat().st_size for each in folder.iterdir())


def _empty(folder: Path) -> None:
    """A folder with nothing in it, whatever a process that died left there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


async def forget_old(database: Database) -> None:
    """Forget exports whose time is over; large files in portions, so that nobody waits for them."""
    async with database.read() as connection:
        due = await sql.due(connection, database.clock.now_ms(), FORGET_AT_ONCE)
    for export_id in due:
        left = CHUNKS_AT_ONCE
        while left == CHUNKS_AT_ONCE:
            async with database.unit() as uow:
                left = await sql.remove_some_chunks(uow, export_id, CHUNKS_AT_ONCE)
        async with database.unit() as uow:
            await sql.remove(uow, export_id)


def making_jobs(exporter: Exporter) -> tuple[Job, ...]:
    """To be run beside other jobs: one export may take minutes."""
    return (Job("exports.make", 1, exporter.run),)


JOBS = (Job("exports.forget", 600, forget_old),)
