"""The unit of work: one transaction, and what the world is told once it is durable."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.device.commands import DeviceCommand
from chargecloud.infra.sql.options import ExportOptions, PaymentOptions
from chargecloud.kernel.message import Message

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Options:
    """Settings that business rules depend on."""

    enrolment_open: bool = False
    qr_prefix: str = ""
    qr_with_connector: bool = True
    other_codes: tuple[tuple[str, int], ...] = ()
    """Codes that others printed: a pattern with the groups `code` and `connector`, and what they call the first."""
    start_command_s: int = 30
    """A start that has not left for the charge point by then never will."""
    min_hold_fen: int = 100
    """Less than this does not start a charge."""
    max_hold_fen: int = 20_000
    """Set aside at most so much for one order without a money limit."""
    overdraft_fen: int = 2_000
    """A bill that exceeds its hold by more is looked at by people before anything beyond the hold is taken."""
    offline_limit_fen: int = 20_000
    """A charge begun with a card while the charge point was offline is debited up to this without a look by people."""
    max_open_sessions: int = 2
    """Sessions a driver may have at once."""
    new_driver_operator_id: int = 1
    """The operator who looks after drivers that sign in for the first time; 0: nobody, they are the platform's."""
    message_kinds: frozenset[str] = frozenset()
    """Notices to drivers that are sent as messages of their channel as well."""
    estimate_after_s: int = 86_400
    """So long after the last sign of life an order without a record is settled from its last sample; 0: never."""
    approval_limit_fen: int = 5_000
    """What one person alone may give away of one order; more needs a second one."""
    approval_within_s: int = 259_200
    """A request nobody has decided by then has expired."""
    second_factor_roles: frozenset[str] = frozenset()
    """Roles that may do nothing before they have a second factor."""
    payments: PaymentOptions = field(default_factory=PaymentOptions)
    exports: ExportOptions = field(default_factory=ExportOptions)


class Outgoing(NamedTuple):
    """A message that leaves through the outbox."""

    key: str
    body: Message
    expires_at_ms: int
    trace_id: str


Closing = Callable[["UnitOfWork", Sequence[Row]], Awaitable[None]]
"""Writes rows as the last thing of a transaction."""


class UnitOfWork:
    """One transaction. Services read and write through `connection`; nobody but its opener commits.

    Messages and commands are written to the outbox inside the transaction and leave through the relay after it;
    live patches are only told after the commit and may be lost. While it is open nobody else writes to SQLite: do
    nothing slow inside (no hashing, no network).
    """

    def __init__(
        self, connection: AsyncConnection, now_ms: int, trace_id: str = "", *, options: Options | None = None
    ) -> None:
        self.connection = connection
        self.now_ms = now_ms
        self.trace_id = trace_id
        self.options = options or Options()
        self.outgoing: list[Outgoing] = []
        self.patches: list[tuple[str, bytes]] = []
        self.appended: dict[Table, list[Row]] = {}
        self.closing: dict[Closing, list[Row]] = {}

    def publish(self, event: Message, *, key: str) -> None:
        """Tell other features, in order for one key (the charge point code, where there is one)."""
        self.outgoing.append(Outgoing(key, event, 0, self.trace_id))

    def command(self, command: DeviceCommand) -> None:
        """Ask a charge point. It expires at `command.expires_at_ms`."""
        self.outgoing.append(Outgoing(command.charge_point_code, command, command.expires_at_ms, self.trace_id))

    def live(self, topic: str, patch: Mapping[str, object]) -> None:
        """Tell whoever watches this topic ("station:12", "session:<no>") what changed."""
        self.patches.append((topic, msgspec.json.encode(patch)))

    def append(self, table: Table, row: Row) -> None:
        """Add a row nobody reads back within this transaction; all of a table go in one insert before the commit."""
        self.appended.setdefault(table, []).append(row)

    def before_commit(self, write: Closing, row: Row) -> None:
        """Have `write` called with this and all other rows it was asked for, after everything else.

        What many units want to lock is locked as briefly as can be, and nobody who has it waits for anything else.
        """
        self.closing.setdefault(write, []).append(row)
