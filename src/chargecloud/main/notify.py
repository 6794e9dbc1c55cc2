"""Tells whoever started this process how far it has come: systemd (`Type=notify`) or our own supervisor."""

import contextlib
import os
import socket

VARIABLE = "NOTIFY_SOCKET"
READY = "READY=1"
STOPPING = "STOPPING=1"
ALIVE = "WATCHDOG=1"


def tell(state: str) -> None:
    """One datagram to the socket named in the environment; nothing when there is none, or nobody reads it."""
    address = os.environ.get(VARIABLE, "")
    if not address or not hasattr(socket, "AF_UNIX"):
        return
    name = "\0" + address[1:] if address.startswith("@") else address
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as outgoing:
        outgoing.setblocking(False)
        outgoing.sendto(state.encode(), name)
