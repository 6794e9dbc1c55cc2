"""Signs of life: a gateway that dies takes its charge points offline, one that was only away brings them back."""

from chargecloud.device.commands import Reboot
from chargecloud.device.events import CameOnline, GatewayReported, WentOffline
from chargecloud.features.stations import inbox, jobs, service, views
from chargecloud.kernel.message import Envelope
from tests.support.api import Api
from tests.support.world import CODE, OTHER_CODE, World

STARTED_MS = 1_767_225_500_000


async def sign(world: World, gateway_id: str = "g1", started_at_ms: int = STARTED_MS) -> None:
    event = GatewayReported(gateway_id=gateway_id, started_at_ms=started_at_ms, online=2)
    async with world.database.unit() as uow:
        await inbox.on_gateway(uow, event, Envelope(f"gateway:{gateway_id}", event, uow.now_ms))


async def pass_time(world: World, seconds: int) -> None:
    """With the job at work as often as it should."""
    for _ in range(seconds // 15):
        world.clock.advance(15_000)
        await jobs.give_up_silent_gateways(world.database)


async def online(world: World) -> list[bool]:
    async with world.database.unit() as uow:
        return [(await service.charge_point(uow, code)).online for code in (CODE, OTHER_CODE)]


async def silent(world: World) -> list[bool]:
    async with world.database.read() as connection:
        return [row.silent_since_ms is not None for row in await views.list_gateways(connection)]


async def settle(world: World) -> None:
    """Both charge points are held by g1 since it started."""
    await sign(world)
    for number, code in enumerate((CODE, OTHER_CODE)):
        await world.say(CameOnline(charge_point_code=code, gateway_id="g1", epoch=STARTED_MS + 10 + number))


async def test_a_dead_gateway_takes_its_charge_points_offline_and_no_others(world: World) -> None:
    await settle(world)
    await world.say(CameOnline(charge_point_code=OTHER_CODE, gateway_id="g2", epoch=STARTED_MS + 50))
    for _ in range(12):
        await pass_time(world, 15)
        await sign(world, "g2")
    assert await silent(world) == [True, False]
    assert await online(world) == [False, True]


async def test_it_is_given_up_after_ninety_seconds_and_not_before(world: World) -> None:
    await settle(world)
    await pass_time(world, 90)
    assert await online(world) == [True, True]
    await pass_time(world, 15)
    assert await online(world) == [False, False]


async def test_after_an_outage_of_the_workers_the_signs_that_waited_count_first(world: World) -> None:
    await settle(world)
    world.clock.advance(600_000)
    await jobs.give_up_silent_gateways(world.database)
    assert await online(world) == [True, True]
    await sign(world)
    await pass_time(world, 60)
    assert await silent(world) == [False]


async def test_one_that_was_only_away_brings_back_what_did_not_go_meanwhile(world: World) -> None:
    await settle(world)
    await pass_time(world, 120)
    assert await online(world) == [False, False]
    world.clock.advance(1000)
    await world.say(WentOffline(charge_point_code=OTHER_CODE, gateway_id="g1", epoch=STARTED_MS + 11, reason="silent"))
    await sign(world)
    assert await online(world) == [True, False]
    assert await silent(world) == [False]


async def test_one_that_starts_anew_has_lost_what_it_held_and_keeps_what_it_has_since(world: World) -> None:
    await settle(world)
    again = STARTED_MS + 60_000
    await world.say(CameOnline(charge_point_code=CODE, gateway_id="g1", epoch=again + 5))
    await sign(world, started_at_ms=again)
    assert await online(world) == [True, False]
    await sign(world)
    await pass_time(world, 120)
    assert await silent(world) == [True], "signs of the life before do not count"


async def test_commands_to_what_a_silent_gateway_held_are_refused_with_the_reason(world: World, api: Api) -> None:
    await settle(world)
    await pass_time(world, 120)
    staff = await api.staff()
    refused = await staff.post(f"/charge-points/{CODE}/commands", {"kind": "reboot"}, status=422)
    assert (refused["code"], refused["facts"]["gateway_id"]) == ("gateway_silent", "g1")
    await sign(world)
    await staff.post(f"/charge-points/{CODE}/commands", {"kind": "reboot"}, status=202)


async def test_what_the_platform_asks_on_its_own_account_is_noted_all_the_same(world: World) -> None:
    """A refusal in a message's handler would make the message a poisoned one, and the end of a charge would be lost."""
    await settle(world)
    await pass_time(world, 120)
    async with world.database.unit() as uow:
        command = Reboot(command_id="c1", charge_point_code=CODE, expires_at_ms=uow.now_ms + 30_000)
        await service.ask(uow, command, requested_by="session:limit")
    async with world.database.read() as connection:
        assert await views.command(connection, "c1") is not None


async def test_gateways_are_shown_to_the_platform_only(world: World, api: Api) -> None:
    await settle(world)
    await pass_time(world, 120)
    (shown,) = (await (await api.staff()).get("/gateways"))["items"]
    assert (shown["gateway_id"], shown["online"]) == ("g1", 2)
    assert shown["silent_since"] > shown["seen_at"] > shown["started_at"]
    assert (await (await api.staff(operator="另一家")).get("/gateways", status=403))["code"] == "platform_only"
