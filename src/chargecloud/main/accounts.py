"""Accounts of staff as the command line needs them: made and listed without signing in."""

from chargecloud.features.operators import service as operators
from chargecloud.features.operators import views
from chargecloud.features.operators.messages import ROLE_TITLES, Role, Staff
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.errors import Invalid, Refused

COMMAND_LINE = Principal(kind="staff", id=0, name="command line", operator_id=None)
"""Who did it, in the audit log."""


def role_of(text: str) -> Role:
    """A role by its word; the demo role is for the demo alone."""
    offered = [role.value for role in Role if role is not Role.DEMO]
    if text not in offered:
        raise Invalid(f"role {text!r}: must be one of {', '.join(offered)}", "invalid_role")
    return Role(text)


async def create(database: Database, *, username: str, name: str, role: Role, password: str) -> Staff:
    """Give somebody an account."""
    password_hash = await operators.hash_password(password, username=username, role=role)
    async with database.unit() as uow:
        await operators.require_default_operator(uow)
        new = operators.NewStaff(username=username, display_name=name, role=role, password_hash=password_hash)
        member = await operators.create_staff(uow, new)
        facts = {"username": member.username, "role": member.role}
        operators.audit(uow, COMMAND_LINE, "staff.create", f"staff:{member.staff_id}", facts)
    return member


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
    return f"{member.staff_id:>5}  {member.username:<20}  {ROLE_TITLES[member.role]}  {member.display_name}{disabled}"
