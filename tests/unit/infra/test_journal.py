"""The journal: durable before it says so, in order to the bus, honest when the disk is full or broken."""

import asyncio
import errno
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from chargecloud.device.events import Beat, digest_of
from chargecloud.infra import journal_segments
from chargecloud.infra.journal import ENTRY_BYTES, UNREADABLE, FileJournal, JournalLimits
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import Unavailable
from chargecloud.kernel.message import Envelope
from tests.support.eventually import eventually
from tests.unit.gateway.fake import record
from tests.unit.infra.fakes import FaultyBus

SMALL = JournalLimits(mib=1, segments=2)


class Rig:
    """A journal, its bus and what it told."""

    def __init__(self, directory: Path, limits: JournalLimits = SMALL) -> None:
        self.bus = FaultyBus()
        self.bus.available = False
        self.kept: list[tuple[str, bool]] = []
        self.broken: list[str] = []
        self.journal = FileJournal(directory, self.bus, ManualClock(), limits, on_broken=self.broken.append)

    def keep(self, *numbers: str, filler: int = 0) -> None:
        for number in numbers:
            body = msgspec.structs.replace(record("1", number), raw=bytes(filler))
            self.journal.keep(Envelope("1", body, 7, trace_id="t"), lambda ok, number=number: self.note(number, ok))

    def note(self, number: str, durable: bool) -> None:
        self.kept.append((number, durable))

    def published(self) -> list[str]:
        return [envelope.body.session_no for envelope in self.bus.published]

    async def until(self, reached: Callable[[], bool]) -> None:
        await eventually(reached)


@asynccontextmanager
async def running(directory: Path, limits: JournalLimits = SMALL) -> AsyncIterator[Rig]:
    rig = Rig(directory, limits)
    await rig.journal.start()
    yield rig
    await rig.journal.stop()


async def test_records_are_kept_while_the_bus_is_away_and_handed_over_in_order(tmp_path: Path) -> None:
    numbers = [str(number) for number in range(500)]
    async with running(tmp_path / "j") as rig:
        rig.keep(*numbers)
        await rig.until(lambda: len(rig.kept) == 500)
        assert rig.kept == [(number, True) for number in numbers]
        assert rig.published() == []
        assert rig.journal.counts()["waiting"] == 500
        rig.bus.available = True
        await rig.until(lambda: rig.journal.counts()["drained"] == 500)
        assert rig.published() == numbers
        assert rig.journal.counts()["waiting"] == 0
        (first, *_) = rig.bus.published
        assert (first.key, first.at_ms, first.trace_id) == ("1", 7, "t")
        assert first.body == record("1", "0")


async def test_what_was_left_goes_first_after_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path / "j") as rig:
        rig.keep("1", "2")
        await rig.until(lambda: len(rig.kept) == 2)
    async with running(tmp_path / "j") as rig:
        rig.keep("3")
        await rig.until(lambda: len(rig.kept) == 1)
        rig.bus.available = True
        await rig.until(lambda: rig.journal.counts()["waiting"] == 0)
        assert rig.published() == ["1", "2", "3"]


async def test_a_batch_the_bus_did_not_take_comes_again(tmp_path: Path) -> None:
    async with running(tmp_path / "j") as rig:
        rig.bus.failing = 1
        rig.bus.available = True
        rig.keep("1")
        await rig.until(lambda: rig.journal.counts()["drained"] == 1)
        assert rig.published() == ["1"]
        assert rig.journal.counts()["failures"] == 1


async def test_what_comes_during_an_fsync_shares_the_next_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release, begun, fsyncs = threading.Event(), threading.Event(), 0
    real = journal_segments.sync_file

    def slow(handle: int) -> None:
        nonlocal fsyncs
        fsyncs += 1
        begun.set()
        release.wait(10)
        real(handle)

    async with running(tmp_path / "j") as rig:
        monkeypatch.setattr(journal_segments, "sync_file", slow)
        rig.keep("0")
        await rig.until(begun.is_set)
        rig.keep(*[str(number) for number in range(1, 100)])
        assert rig.kept == [], "the loop goes on while the disk is slow, and nothing is promised"
        release.set()
        await rig.until(lambda: len(rig.kept) == 100)
        assert fsyncs == 2


async def test_a_full_journal_refuses_and_counts(tmp_path: Path) -> None:
    async with running(tmp_path / "j") as rig:
        rig.keep(*[str(number) for number in range(80)], filler=30_000)
        await rig.until(lambda: len(rig.kept) == 80)
        durable = [number for number, kept in rig.kept if kept]
        counts = rig.journal.counts()
        assert 0 < len(durable) < 80
        assert (counts["kept"], counts["refused"]) == (len(durable), 80 - len(durable))
        rig.bus.available = True
        await rig.until(lambda: rig.journal.counts()["waiting"] == 0)
        assert rig.published() == durable
        rig.keep("again")
        await rig.until(lambda: rig.kept[-1] == ("again", True))


async def test_what_waits_for_the_disk_is_bounded(tmp_path: Path) -> None:
    async with running(tmp_path / "j", JournalLimits(mib=1, segments=2, queued_bytes=2_000)) as rig:
        rig.keep("1", "2", filler=1_200)
        assert rig.kept == [("2", False)]
        rig.keep("3", filler=ENTRY_BYTES)
        assert rig.kept[-1] == ("3", False)


async def test_a_disk_that_fails_is_never_asked_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def fail(_: int) -> None:
        nonlocal calls
        calls += 1
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    async with running(tmp_path / "j") as rig:
        monkeypatch.setattr(journal_segments, "sync_file", fail)
        rig.keep("1")
        await rig.until(lambda: len(rig.kept) == 1)
        rig.keep("2")
        assert rig.kept == [("1", False), ("2", False)]
        assert calls == 1
        assert len(rig.broken) == 1
        assert os.strerror(errno.EIO) in rig.broken[0]


async def test_an_entry_nobody_can_read_does_not_hold_up_the_others(tmp_path: Path) -> None:
    segments = journal_segments.Segments(tmp_path / "j", segment_bytes=4_096, count=1, first_number=1)
    segments.open()
    segments.append([b"not an entry"])
    segments.close()
    async with running(tmp_path / "j") as rig:
        rig.bus.available = True
        rig.keep("1")
        await rig.until(lambda: rig.published() == ["1"])
        assert rig.journal.counts()["unreadable"] == 1
    assert (tmp_path / "j" / UNREADABLE).read_bytes() == b"not an entry", "nothing that was confirmed is thrown away"


async def test_a_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "j").write_text("a file", "utf-8")
    with pytest.raises(Unavailable, match=f"{tmp_path / 'j'}.*1 MiB"):
        await Rig(tmp_path / "j").journal.start()


async def test_only_records_are_kept(tmp_path: Path) -> None:
    async with running(tmp_path / "j") as rig:
        beat = Envelope("1", Beat(charge_point_code="1", connector_no=1, faulted=False), 1)
        with pytest.raises(TypeError, match="Beat"):
            rig.journal.keep(beat, lambda _: None)


async def test_stop_finishes_what_is_queued(tmp_path: Path) -> None:
    async with running(tmp_path / "j") as rig:
        rig.keep("1")
    assert rig.kept == [("1", True)]
    rig.keep("2")
    await asyncio.sleep(0)
    assert rig.kept[-1] == ("2", False)


async def test_what_the_platform_confirms_meanwhile_is_not_handed_over(tmp_path: Path) -> None:
    async with running(tmp_path / "j") as rig:
        rig.keep("1", filler=1)
        rig.keep("2", filler=2)
        await rig.until(lambda: len(rig.kept) == 2)
        rig.journal.confirmed("1", digest_of(bytes(1)))
        rig.journal.confirmed("9", digest_of(bytes(2)))
        rig.bus.available = True
        await rig.until(lambda: rig.journal.counts()["waiting"] == 0)
        assert rig.published() == ["2"], "the same bytes of another charge point are another record"
        assert (rig.journal.counts()["spared"], rig.journal.counts()["drained"]) == (1, 1)
        rig.bus.available = False
        rig.keep("3", filler=1)
        await rig.until(lambda: len(rig.kept) == 3)
        rig.bus.available = True
        await rig.until(lambda: rig.published() == ["2", "3"])
