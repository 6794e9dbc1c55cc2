"""The unit of work: one transaction, and what the world is told once it is durable."""

from collections.abc import Mapping

import msgspec
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.device.commands import DeviceCommand
from chargecloud.kernel.message import Message


Row = Mapping[str, object]


class UnitOfWork:
    """One transaction. Services read and write through `connection`; nobody but its opener commits.

    Messages and commands are written to the outbox inside the transaction and leave through the relay after it;
    live patches are only told after the commit and may be lost.
    """

    def __init__(self, connection: AsyncConnection, now_ms: int, trace_id: str = "") -> None:
        self.connection = connection
        self.now_ms = now_ms
        self.trace_id = trace_id
        self.outgoing: list[tuple[str, Message, int]] = []
        self.patches: list[tuple[str, bytes]] = []
        self.appended: dict[Table, list[Row]] = {}

    def publish(self, event: Message, *, key: str) -> None:
        """Tell other features, in order for one key (the charge point code, where there is one)."""
        self.outgoing.append((key, event, 0))

    def command(self, command: DeviceCommand) -> None:
        """Ask a charge point. It expires at `command.expires_at_ms`."""
        self.outgoing.append((command.charge_point_code, command, command.expires_at_ms))

    def live(self, topic: str, patch: Mapping[str, object]) -> None:
        """Tell whoever watches this topic ("station:12", "session:<no>") what changed."""
        self.patches.append((topic, msgspec.json.encode(patch)))

    def append(self, table: Table, row: Row) -> None:
        """Add a row that nobody reads back within this transaction; all of a table go in one insert before the commit."""
        self.appended.setdefault(table, []).append(row)
