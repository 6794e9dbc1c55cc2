"""Operators, staff, roles and permissions: what other features and the HTTP edge may know of them."""

from collections.abc import Collection
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


_SUBJECTS = (
    "stations",
    "devices",
    "tariffs",
    "drivers",
    "wallets",
    "orders",
    "alarms",
    "approvals",
    "feedback",
    "staff",
    "statistics",
    "exports",
)
_READ_ONLY = ("devices", "statistics")
READ = frozenset(f"{subject}.read" for subject in _SUBJECTS)
OWN = "account.write"
"""To change one's own account: all may but the demo, whose password is everybody's."""
WRITE = frozenset({"devices.command", OWN}) | {f"{subject}.write" for subject in _SUBJECTS if subject not in _READ_ONLY}
PERMISSIONS = READ | WRITE

PERMISSIONS_OF: dict[Role, frozenset[str]] = {
    Role.ADMINISTRATOR: PERMISSIONS,
    Role.DISPATCHER: (READ - {"staff.read"})
    | {OWN, "exports.write", "devices.command", "orders.write", "alarms.write", "feedback.write"},
    Role.OPERATIONS: (READ - {"staff.read"})
    | {OWN, "exports.write", "stations.write", "tariffs.write", "drivers.write", "devices.command", "feedback.write"},
    Role.FINANCE: (READ - {"staff.read"})
    | {OWN, "exports.write", "wallets.write", "orders.write", "approvals.write", "tariffs.write", "feedback.write"},
    Role.MAINTENANCE: frozenset(
        {"stations.read", "devices.read", "tariffs.read", "orders.read", "alarms.read", "feedback.read", "exports.read"}
    )
    | {OWN, "exports.write", "devices.command", "alarms.write", "feedback.write"},
    Role.AUDITOR: READ | {OWN, "exports.write"},
    Role.DEMO: READ,
}
"""Deny by default: what is not listed here is forbidden."""

STATION_BOUND = frozenset(
    f"{subject}.{act}"
    for subject, acts in {
        "stations": ("read", "write"),
        "devices": ("read", "command"),
        "tariffs": ("read",),
        "orders": ("read", "write"),
        "alarms": ("read", "write"),
        "feedback": ("read", "write"),
        "statistics": ("read",),
        "exports": ("read", "write"),
    }.items()
    for act in acts
) | {OWN}
"""What is left of a role for staff who are limited to some stations: acts that have a station. Deny by default, too:
a permission stands here once every route that asks for it keeps to `Principal.reach`."""

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
    has_second_factor: bool
    """Whether a code of their phone is asked for after the password."""
    limited_since_ms: int | None = None
    """When the stations they are limited to were set; None: they may work at all of their operator's."""
    station_ids: tuple[int, ...] = ()
    """The stations they are limited to; without meaning for whoever is not limited."""

    @property
    def permissions(self) -> frozenset[str]:
        """What they may."""
        of_role = PERMISSIONS_OF[self.role]
        return of_role if self.limited_since_ms is None else of_role & STATION_BOUND

    @property
    def reach_stations(self) -> frozenset[int] | None:
        """The stations they may work at; None: all of their operator's."""
        return None if self.limited_since_ms is None else frozenset(self.station_ids)


def permissions_of(member: Staff, second_factor_roles: Collection[str]) -> frozenset[str]:
    """What somebody may do; whose role needs a second factor and who has none may only look after their account."""
    allowed = member.permissions
    return allowed & {OWN} if member.role in second_factor_roles and not member.has_second_factor else allowed


class SignInStep(StrEnum):
    """How far a try to sign in had come."""

    PASSWORD = "password"
    PASSWORD_RIGHT = "password_right"
    """The password was right and a code is asked for: neither a failure nor a sign-in."""
    CODE = "code"


class StaffSession(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in browser or script."""

    session_id: int
    staff_id: int
    created_at_ms: int
    seen_at_ms: int
    expires_at_ms: int
    source: str
    agent: str


class ApprovalState(StrEnum):
    """What became of a request; only a waiting one can become anything else."""

    WAITING = "waiting"
    APPROVED = "approved"
    """Carried out, in the transaction that says so."""
    REJECTED = "rejected"
    EXPIRED = "expired"
    OUTDATED = "outdated"
    """What it was made against has changed meanwhile: nothing was done."""


class ApprovalWish(msgspec.Struct, frozen=True, kw_only=True):
    """An act that one person asks for and another has to approve."""

    operator_id: int
    kind: str
    """Which act, by the name of its `ApprovalKind`."""
    about: str
    """"<kind>:<id>", as the audit log names it. One request about an object waits at a time."""
    amount_fen: int
    """What it gives away."""
    body: dict[str, object]
    """The act as it is carried out."""
    basis: str
    """What the object was like; an object that is not like that any more is left alone."""
    reason: str


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A request, and what became of it."""

    approval_id: int
    operator_id: int
    kind: str
    about: str
    amount_fen: int
    body: dict[str, object]
    basis: str
    reason: str
    state: ApprovalState
    requested_by: int
    """Staff id."""
    requested_name: str
    requested_at_ms: int
    expires_at_ms: int
    decided_by: int | None
    decided_name: str
    decided_at_ms: int | None
    note: str


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
