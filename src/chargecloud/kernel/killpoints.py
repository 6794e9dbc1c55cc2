"""Named places where a test ends the process as `kill -9` would; inert unless the environment names one of them.

`CHARGECLOUD_KILLPOINT=K3:17` makes the 17th pass of K3 the last thing this process does.
"""

import os
import signal
from typing import NoReturn

from chargecloud.kernel.errors import Invalid

ENVIRONMENT = "CHARGECLOUD_KILLPOINT"
POINTS = {
    "K1": "a record has been read, before the journal or the bus has it",
    "K2": "the journal is written, before the fsync",
    "K3": "the journal is durable, before the charge point is told",
    "K4": "the charge point is told that its record is durable, before the settlement",
    "K5": "inside the transaction of the settlement",
    "K6": "a transaction is committed, before its messages are on the bus",
    "K7": "messages are on the bus, before they leave the outbox",
    "K8": "a payment notice is verified, before the commit",
    "K9": "a payment notice is committed, before it is answered",
    "K10": "a hold is placed, before the start is sent",
    "K11": "a start is sent, before that is noted",
    "K12": "the answer to a start has come, before it is committed",
    "K13": "a refund is written down, before it is asked for",
    "K14": "a refund was accepted, before that is written down",
    "K15": "the write-ahead log is folded back, a migration is not committed, or a backup not in its place",
    "K16": "the parts of a process are being stopped",
}


class _Armed:
    """Which point, and how many passes are left."""

    __slots__ = ("left", "point")

    def __init__(self) -> None:
        self.point = ""
        self.left = 0


_armed = _Armed()


def arm(order: str) -> None:
    """Take an order such as `K3:17` (`K3` alone is the first pass); an empty one disarms."""
    point, _, passes = order.partition(":")
    if order and (point not in POINTS or not (passes or "1").isdecimal() or passes == "0"):
        raise Invalid(
            f"{ENVIRONMENT}={order}: give one of {', '.join(POINTS)}, a colon and the number of the pass, from 1",
            "killpoint_unknown",
        )
    _armed.point, _armed.left = point, int(passes or 1)


def reach(point: str) -> None:
    """Pass a point; does not return when it is the armed one's turn."""
    if point == _armed.point:
        _armed.left -= 1
        if not _armed.left:
            _die()


def _die() -> NoReturn:
    """At once: no handler, no buffer, no farewell."""
    if hasattr(signal, "SIGKILL"):
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(137)


arm(os.environ.get(ENVIRONMENT, ""))
