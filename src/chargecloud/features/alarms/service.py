"""Opening, counting, acknowledging and closing alarms."""

from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.alarms import model, sql, views
from chargecloud.features.alarms.messages import AlarmClosed, AlarmKind, AlarmLevel, AlarmRaised, AlarmState, Cause
from chargecloud.features.alarms.views import AlarmRow
from chargecloud.features.payments import service as payments
from chargecloud.features.payments.messages import CaseClosed
from chargecloud.features.stations import service as stations
from chargecloud.features.stations.messages import ConnectorState
from chargecloud.infra.sql.reach import EVERYWHERE, Reach
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import NotFound, Refused

SYSTEM = "system"


async def raise_alarm(uow: UnitOfWork, cause: Cause) -> int | None:
    """Open an alarm, or count the one that is open already; None for a charge point nobody knows."""
    key = model.open_key(cause)
    known = await sql.find_open(uow, key)
    if known is not None and await sql.count_again(uow, key, cause.facts):
        patch: dict[str, object] = {"times": known.times + 1, "last_at_ms": uow.now_ms}
        _tell(uow, cause.kind, known.operator_id, known.alarm_id, patch)
        return known.alarm_id
    place = await _place(uow, cause)
    if place is None:
        return None
    level = model.KINDS[cause.kind].level
    row = {
        "operator_id": place.operator_id,
        "station_id": place.station_id,
        "kind": cause.kind.value,
        "level": level.value,
        "charge_point_code": cause.charge_point_code,
        "connector_no": cause.connector_no,
        "subject": cause.subject,
        "open_key": key,
    }
    alarm_id = await sql.add(uow, row, cause.facts)
    event = AlarmRaised(
        alarm_id=alarm_id,
        kind=cause.kind,
        charge_point_code=cause.charge_point_code,
        connector_no=cause.connector_no,
    )
    uow.publish(event, key=cause.charge_point_code or f"operator:{place.operator_id}")
    patch = {"kind": cause.kind, "level": level, "state": AlarmState.OPEN, "times": 1}
    _tell(uow, cause.kind, place.operator_id, alarm_id, patch)
    return alarm_id


class _Place(NamedTuple):
    operator_id: int
    station_id: int | None


async def _place(uow: UnitOfWork, cause: Cause) -> _Place | None:
    if cause.operator_id is not None:
        return _Place(cause.operator_id, None)
    charge_point = await stations.find_charge_point(uow, cause.charge_point_code)
    return _Place(charge_point.operator_id, charge_point.station_id) if charge_point else None


async def clear(uow: UnitOfWork, cause: Cause, *, note: str = "原因已消除") -> None:
    """The cause is gone: close its alarm, if there is one."""
    known = await sql.find_open(uow, model.open_key(cause))
    if known is not None:
        await _close(uow, known, actor=SYSTEM, note=note)


async def judge_connector(uow: UnitOfWork, charge_point_code: str, connector_no: int) -> None:
    """A connector's faults or state changed: it has a fault now, or it has none any more."""
    connector = await stations.connector(uow, charge_point_code, connector_no)
    faulted = connector.reported is ConnectorState.FAULTED or connector.fault_bits != 0
    cause = Cause(
        kind=AlarmKind.CONNECTOR_FAULTED,
        charge_point_code=charge_point_code,
        connector_no=connector_no,
        facts={"fault_bits": connector.fault_bits, "state": connector.reported.value},
    )
    if faulted:
        await raise_alarm(uow, cause)
    else:
        await clear(uow, cause)


async def bill_decided(uow: UnitOfWork, cause: Cause, event: CaseClosed) -> None:
    """A difference of a bill was decided: its alarm is over when none is left."""
    if event.day is None or not await payments.open_in_bill(
        uow.connection, event.operator_id, event.channel, event.day
    ):
        await clear(uow, cause, note="差异已全部处理")


async def alarm(connection: AsyncConnection, alarm_id: int, reach: Reach, *, money: bool) -> AlarmRow:
    """An alarm; NotFound when there is none, out of reach, or about money for somebody who sees none."""
    found = await views.find(connection, alarm_id, reach, money=money)
    if found is None:
        raise NotFound(f"没有告警 {alarm_id}", "alarm_unknown", alarm_id=alarm_id)
    return found


async def open_counts(connection: AsyncConnection, reach: Reach) -> dict[tuple[AlarmLevel, AlarmState], int]:
    """How many alarms are not closed, by level and state."""
    return await views.open_counts(connection, reach)


async def acknowledge(uow: UnitOfWork, before: AlarmRow, *, actor: str, note: str) -> AlarmRow:
    """Somebody looks after it."""
    alarm_id = before.alarm_id
    if not await sql.acknowledge(uow, alarm_id, actor=actor, note=note):
        raise Refused(f"告警已处于 {before.state} 状态，不能再确认", "alarm_not_open", state=before.state)
    _tell(uow, before.kind, before.operator_id, alarm_id, {"state": AlarmState.ACKNOWLEDGED})
    return await alarm(uow.connection, alarm_id, EVERYWHERE, money=True)


async def close(uow: UnitOfWork, before: AlarmRow, *, actor: str, note: str) -> AlarmRow:
    """Somebody says that it is over; if it is not, the next report opens another."""
    known = sql.OpenAlarm(
        alarm_id=before.alarm_id,
        operator_id=before.operator_id,
        kind=before.kind,
        charge_point_code=before.charge_point_code,
        connector_no=before.connector_no,
        state=before.state,
        times=before.times,
    )
    if not await _close(uow, known, actor=actor, note=note):
        raise Refused("告警已关闭", "alarm_closed")
    return await alarm(uow.connection, before.alarm_id, EVERYWHERE, money=True)


async def close_quiet(uow: UnitOfWork, *, limit: int = 500) -> int:
    """Close what has not come again for long enough; how many."""
    closed = 0
    for kind, rules in model.KINDS.items():
        if rules.quiet_ms is not None:
            for known in await sql.quiet_since(uow, kind, uow.now_ms - rules.quiet_ms, limit):
                closed += await _close(uow, known, actor=SYSTEM, note="长时间未再出现")
    return closed


async def _close(uow: UnitOfWork, known: sql.OpenAlarm, *, actor: str, note: str) -> bool:
    if not await sql.close(uow, known.alarm_id, actor=actor, note=note):
        return False
    event = AlarmClosed(
        alarm_id=known.alarm_id,
        kind=known.kind,
        charge_point_code=known.charge_point_code,
        connector_no=known.connector_no,
    )
    uow.publish(event, key=known.charge_point_code or f"operator:{known.operator_id}")
    _tell(uow, known.kind, known.operator_id, known.alarm_id, None)
    return True


def _tell(uow: UnitOfWork, kind: AlarmKind, operator_id: int, alarm_id: int, patch: dict[str, object] | None) -> None:
    """Patch what watchers see; None when it is over."""
    topic = "money-alarms" if kind in model.MONEY_KINDS else "alarms"
    uow.live(f"{topic}:{operator_id}", {"alarms": {str(alarm_id): patch}})
