"""Which gateways live: one that falls silent takes its charge points offline, and brings them back if it was only away.

A sign is missed after a minute and the gateway given up half a minute later, and only if somebody has looked in
between: after an outage of the workers themselves, the signs that waited for them are read first.
"""

import structlog

from chargecloud.device.events import GatewayReported
from chargecloud.features.stations import sql_gateways
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.clock import rfc3339
from chargecloud.kernel.errors import Refused

log = structlog.get_logger("chargecloud.stations")

MISSED_AFTER_MS = 60_000
GIVEN_UP_AFTER_MS = 90_000
MISSED_FOR_MS = 20_000
CLOCKS_APART_MS = 2_000
"""Epochs come from the directory's clock, the start of a gateway's life from its own."""
FORGOTTEN_AFTER_MS = 30 * 86_400_000
TOLD_LIVE = 2_000
"""Charge points whose watchers are told one by one; beyond that, pages are right after their next reload."""


async def reported(uow: UnitOfWork, event: GatewayReported) -> None:
    """A sign of life. Late signs of an earlier life count for nothing."""
    known = await sql_gateways.lock(uow, event.gateway_id)
    if known is None:
        await sql_gateways.add(uow, event.gateway_id)
        known = await sql_gateways.lock(uow, event.gateway_id)
    if known is None or event.started_at_ms < known.started_at_ms:
        return
    await sql_gateways.heard(uow, event.gateway_id, started_at_ms=event.started_at_ms, online=event.online)
    if event.started_at_ms > known.started_at_ms:
        before = event.started_at_ms - CLOCKS_APART_MS
        moved = await sql_gateways.take_offline(uow, event.gateway_id, epoch_before=before)
        _tell(uow, moved, online=False)
    elif known.silent_since_ms is not None:
        moved = await sql_gateways.bring_back(uow, event.gateway_id, offline_since_ms=known.silent_since_ms)
        _tell(uow, moved, online=True)
        log.info("gateway.back", gateway_id=event.gateway_id, charge_points=len(moved))


async def give_up_silent(uow: UnitOfWork) -> None:
    """Take what silent gateways hold offline."""
    await sql_gateways.miss(uow, seen_before_ms=uow.now_ms - MISSED_AFTER_MS)
    silent = await sql_gateways.give_up(
        uow, seen_before_ms=uow.now_ms - GIVEN_UP_AFTER_MS, missed_before_ms=uow.now_ms - MISSED_FOR_MS
    )
    for gateway_id in silent:
        moved = await sql_gateways.take_offline(uow, gateway_id)
        _tell(uow, moved, online=False)
        log.error("gateway.silent", gateway_id=gateway_id, charge_points=len(moved))
    await sql_gateways.prune(uow, silent_before_ms=uow.now_ms - FORGOTTEN_AFTER_MS)


async def refuse_unreachable(uow: UnitOfWork, charge_point_code: str) -> None:
    """Refused when the gateway that held this charge point does not answer: for people, who can try later.

    What the platform asks on its own account, such as the end of a charge, is never refused: it is noted, and how it
    ended is told.
    """
    gateway = await sql_gateways.silent_holder(uow, charge_point_code)
    if gateway is not None:
        raise Refused(
            f"充电桩所在的网关 {gateway.gateway_id} 自 {rfc3339(gateway.seen_at_ms)} 起没有消息，指令无法送达",
            "gateway_silent",
            gateway_id=gateway.gateway_id,
            seen_at_ms=gateway.seen_at_ms,
        )


def _tell(uow: UnitOfWork, moved: sql_gateways.Moved, *, online: bool) -> None:
    patch = {"online": online, "presence_since_ms": uow.now_ms}
    for code, station_id in moved[:TOLD_LIVE]:
        uow.live(f"charge_point:{code}", patch)
        uow.live(f"station:{station_id}", {"charge_points": {code: patch}})
