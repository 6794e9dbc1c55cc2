"""A process tells whoever started it how far it is, and needs nobody to listen."""

import socket
import sys
from pathlib import Path

import pytest

from chargecloud.main import notify

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such sockets")


LINUX = pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are a Linux thing")


@pytest.mark.parametrize("abstract", [False, pytest.param(True, marks=LINUX)])
def test_the_named_socket_hears_it(abstract: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0" + path if abstract else path)
        monkeypatch.setenv(notify.VARIABLE, "@" + path if abstract else path)
        notify.tell(notify.READY)
        listening.settimeout(10)
        assert listening.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", ["", "/nowhere/at/all", "@chargecloud-nobody"])
def test_without_a_listener_nothing_happens(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(notify.VARIABLE, address)
    notify.tell(notify.STOPPING)
