"""What charge points say that sessions listen to."""

from collections.abc import Sequence

import msgspec

from chargecloud.device.events import (
    BatteryDemand,
    BatteryIntroduced,
    BatteryLimits,
    BatteryStatus,
    Beat,
    CameOnline,
    ChargeAborted,
    ChargeEnded,
    ChargeFaulted,
    CommandEnded,
    FullyCharged,
    MeterSampled,
    RecordUploaded,
    SessionEvent,
    StartAnswered,
    StopAnswered,
)
from chargecloud.features.sessions import service, service_records, sql
from chargecloud.features.sessions.service_adopt import shows_charging
from chargecloud.infra.inbox import Subscription
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.message import Envelope

_ADDRESS = ("charge_point_code", "connector_no", "session_no", "type")


async def on_start_answered(uow: UnitOfWork, event: StartAnswered, envelope: Envelope) -> None:
    """Its word on a start."""
    await service.start_answered(uow, event, envelope.at_ms)


async def on_stop_answered(uow: UnitOfWork, event: StopAnswered, envelope: Envelope) -> None:
    """Its word on a stop."""
    await service.stop_answered(uow, event, envelope.at_ms)


async def on_command_ended(uow: UnitOfWork, event: CommandEnded, envelope: Envelope) -> None:
    """A start that was lost on the way."""
    await service.command_ended(uow, event, envelope.at_ms)


async def on_sample(uow: UnitOfWork, event: MeterSampled, envelope: Envelope) -> None:
    """Live values of a session."""
    await service.record_sample(uow, event, envelope.at_ms)


async def on_full(uow: UnitOfWork, event: FullyCharged, _envelope: Envelope) -> None:
    """A battery is full."""
    await service.fully_charged(uow, event)


async def on_beat(uow: UnitOfWork, event: Beat, envelope: Envelope) -> None:
    """What connectors do, of charge points that tell it in heartbeats."""
    await service.see_beat(uow, event, envelope.at_ms)


async def on_charge_ended(uow: UnitOfWork, event: ChargeEnded | ChargeAborted, envelope: Envelope) -> None:
    """The record is due."""
    await service.charge_ended(uow, event, envelope.at_ms)


async def on_record(uow: UnitOfWork, event: RecordUploaded, envelope: Envelope) -> None:
    """Store and confirm."""
    await service_records.store_record(uow, event, envelope.at_ms)


async def on_records(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
    """The same for many at once, as after an outage."""
    batch = [
        service_records.Uploaded(envelope.body, envelope.at_ms, envelope.trace_id)
        for envelope in envelopes
        if isinstance(envelope.body, RecordUploaded)
    ]
    await service_records.store_records(uow, batch)


async def on_online(uow: UnitOfWork, event: CameOnline, _envelope: Envelope) -> None:
    """Ask for what happened meanwhile."""
    await service.came_online(uow, event.charge_point_code)


async def keep_sample(uow: UnitOfWork, event: MeterSampled, envelope: Envelope) -> None:
    """A point of the charging curve."""
    if not event.session_no or not shows_charging(event):
        return
    row = {
        "session_no": event.session_no,
        "at_ms": envelope.at_ms,
        "status": int(event.status),
        "energy_mwh": event.energy_mwh,
        "billed_energy_mwh": event.billed_energy_mwh,
        "amount_hao": event.amount_hao,
        "voltage_mv": event.voltage_mv,
        "current_ma": event.current_ma,
        "soc_pct": event.soc_pct,
        "cable_temp_c": event.cable_temp_c,
        "battery_temp_c": event.battery_temp_c,
        "fault_bits": event.fault_bits,
    }
    uow.append(sql.session_samples, row)


async def keep_report(uow: UnitOfWork, event: SessionEvent, envelope: Envelope) -> None:
    """What battery and charger told each other."""
    if event.session_no:
        body = {name: value for name, value in msgspec.to_builtins(event).items() if name not in _ADDRESS}
        row = {
            "session_no": event.session_no,
            "at_ms": envelope.at_ms,
            "kind": type(event).__name__,
            "body": msgspec.json.encode(body).decode(),
        }
        uow.append(sql.battery_reports, row)


REPORTS: tuple[type[SessionEvent], ...] = (
    BatteryIntroduced, BatteryLimits, BatteryDemand, BatteryStatus, ChargeEnded, ChargeFaulted, ChargeAborted,
)  # fmt: skip

SUBSCRIPTIONS = (
    Subscription(StartAnswered, on_start_answered),
    Subscription(StopAnswered, on_stop_answered),
    Subscription(CommandEnded, on_command_ended),
    Subscription(MeterSampled, on_sample),
    Subscription(Beat, on_beat),
    Subscription(FullyCharged, on_full),
    Subscription(ChargeEnded, on_charge_ended),
    Subscription(ChargeAborted, on_charge_ended),
    Subscription(RecordUploaded, on_record, many=on_records),
    Subscription(CameOnline, on_online),
    Subscription(MeterSampled, keep_sample, telemetry=True),
    *(Subscription(kind, keep_report, telemetry=True) for kind in REPORTS),
)
