"""Several processes of one role on one machine: started, started again when they die, renewed one after the other.

The supervisor opens no port and no server; its children share theirs (Linux spreads connections over them). A child
says that it is ready the way it would tell systemd. SIGTERM stops all of them; SIGHUP renews one at a time, the next
only after the last is ready again. Should the supervisor be killed, its children stop as well: left alone they would
meet their own successors under the same names.
"""

import asyncio
import contextlib
import ctypes
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from chargecloud.kernel.errors import Unsupported
from chargecloud.main import notify

log = structlog.get_logger("chargecloud.supervisor")

Command = Callable[[int], Sequence[str]]
"""Child number, from 1, to the program that it is."""

PR_SET_PDEATHSIG = 1
BAD_USAGE = 2
"""What a process ends with that was configured wrongly: no use to start it again."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the supervisor waits for what."""

    ready_s: float = 60.0
    """For a renewed child to be ready, before the others are left as they are."""
    stop_s: float = 45.0
    """For a child to stop by itself, before it is killed."""
    first_pause_s: float = 0.5
    """Before a child that died is started again; doubled each time it dies young."""
    longest_pause_s: float = 30.0
    settled_s: float = 60.0
    """A child that lived so long did not die young."""


def refuse_platform() -> None:
    """Unsupported where several processes cannot share a port."""
    if not sys.platform.startswith("linux"):
        raise Unsupported(
            "--processes: several processes share a port on Linux only; run one process of this role here, "
            "or give each a configuration of its own with ports of its own",
            "ports_not_shared",
        )


class Child:
    """One of the processes, and its successors under the same number."""

    def __init__(self, number: int, command: Sequence[str], patience: Patience) -> None:
        self.number = number
        self.ready = asyncio.Event()
        self.down = asyncio.Event()
        self.hopeless = False
        self._command = command
        self._patience = patience
        self._process: asyncio.subprocess.Process | None = None
        self._expected = False
        """Whether its end was asked for."""
        self._retired = False
        self._hurry = asyncio.Event()
        self._mailbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._address = f"chargecloud-{os.getpid()}-{number}-{secrets.token_hex(8)}"
        self._mailbox.setblocking(False)
        self._mailbox.bind("\0" + self._address)

    async def tend(self) -> None:
        """Keep it running until it is retired, or turns out to be configured wrongly."""
        asyncio.get_running_loop().add_reader(self._mailbox, self._read)
        clock = asyncio.get_running_loop().time
        pause_s = self._patience.first_pause_s
        while not self._retired:
            began = clock()
            code = await self._live()
            if code == BAD_USAGE and not self._expected:
                self.hopeless = True
                log.error("supervisor.gave_up", number=self.number, code=code)
                return
            if self._expected or clock() - began >= self._patience.settled_s:
                pause_s = self._patience.first_pause_s
            if self._expected or self._retired:
                self._expected = False
                continue
            log.warning("supervisor.child_died", number=self.number, code=code, again_in_ms=int(pause_s * 1000))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._hurry.wait()
            pause_s = min(pause_s * 2, self._patience.longest_pause_s)

    async def renew(self) -> bool:
        """Stop it, let its successor start; False when that is not ready in time."""
        self._expected = self._process is not None
        self.ready.clear()
        self._hurry.set()
        await self.stop()
        self._hurry.clear()
        try:
            async with asyncio.timeout(self._patience.ready_s):
                await self.ready.wait()
        except TimeoutError:
            return False
        return True

    async def retire(self) -> None:
        """Stop it for good."""
        self._retired = True
        self._hurry.set()
        await self.stop()

    async def stop(self) -> None:
        """Ask it to stop, kill it when it does not."""
        if self._process is None:
            return
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(self._patience.stop_s):
                await self.down.wait()
        except TimeoutError:
            log.error("supervisor.child_killed", number=self.number)
            self._signal(signal.SIGKILL)
            await self.down.wait()

    def close(self) -> None:
        """Listen to it no more."""
        asyncio.get_running_loop().remove_reader(self._mailbox)
        self._mailbox.close()

    async def _live(self) -> int:
        """One life: its exit code, negative for a signal."""
        environment = os.environ | {notify.VARIABLE: f"@{self._address}"}
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            env=environment,
            start_new_session=True,  # Ctrl-C is for the supervisor, which passes it on once
            preexec_fn=_end_with_parent,
        )
        self.down.clear()
        if self._retired:
            self._signal(signal.SIGTERM)
        try:
            return await self._process.wait()
        finally:
            self._process = None
            self.ready.clear()
            self.down.set()

    def _read(self) -> None:
        said = self._mailbox.recv(1024).decode(errors="replace")
        if notify.READY in said.splitlines():  # perhaps before `_live` has been given the process
            log.info("supervisor.child_ready", number=self.number)
            self.ready.set()

    def _signal(self, number: int) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)


class Supervisor:
    """All children of one role."""

    def __init__(self, role: str, count: int, command: Command, patience: Patience | None = None) -> None:
        self._role = role
        patience = patience or Patience()
        self._children = [Child(number, command(number), patience) for number in range(1, count + 1)]
        self._rolling: asyncio.Task[None] | None = None
        self._tending: list[asyncio.Task[None]] = []

    async def run(self, stop: asyncio.Event) -> int:
        """Until `stop`; 2 when the children are configured wrongly."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self._renew)
        self._tending = [loop.create_task(child.tend()) for child in self._children]
        announcing = loop.create_task(self._announce())
        stopping = loop.create_task(stop.wait())
        try:
            await asyncio.wait([stopping, *self._tending], return_when=asyncio.FIRST_COMPLETED)
        finally:
            loop.remove_signal_handler(signal.SIGHUP)
            notify.tell(notify.STOPPING)
            log.info("supervisor.stopping", role=self._role)
            for task in (announcing, stopping, self._rolling):
                if task is not None:
                    task.cancel()
            await self._stop_all()
        return BAD_USAGE if any(child.hopeless for child in self._children) else 0

    async def _announce(self) -> None:
        await asyncio.gather(*(child.ready.wait() for child in self._children))
        log.info("process.ready", role=self._role, processes=len(self._children))
        notify.tell(notify.READY)

    async def _stop_all(self) -> None:
        await asyncio.gather(*(child.retire() for child in self._children))
        await asyncio.gather(*self._tending)
        for child in self._children:
            child.close()

    def _renew(self) -> None:
        if self._rolling is not None and not self._rolling.done():
            log.info("supervisor.renewing_already", role=self._role)
            return
        self._rolling = asyncio.get_running_loop().create_task(self._roll())

    async def _roll(self) -> None:
        """One at a time; when one does not come back, the others stay as they are, because those work."""
        log.info("supervisor.renewing", role=self._role)
        for child in self._children:
            if not await child.renew():
                log.error("supervisor.renewal_broken_off", role=self._role, number=child.number)
                return
        log.info("supervisor.renewed", role=self._role)


def role_command(role: str, config: str) -> Command:
    """The command line of one child."""

    def command(number: int) -> Sequence[str]:
        options = ["--number", str(number), *(["--config", config] if config else [])]
        return [sys.executable, "-m", "chargecloud.main", role, *options]

    return command


def _end_with_parent() -> None:
    """Runs in the child before its program."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
