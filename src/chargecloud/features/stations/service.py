"""Use cases of stations: what stands where, who may connect, what connectors say, and what charge points are asked."""

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.device.capability import Capability
from chargecloud.device.commands import AnswerBoot, ApplyTariff, DeviceCommand, SetWorkParameters
from chargecloud.device.events import (
    Beat,
    Booted,
    CameOnline,
    ClockReported,
    CommandEnded,
    CommandOutcome,
    LockReported,
    MeterSampled,
    RecordUploaded,
    TariffReported,
    WentOffline,
)
from chargecloud.features.stations import (
    model,
    service_assets,
    service_codes,
    service_strangers,
    sql,
    sql_commands,
    sql_connectors,
    views,
    views_codes,
)
from chargecloud.features.stations.messages import (
    ChargePoint,
    ChargePointEnrolled,
    Connector,
    ConnectorChanged,
    ConnectorFaultsChanged,
    ConnectorState,
    Place,
    Station,
)
from chargecloud.features.stations.model import can, rated_power_w
from chargecloud.features.stations.views_figures import connector_counts, own_stations, station_names
from chargecloud.infra.sql.reach import EVERYWHERE, Reach
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import NotFound, Refused

ANSWER_WITHIN_MS = 30_000
NOT_ADMITTED = "not_admitted"
"""The one reason a charge point is given, whether it is unknown or disabled (abuse A03)."""


async def station(uow: UnitOfWork, station_id: int, reach: Reach = EVERYWHERE) -> Station:
    """A station, or NotFound, also when it is out of reach."""
    return await service_assets.station(uow, station_id, reach)


async def charge_point(uow: UnitOfWork, charge_point_code: str) -> ChargePoint:
    """A charge point, or NotFound."""
    return await sql.get_charge_point(uow, charge_point_code)


async def connector(uow: UnitOfWork, charge_point_code: str, connector_no: int) -> Connector:
    """A connector with its charge point, or NotFound."""
    if connector_no == 0:
        return await _any_connector(uow, charge_point_code)
    found = await sql.find_connector(uow, charge_point_code, connector_no)
    if found is None:
        raise NotFound(
            f"没有桩 {charge_point_code} 的 {connector_no} 号枪",
            "connector_unknown",
            charge_point_code=charge_point_code,
            connector_no=connector_no,
        )
    return found


async def _any_connector(uow: UnitOfWork, charge_point_code: str) -> Connector:
    """Whichever connector the charge point will choose; Refused where it cannot."""
    at = await charge_point(uow, charge_point_code)
    if not can(at, Capability.CHOOSES_CONNECTOR):
        raise Refused("该充电桩不能自选插座，请指定枪号", "connector_required", field="connector_no")
    if not any(each.in_use for each in await views.connectors_of(uow.connection, at.code)):
        raise Refused("该充电桩的插座均已停用，请换一台", "connector_disabled", charge_point_code=at.code)
    return Connector(
        charge_point=at,
        connector_no=0,
        qr_code="",
        reported=ConnectorState.AVAILABLE,
        plugged=False,
        holstered=None,
        fault_bits=0,
        session_no="",
        since_ms=uow.now_ms,
        lock_state="",
        lock_occupied=None,
        lock_battery_pct=None,
        lock_alarm="",
        lock_reported_at_ms=None,
    )


async def find_charge_point(uow: UnitOfWork, charge_point_code: str) -> ChargePoint | None:
    """A charge point, or None."""
    return await sql.find_charge_point(uow, charge_point_code)


async def find_by_qr(uow: UnitOfWork, text: str) -> tuple[str, int]:
    """Charge point code and connector number a scanned text names, or NotFound; 0: the charge point chooses."""
    found = await views_codes.by_text(uow.connection, text, uow.options.other_codes)
    if found.connector_no is None:
        raise Refused("该充电桩有多把枪，请选择枪号", "connector_required", field="connector_no")
    return found.charge_point.code, found.connector_no


async def places(
    connection: AsyncConnection, *, operator_id: int | None, name: str, after_id: int, limit: int
) -> list[Place]:
    """Stations drivers may come to, by id, with their connectors; of one operator, or of all."""
    return await views.places(connection, operator_id=operator_id, name=name, after_id=after_id, limit=limit)


async def place(connection: AsyncConnection, station_id: int) -> Place:
    """One station as drivers see it, or NotFound."""
    found = await views.place(connection, station_id)
    if found is None:
        raise NotFound(f"没有场站 {station_id}", "station_unknown", station_id=station_id)
    return found


async def place_of(connection: AsyncConnection, charge_point_code: str) -> Place:
    """The station a charge point stands at, as drivers see it, or NotFound."""
    found = await views.charge_point(connection, charge_point_code)
    if found is None or not found.enabled:
        raise NotFound(f"没有桩编号 {charge_point_code}", "charge_point_unknown", charge_point_code=charge_point_code)
    return await place(connection, found.station_id)


async def charge_points_at(uow: UnitOfWork, station_id: int) -> list[ChargePoint]:
    """All charge points of a station."""
    return await views.charge_points_at(uow.connection, station_id)


async def answer_boot(uow: UnitOfWork, event: Booted) -> None:
    """Admit a known and enabled charge point, any while enrolment is open, and turn all others away alike."""
    known = await sql.find_charge_point(uow, event.charge_point_code)
    if known is None and uow.options.enrolment_open:
        known = await service_assets.enrol(uow, event)
        uow.publish(
            ChargePointEnrolled(charge_point_code=known.code, station_id=known.station_id), key=event.charge_point_code
        )
    elif known is None:
        await service_strangers.note(uow, event)
    elif known.enabled:
        await _note_boot(uow, known, event)
    accepted = known is not None and known.enabled
    uow.command(
        AnswerBoot(
            command_id=f"boot:{event.link_id}",
            charge_point_code=event.charge_point_code,
            expires_at_ms=uow.now_ms + ANSWER_WITHIN_MS,
            link_id=event.link_id,
            accepted=accepted,
            reason="" if accepted else NOT_ADMITTED,
            qr_prefix=await service_codes.screen_prefix(uow, known) if known is not None and accepted else "",
            qr_with_connector=uow.options.qr_with_connector,
        )
    )


async def _note_boot(uow: UnitOfWork, known: ChargePoint, event: Booted) -> None:
    await sql.note_boot(uow, known, event)
    count = min(event.connector_count, model.MAX_CONNECTORS)
    if count > known.connector_count:
        await sql.add_connectors(uow, known.code, range(known.connector_count + 1, count + 1))
        await sql.set_charge_point(uow, known.code, connector_count=count)


async def came_online(uow: UnitOfWork, event: CameOnline) -> None:
    """Commands reach this charge point now."""
    await _set_presence(uow, event, online=True)


async def went_offline(uow: UnitOfWork, event: WentOffline) -> None:
    """The connection of this epoch is gone; a later one is not touched."""
    await _set_presence(uow, event, online=False)


async def _set_presence(uow: UnitOfWork, event: CameOnline | WentOffline, *, online: bool) -> None:
    code = event.charge_point_code
    if await sql.set_presence(
        uow, charge_point_code=code, gateway_id=event.gateway_id, epoch=event.epoch, online=online
    ):
        station_id = await sql.station_of_charge_point(uow, code)
        patch = {"online": online, "presence_since_ms": uow.now_ms}
        uow.live(f"charge_point:{code}", patch)
        uow.live(f"station:{station_id}", {"charge_points": {code: patch}})


async def forget_gateway(uow: UnitOfWork, gateway_id: str) -> int:
    """A gateway starts anew: whatever it held before is offline until it says otherwise."""
    return await sql.forget_gateway(uow, gateway_id)


async def see_sample(uow: UnitOfWork, event: MeterSampled) -> None:
    """A connector's live values; only a change of its state is written."""
    state = model.sampled_state(event)
    session_no = event.session_no if state is ConnectorState.CHARGING else ""
    values: dict[str, object] = {
        "reported": state.value,
        "plugged": event.plugged,
        "holstered": event.holstered,
        "fault_bits": event.fault_bits,
        "session_no": session_no[:64],
    }
    changed = await sql_connectors.find_differing(uow, event.charge_point_code, event.connector_no, values)
    if changed is not None:
        await _write_connector(uow, changed, values)
    uow.live(f"charge_point:{event.charge_point_code}", {"connectors": {str(event.connector_no): _live_values(event)}})


def _live_values(event: MeterSampled) -> dict[str, object]:
    return {
        "voltage_mv": event.voltage_mv,
        "current_ma": event.current_ma,
        "soc_pct": event.soc_pct,
        "energy_mwh": event.energy_mwh,
        "cable_temp_c": event.cable_temp_c,
        "battery_temp_c": event.battery_temp_c,
        "remaining_s": event.remaining_s,
    }


async def see_beat(uow: UnitOfWork, event: Beat) -> None:
    """A heartbeat writes only when it changes what is known of a connector."""
    if event.connectors:
        await _see_reports(uow, event)
        return
    found = await sql_connectors.find_fault_differing(uow, event.charge_point_code, event.connector_no, event.faulted)
    if found is None:
        return
    state = model.beaten_state(
        reported=found.reported, plugged=found.plugged, fault_bits=found.fault_bits, faulted=event.faulted
    )
    if state is not found.reported:
        await _write_connector(uow, found, {"reported": state.value})


async def _see_reports(uow: UnitOfWork, event: Beat) -> None:
    """A heartbeat that tells of every connector; its faults have names, so the bit only says that there is one."""
    known = {each.connector_no: each for each in await views.connectors_of(uow.connection, event.charge_point_code)}
    for report in event.connectors:
        found = known.get(report.connector_no)
        state = model.reported_state(report)
        values: dict[str, object] = {
            "reported": state.value,
            "plugged": report.plugged,
            "fault_bits": int(bool(report.fault)),
        }
        if found and (found.reported, found.plugged, found.fault_bits) != (state, report.plugged, values["fault_bits"]):
            charging = state is ConnectorState.CHARGING
            await _write_connector(uow, found, values | {"session_no": found.session_no if charging else ""})


async def _write_connector(uow: UnitOfWork, before: Connector, values: dict[str, object]) -> None:
    """Store, tell watchers, and tell other features when the state itself changed."""
    code, connector_no = before.charge_point.code, before.connector_no
    state = ConnectorState(str(values["reported"]))
    if state is not before.reported:
        values = values | {"since_ms": uow.now_ms}
        event = ConnectorChanged(
            charge_point_code=code, connector_no=connector_no, state=state, previous=before.reported
        )
        uow.publish(event, key=code)
    if values.get("fault_bits", before.fault_bits) != before.fault_bits:
        faults = ConnectorFaultsChanged(
            charge_point_code=code, connector_no=connector_no, fault_bits=int(str(values["fault_bits"]))
        )
        uow.publish(faults, key=code)
    await sql.set_connector(uow, code, connector_no, **values)
    shown = msgspec.structs.replace(before, reported=state).shown(state)
    patch = {name: value for name, value in values.items() if name != "reported"} | {"state": shown.value}
    of_charge_point = {"connectors": {str(connector_no): patch}}
    uow.live(f"charge_point:{code}", of_charge_point)
    uow.live(f"station:{before.charge_point.station_id}", {"charge_points": {code: of_charge_point}})


async def see_record(uow: UnitOfWork, event: RecordUploaded) -> None:
    """The record of the charge a connector is in ends it; one that has told its number is not ended by another's."""
    found = await sql.find_connector(uow, event.charge_point_code, event.connector_no)
    if found and found.reported is ConnectorState.CHARGING and found.session_no in ("", event.session_no):
        values: dict[str, object] = {"reported": ConnectorState.OCCUPIED.value, "plugged": True, "session_no": ""}
        await _write_connector(uow, found, values)


async def see_lock(uow: UnitOfWork, event: LockReported) -> None:
    """State of a parking lock."""
    values: dict[str, object] = {
        "lock_state": event.lock_state,
        "lock_occupied": event.occupied,
        "lock_battery_pct": event.battery_pct,
        "lock_alarm": event.alarm,
        "lock_reported_at_ms": uow.now_ms,
    }
    await sql.set_connector(uow, event.charge_point_code, event.connector_no, **values)
    uow.live(f"charge_point:{event.charge_point_code}", {"connectors": {str(event.connector_no): values}})


async def see_clock(uow: UnitOfWork, event: ClockReported) -> None:
    """How far a charge point's clock is from ours."""
    await sql.set_charge_point(
        uow, event.charge_point_code, clock_skew_ms=event.skew_ms, clock_reported_at_ms=uow.now_ms
    )


async def see_tariff(uow: UnitOfWork, event: TariffReported) -> None:
    """Which tariff a charge point holds."""
    await sql.set_charge_point(
        uow,
        event.charge_point_code,
        tariff_no=event.tariff_no[:16],
        tariff_matches=event.matches,
        tariff_reported_at_ms=uow.now_ms,
    )


async def ask(uow: UnitOfWork, command: DeviceCommand, *, requested_by: str) -> None:
    """Ask a charge point; a line in its command log will tell how it ended, also when it cannot be reached."""
    body = model.redacted(msgspec.to_builtins(command))
    await sql_commands.add(uow, command, body=msgspec.json.encode(body).decode(), requested_by=requested_by)
    uow.command(command)


async def command_ended(uow: UnitOfWork, event: CommandEnded) -> None:
    """How a command ended; those nobody logged are none of our business."""
    if await sql_commands.close(uow, event):
        if event.outcome is CommandOutcome.DONE and event.command in _TAKEN:
            await _TAKEN[event.command](uow, event)
        patch = {"outcome": event.outcome.value, "reason": event.reason, "detail": event.detail}
        uow.live(f"charge_point:{event.charge_point_code}", {"commands": {event.command_id: patch}})


async def _apply_work_parameters(uow: UnitOfWork, event: CommandEnded) -> None:
    """What the charge point has accepted is how it works now."""
    row = await views.command(uow.connection, event.command_id)
    if row is not None:
        accepted = msgspec.json.decode(row.body, type=SetWorkParameters)
        await sql.set_charge_point(
            uow,
            event.charge_point_code,
            in_service=accepted.in_service,
            power_limit_pct=accepted.power_limit_pct,
        )


async def _hold_tariff(uow: UnitOfWork, event: CommandEnded) -> None:
    """What the charge point has taken it holds now; it matches, unless it was given another since."""
    row = await views.command(uow.connection, event.command_id)
    if row is not None:
        held = msgspec.json.decode(row.body, type=ApplyTariff).tariff.tariff_no
        newest = await sql_commands.newest(uow, event.charge_point_code, ApplyTariff.__name__) == event.command_id
        reported = TariffReported(charge_point_code=event.charge_point_code, tariff_no=held, matches=newest)
        await see_tariff(uow, reported)


_TAKEN = {SetWorkParameters.__name__: _apply_work_parameters, ApplyTariff.__name__: _hold_tariff}
"""What follows when a charge point has done what it was asked."""


__all__ = [
    "answer_boot",
    "ask",
    "came_online",
    "can",
    "charge_point",
    "charge_points_at",
    "command_ended",
    "connector",
    "connector_counts",
    "find_by_qr",
    "find_charge_point",
    "forget_gateway",
    "own_stations",
    "rated_power_w",
    "see_beat",
    "see_clock",
    "see_lock",
    "see_record",
    "see_sample",
    "see_tariff",
    "station",
    "station_names",
    "went_offline",
]
