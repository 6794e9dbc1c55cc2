"""Scripts for the load generator, the generator itself, and the CPU time of the server it drives."""

import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.codec import encode

HERE = Path(__file__).parent
SEQUENCE = b"\x01\x00"
PER_SOURCE = 5_000
"""Connections of one source address; there are about 28,000 ports for each."""
SERVER_CORE, LOAD_CORE = 0, 1
_SCHEDULER_CLOCK = 2
"""Which of the CPU clocks of another process (clock_getcpuclockid)."""


def code_of(number: int) -> str:
    """The charge point code of connection `number`."""
    return f"3201060{number:07d}"


def login(number: int) -> bytes:
    """0x01 of connection `number`."""
    return encode(
        frames.LoginRequest(
            pile_code=code_of(number),
            pile_type=0,
            gun_count=1,
            protocol_version=16,
            program_version=b"V1.6.3",
            network_type=0,
            sim_card="898604D11722D0348606",
            operator=2,
        ),
        SEQUENCE,
    )


def heartbeat(number: int) -> bytes:
    """0x03."""
    return encode(frames.Heartbeat(pile_code=code_of(number), gun_no="01", gun_status=0), SEQUENCE)


def sample(number: int) -> bytes:
    """0x13 of a running charge."""
    return encode(
        frames.RealtimeData(
            trade_no=f"{code_of(number)}01{'260101120000'}0001",
            pile_code=code_of(number),
            gun_no="01",
            status=3,
            gun_homed=2,
            gun_plugged=1,
            output_voltage=3_815,
            output_current=1_203,
            gun_cable_temp=78,
            gun_cable_code=bytes(8),
            soc=42,
            battery_max_temp=79,
            charged_minutes=17,
            remaining_minutes=41,
            charged_energy=123_456,
            loss_charged_energy=123_456,
            charged_amount=98_765,
            hardware_fault=0,
        ),
        SEQUENCE,
    )


def write_script(path: Path, calls: Sequence[tuple[bytes, bytes, bytes]]) -> None:
    """(login, write A, write B) of each connection, spread over source addresses."""
    with path.open("wb") as file:
        file.write(struct.pack("=I", len(calls)))
        for number, blobs in enumerate(calls):
            file.write(socket.inet_aton(f"127.0.0.{1 + number // PER_SOURCE}"))
            for blob in blobs:
                file.write(struct.pack("=I", len(blob)) + blob)


def pinned(core: int | None) -> list[str]:
    """Words before a command that keep it on one core, where that can be done; None lets it go where it likes."""
    return (
        ["taskset", "-c", str(core)]
        if core is not None and shutil.which("taskset") and (os.cpu_count() or 1) > core
        else []
    )


def generator_command(workspace: Path) -> list[str]:
    """The C generator, built when there is a compiler; else the slower one in Python."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return [sys.executable, "-m", "tests.bench.loadgen"]
    binary = workspace / "loadgen"
    if not binary.exists():
        subprocess.run([compiler, "-O2", "-o", str(binary), str(HERE / "loadgen.c")], check=True)
    return [str(binary)]


class Load:
    """A running load generator with all its connections logged in."""

    def __init__(
        self, workspace: Path, script: Path, port: int, *, echo: bool = False, core: int | None = LOAD_CORE
    ) -> None:
        command = [*pinned(core), *generator_command(workspace), str(script), "127.0.0.1", str(port)]
        self._process = subprocess.Popen(
            [*command, *(["echo"] if echo else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.ready = int(self._read()[1])

    def run(self, order: str) -> tuple[int, int]:
        """Obey one order ("pingpong 1.5"); gives (writes sent, answers)."""
        assert self._process.stdin is not None
        self._process.stdin.write(order + "\n")
        self._process.stdin.flush()
        words = self._read()
        return int(words[1]), int(words[3])

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)

    def cpu_s(self) -> float:
        return cpu_s(self._process.pid)

    def _read(self) -> list[str]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the load generator ended with {self._process.wait()}")
        return line.split()


class Server:
    """A server process of its own that prints its port and ends with its standard input."""

    def __init__(self, module: str, *arguments: str, core: int | None = SERVER_CORE) -> None:
        self._process = subprocess.Popen(
            [*pinned(core), sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.port = int(self.read()[1])

    def read(self) -> list[str]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the server ended with {self._process.wait()}")
        return line.split()

    def ask(self, question: str) -> list[str]:
        """Ask the server something and give its words."""
        assert self._process.stdin is not None
        self._process.stdin.write(question + "\n")
        self._process.stdin.flush()
        return self.read()

    def cpu_s(self) -> float:
        return cpu_s(self._process.pid)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)


def cpu_s(pid: int) -> float:
    """User and system time a process has used, all threads; the kernel's own clock of it, finer than /proc's ticks."""
    return time.clock_gettime((~pid << 3) | _SCHEDULER_CLOCK)
