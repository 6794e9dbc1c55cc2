"""The servers of the connected tests: the shared ones on their usual ports, and private ones to stop and to kill.

`python -m tests.support.servers` says which of the shared ones do not answer.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from tests.support.platform_process import free_port

MARIADB_URL = "mysql://root@127.0.0.1:3306"
"""Without a database: every test makes one of its own and drops it."""
REDIS_URL = "redis://127.0.0.1:6379/0"
"""Shared: every test takes a key prefix of its own and never flushes."""
RABBITMQ_URL = "amqp://guest:guest@127.0.0.1:5672"
"""Without a virtual host: every test makes one of its own with `rabbitmqctl`, or names of its own, and removes them."""

READY_WITHIN_S = 90.0
STOP_WITHIN_S = 30.0
POLL_S = 0.05


class Server:
    """A private server: `with MariaDb() as server:`; stopped or killed by its own process group, started again on
    the same port and data. `folder` is temporary unless given."""

    name = ""

    def __init__(self, folder: Path | None = None, options: Sequence[str] = ()) -> None:
        self.port = free_port()
        self.options = tuple(options)
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix=f"{self.name}-")
        self.folder = folder or Path(self._temporary.name if self._temporary else "")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """For the setting of the same server."""
        raise NotImplementedError

    @property
    def pid(self) -> int:
        """Of the process this started; it leads its own group."""
        assert self._process is not None, f"{self.name} does not run"
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        if self._temporary:
            self._temporary.cleanup()

    def prepare(self) -> None:
        """Once, before the first start."""

    def start(self) -> None:
        """Start and wait until it answers."""
        self.launch()
        self.wait_ready()

    def launch(self) -> None:
        """Start and do not wait."""
        assert not self.running, f"{self.name} runs already"
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), env=os.environ | dict(self.environment()), cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def wait_ready(self) -> None:
        """Until it answers; raises with the end of its log when it ended or takes too long."""
        until = time.monotonic() + READY_WITHIN_S
        while not self.answers():
            if not self.running or time.monotonic() > until:
                raise RuntimeError(f"{self.name} did not start:\n{self.log()[-3_000:]}")
            time.sleep(POLL_S)

    def stop(self) -> None:
        """An orderly end; killed when it takes too long."""
        if self.running:
            os.kill(self.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                assert self._process is not None
                self._process.wait(STOP_WITHIN_S)
        self.kill()

    def kill(self) -> None:
        """kill -9 of the server and whatever it started."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """It keeps its connections and answers nothing, until `thaw`."""
        os.killpg(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.killpg(self.pid, signal.SIGCONT)

    def cpu_s(self) -> float:
        """CPU seconds of the running server, user and system."""
        fields = Path(f"/proc/{self.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def log(self) -> str:
        return (self.folder / "server.log").read_text("utf-8", errors="replace")

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        return {}

    def answers(self) -> bool:
        raise NotImplementedError


class MariaDb(Server):
    """As Debian ships it, small, durable, with root without a password and an empty database `chargecloud`."""

    name = "mariadb"

    @property
    def url(self) -> str:
        """With the database `chargecloud`."""
        return f"mysql://root@127.0.0.1:{self.port}/chargecloud"

    def prepare(self) -> None:
        command = ["mariadb-install-db", "--no-defaults", f"--datadir={self.folder / 'data'}", *_as_root()]
        command += ["--auth-root-authentication-method=normal", "--skip-test-db"]
        done = subprocess.run(command, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        (self.folder / "first.sql").write_text(
            "CREATE DATABASE IF NOT EXISTS chargecloud CHARACTER SET utf8mb4;\n", "utf-8"
        )

    def command(self) -> Sequence[str]:
        folder = self.folder
        place = (f"--datadir={folder / 'data'}", f"--socket={folder / 'socket'}", f"--port={self.port}")
        small = ("--innodb-buffer-pool-size=64M", "--innodb-log-file-size=48M", "--skip-name-resolve")
        first = f"--init-file={folder / 'first.sql'}"
        safe = ("--character-set-server=utf8mb4", "--innodb-flush-log-at-trx-commit=1", "--sync-binlog=1")
        binary = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
        fixed = (binary, "--no-defaults", *place, "--bind-address=127.0.0.1", first, *_as_root())
        return (*fixed, *small, *safe, *self.options)

    def answers(self) -> bool:
        return mariadb_answers("127.0.0.1", self.port)


class Redis(Server):
    """Without persistence, as a cache runs."""

    name = "redis"

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> Sequence[str]:
        place = ("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder))
        return ("redis-server", *place, "--save", "", "--appendonly", "no", *self.options)

    def answers(self) -> bool:
        return redis_answers("127.0.0.1", self.port)


class RabbitMq(Server):
    """A node of its own with its own port mapper, so that nothing outlives it and the shared one is not touched."""

    name = "rabbitmq"

    def __init__(self, folder: Path | None = None, options: Sequence[str] = ()) -> None:
        super().__init__(folder, options)
        self._distribution, self._mapper_port = free_port(), free_port()
        self._node = f"private-{self.port}@localhost"
        self._mapper: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """With the user and the virtual host it is born with."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}/%2F"

    def prepare(self) -> None:
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\nlog.console = true\nlog.file = false\n"
            "disk_free_limit.absolute = 50MB\ncluster_name = private\n" + "".join(f"{line}\n" for line in self.options),
            "utf-8",
        )
        (self.folder / "plugins").write_text("[].\n", "utf-8")
        self._mapper = subprocess.Popen(
            ["epmd", "-port", str(self._mapper_port), "-address", "127.0.0.1"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def command(self) -> Sequence[str]:
        return ("/usr/lib/rabbitmq/bin/rabbitmq-server",)

    def environment(self) -> Mapping[str, str]:
        folder = self.folder
        return {
            "HOME": str(folder),
            "ERL_EPMD_PORT": str(self._mapper_port),
            "RUNNING_UNDER_SYSTEMD": "true",  # the script becomes the node: its pid is the node's
            "RABBITMQ_NODENAME": self._node,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._distribution),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "no-environment.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",
        }

    def ctl(self, *words: str) -> str:
        """`rabbitmqctl` against this node."""
        done = subprocess.run(
            ["/usr/lib/rabbitmq/bin/rabbitmqctl", "-n", self._node, *words],
            env=os.environ | dict(self.environment()), capture_output=True, text=True, encoding="utf-8", check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        if self._mapper is not None:
            self._mapper.kill()
            self._mapper.wait()

    def answers(self) -> bool:
        return rabbitmq_answers("127.0.0.1", self.port)


def mariadb_answers(host: str, port: int) -> bool:
    """It greets: length, sequence, protocol version 10."""
    greeting = _exchange(host, port, b"", 5)
    return len(greeting) == 5 and greeting[4] == 10


def redis_answers(host: str, port: int) -> bool:
    return _exchange(host, port, b"PING\r\n", 5) == b"+PONG"


def rabbitmq_answers(host: str, port: int) -> bool:
    """It begins the conversation: a frame of type 1 on channel 0."""
    return _exchange(host, port, b"AMQP\x00\x00\x09\x01", 3) == b"\x01\x00\x00"


def _exchange(host: str, port: int, say: bytes, wanted: int) -> bytes:
    got = b""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=2) as connection:
        connection.sendall(say)
        while len(got) < wanted and (more := connection.recv(wanted - len(got))):
            got += more
    return got


def silent() -> list[str]:
    """The shared servers that do not answer, with where they were looked for."""
    shared = (
        ("MariaDB", MARIADB_URL, mariadb_answers), ("Redis", REDIS_URL, redis_answers),
        ("RabbitMQ", RABBITMQ_URL, rabbitmq_answers),
    )  # fmt: skip
    found = []
    for name, url, answers in shared:
        place = urlsplit(url)
        host, port = place.hostname or "", place.port or 0
        if not answers(host, port):
            found.append(f"{name} does not answer on {host}:{port}")
    return found


def _as_root() -> tuple[str, ...]:
    return ("--user=root",) if os.geteuid() == 0 else ()


def main() -> int:
    """Say which shared servers do not answer; 1 when any does not."""
    lines = silent()
    for line in lines:
        print(line, file=sys.stderr)
    return 1 if lines else 0


if __name__ == "__main__":
    raise SystemExit(main())
