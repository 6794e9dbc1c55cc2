"""Commands about the board itself as frames: where it connects, what its QR codes say, where it stands."""

from __future__ import annotations

from chargecloud.device.commands import MoveServer, SetQrPrefix
from chargecloud.protocols.dny.frames import commands

HOST_MAX, URL_MAX = 45, 71
"""One byte less than the columns have: the text must end in NUL."""
LOCATE_MAX_S = 255
_QR_ON_SCREEN = 1
_SOCKET_B_ON = 1


def locate(duration_s: int) -> commands.Locate:
    """0x96."""
    if not 1 <= duration_s <= LOCATE_MAX_S:
        raise ValueError(f"duration {duration_s} s is not within 1…{LOCATE_MAX_S}")
    return commands.Locate(locate_s=duration_s)


def server_address(command: MoveServer) -> commands.SetServerAddress:
    """0x34; "socket B" must be on for platforms other than the vendor's."""
    if not 1 <= command.port <= 0xFFFF:
        raise ValueError(f"port {command.port} is not within 1…65535")
    return commands.SetServerAddress(
        server_port=command.port,
        module_type=command.network_type,
        socket_b=_SOCKET_B_ON,
        host=_plain("host", command.host, HOST_MAX),
    )


def qr_url(command: SetQrPrefix) -> commands.SetQrUrl:
    """0x8E; the board always adds a slash, its id and the port."""
    if not command.with_connector:
        raise ValueError("this board always puts the connector behind the prefix")
    return commands.SetQrUrl(
        main_screen=_QR_ON_SCREEN,
        reserved=bytes(3),
        url=_plain("prefix", command.prefix, URL_MAX),
    )


def _plain(name: str, text: str, longest: int) -> bytes:
    if not text or not text.isascii() or not text.isprintable():
        raise ValueError(f"{name} {text!r} is not plain ASCII text")
    if len(text) > longest:
        raise ValueError(f"{name} has {len(text)} characters, room for {longest}")
    return text.encode("ascii")
