"""Several processes under one supervisor: real ones, small stand-ins for a role."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from chargecloud.kernel.errors import Unsupported
from chargecloud.main import supervisor
from chargecloud.main.supervisor import BAD_USAGE, Patience, Supervisor, role_command
from tests.support.eventually import eventually

QUICK = Patience(ready_s=10, stop_s=10, first_pause_s=0.02, longest_pause_s=0.1)

CHILD = """
import os, signal, sys
from chargecloud.main import notify
number, folder, mode = sys.argv[1:4]
if os.path.exists(f"{folder}/broken") or mode == "broken":
    sys.exit(int(open(f"{folder}/broken").read()))
book = open(f"{folder}/book", "a", buffering=1)
def stop(*_):
    book.write(f"{number} stopped\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN if mode == "deaf" else stop)
book.write(f"{number} started\\n")
open(f"{folder}/new-{number}", "w").write(str(os.getpid()))
os.replace(f"{folder}/new-{number}", f"{folder}/pid-{number}")
notify.tell(notify.READY)
while True:
    signal.pause()
"""


def pids_in(folder: Path) -> dict[int, int]:
    """Of each child that has said it is ready, by number."""
    return {int(path.name[4:]): int(path.read_text("utf-8")) for path in folder.glob("pid-*")}


class House:
    """A supervisor, what its children wrote down, and the signals it is sent."""

    def __init__(self, folder: Path, mode: str, patience: Patience) -> None:
        self.folder = folder
        self.stop = asyncio.Event()
        self.supervisor = Supervisor(
            "gateway", 3, lambda number: [sys.executable, "-c", CHILD, str(number), str(folder), mode], patience
        )
        self.task = asyncio.create_task(self.supervisor.run(self.stop))

    def book(self) -> list[str]:
        return (self.folder / "book").read_text("utf-8").splitlines() if (self.folder / "book").exists() else []

    def pids(self) -> dict[int, int]:
        return pids_in(self.folder)

    def ready(self) -> bool:
        return all(child.ready.is_set() for child in self.supervisor._children) and len(self.pids()) == 3


@contextlib.asynccontextmanager
async def house(folder: Path, mode: str = "good", patience: Patience = QUICK) -> AsyncIterator[House]:
    """Three children that are ready."""
    home = House(folder, mode, patience)
    try:
        await eventually(home.ready)
        yield home
    finally:
        home.stop.set()
        await home.task


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a supervisor is for Linux")


async def test_all_start_and_all_stop_in_an_orderly_way(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        pids = home.pids()
        assert len(set(pids.values())) == 3
    assert home.task.result() == 0
    assert sorted(home.book()[3:]) == ["1 stopped", "2 stopped", "3 stopped"]
    assert not any(alive(pid) for pid in pids.values())


async def test_a_killed_one_is_started_again_and_the_others_are_left_alone(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        before = home.pids()
        for _ in range(3):
            killed = home.pids()[2]
            os.kill(killed, signal.SIGKILL)
            await eventually(lambda killed=killed: home.pids()[2] != killed and home.ready())
        assert {number: home.pids()[number] for number in (1, 3)} == {number: before[number] for number in (1, 3)}
        assert home.book().count("2 started") == 4


async def test_a_hangup_renews_one_after_the_other(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        before = home.pids()
        os.kill(os.getpid(), signal.SIGHUP)
        await eventually(lambda: len(home.book()) == 9 and home.ready())
        assert home.book()[3:] == [f"{number} {what}" for number in (1, 2, 3) for what in ("stopped", "started")]
        assert not set(before.values()) & set(home.pids().values())


async def test_when_a_renewed_one_does_not_come_up_the_others_stay(tmp_path: Path) -> None:
    async with house(tmp_path, patience=Patience(ready_s=0.5, first_pause_s=0.02, longest_pause_s=0.1)) as home:
        before = home.pids()
        (tmp_path / "broken").write_text("1", "utf-8")
        os.kill(os.getpid(), signal.SIGHUP)
        rolling = await _begun(home)
        await rolling
        assert {number: home.pids()[number] for number in (2, 3)} == {number: before[number] for number in (2, 3)}
        assert alive(before[2])
        (tmp_path / "broken").unlink()
        await eventually(home.ready)
        os.kill(os.getpid(), signal.SIGHUP)
        await eventually(lambda: home.book().count("3 started") == 2 and home.ready())


async def _begun(home: House) -> "asyncio.Task[None]":
    await eventually(lambda: home.supervisor._rolling)
    assert home.supervisor._rolling
    return home.supervisor._rolling


async def test_one_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    async with house(tmp_path, "deaf", Patience(stop_s=0.2)) as home:
        pids = home.pids()
    assert home.task.result() == 0
    assert not any(alive(pid) for pid in pids.values())


async def test_wrong_configuration_is_not_tried_again(tmp_path: Path) -> None:
    (tmp_path / "broken").write_text(str(BAD_USAGE), "utf-8")
    home = House(tmp_path, "broken", QUICK)
    async with asyncio.timeout(30):
        assert await home.task == BAD_USAGE


async def test_one_that_cannot_start_yet_is_tried_until_it_can(tmp_path: Path) -> None:
    (tmp_path / "broken").write_text("1", "utf-8")
    home = House(tmp_path, "good", QUICK)
    await asyncio.wait([home.task], timeout=0.3)
    (tmp_path / "broken").unlink()
    await eventually(home.ready)
    home.stop.set()
    assert await home.task == 0


PARENT = """
import asyncio, sys
from chargecloud.main.process import run
from chargecloud.main.supervisor import Supervisor
child, folder = sys.argv[1:3]
sys.exit(run(Supervisor("gateway", 3, lambda n: [sys.executable, "-c", child, str(n), folder, "good"]).run))
"""


@pytest.fixture
def parent(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", PARENT, CHILD, str(tmp_path)], stderr=subprocess.DEVNULL) as process:
        yield process
        process.kill()


async def test_children_do_not_outlive_a_supervisor_that_was_killed(
    tmp_path: Path, parent: "subprocess.Popen[bytes]"
) -> None:
    await eventually(lambda: len(pids_in(tmp_path)) == 3)
    pids = pids_in(tmp_path).values()
    parent.kill()
    await eventually(lambda: not any(alive(pid) for pid in pids))
    assert sorted((tmp_path / "book").read_text("utf-8").splitlines()[3:]) == ["1 stopped", "2 stopped", "3 stopped"]


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_elsewhere_it_is_refused_with_the_way_out(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor.sys, "platform", system)
    with pytest.raises(Unsupported, match="run one process of this role here"):
        supervisor.refuse_platform()


def test_a_child_is_the_same_command_with_its_number() -> None:
    assert role_command("api", "")(2)[1:] == ["-m", "chargecloud.main", "api", "--number", "2"]
    assert role_command("worker", "c.toml")(1)[-2:] == ["--config", "c.toml"]
