"""What sessions add up to, for statistics: starts of a span of time, and the power that flows now."""

from collections import defaultdict

import msgspec
from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.device.events import StartMethod, StartRefusal
from chargecloud.features.sessions.messages import SessionState, StopReason
from chargecloud.features.sessions.model import START_PROOF_MS, UNPROVEN
from chargecloud.features.sessions.sql import sessions
from chargecloud.features.tariffs.messages import PowerInterval

FLOWING = (SessionState.CHARGING.value, SessionState.STOPPING.value)
HEARD_WITHIN_MS = 600_000
"""A power nobody has confirmed for longer is not counted as flowing."""

_read_intervals = msgspec.json.Decoder(list[PowerInterval]).decode


class StartSums(msgspec.Struct, frozen=True, kw_only=True):
    """Start commands at one station within a span of time, as far as it is known what became of them."""

    station_id: int
    starts: int
    starts_succeeded: int
    """The charge point showed within 90 s that it charges: what does not is stopped (`START_TIMEOUT`), what charges
    after a no has no right to (`UNAUTHORISED`). A yes that was lost on its way is taken as said."""
    starts_ended_by_driver: int
    """Failed because nothing was plugged in, or because the driver changed their mind: no device is to blame."""


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """What flows at one station now."""

    operator_id: int
    station_id: int
    charging: int
    power_w: int
    energy_mwh: int
    """What these charges have delivered so far."""


async def start_sums(connection: AsyncConnection, operator_id: int, since_ms: int, until_ms: int) -> list[StartSums]:
    """An operator's start commands given within a span, by station."""
    c = sessions.c
    succeeded = and_(
        c.began_at_ms.is_not(None),
        c.began_at_ms - c.requested_at_ms <= START_PROOF_MS,
        c.stop_reason.not_in([StopReason.START_TIMEOUT.value, StopReason.UNAUTHORISED.value]),
    )
    by_driver = and_(
        c.began_at_ms.is_(None),
        or_(
            c.refusal.startswith(StartRefusal.NOT_PLUGGED.value, autoescape=True),
            c.refusal.startswith(StartRefusal.CHOOSE_CONNECTOR.value, autoescape=True),
            c.stop_reason == StopReason.DRIVER.value,
        ),
    )
    statement = (
        select(
            c.station_id,
            func.count(),
            func.sum(case((succeeded, 1), else_=0)),
            func.sum(case((by_driver, 1), else_=0)),
        )
        .where(
            c.operator_id == operator_id,
            c.requested_at_ms >= since_ms,
            c.requested_at_ms < until_ms,
            c.method == StartMethod.APP.value,
            c.order_no != "",
            c.state.not_in(sorted(state.value for state in UNPROVEN)),
        )
        .group_by(c.station_id)
    )
    names = StartSums.__struct_fields__
    rows = await connection.execute(statement)
    return [StartSums(**{name: int(value) for name, value in zip(names, row, strict=True)}) for row in rows]


async def flow(connection: AsyncConnection, now_ms: int, operator_id: int | None = None) -> list[Flow]:
    """What flows now, by operator and station."""
    c = sessions.c
    statement = select(c.operator_id, c.station_id, c.voltage_mv, c.current_ma, c.intervals, c.energy_mwh).where(
        c.state.in_(FLOWING), c.evidence_at_ms >= now_ms - HEARD_WITHIN_MS
    )
    if operator_id is not None:
        statement = statement.where(c.operator_id == operator_id)
    found: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in await connection.execute(statement):
        place = found[row.operator_id, row.station_id]
        place[0] += 1
        place[1] += _power_mw(row.voltage_mv, row.current_ma, row.intervals)
        place[2] += row.energy_mwh
    return [
        Flow(operator_id=owner, station_id=station, charging=charging, power_w=power_mw // 1000, energy_mwh=energy_mwh)
        for (owner, station), (charging, power_mw, energy_mwh) in sorted(found.items())
    ]


def _power_mw(voltage_mv: int, current_ma: int, intervals: str | None) -> int:
    """Charge points that only count report their power for the time since the last report."""
    if intervals and (reported := _read_intervals(intervals)):
        return reported[-1].avg_mw
    return voltage_mv * current_ma // 1000
