"""Whether everybody whose role needs a second factor has one."""

import asyncio
from collections.abc import Iterator

from chargecloud.features.operators.messages import Staff
from chargecloud.kernel.clock import SystemClock
from chargecloud.main import accounts, schema_state
from chargecloud.main.doctor_finding import Finding, fine, note
from chargecloud.main.settings import Settings
from chargecloud.main.wiring import open_database

SUBJECT = "second factor"


def staff(settings: Settings) -> Iterator[Finding]:
    """Who can do nothing before they have set up a code of their phone."""
    roles = settings.staff.totp_required_roles
    if not roles or schema_state.revision(settings.database_url) != schema_state.newest():
        return
    lacking = asyncio.run(_lacking(settings))
    if lacking:
        names = ", ".join(member.username for member in lacking)
        yield note(SUBJECT, f"{names}: their role needs one, until they set it up in the console they can do nothing")
    else:
        yield fine(SUBJECT, f"everybody has one whose role needs it ({', '.join(roles)})")


async def _lacking(settings: Settings) -> list[Staff]:
    database = open_database(settings, SystemClock())
    await database.start()
    try:
        return await accounts.lacking_second_factor(database, settings.staff.totp_required_roles)
    finally:
        await database.stop()
