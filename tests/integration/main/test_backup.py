"""A backup holds one moment and proves itself; a restore brings that moment back and loses nothing that was there."""

import asyncio
import shutil
import sqlite3
import stat
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from chargecloud.features.drivers import service as drivers
from chargecloud.features.operators import service as operators
from chargecloud.features.operators.messages import DEFAULT_OPERATOR_ID
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import TopUp
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import Conflict, NotFound, Refused, Unavailable, Unsupported
from chargecloud.main import backup, schema
from tests.support.database import opened

NOW_MS = 1_767_225_600_000
Seen = list[tuple[int, int]]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "chargecloud.db"
    schema.upgrade(url_of(path))
    return path


@pytest.fixture
async def database(place: Path) -> AsyncIterator[Database]:
    async with opened(place, clock=ManualClock()) as started:
        async with started.unit() as uow:
            await operators.require_default_operator(uow)
            for _ in range(2):
                await drivers.create_driver(uow, drivers.NewDriver(operator_id=DEFAULT_OPERATOR_ID, name="车主"))
        yield started


def unheard(done: int, total: int) -> None:
    """Progress nobody watches."""


def url_of(path: Path) -> str:
    return f"sqlite:///{path.as_posix()}"


async def top_up(database: Database, number: int, *, driver_id: int = 1) -> None:
    async with database.unit() as uow:
        await wallet.top_up(uow, TopUp(driver_id=driver_id, transfer_id=f"t{number}", amount_fen=100, source="counter"))


async def balance_fen(path: Path) -> int:
    async with opened(path) as database, database.unit() as uow:
        return (await wallet.balance(uow, 1)).cash_fen


async def taken(place: Path, target: Path, progress: Callable[[int, int], None] = unheard) -> backup.Copy:
    return await asyncio.to_thread(backup.back_up, url_of(place), target, NOW_MS, progress)


async def put_back(place: Path, source: Path) -> tuple[backup.Copy, Path | None]:
    return await asyncio.to_thread(backup.restore, url_of(place), source, NOW_MS, unheard)


async def test_while_the_platform_writes(
    database: Database, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every page by itself, and a commit between each two: the copy is still the moment it began."""
    monkeypatch.setattr(backup, "STEP_PAGES", 1)
    await top_up(database, 0)
    loop, written, seen = asyncio.get_running_loop(), [0], Seen()

    def write_more(done: int, total: int) -> None:
        seen.append((done, total))
        if written[0] < 20:
            written[0] += 1
            asyncio.run_coroutine_threadsafe(top_up(database, written[0]), loop).result(20)

    copy = await taken(place, tmp_path / "b.db", write_more)
    assert (copy.postings, written[0]) == (2, 20)
    assert len(seen) > 20 and seen == sorted(seen) and seen[-1][0] == seen[-1][1]
    assert await balance_fen(tmp_path / "b.db") == 100
    async with database.unit() as uow:
        assert (await wallet.balance(uow, 1)).cash_fen == 2_100


async def test_back_to_the_moment_of_the_backup(place: Path, database: Database, tmp_path: Path) -> None:
    await top_up(database, 1)
    copy = await taken(place, tmp_path / "b.db")
    await top_up(database, 2)
    with pytest.raises(Conflict, match="stop the platform"):
        await put_back(place, copy.path)
    await database.stop()
    back, aside = await put_back(place, copy.path)
    assert (back.path, back.sums, back.schema) == (place, copy.sums, copy.schema)
    assert aside is not None
    assert await balance_fen(place) == 100
    assert await balance_fen(aside) == 200
    assert sorted(path.name for path in place.parent.iterdir()) == [place.name, aside.name]


async def test_a_log_that_was_not_folded_back_goes_with_its_database(
    place: Path, database: Database, tmp_path: Path
) -> None:
    """As after kill -9: what was committed is still in the write-ahead log."""
    copy = await taken(place, tmp_path / "b.db")
    await top_up(database, 1)
    for ending in ("", "-wal"):
        (tmp_path / "killed").mkdir(exist_ok=True)
        shutil.copyfile(f"{place}{ending}", tmp_path / "killed" / f"chargecloud.db{ending}")
    _, aside = await put_back(tmp_path / "killed" / "chargecloud.db", copy.path)
    assert aside is not None and await balance_fen(aside) == 100
    assert await balance_fen(tmp_path / "killed" / "chargecloud.db") == 0


def test_a_damaged_database_is_put_aside_as_it_is(place: Path, tmp_path: Path) -> None:
    copy = backup.back_up(url_of(place), tmp_path / "b.db", NOW_MS, unheard)
    place.write_bytes(b"these are not the bytes of a database " * 200)
    _, aside = backup.restore(url_of(place), copy.path, NOW_MS, unheard)
    assert aside is not None and aside.read_bytes().startswith(b"these are not")


def damaged(path: Path) -> None:
    size = path.stat().st_size
    with path.open("rb+") as file:
        file.seek(size // 2 // 4096 * 4096)
        file.write(b"\xff" * 4096)


def unbalanced(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("INSERT INTO wallet_postings VALUES ('t', 1, 'adjustments', 0, 5, 1)")
        connection.commit()


def strange(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE x (y)")


@pytest.mark.parametrize("harm", [damaged, unbalanced, strange])
def test_a_backup_that_is_not_whole_replaces_nothing(place: Path, tmp_path: Path, harm: Callable[[Path], None]) -> None:
    copy = backup.back_up(url_of(place), tmp_path / "b.db", NOW_MS, unheard)
    harm(copy.path)
    before = place.read_bytes()
    with pytest.raises(Refused, match=r"b\.db"):
        backup.restore(url_of(place), copy.path, NOW_MS, unheard)
    assert place.read_bytes() == before
    assert [path.name for path in place.parent.iterdir()] == [place.name]


def test_a_database_that_is_not_whole_makes_no_backup(place: Path, tmp_path: Path) -> None:
    unbalanced(place)
    with pytest.raises(Refused, match=r"data.chargecloud\.db is damaged: all postings together sum to 5 fen"):
        backup.back_up(url_of(place), tmp_path / "b.db", NOW_MS, unheard)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_names_rights_and_what_is_kept(place: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    copy = backup.back_up(url_of(place), folder, NOW_MS, unheard)
    assert copy.path.name == "chargecloud-20260101-080000.db"
    if sys.platform != "win32":
        assert stat.S_IMODE(copy.path.stat().st_mode) == 0o600
    with pytest.raises(Conflict, match="exists already"):
        backup.back_up(url_of(place), folder, NOW_MS, unheard)
    (folder / "chargecloud-20250101-000000.db").touch()
    (folder / "other.db").touch()
    assert [path.name for path in backup.keep_newest(folder, 1)] == ["chargecloud-20250101-000000.db"]
    assert backup.keep_newest(folder, 5) == []
    assert {path.name for path in folder.iterdir()} == {copy.path.name, "other.db"}


def test_what_cannot_be(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unsupported, match=r"backup\.md"):
        backup.back_up("mysql://h/n", tmp_path / "b.db", NOW_MS, unheard)
    with pytest.raises(NotFound, match="CHARGECLOUD_DATA_DIR"):
        backup.back_up(url_of(tmp_path / "none.db"), tmp_path / "b.db", NOW_MS, unheard)
    with pytest.raises(NotFound):
        backup.restore(url_of(place), tmp_path / "b.db", NOW_MS, unheard)
    full = SimpleNamespace(free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    with pytest.raises(Unavailable, match="0 MiB left"):
        backup.back_up(url_of(place), tmp_path / "b.db", NOW_MS, unheard)
