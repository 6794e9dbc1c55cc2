"""Sockets to listen on, and words for a port that is taken."""

import socket

from chargecloud.kernel.errors import Unavailable


def bind(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A bound socket, not yet listening; a port in use is named together with the way out."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_REUSEPORT"):  # not on Windows, where reuse would let two processes share a port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shared:
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise Unavailable(
            f"cannot listen on {host}:{port}: {error.strerror}; "
            "stop what uses the port or configure another one (`chargecloud doctor` lists the ports)",
            "port_taken",
            host=host,
            port=port,
        ) from None
    bound.setblocking(False)
    return bound
