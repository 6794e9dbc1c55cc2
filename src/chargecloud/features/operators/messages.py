"""Operators, staff, roles and permissions: what other features and the HTTP edge may know of them."""

from enum import StrEnum

import msgspec

DEFAULT_OPERATOR_ID = 1
"""The operator an installation starts with."""


class Role(StrEnum):
    """What somebody does here; decides what they may."""

    ADMINISTRATOR = "administrator"
    DISPATCHER = "dispatcher"
    OPERATIONS = "operations"
    FINANCE = "finance"
    MAINTENANCE = "maintenance"
    AUDITOR = "auditor"
    DEMO = "demo"


_SUBJECTS = ("stations", "devices", "tariffs", "drivers", "wallets", "orders", "alarms", "staff", "statistics")
_READ_ONLY = ("devices", "statistics")
READ = frozenset(f"{subject}.read" for subject in _SUBJECTS)
OWN = "account.write"
"""To change one's own account: all may but the demo, whose password is everybody's."""
WRITE = frozenset({"devices.command", OWN}) | {f"{subject}.write" for subject in _SUBJECTS if subject not in _READ_ONLY}
PERMISSIONS = READ | WRITE

PERMISSIONS_OF: dict[Role, frozenset[str]] = {
    Role.ADMINISTRATOR: PERMISSIONS,
    Role.DISPATCHER: (READ - {"staff.read"}) | {OWN, "devices.command", "orders.write", "alarms.write"},
    Role.OPERATIONS: (READ - {"staff.read"})
    | {OWN, "stations.write", "tariffs.write", "drivers.write", "devices.command"},
    Role.FINANCE: (READ - {"staff.read"}) | {OWN, "wallets.write", "orders.write", "tariffs.write"},
    Role.MAINTENANCE: frozenset({"stations.read", "devices.read", "tariffs.read", "orders.read", "alarms.read"})
    | {OWN, "devices.command", "alarms.write"},
    Role.AUDITOR: READ | {OWN},
    Role.DEMO: READ,
}
"""Deny by default: what is not listed here is forbidden."""

ROLE_TITLES = {
    Role.ADMINISTRATOR: "管理员",
    Role.DISPATCHER: "调度",
    Role.OPERATIONS: "运营",
    Role.FINANCE: "财务",
    Role.MAINTENANCE: "运维",
    Role.AUDITOR: "审计",
    Role.DEMO: "演示",
}


class Operator(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant: who runs stations and earns from them."""

    operator_id: int
    name: str


class Staff(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who signs in at the console."""

    staff_id: int
    operator_id: int
    username: str
    display_name: str
    role: Role
    disabled: bool
    created_at_ms: int


class StaffSession(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in browser or script."""

    session_id: int
    staff_id: int
    created_at_ms: int
    seen_at_ms: int
    expires_at_ms: int
    source: str
    agent: str


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what to what, and when."""

    entry_id: int
    operator_id: int | None
    at_ms: int
    actor: str
    actor_name: str
    action: str
    object: str
    facts: str
    """JSON."""
    before_digest: str
    after_digest: str
    source: str
    request_id: str
    chain_no: int | None
    """Its number in the chain of its operator; None for entries that are older than the chain."""
    digest: str | None


class AuditLink(msgspec.Struct, frozen=True, kw_only=True):
    """How far the chain of an operator's audit entries goes; operator 0 stands for the platform."""

    operator_id: int
    chain_no: int
    digest: str
    """Whoever keeps it elsewhere can tell later whether anything up to here was changed."""


class BrokenChain(msgspec.Struct, frozen=True, kw_only=True):
    """The first entry of a chain that is not what it was."""

    operator_id: int
    chain_no: int | None
    entry_id: int | None
    reason: str
