"""TCP and TLS servers for charge points: any number of them, each speaking one protocol."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path

from chargecloud.device.contract import ProtocolPlugin
from chargecloud.gateway.link import Link
from chargecloud.gateway.switchboard import Switchboard
from chargecloud.kernel.errors import Invalid, Unavailable


@dataclass(frozen=True, slots=True)
class ListenerSettings:
    """One address charge points connect to."""

    protocol: str
    host: str = "0.0.0.0"
    port: int = 0
    tls_cert: Path | None = None
    tls_key: Path | None = None
    client_ca: Path | None = None
    shared_port: bool = False
    """Other gateways of this machine listen there too; the system spreads connections over them."""


def tls_context(settings: ListenerSettings) -> ssl.SSLContext | None:
    """What TLS needs, or None for plain TCP; names the file that does not fit."""
    if settings.tls_cert is None or settings.tls_key is None:
        if settings.tls_cert or settings.tls_key or settings.client_ca:
            raise Invalid(
                f"listener {settings.host}:{settings.port}: TLS needs both tls_cert and tls_key", "listener_tls"
            )
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
        if settings.client_ca is not None:
            context.load_verify_locations(settings.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(str(path) for path in (settings.tls_cert, settings.tls_key, settings.client_ca) if path)
        raise Invalid(
            f"listener {settings.host}:{settings.port}: cannot use the TLS files {files}: {error}", "listener_tls"
        ) from error
    return context


async def listen(board: Switchboard, plugin: ProtocolPlugin, settings: ListenerSettings) -> asyncio.Server:
    """Open one listener; every socket it accepts becomes a link."""
    context = tls_context(settings)
    try:
        return await asyncio.get_running_loop().create_server(
            lambda: Link(board, plugin),
            settings.host,
            settings.port,
            ssl=context,
            ssl_handshake_timeout=board.limits.handshake_s if context else None,
            backlog=board.limits.backlog,
            reuse_port=settings.shared_port or None,
        )
    except OSError as error:
        raise Unavailable(
            f"cannot listen for {settings.protocol} on {settings.host}:{settings.port}: {error.strerror or error}; "
            "choose another address in CHARGECLOUD_LISTENERS or stop what uses this one",
            "listener_address",
        ) from error
