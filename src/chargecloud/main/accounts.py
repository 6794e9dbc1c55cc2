"""Accounts of staff as the command line needs them: made and listed without signing in."""

from collections.abc import Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.operators import service as operators
from chargecloud.features.operators import views
from chargecloud.features.operators.messages import DEFAULT_OPERATOR_ID, ROLE_TITLES, Role, Staff
from chargecloud.features.stations import service as station_service
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.reach import Reach
from chargecloud.kernel.errors import Invalid, NotFound, Refused

COMMAND_LINE = Principal(kind="staff", id=0, name="command line", operator_id=None)
"""Who did it, in the audit log."""


def role_of(text: str) -> Role:
    """A role by its word; the demo role is for the demo alone."""
    offered = [role.value for role in Role if role is not Role.DEMO]
    if text not in offered:
        raise Invalid(f"role {text!r}: must be one of {', '.join(offered)}", "invalid_role")
    return Role(text)


async def create(
    database: Database, *, username: str, name: str, role: Role, password: str, stations: Sequence[str] = ()
) -> Staff:
    """Give somebody an account, limited to these stations if there are any."""
    password_hash = await operators.hash_password(password, username=username, role=role)
    async with database.unit() as uow:
        await operators.require_default_operator(uow)
        new = operators.NewStaff(
            username=username,
            display_name=name,
            role=role,
            password_hash=password_hash,
            station_ids=await _stations(uow.connection, stations) if stations else None,
        )
        member = await operators.create_staff(uow, new)
        facts: dict[str, object] = {"username": member.username, "role": member.role}
        if stations:
            facts["station_ids"] = list(member.station_ids)
        operators.audit(uow, COMMAND_LINE, "staff.create", f"staff:{member.staff_id}", facts)
    return member


async def _stations(connection: AsyncConnection, wanted: Sequence[str]) -> frozenset[int]:
    """Stations of the default operator, each by its number or its name."""
    names = await station_service.station_names(connection, Reach(DEFAULT_OPERATOR_ID))
    found = {text: {key for key, name in names.items() if text in (str(key), name)} for text in wanted}
    strange = [text for text, keys in found.items() if not keys]
    if strange:
        raise Invalid(f"没有这样的充电站：{'、'.join(strange)}；请写编号或完整的站名", "station_unknown")
    return frozenset(key for keys in found.values() for key in keys)


async def everybody(database: Database) -> list[Staff]:
    """All accounts, oldest first."""
    found: list[Staff] = []
    async with database.read() as connection:
        while True:
            before = found[-1].staff_id if found else None
            page = await views.staff_page(connection, None, views.StaffFilter(), before_id=before, limit=200)
            if not page:
                return found[::-1]
            found.extend(page)


async def reset_second_factor(database: Database, username: str) -> Staff:
    """Somebody has lost their phone and there is nobody else to help: the password alone is asked for again."""
    wanted = username.strip().lower()
    member = next((each for each in await everybody(database) if each.username == wanted), None)
    if member is None:
        raise NotFound(f"no account {username!r}; `chargecloud staff list` shows all", "staff_unknown")
    async with database.unit() as uow:
        return await operators.reset_second_factor(uow, COMMAND_LINE, member.staff_id)


async def lacking_second_factor(database: Database, roles: Collection[str]) -> list[Staff]:
    """Working accounts that can do nothing, because their role needs a second factor."""
    return [
        member
        for member in await everybody(database)
        if member.role in roles and not member.disabled and not member.has_second_factor
    ]


async def refuse_demo_accounts(database: Database) -> None:
    """A demo account has a public password; a platform that is not the demo does not start with one."""
    async with database.read() as connection:
        wanted = views.StaffFilter(role=Role.DEMO, disabled=False)
        found = await views.staff_page(connection, None, wanted, before_id=None, limit=1)
    if found:
        raise Refused(
            f"the database has the demo account {found[0].username!r} with a public password; this is data of "
            "`chargecloud demo`: start that instead, or configure another CHARGECLOUD_DATA_DIR",
            "demo_account",
        )


def line(member: Staff) -> str:
    """An account on one line of a list."""
    disabled = "  disabled" if member.disabled else ""
    code = "  second factor" if member.has_second_factor else ""
    limited = "" if member.limited_since_ms is None else f"  limited to {len(member.station_ids)} station(s)"
    title = ROLE_TITLES[member.role]
    return f"{member.staff_id:>5}  {member.username:<20}  {title}  {member.display_name}{code}{limited}{disabled}"
