"""Tables of operators, staff, sessions, second factors, sign-in attempts and the audit log."""

from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Row, String, Table, exists

from chargecloud.features.operators.messages import Role, Staff
from chargecloud.infra.sql.append_only import APPEND_ONLY
from chargecloud.infra.sql.types import big_id, big_int, code, epoch_ms, json_text, metadata

operators = Table(
    "operators",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("created_at_ms", epoch_ms(), nullable=False),
)

staff = Table(
    "staff",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("operator_id", ForeignKey("operators.id"), nullable=False, index=True),
    Column("username", code(32), nullable=False, unique=True),
    Column("display_name", String(80), nullable=False),
    Column("role", code(16), nullable=False),
    Column("password_hash", code(200), nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("created_at_ms", epoch_ms(), nullable=False),
    Column("limited_since_ms", epoch_ms()),
)
"""`limited_since_ms` and not the rows of `staff_stations` says who is limited: without rows it is to nothing."""

staff_stations = Table(
    "staff_stations",
    metadata,
    Column("staff_id", ForeignKey("staff.id"), primary_key=True),
    Column("station_id", big_int(), primary_key=True, index=True),
)

sessions = Table(
    "staff_sessions",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("staff_id", ForeignKey("staff.id"), nullable=False, index=True),
    Column("token_hash", code(64), nullable=False, unique=True),
    Column("created_at_ms", epoch_ms(), nullable=False),
    Column("seen_at_ms", epoch_ms(), nullable=False),
    Column("expires_at_ms", epoch_ms(), nullable=False, index=True),
    Column("source", String(64), nullable=False),
    Column("agent", String(200), nullable=False),
)
"""A session that ends is deleted; the audit log remembers it."""

factors = Table(
    "staff_second_factors",
    metadata,
    Column("staff_id", ForeignKey("staff.id"), primary_key=True, autoincrement=False),
    Column("secret", code(64), nullable=False),
    Column("confirmed_at_ms", epoch_ms()),
    Column("last_step", big_int(), nullable=False),
)
"""Secrets shared with phones, readable as they lie here (ADR 60)."""

recovery_codes = Table(
    "staff_recovery_codes",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("code_hash", code(64), nullable=False),
    Index(None, "staff_id", "code_hash", unique=True),
)
"""A code that was used is deleted."""

tickets = Table(
    "sign_in_tickets",
    metadata,
    Column("ticket_hash", code(64), primary_key=True),
    Column("staff_id", ForeignKey("staff.id"), nullable=False, index=True),
    Column("expires_at_ms", epoch_ms(), nullable=False, index=True),
)
"""Between the password and the code: no session, and good for nothing but the code."""

attempts = Table(
    "sign_in_attempts",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("username", code(32), nullable=False),
    Column("source", code(64), nullable=False),
    Column("succeeded", Boolean, nullable=False),
    Column("at_ms", epoch_ms(), nullable=False, index=True),
    Column("step", code(16), nullable=False, server_default="password"),
    Index(None, "username", "at_ms"),
    Index(None, "source", "at_ms"),
)
"""One row a try, written before the password is looked at, so that parallel guesses count."""

turns = Table(
    "sign_in_turns",
    metadata,
    Column("slot", Integer, primary_key=True, autoincrement=False),
)
"""Rows to lock: tries of one account or one source are looked at one after the other, known account or not."""

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("operator_id", ForeignKey("operators.id")),
    Column("at_ms", epoch_ms(), nullable=False),
    Column("actor", code(64), nullable=False),
    Column("actor_name", String(80), nullable=False),
    Column("action", code(64), nullable=False),
    Column("object", code(128), nullable=False),
    Column("facts", json_text(), nullable=False),
    Column("before_digest", code(64), nullable=False),
    Column("after_digest", code(64), nullable=False),
    Column("source", code(64), nullable=False),
    Column("request_id", code(64), nullable=False),
    Column("chain_no", big_int()),
    Column("previous_digest", code(64)),
    Column("digest", code(64)),
    Index(None, "operator_id", "id"),
    Index(None, "actor", "id"),
    Index(None, "object", "id"),
    info=APPEND_ONLY,
)
"""Only ever added to; each entry of an operator carries the digest of the one before it."""

audit_heads = Table(
    "audit_heads",
    metadata,
    Column("operator_id", big_int(), primary_key=True, autoincrement=False),
    Column("chain_no", big_int(), nullable=False),
    Column("digest", code(64), nullable=False),
    Column("unchained", big_int(), nullable=False),
    Column("beginning", code(64), nullable=False),
)
"""The last entry of each chain, and the row that is locked to add another; 0 stands for the platform.
`unchained` entries are older than the chain, whose `beginning` they are."""

STAFF_COLUMNS = (
    staff.c.id,
    staff.c.operator_id,
    staff.c.username,
    staff.c.display_name,
    staff.c.role,
    staff.c.disabled,
    staff.c.created_at_ms,
    staff.c.limited_since_ms,
    exists()
    .where(factors.c.staff_id == staff.c.id, factors.c.confirmed_at_ms.is_not(None))
    .correlate(staff)
    .label("has_second_factor"),
)


def staff_of(row: Row[*tuple[Any, ...]]) -> Staff:
    """Somebody from `STAFF_COLUMNS`, without the stations they may be limited to."""
    (
        staff_id,
        operator_id,
        username,
        display_name,
        role,
        disabled,
        created_at_ms,
        limited_since_ms,
        has_second_factor,
    ) = row[:9]
    return Staff(
        staff_id=staff_id,
        operator_id=operator_id,
        username=username,
        display_name=display_name,
        role=Role(role),
        disabled=disabled,
        created_at_ms=created_at_ms,
        limited_since_ms=limited_since_ms,
        has_second_factor=bool(has_second_factor),
    )
