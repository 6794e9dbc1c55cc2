"""Parts of a process: started in order, stopped in reverse, whatever fails."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from chargecloud.main.process import GAVE_UP_EXIT_CODE, run_parts


class Noted:
    """A part that writes down what happens to it."""

    def __init__(self, name: str, notes: list[str], *, fails: str = "") -> None:
        self.name, self.notes, self.fails = name, notes, fails

    async def start(self) -> None:
        if self.fails == "start":
            raise RuntimeError(self.name)
        self.notes.append(f"{self.name} started")

    async def stop(self) -> None:
        if self.fails == "stop":
            raise RuntimeError(self.name)
        self.notes.append(f"{self.name} stopped")


def stopped() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


async def test_order() -> None:
    notes: list[str] = []
    parts = [Noted("a", notes), Noted("b", notes)]
    await run_parts(parts, stopped(), on_ready=lambda: notes.append("ready"))
    assert notes == ["a started", "b started", "ready", "b stopped", "a stopped"]


async def test_what_was_started_is_stopped_when_the_next_fails() -> None:
    notes: list[str] = []
    with pytest.raises(RuntimeError, match="b"):
        await run_parts([Noted("a", notes), Noted("b", notes, fails="start")], stopped(), on_ready=lambda: None)
    assert notes == ["a started", "a stopped"]


async def test_a_part_that_fails_to_stop_does_not_keep_the_others() -> None:
    notes: list[str] = []
    await run_parts([Noted("a", notes), Noted("b", notes, fails="stop")], stopped(), on_ready=lambda: None)
    assert notes == ["a started", "b started", "a stopped"]


SCRIPT = """
import asyncio, sys
from chargecloud.main.process import run

async def main(stop):
    print("ready", flush=True)
    await stop.wait()
    print("stopping", flush=True)
    await asyncio.sleep(float(sys.argv[1]))
    return 0

sys.exit(run(main))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent the POSIX way")
@pytest.mark.parametrize(("hold_s", "signals", "code"), [("0", 1, 0), ("30", 2, 130)])
def test_the_first_signal_asks_and_the_second_ends(hold_s: str, signals: int, code: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, hold_s], stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.kill(process.pid, signal.SIGTERM)
        assert process.stdout.readline() == "stopping\n"
        if signals == 2:
            os.kill(process.pid, signal.SIGINT)
        assert process.wait(timeout=20) == code


def test_a_part_that_gives_up_ends_the_process_in_order_with_a_code_that_says_so() -> None:
    program = """
import asyncio
from chargecloud.main import process

class Failing:
    async def start(self): asyncio.get_running_loop().call_soon(process.give_up, "the disk failed")
    async def stop(self): print("stopped in order")

async def main(stop):
    await process.run_parts([Failing()], stop, on_ready=lambda: None)
    return 0

raise SystemExit(process.run(main))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", timeout=60)
    assert done.returncode == GAVE_UP_EXIT_CODE
    assert "stopped in order" in done.stdout
    assert "the disk failed" in done.stdout + done.stderr
