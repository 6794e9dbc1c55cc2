"""What requests about staff carry and what they are answered."""

from typing import Annotated, Self

import msgspec
from pydantic import Field

from chargecloud.features.operators.messages import AuditEntry, Role, SignInStep, Staff, StaffSession, permissions_of
from chargecloud.features.operators.model import MAX_PASSWORD, MAX_STATIONS
from chargecloud.features.operators.service_sign_in import IssuedSession
from chargecloud.features.operators.views import SignInAttempt
from chargecloud.infra.http.model import ApiModel, Id, Moment

Password = Annotated[str, Field(min_length=1, max_length=MAX_PASSWORD)]
Facts = dict[str, object]
StationIds = list[Id]
LimitedTo = Annotated[
    StationIds | None,
    Field(
        min_length=1,
        max_length=MAX_STATIONS,
        description="the stations of their operator they may see and work at; null: all",
    ),
]
StepName = Annotated[SignInStep, Field(strict=False)]
RoleName = Annotated[Role, Field(strict=False)]


class SignInBody(ApiModel):
    """Who somebody says they are."""

    username: Annotated[str, Field(min_length=1, max_length=64)]
    password: Password


class StaffOut(ApiModel):
    """Somebody who works here."""

    id: int
    operator_id: int
    username: str
    display_name: str
    role: RoleName
    disabled: bool
    created_at: Moment
    station_ids: StationIds | None
    """The stations they are limited to, which may be none any more; null: all of their operator's."""
    second_factor: bool
    """Whether a code of their phone is asked for after the password."""

    @classmethod
    def of(cls, member: Staff) -> Self:
        return cls(
            id=member.staff_id,
            operator_id=member.operator_id,
            username=member.username,
            display_name=member.display_name,
            role=member.role,
            disabled=member.disabled,
            created_at=member.created_at_ms,
            station_ids=None if member.limited_since_ms is None else list(member.station_ids),
            second_factor=member.has_second_factor,
        )


class StaffNameOut(ApiModel):
    """What somebody who works or worked here is called."""

    id: int
    name: str


class StaffNamesOut(ApiModel):
    """The newest 5,000 of one's operator."""

    items: list[StaffNameOut]


class MeOut(ApiModel):
    """Oneself, with what one may do."""

    staff: StaffOut
    operator_name: str
    second_factor_missing: bool
    """The role needs a code of a phone: before that is set up nothing but the own account can be used."""
    permissions: list[str]


class SignInOut(ApiModel):
    """A session: browsers keep the cookie, scripts send the token as a bearer."""

    token: str
    expires_at: Moment
    staff: StaffOut
    permissions: list[str]

    @classmethod
    def of(cls, issued: IssuedSession, second_factor_roles: frozenset[str]) -> Self:
        return cls(
            token=issued.token,
            expires_at=issued.session.expires_at_ms,
            staff=StaffOut.of(issued.staff),
            permissions=sorted(permissions_of(issued.staff, second_factor_roles)),
        )


class CodeNeededOut(ApiModel):
    """The password was right; the ticket and a code of the phone make a session. The ticket itself opens nothing."""

    ticket: str
    expires_at: Moment


class PasswordChange(ApiModel):
    """One's own password, old and new."""

    old_password: Password
    new_password: Password


class NewPassword(ApiModel):
    """A new password for somebody else."""

    new_password: Password


class NewStaffBody(ApiModel):
    """Somebody to work here."""

    username: Annotated[str, Field(min_length=2, max_length=32)]
    display_name: Annotated[str, Field(min_length=1, max_length=80)]
    role: RoleName
    password: Password
    station_ids: LimitedTo = None


class StaffChange(ApiModel):
    """What is to change; what is left out stays."""

    display_name: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    role: RoleName | None = None
    disabled: bool | None = None
    station_ids: LimitedTo = None
    """When it is there, null means all."""


class StaffSessionOut(ApiModel):
    """A signed-in browser or script."""

    id: int
    created_at: Moment
    seen_at: Moment
    expires_at: Moment
    source: str
    agent: str

    @classmethod
    def of(cls, session: StaffSession) -> Self:
        return cls(
            id=session.session_id,
            created_at=session.created_at_ms,
            seen_at=session.seen_at_ms,
            expires_at=session.expires_at_ms,
            source=session.source,
            agent=session.agent,
        )


class SessionsOut(ApiModel):
    """All of them."""

    items: list[StaffSessionOut]


class RoleOut(ApiModel):
    """A role and what it may do."""

    role: RoleName
    title: str
    permissions: list[str]
    limited_permissions: list[str]
    """What is left of them for somebody who is limited to some stations; administrators never are."""


class RolesOut(ApiModel):
    """All of them."""

    items: list[RoleOut]


class AuditOut(ApiModel):
    """Who did what to what."""

    id: int
    at: Moment
    actor: str
    actor_name: str
    action: str
    object: str
    facts: Facts
    before_digest: str
    after_digest: str
    source: str
    request_id: str
    chain_no: int | None
    """Its number in the operator's chain; null for entries that are older than the chain."""
    digest: str | None

    @classmethod
    def of(cls, entry: AuditEntry) -> Self:
        return cls(
            id=entry.entry_id,
            at=entry.at_ms,
            actor=entry.actor,
            actor_name=entry.actor_name,
            action=entry.action,
            object=entry.object,
            facts=msgspec.json.decode(entry.facts, type=Facts),
            before_digest=entry.before_digest,
            after_digest=entry.after_digest,
            source=entry.source,
            request_id=entry.request_id,
            chain_no=entry.chain_no,
            digest=entry.digest,
        )


class SignInAttemptOut(ApiModel):
    """A try to sign in."""

    id: int
    username: str
    source: str
    succeeded: bool
    step: StepName
    """How far the try had come; `password_right` waits for its code."""
    at: Moment

    @classmethod
    def of(cls, attempt: SignInAttempt) -> Self:
        return cls(
            id=attempt.attempt_id,
            username=attempt.username,
            source=attempt.source,
            succeeded=attempt.succeeded,
            step=attempt.step,
            at=attempt.at_ms,
        )
