"""Admission, presence, live state, the command log."""

import msgspec
import pytest

from chargecloud.device.commands import AnswerBoot, Reboot, SetWorkParameters, SyncClock, UpdateFirmware
from chargecloud.device.events import (
    Beat,
    CameOnline,
    ClockReported,
    CommandEnded,
    CommandOutcome,
    ConnectorStatus,
    LockReported,
    TariffReported,
    WentOffline,
)
from chargecloud.features.stations import jobs, service, service_assets, views
from chargecloud.features.stations.messages import ChargePoint, Connector, ConnectorChanged, ConnectorState
from chargecloud.features.stations.service_assets import NewChargePoint, NewStation
from chargecloud.infra.sql.reach import EVERYWHERE, Reach
from chargecloud.infra.sql.uow import Options
from chargecloud.kernel.errors import Conflict, Invalid, NotFound, Refused
from tests.support.world import CODE, OTHER_CODE, World, booted, sample

STRANGER = "99999999999999"


async def charge_point(world: World, code: str = CODE) -> ChargePoint:
    async with world.database.unit() as uow:
        return await service.charge_point(uow, code)


async def connector(world: World, connector_no: int = 1) -> Connector:
    async with world.database.unit() as uow:
        return await service.connector(uow, CODE, connector_no)


async def test_a_known_charge_point_is_admitted_and_remembered(world: World) -> None:
    await world.say(booted(firmware_version="v9"))
    (answer,) = world.asked(AnswerBoot)
    assert answer.accepted and answer.link_id == f"g1/{CODE}"
    found = await charge_point(world)
    assert found.firmware_version == "v9" and found.protocol == "ykc16" and found.online


async def test_unknown_and_disabled_get_the_same_answer(world: World) -> None:
    """A03."""
    async with world.database.unit() as uow:
        await service_assets.change_charge_point(uow, OTHER_CODE, {"enabled": False}, reach=EVERYWHERE)
    await world.say(booted(STRANGER, link_id="x"), booted(OTHER_CODE, link_id="x"))
    unknown, disabled = (
        msgspec.structs.replace(answer, charge_point_code="", expires_at_ms=0) for answer in world.asked(AnswerBoot)
    )
    assert unknown == disabled and not unknown.accepted
    with pytest.raises(NotFound):
        await charge_point(world, STRANGER)


async def test_open_enrolment_registers_a_stranger(world: World) -> None:
    world.database.options = Options(enrolment_open=True)
    await world.say(booted(STRANGER, connector_count=200))
    assert world.asked(AnswerBoot)[0].accepted
    found = await charge_point(world, STRANGER)
    assert found.connector_count == 16 and found.operator_id == 1
    async with world.database.unit() as uow:
        assert (await service.station(uow, found.station_id)).name == "未分配"
    await world.say(booted("88888888888888"))
    assert (await charge_point(world, "88888888888888")).station_id == found.station_id


async def test_a_charge_point_is_moved_between_two_charges(world: World) -> None:
    async with world.database.unit() as uow:
        other = await service_assets.create_station(uow, 1, NewStation(name="另一个站"))
    before = await charge_point(world)

    async def move(station_id: int) -> None:
        async with world.database.unit() as uow:
            await service_assets.change_charge_point(uow, CODE, {"station_id": station_id}, reach=EVERYWHERE)

    await world.say(sample("32010200000001012601010000000001", 1))
    with pytest.raises(Refused, match="正在充电"):
        await move(other.id)
    await move(before.station_id)
    assert (await charge_point(world)).station_id == before.station_id
    await world.say(sample())
    await move(other.id)
    assert (await charge_point(world)).station_id == other.id


async def test_more_connectors_than_entered_are_added(world: World) -> None:
    await world.say(booted(connector_count=3))
    assert (await charge_point(world)).connector_count == 3
    assert (await connector(world, 3)).state is ConnectorState.AVAILABLE


async def test_the_end_of_an_old_connection_does_not_touch_a_newer_one(world: World) -> None:
    await world.say(CameOnline(charge_point_code=CODE, gateway_id="g2", epoch=5))
    await world.say(WentOffline(charge_point_code=CODE, gateway_id="g1", epoch=4, reason="replaced"))
    found = await charge_point(world)
    assert found.online and (found.gateway_id, found.epoch) == ("g2", 5)
    await world.say(CameOnline(charge_point_code=CODE, gateway_id="g1", epoch=4))
    assert (await charge_point(world)).epoch == 5
    await world.say(WentOffline(charge_point_code=CODE, gateway_id="g2", epoch=5, reason="silent"))
    assert not (await charge_point(world)).online
    assert (await connector(world)).state is ConnectorState.OFFLINE


async def test_a_gateway_that_starts_anew_holds_nobody(world: World) -> None:
    async with world.database.unit() as uow:
        assert await service.forget_gateway(uow, "g1") == 2
        assert await service.forget_gateway(uow, "g1") == 0
    assert not (await charge_point(world)).online


async def test_samples_move_connectors_and_tell_only_changes(world: World) -> None:
    for _ in range(3):
        await world.say(sample("7" * 32, 1, plugged=True))
    assert (await connector(world)).state is ConnectorState.CHARGING
    await world.say(sample(plugged=True), sample(plugged=False), sample(status=ConnectorStatus.FAULTED, fault_bits=4))
    told = [(event.previous, event.state) for event in world.told if isinstance(event, ConnectorChanged)]
    assert told == [
        ("available", "charging"),
        ("charging", "occupied"),
        ("occupied", "available"),
        ("available", "faulted"),
    ]
    found = await connector(world)
    assert found.fault_bits == 4 and found.session_no == ""


async def test_heartbeats_tell_of_faults(world: World) -> None:
    await world.say(Beat(charge_point_code=CODE, connector_no=1, faulted=True))
    assert (await connector(world)).state is ConnectorState.FAULTED
    await world.say(Beat(charge_point_code=CODE, connector_no=1, faulted=False))
    assert (await connector(world)).state is ConnectorState.AVAILABLE


async def test_locks_clocks_and_tariffs_are_remembered(world: World) -> None:
    await world.say(
        LockReported(
            charge_point_code=CODE, connector_no=1, lock_state="raised", occupied=True, battery_pct=80, alarm="none"
        ),
        ClockReported(charge_point_code=CODE, skew_ms=-3_000),
        TariffReported(charge_point_code=CODE, tariff_no="0007", matches=False),
    )
    assert (await connector(world)).lock_state == "raised"
    found = await charge_point(world)
    assert (found.clock_skew_ms, found.tariff_no, found.tariff_matches) == (-3_000, "0007", False)


async def ask(world: World, **changes: object) -> SetWorkParameters:
    command = SetWorkParameters(
        command_id="c1",
        charge_point_code=CODE,
        expires_at_ms=world.clock.now_ms() + 30_000,
        in_service=False,
        power_limit_pct=50,
    )
    async with world.database.unit() as uow:
        await service.ask(uow, command, requested_by="staff:test")
    await world.pump()
    return command


async def logged(world: World, command_id: str = "c1") -> views.CommandRow:
    async with world.database.read() as connection:
        row = await views.command(connection, command_id)
    assert row is not None
    return row


@pytest.mark.parametrize(("outcome", "in_service"), [(CommandOutcome.DONE, False), (CommandOutcome.REFUSED, True)])
async def test_commands_are_logged_with_their_end(world: World, outcome: CommandOutcome, in_service: bool) -> None:
    await ask(world)
    assert (await logged(world)).outcome == ""
    ended = CommandEnded(charge_point_code=CODE, command_id="c1", command="SetWorkParameters", outcome=outcome)
    await world.say(ended, msgspec.structs.replace(ended, outcome=CommandOutcome.UNANSWERED))
    assert (await logged(world)).outcome == outcome.value
    assert (await charge_point(world)).in_service is in_service


async def test_the_end_of_a_command_counts_only_from_its_own_charge_point(world: World) -> None:
    await ask(world)
    await world.say(
        CommandEnded(
            charge_point_code=OTHER_CODE, command_id="c1", command="SetWorkParameters", outcome=CommandOutcome.DONE
        )
    )
    assert (await logged(world)).outcome == "" and (await charge_point(world)).in_service


async def test_commands_that_were_lost_are_closed_and_old_ones_forgotten(world: World) -> None:
    await ask(world)
    world.clock.advance(151_000)
    await jobs.close_lost_commands(world.database)
    assert (await logged(world)).reason == "lost"
    world.clock.advance(91 * 86_400_000)
    await jobs.prune_commands(world.database)
    async with world.database.read() as connection:
        assert await views.command(connection, "c1") is None


async def test_passwords_are_not_logged(world: World) -> None:
    command = UpdateFirmware(
        command_id="f1", charge_point_code=CODE, expires_at_ms=world.clock.now_ms() + 1, is_dc=True, power_kw=120,
        host="10.0.0.1", port=21, username="u", password="geheim", path="/a.bin", when_idle=True, timeout_s=600,
    )  # fmt: skip
    async with world.database.unit() as uow:
        await service.ask(uow, command, requested_by="staff:test")
    await world.pump()
    assert world.asked(UpdateFirmware)[0].password == "geheim"
    assert "geheim" not in (await logged(world, "f1")).body


async def test_clocks_are_set_where_somebody_is_online(world: World) -> None:
    await world.say(WentOffline(charge_point_code=OTHER_CODE, gateway_id="g1", epoch=1, reason="silent"))
    await jobs.sync_clocks(world.database)
    await world.pump()
    assert [command.charge_point_code for command in world.asked(SyncClock)] == [CODE]
    assert world.asked(Reboot) == []


async def test_entering_is_checked(world: World) -> None:
    new = NewChargePoint(
        code="10000000000001", station_id=world.station_id, name="桩", power_type="ac", connector_count=1
    )
    async with world.database.unit() as uow:
        await service_assets.create_charge_point(uow, new, reach=EVERYWHERE)
        with pytest.raises(Conflict):
            await service_assets.create_charge_point(uow, new, reach=EVERYWHERE)
        with pytest.raises(Invalid):
            await service_assets.create_charge_point(uow, msgspec.structs.replace(new, code="1"), reach=EVERYWHERE)
        with pytest.raises(Invalid):
            await service_assets.create_charge_point(
                uow, msgspec.structs.replace(new, code="10000000000002", connector_count=17), reach=EVERYWHERE
            )
        with pytest.raises(NotFound):
            await service_assets.create_charge_point(
                uow, msgspec.structs.replace(new, code="10000000000002"), reach=Reach(2)
            )
        await service_assets.remove_charge_point(uow, "10000000000001", reach=EVERYWHERE)
        with pytest.raises(Refused):
            await service_assets.remove_charge_point(uow, CODE, reach=EVERYWHERE)
        with pytest.raises(Conflict):
            await service_assets.remove_station(uow, world.station_id, reach=EVERYWHERE)
        empty = await service_assets.create_station(uow, 1, NewStation(name="空站"))
        await service_assets.remove_station(uow, empty.id, reach=EVERYWHERE)


async def test_connectors_are_found_by_sticker_and_by_screen(world: World) -> None:
    known = await connector(world, 2)
    async with world.database.unit() as uow:
        assert await service.find_by_qr(uow, f"https://example.com/q/{known.qr_code}") == (CODE, 2)
        assert await service.find_by_qr(uow, f"{CODE}02") == (CODE, 2)
        renewed = await service_assets.renew_qr_code(uow, CODE, 2, reach=EVERYWHERE)
        assert renewed.qr_code != known.qr_code
        with pytest.raises(NotFound):
            await service.find_by_qr(uow, known.qr_code)
