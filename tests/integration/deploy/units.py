"""A stand-in for systemd: starts what a unit of deploy/ says, with the credentials it names and nothing else."""

import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.tidy.source import ROOT

FOLDER = ROOT / "deploy" / "systemd"
PROGRAM = "/opt/chargecloud/.venv/bin/chargecloud"
READY_WITHIN_S, STOP_WITHIN_S = 90, 45


def read(path: Path) -> dict[str, dict[str, list[str]]]:
    """Sections of a unit; a key may come several times."""
    sections: dict[str, dict[str, list[str]]] = {}
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            section.setdefault(key, []).append(value)
    return sections


class Unit:
    """One unit: `chargecloud-gateway@1.service` and the like."""

    def __init__(self, name: str, etc: Path, folder: Path) -> None:
        """`etc` stands for /etc/chargecloud; `folder` takes its log, its socket and its credentials."""
        template, _, instance = name.partition("@")
        path = FOLDER / (f"{template}@.service" if instance else f"{template}.service")
        self.service = read(path)["Service"]
        self.folder = folder / name
        self.folder.mkdir(parents=True)
        words = shlex.split(self.service["ExecStart"][0].replace("%i", instance).replace("/etc/chargecloud", str(etc)))
        assert words[0] == PROGRAM
        self.command = [sys.executable, "-m", "chargecloud.main", *words[1:]]
        self.environment = self._environment(etc)
        self.lives = self.service["Type"] == ["notify"]
        self.process: subprocess.Popen[bytes] | None = None

    def _environment(self, etc: Path) -> Mapping[str, str]:
        secrets = self.folder / "credentials"
        secrets.mkdir()
        for credential in self.service.get("LoadCredential", []):
            name, _, source = credential.partition(":")
            (secrets / name).write_text(Path(source.replace("/etc/chargecloud", str(etc))).read_text("utf-8"), "utf-8")
        said = dict(line.replace("%d", str(secrets)).split("=", 1) for line in self.service.get("Environment", []))
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src")} | said

    def start(self) -> None:
        """Return as `systemctl start` does: when a one-shot has ended well, when others say that they are ready."""
        address = str(self.folder / "notify")
        (self.folder / "notify").unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mailbox, (self.folder / "log").open("ab") as log:
            mailbox.bind(address)
            mailbox.settimeout(READY_WITHIN_S)
            watchdog = {"WATCHDOG_USEC": f"{self.service['WatchdogSec'][0]}000000"} if self.lives else {}
            self.process = subprocess.Popen(
                self.command, env={**self.environment, "NOTIFY_SOCKET": address, **watchdog}, stdout=log, stderr=log
            )
            if not self.lives:
                assert self.process.wait(READY_WITHIN_S) == 0, self.log()
                return
            said: set[bytes] = set()
            while not {b"READY=1", b"WATCHDOG=1"} <= said:
                try:
                    said.add(mailbox.recv(100))
                except TimeoutError:
                    raise AssertionError(self.log()) from None

    def stop(self) -> int:
        """As `systemctl stop`; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_WITHIN_S)

    def kill(self) -> None:
        """Whatever happened, leave nothing running."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8", "replace")
