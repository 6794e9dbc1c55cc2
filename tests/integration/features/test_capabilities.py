"""What a charge point can be asked: told at its introduction, shown by the API, and the reason of a refusal."""

from __future__ import annotations

from typing import Any

import pytest

from chargecloud.device.capability import Capability
from chargecloud.device.commands import Locate, ReadParameters, Reboot, VendorCommand, WriteParameters
from chargecloud.features.stations import model, service
from chargecloud.kernel.errors import Unsupported
from chargecloud.testing.commands import one_of_each
from tests.support.api import Api
from tests.support.world import CODE, World, booted

SMALL = ("locate", "parameters", "reboot", "start", "stop", "vendor_commands")


async def introduced(world: World, *capabilities: str) -> None:
    await world.say(booted(CODE, capabilities=capabilities))
    world.commands.clear()


async def test_the_api_shows_what_it_can_do(world: World, api: Api) -> None:
    staff = await api.staff()
    assert (await staff.get(f"/charge-points/{CODE}"))["capabilities"] == []
    await introduced(world, *SMALL)
    assert (await staff.get(f"/charge-points/{CODE}"))["capabilities"] == list(SMALL)
    listed = (await staff.get("/charge-points"))["items"]
    assert {item["code"]: item["capabilities"] for item in listed}[CODE] == list(SMALL)


@pytest.mark.parametrize(
    ("body", "command"),
    [
        ({"kind": "locate", "duration_s": 5}, Locate),
        ({"kind": "read_parameters", "group": "socket:2"}, ReadParameters),
        ({"kind": "write_parameters", "group": "limits", "values": {"max_duration_s": 60}}, WriteParameters),
        ({"kind": "vendor_command", "name": "set_mute", "values": {"mute": 1}}, VendorCommand),
        ({"kind": "reboot"}, Reboot),
    ],
)
async def test_what_it_can_do_is_asked(world: World, api: Api, body: dict[str, Any], command: type) -> None:
    await introduced(world, *SMALL)
    await (await api.staff()).post(f"/charge-points/{CODE}/commands", body, 202)
    await world.pump()
    assert [type(sent) for sent in world.commands] == [command]


@pytest.mark.parametrize(
    ("body", "capability"),
    [({"kind": "sync_clock"}, "clock"), ({"kind": "read_sample", "connector_no": 1}, "read_sample")],
)
async def test_what_it_cannot_do_is_refused_by_the_capability_it_lacks(
    world: World, api: Api, body: dict[str, Any], capability: str
) -> None:
    await introduced(world, *SMALL)
    staff = await api.staff()
    problem = await staff.post(f"/charge-points/{CODE}/commands", body, 422)
    assert (problem["code"], problem["facts"]["capability"]) == ("capability_missing", capability)
    assert capability in problem["detail"]
    assert (await staff.get(f"/charge-points/{CODE}/commands"))["items"] == []
    await world.pump()
    assert world.commands == []


async def test_one_that_has_never_said_is_asked_anything(world: World) -> None:
    async with world.database.unit() as uow:
        found = await service.charge_point(uow, CODE)
    assert found.capabilities is None
    for command in one_of_each(CODE, 1):
        model.check_capable(found, command)


async def test_the_newest_introduction_counts(world: World) -> None:
    await introduced(world, Capability.REBOOT)
    await introduced(world, Capability.CLOCK)
    async with world.database.unit() as uow:
        found = await service.charge_point(uow, CODE)
    with pytest.raises(Unsupported, match="reboot"):
        model.check_capable(found, Reboot(command_id="r", charge_point_code=CODE, expires_at_ms=1))
