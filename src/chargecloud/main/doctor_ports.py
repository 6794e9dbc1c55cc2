"""Are the ports free, or held by the platform that runs here? Whoever answers `/healthz` as chargecloud is ours."""

import http.client
import json
import os
import socket
import ssl
from collections.abc import Iterator

from chargecloud.main.doctor_finding import Finding, fine, wrong
from chargecloud.main.settings import Settings

ANSWER_WITHIN_S = 2.0
EVERY_ADDRESS = ("0.0.0.0", "::", "")  # only compared with, never listened on


def web_ports(settings: Settings) -> Iterator[Finding]:
    """HTTP, HTTPS and the ports of metrics."""
    plain, secure = settings.http, settings.https
    yield _web_port(f"http {plain.host}:{plain.port}", plain.host, plain.port)
    if secure.enabled:
        yield _web_port(f"https {secure.host}:{secure.port}", secure.host, secure.port, tls=True)
    own = settings.metrics
    for role, port in (("gateway", own.gateway_port), ("api", own.api_port), ("worker", own.worker_port)):
        if port:
            yield _web_port(f"metrics of {role} {own.host}:{port}", own.host, port)


def _web_port(subject: str, host: str, port: int, *, tls: bool = False) -> Finding:
    taken = _taken(host, port)
    if not taken:
        return fine(subject, "free")
    role = role_at(host, port, tls=tls)
    if role:
        return fine(subject, f"held by our own `{role}`")
    return wrong(subject, f"{taken}, and not by chargecloud; end what holds it or configure another port")


def listener_port(settings: Settings, subject: str, host: str, port: int) -> Finding:
    """A port for charge points says nothing of itself; a gateway that runs here answers elsewhere."""
    taken = _taken(host, port)
    if not taken:
        return fine(subject, "free")
    if role_at(settings.http.host, settings.http.port) == "up":
        return fine(subject, "held, it seems by our own `up`")
    if role_at(settings.metrics.host, settings.metrics.gateway_port) == "gateway":
        return fine(subject, "held, it seems by our own `gateway`")
    return wrong(subject, f"{taken}, and no gateway of ours answers here; end what holds it or configure another port")


def role_at(host: str, port: int, *, tls: bool = False) -> str:
    """Which role of ours answers there; empty when none does."""
    address = "127.0.0.1" if host in EVERY_ADDRESS else host
    if not port:
        return ""
    if tls:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # our own certificate may be self-signed, and nothing secret is said
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            address, port, timeout=ANSWER_WITHIN_S, context=context
        )
    else:
        connection = http.client.HTTPConnection(address, port, timeout=ANSWER_WITHIN_S)
    try:
        connection.request("GET", "/healthz")
        said = json.loads(connection.getresponse().read(10_000))
    except (OSError, http.client.HTTPException, ValueError):
        return ""
    finally:
        connection.close()
    return str(said.get("role", "")) if isinstance(said, dict) and said.get("service") == "chargecloud" else ""


def _taken(host: str, port: int) -> str:
    """Why one cannot listen there; empty when one can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return ""
