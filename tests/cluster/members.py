"""The platform's processes, and who starts the dead ones again: what systemd is on a real machine."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.platform_process import COMMAND

STOP_WITHIN_S = 20


class Member:
    """One process of the platform."""

    def __init__(self, name: str, words: Sequence[str], environment: Mapping[str, str], directory: Path) -> None:
        self.name = name
        self.deaths = 0
        """Ends nobody asked for; kills of the rig are not among them."""
        self.log_path = directory / f"{name}.log"
        self._words = tuple(words)
        self._environment = os.environ | dict(environment)
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self._killed = False

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} was never started"
        return self._process.pid

    def start(self) -> None:
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [*COMMAND, *self._words], env=self._environment, cwd=self._directory,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self._killed = False

    def kill(self) -> None:
        """kill -9."""
        if self.running:
            self._killed = True
            os.kill(self.pid, signal.SIGKILL)

    def end(self) -> int | None:
        """The exit code when it has ended since the last look; counts what nobody asked for."""
        if self._process is None or (code := self._process.poll()) is None:
            return None
        self.deaths += not self._killed
        self._process = None
        return code

    def stop(self) -> None:
        """An orderly end; the process is killed when it takes too long."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def cpu_s(self) -> float:
        """CPU seconds of the running process, user and system."""
        with contextlib.suppress(OSError, AssertionError):
            fields = Path(f"/proc/{self.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return 0.0


class Supervisor:
    """Starts members, and starts those again that end, a little later."""

    def __init__(self, members: Sequence[Member], *, restart_after_s: float) -> None:
        self.members = {member.name: member for member in members}
        self._restart_after_s = restart_after_s
        self._due: dict[str, float] = {}

    def __getitem__(self, name: str) -> Member:
        return self.members[name]

    def start(self) -> None:
        for member in self.members.values():
            member.start()

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            now = time.monotonic()
            for name, member in self.members.items():
                if member.end() is not None:
                    self._due[name] = now + self._restart_after_s
                if name in self._due and now >= self._due[name]:
                    del self._due[name]
                    member.start()
            await asyncio.sleep(0.1)

    def stop(self) -> None:
        """All at once; nobody is left."""
        for member in self.members.values():
            if member.running:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(member.pid, signal.SIGTERM)
        for member in self.members.values():
            member.stop()
