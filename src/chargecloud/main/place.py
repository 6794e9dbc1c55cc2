"""Which of several processes of one role this is."""

import re
import socket
import sys
from dataclasses import dataclass

from chargecloud.kernel.errors import Unsupported
from chargecloud.main.settings import Settings

MAX_NAME = 40


@dataclass(frozen=True, slots=True)
class Place:
    """The number of a process among those of its role on this machine, from 1, and whether they share their ports."""

    number: int = 1
    shared_ports: bool = False

    @classmethod
    def shared(cls, number: int) -> "Place":
        """One of several; Unsupported where the system does not spread connections over them."""
        if not sys.platform.startswith("linux"):
            raise Unsupported(
                "--number: several processes share a port on Linux only; run one process of this role here, "
                "or give each a configuration of its own with ports of its own",
                "ports_not_shared",
            )
        return cls(number, shared_ports=True)

    def process_name(self) -> str:
        """Names a process for people: the machine, and the number there."""
        return f"{host_name()}-{self.number}"

    def gateway_id(self, settings: Settings) -> str:
        """Names a gateway for good: its mailbox and its files are found again after a restart."""
        return f"{settings.gateway.id or host_name()}-{self.number}"


def host_name() -> str:
    """This machine's name, without what does not belong into the name of a file or a queue."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", socket.gethostname())[:MAX_NAME] or "gateway"
