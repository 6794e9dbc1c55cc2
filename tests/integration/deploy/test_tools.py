"""deploy/ under the real tools: nginx in front of the real platform, systemd's own checks (`make test-deploy`)."""

import asyncio
import json
import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from websockets.asyncio.client import connect

from chargecloud.kernel.clock import SystemClock
from chargecloud.main.certificates import self_signed
from tests.e2e.rig import RealPlatform, free_port
from tests.e2e.test_charge import administrator
from tests.tidy.source import ROOT

pytestmark = pytest.mark.slow

SITE = ROOT / "deploy" / "nginx" / "chargecloud.conf"
UNITS = ROOT / "deploy" / "systemd"
MAIN = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1; {account}
events {{ worker_connections 256; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""
MOST_EXPOSED = 2.0
CREDENTIALS = {"username": "boss", "password": "a long enough secret"}
FORGED = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9", "X-Forwarded-Proto": "http"}
SOURCE = "127.0.0.9"


class HasHttp(Protocol):
    """Where the API listens."""

    http_port: int


class Front:
    """nginx with our site, before a platform."""

    def __init__(self, folder: Path, platform: HasHttp) -> None:
        self.folder, self.plain, self.tls = folder, free_port(), free_port()
        certificate, key = self_signed(folder, SystemClock().now_ms())
        self.context = ssl.create_default_context(cafile=str(certificate))
        text = SITE.read_text("utf-8")
        for old, new in (
            ("server 127.0.0.1:8080", f"server 127.0.0.1:{platform.http_port}"),
            ("listen 80;", f"listen 127.0.0.1:{self.plain};"),
            ("listen 443 ssl http2;", f"listen 127.0.0.1:{self.tls} ssl http2;"),
            ("charge.example.com", "localhost"),
            ("/etc/chargecloud/site.crt", str(certificate)),
            ("/etc/chargecloud/site.key", str(key)),
        ):
            assert old in text
            text = text.replace(old, new)
        (folder / "site.conf").write_text(re.sub(r" *listen \[::\].*\n", "", text), "utf-8")
        account = "user root;" if os.name == "posix" and not os.geteuid() else ""
        (folder / "nginx.conf").write_text(MAIN.format(folder=folder, account=account), "utf-8")

    @property
    def base(self) -> str:
        return f"https://localhost:{self.tls}"

    def client(self) -> httpx.Client:
        transport = httpx.HTTPTransport(local_address=SOURCE, verify=self.context)
        return httpx.Client(base_url=self.base, transport=transport, headers=FORGED, timeout=20)


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[RealPlatform]:
    running = RealPlatform(tmp_path)
    yield running
    running.kill()


@pytest.fixture
def front(tmp_path: Path, platform: RealPlatform) -> Iterator[Front]:
    folder = tmp_path / "nginx"
    folder.mkdir()
    made = Front(folder, platform)
    command = [nginx(), "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    process = subprocess.Popen(command)
    yield made
    process.terminate()
    process.wait(20)


def nginx() -> str:
    return shutil.which("nginx") or "/usr/sbin/nginx"


def ready(front: Front) -> None:
    """Its listening sockets are there once it answers."""
    transport = httpx.HTTPTransport(retries=8)
    with httpx.Client(transport=transport) as client:
        moved = client.get(f"http://localhost:{front.plain}/x?y=1")
    assert (moved.status_code, moved.headers["location"]) == (301, "https://localhost/x?y=1")


def test_nginx_in_front(platform: RealPlatform, front: Front) -> None:
    administrator(platform)
    ready(front)
    with front.client() as client:
        signed_in = client.post("/api/v1/staff/sign-in", json=CREDENTIALS)
        cookie = signed_in.headers["set-cookie"]
        assert cookie.startswith("__Host-session=") and "Secure" in cookie, "HTTPS was not believed"
        assert "max-age" in signed_in.headers["strict-transport-security"]
        tries = client.get("/api/v1/sign-ins", headers=FORGED).json()["items"]
        assert [attempt["source"] for attempt in tries] == [SOURCE, "127.0.0.1"], "a forged address was believed"
        page = client.get("/")
        assert (page.status_code, page.headers["content-encoding"]) == (200, "gzip")
        assert "default-src 'self'" in page.headers["content-security-policy"]
        assert [client.get(f"/{name}").status_code for name in ("metrics", "readyz", "healthz")] == [404] * 3
        own_page = {"Origin": front.base, "Content-Type": "application/json"}
        large = client.post("/api/v1/stations", content=b" " * 70_000, headers=own_page)
        assert large.status_code == 413
        station = client.post("/api/v1/stations", json={"name": "测试站"}, headers=own_page).json()
        ticket = client.post("/api/v1/live/tickets", headers=own_page).json()["ticket"]
        asyncio.run(watch(front, ticket, f"station:{station['id']}"))
        assert 429 in {client.post("/api/v1/staff/sign-in", json={}).status_code for _ in range(40)}
    assert httpx.get(f"{platform.base}/metrics").status_code == 200
    assert ticket not in (front.folder / "access.log").read_text("utf-8")


async def watch(front: Front, ticket: str, topic: str) -> None:
    url = f"wss://localhost:{front.tls}/api/v1/live?ticket={ticket}"
    async with connect(url, ssl=front.context, additional_headers={"Origin": front.base}) as live:
        await live.send(json.dumps({"op": "subscribe", "topic": topic}))
        assert "snapshot" in json.loads(await live.recv())


def test_systemd_takes_every_unit(tmp_path: Path) -> None:
    for path in UNITS.iterdir():
        text = path.read_text("utf-8").replace("/opt/chargecloud/.venv/bin/chargecloud", "/bin/true")
        (tmp_path / path.name).write_text(text, "utf-8")
    names = [f"./{path.name}" for path in sorted(tmp_path.iterdir())]
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names], cwd=tmp_path, capture_output=True, text=True,
        encoding="utf-8", check=False,
    )  # fmt: skip
    assert (verified.returncode, verified.stderr) == (0, "")
    for name in names:
        if name.endswith(".service"):
            command = ["systemd-analyze", "security", "--offline=yes", "--no-pager", name]
            told = subprocess.run(
                command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=True
            ).stdout
            exposed = re.search(r"Overall exposure level for \S+: ([\d.]+)", told)
            assert exposed and float(exposed[1]) <= MOST_EXPOSED, told
