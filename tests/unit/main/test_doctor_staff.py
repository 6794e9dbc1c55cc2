"""The doctor names who can do nothing because their role needs a second factor."""

import asyncio
from pathlib import Path

from chargecloud.features.operators import service as operators
from chargecloud.features.operators.messages import Role
from chargecloud.infra.http.auth import Principal
from chargecloud.kernel.clock import SystemClock
from chargecloud.main import schema
from chargecloud.main.accounts import create
from chargecloud.main.doctor_finding import Level
from chargecloud.main.doctor_staff import staff
from chargecloud.main.settings import Settings
from chargecloud.main.wiring import open_database

BOSS = Principal(kind="staff", id=0, name="boss", operator_id=None)


def settings_for(directory: Path, *roles: str) -> Settings:
    return Settings.model_validate({"data_dir": directory, "staff": {"totp_required_roles": roles}})


async def furnish(settings: Settings) -> None:
    database = open_database(settings, SystemClock())
    await database.start()
    try:
        for username, role in (("wangfang", Role.FINANCE), ("liwei", Role.DISPATCHER), ("gone", Role.FINANCE)):
            member = await create(database, username=username, name=username, role=role, password="long enough 73")
        async with database.unit() as uow:
            await operators.change_staff(uow, BOSS, member.staff_id, disabled=True)
    finally:
        await database.stop()


def test_those_who_lack_one_are_named(tmp_path: Path) -> None:
    assert list(staff(settings_for(tmp_path, "finance"))) == []  # no database yet
    settings = settings_for(tmp_path, "finance")
    schema.upgrade(settings.database_url)
    asyncio.run(furnish(settings))
    (found,) = staff(settings)
    assert (found.level, found.text.partition(":")[0]) == (Level.NOTE, "wangfang")
    (fine,) = staff(settings_for(tmp_path, "auditor"))
    assert fine.level is Level.FINE
    assert list(staff(settings_for(tmp_path))) == []
