"""Sign-in, one's own account, staff, roles, the audit log."""

from collections.abc import Awaitable, Callable, Collection
from typing import Annotated, Any, cast

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.operators import service, views
from chargecloud.features.operators.http_models import (
    AuditOut,
    CodeNeededOut,
    MeOut,
    NewPassword,
    NewStaffBody,
    PasswordChange,
    RoleOut,
    RolesOut,
    SessionsOut,
    SignInAttemptOut,
    SignInBody,
    SignInOut,
    StaffChange,
    StaffNameOut,
    StaffNamesOut,
    StaffOut,
    StaffSessionOut,
)
from chargecloud.features.operators.messages import (
    DEFAULT_OPERATOR_ID,
    OWN,
    PERMISSIONS_OF,
    ROLE_TITLES,
    STATION_BOUND,
    Role,
)
from chargecloud.infra.http.auth import (
    CurrentStaff,
    Principal,
    clear_session_cookie,
    presented_token,
    require,
    set_session_cookie,
)
from chargecloud.infra.http.context import Db, Source
from chargecloud.infra.http.model import Id, MomentIn
from chargecloud.infra.http.paging import Page, Pages
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import NotFound

OwnStations = Callable[[AsyncConnection, int, Collection[int]], Awaitable[set[int]]]
"""(connection, operator, station ids) -> which of them are its stations; wired by main as `app.state.own_stations`."""

ShortText = Annotated[str | None, Query(min_length=1, max_length=64)]
MomentText = Annotated[MomentIn | None, Query()]


def _audit_filters(
    actor: ShortText = None,
    action: ShortText = None,
    object_: Annotated[str | None, Query(alias="object", min_length=1, max_length=128)] = None,
    since: MomentText = None,
    until: MomentText = None,
) -> views.AuditFilter:
    return views.AuditFilter(actor=actor, action=action, object=object_, since_ms=since, until_ms=until)


AuditFilters = Annotated[views.AuditFilter, Depends(_audit_filters)]

router = APIRouter(tags=["staff"])

Reader = Annotated[Principal, Depends(require("staff.read"))]
Writer = Annotated[Principal, Depends(require("staff.write"))]
Myself = Annotated[Principal, Depends(require(OWN))]


_TWO_STEPS: dict[int | str, dict[str, Any]] = {202: {"model": CodeNeededOut, "description": "密码正确，还需验证码"}}


@router.post("/staff/sign-in", operation_id="signIn", summary="登录", response_model=SignInOut, responses=_TWO_STEPS)
async def sign_in(
    body: SignInBody, db: Db, source: Source, request: Request, response: Response
) -> SignInOut | Response:
    """Begin a session: 30 minutes idle, 12 hours at most. After five failures in 15 minutes an account waits.

    Who has a second factor gets a ticket instead (202), for `POST /staff/sign-in/code`.
    """
    attempt = service.SignIn(
        username=body.username,
        password=body.password,
        source=source,
        agent=request.headers.get("user-agent", ""),
    )
    issued = await service.sign_in(db, attempt)
    if isinstance(issued, service.Ticket):
        needed = CodeNeededOut(ticket=issued.token, expires_at=issued.expires_at_ms)
        return Response(needed.model_dump_json(), 202, media_type="application/json")
    set_session_cookie(request, response, issued.token)
    return SignInOut.of(issued, db.options.second_factor_roles)


@router.post("/staff/sign-out", operation_id="signOut", status_code=204, summary="退出登录")
async def sign_out(staff: CurrentStaff, db: Db, request: Request, response: Response) -> None:
    """End this session."""
    async with db.unit() as uow:
        await service.sign_out(uow, presented_token(request))
    clear_session_cookie(request, response)


@router.get("/staff/me", operation_id="getMe", summary="当前登录人")
async def me(staff: CurrentStaff, db: Db) -> MeOut:
    """Who I am and what I may do."""
    async with db.read() as connection:
        member = await service.staff_member(connection, staff.id)
        operator = await service.operator(connection, member.operator_id)
    return MeOut(
        staff=StaffOut.of(member),
        operator_name=operator.name,
        second_factor_missing=member.role in db.options.second_factor_roles and not member.has_second_factor,
        permissions=sorted(staff.permissions),
    )


@router.post("/staff/me/password", operation_id="changeMyPassword", status_code=204, summary="修改本人密码")
async def change_my_password(body: PasswordChange, staff: Myself, db: Db, request: Request, response: Response) -> None:
    """Replace my password; every session of mine ends, this one too."""
    await service.change_password(db, staff, old=body.old_password, new=body.new_password)
    clear_session_cookie(request, response)


@router.get("/staff/me/sessions", operation_id="listMySessions", summary="本人登录会话")
async def my_sessions(staff: CurrentStaff, db: Db) -> SessionsOut:
    """Where I am signed in."""
    async with db.read() as connection:
        found = await service.sessions_of(connection, staff, db.clock.now_ms())
    return SessionsOut(items=[StaffSessionOut.of(session) for session in found])


@router.delete("/staff/me/sessions/{session_id}", operation_id="endMySession", status_code=204, summary="结束会话")
async def end_my_session(session_id: Id, staff: Myself, db: Db) -> None:
    """Sign out somewhere else."""
    async with db.unit() as uow:
        await service.end_session(uow, staff, session_id)
        service.audit(uow, staff, "staff.end_session", f"session:{session_id}")


@router.get("/roles", operation_id="listRoles", summary="角色与权限")
async def roles(_: CurrentStaff) -> RolesOut:
    """What each role may do."""
    items = [
        RoleOut(
            role=role,
            title=ROLE_TITLES[role],
            permissions=sorted(permissions),
            limited_permissions=[] if role is Role.ADMINISTRATOR else sorted(permissions & STATION_BOUND),
        )
        for role, permissions in PERMISSIONS_OF.items()
    ]
    return RolesOut(items=items)


@router.get("/staff", operation_id="listStaff", summary="后台人员")
async def list_staff(
    reader: Reader,
    db: Db,
    pages: Pages,
    role: Role | None = None,
    disabled: bool | None = None,
    text: Annotated[str | None, Query(min_length=1, max_length=80)] = None,
) -> Page[StaffOut]:
    """Everybody who works here."""
    wanted = views.StaffFilter(role=role, disabled=disabled, text=text)
    async with db.read() as connection:
        rows = await views.staff_page(
            connection, reader.operator_id, wanted, before_id=pages.before_id, limit=pages.fetch
        )
    shown, following = pages.page(rows, lambda member: member.staff_id)
    return Page[StaffOut](items=[StaffOut.of(member) for member in shown], next=following)


@router.get("/staff-names", operation_id="listStaffNames", summary="后台人员姓名")
async def staff_names(staff: CurrentStaff, db: Db) -> StaffNamesOut:
    """Who `staff:<id>` is wherever somebody is named as having done something; those who left as well."""
    async with db.read() as connection:
        found = await views.staff_names(connection, staff.operator_id)
    return StaffNamesOut(items=[StaffNameOut(id=staff_id, name=name) for staff_id, name in found])


@router.post("/staff", operation_id="createStaff", status_code=201, summary="新增后台人员")
async def create_staff(body: NewStaffBody, writer: Writer, db: Db, request: Request) -> StaffOut:
    """Give somebody an account."""
    password_hash = await service.hash_password(body.password, username=body.username, role=body.role)
    async with db.unit() as uow:
        operator_id = writer.operator_id or DEFAULT_OPERATOR_ID
        new = service.NewStaff(
            username=body.username,
            display_name=body.display_name,
            role=body.role,
            password_hash=password_hash,
            operator_id=operator_id,
            station_ids=await _own_stations(request, uow, operator_id, body.station_ids),
        )
        member = await service.create_staff(uow, new)
        facts: dict[str, object] = {"username": member.username, "role": member.role}
        if body.station_ids is not None:
            facts["station_ids"] = list(member.station_ids)
        service.audit(uow, writer, "staff.create", f"staff:{member.staff_id}", facts)
    return StaffOut.of(member)


async def _own_stations(
    request: Request, uow: UnitOfWork, operator_id: int, station_ids: list[int] | None
) -> frozenset[int] | None:
    """Stations somebody is to be limited to, all of them this operator's; which there are is known above this room."""
    if station_ids is None:
        return None
    known = cast("OwnStations", request.app.state.own_stations)
    strange = sorted(set(station_ids) - await known(uow.connection, operator_id, station_ids))
    if strange:
        raise NotFound(
            f"没有编号为 {'、'.join(map(str, strange))} 的充电站",
            "station_unknown",
            station_id=strange[0],
            field="station_ids",
        )
    return frozenset(station_ids)


@router.get("/staff/{staff_id}", operation_id="getStaff", summary="后台人员详情")
async def get_staff(staff_id: Id, reader: Reader, db: Db) -> StaffOut:
    """One of them."""
    async with db.read() as connection:
        return StaffOut.of(await service.staff_member(connection, staff_id, reader.operator_id))


@router.patch("/staff/{staff_id}", operation_id="changeStaff", summary="修改、停用后台人员")
async def change_staff(staff_id: Id, body: StaffChange, writer: Writer, db: Db, request: Request) -> StaffOut:
    """Rename somebody, give them another role, limit them to some stations, disable or enable them."""
    async with db.unit() as uow:
        before = await service.staff_member(uow.connection, staff_id, writer.operator_id)
        if "station_ids" in body.model_fields_set and body.station_ids is None:
            await service.limit_staff(uow, writer, staff_id, None)
        after = await service.change_staff(
            uow, writer, staff_id, display_name=body.display_name, role=body.role, disabled=body.disabled
        )
        if body.station_ids is not None:
            own = await _own_stations(request, uow, before.operator_id, body.station_ids)
            after = await service.limit_staff(uow, writer, staff_id, own)
        facts = {"before": msgspec.to_builtins(before), "after": msgspec.to_builtins(after)}
        service.audit(uow, writer, "staff.change", f"staff:{staff_id}", facts)
    return StaffOut.of(after)


@router.post("/staff/{staff_id}/password", operation_id="resetPassword", status_code=204, summary="重置密码")
async def reset_password(staff_id: Id, body: NewPassword, writer: Writer, db: Db) -> None:
    """Give somebody else a new password; their sessions end."""
    async with db.read() as connection:
        member = await service.staff_member(connection, staff_id, writer.operator_id)
    password_hash = await service.hash_password(body.new_password, username=member.username, role=member.role)
    async with db.unit() as uow:
        await service.reset_password(uow, writer, staff_id, password_hash)
        service.audit(uow, writer, "staff.reset_password", f"staff:{staff_id}")


@router.get("/audit-log", operation_id="listAuditLog", summary="操作日志")
async def audit_log(reader: Reader, db: Db, pages: Pages, wanted: AuditFilters) -> Page[AuditOut]:
    """Who did what."""
    async with db.read() as connection:
        rows = await views.audit_page(
            connection,
            reader.operator_id,
            wanted,
            before_id=pages.before_id,
            limit=pages.fetch,
        )
    shown, following = pages.page(rows, lambda entry: entry.entry_id)
    return Page[AuditOut](items=[AuditOut.of(entry) for entry in shown], next=following)


@router.get("/sign-ins", operation_id="listSignIns", summary="登录日志")
async def sign_ins(reader: Reader, db: Db, pages: Pages) -> Page[SignInAttemptOut]:
    """Who signed in, and who tried."""
    async with db.read() as connection:
        rows = await views.attempts_page(connection, reader.operator_id, before_id=pages.before_id, limit=pages.fetch)
    shown, following = pages.page(rows, lambda attempt: attempt.attempt_id)
    return Page[SignInAttemptOut](items=[SignInAttemptOut.of(attempt) for attempt in shown], next=following)
