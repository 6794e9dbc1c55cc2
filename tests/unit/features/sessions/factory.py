"""Sessions as tests want them."""

from typing import Any

import msgspec

from chargecloud.device.events import StartMethod
from chargecloud.features.sessions.messages import ChargingSession, SessionState
from chargecloud.features.tariffs.messages import TariffVersion
from tests.support.world import BANDS, HALF_HOURS

NOW = 1_767_225_600_000
"""2026-01-01 08:00 in Beijing: the first half hour of the flat band."""
KWH = 1_000_000
RATED_W = 120_000
CODE = "32010200000001"
NUMBER = CODE + "01" + "260101080000" + "0001"
TARIFF = TariffVersion(
    version_id=1,
    tariff_id=1,
    operator_id=1,
    version_no=1,
    tariff_no="0001",
    bands=BANDS,
    half_hours=bytes(HALF_HOURS),
    effective_from_ms=0,
)


def session(state: SessionState = SessionState.REQUESTED, **changes: Any) -> ChargingSession:
    """A session just requested, or as told."""
    base = ChargingSession(
        session_no=NUMBER,
        order_no="2026010108000000000001",
        operator_id=1,
        station_id=1,
        charge_point_code=CODE,
        connector_no=1,
        rated_power_w=RATED_W,
        method=StartMethod.APP,
        driver_id=7,
        tariff=TARIFF,
        cap_fen=10_000,
        state=state,
        connector_key=f"{CODE}/1",
        driver_key="7/0",
        requested_at_ms=NOW,
        proof_due_at_ms=NOW + 90_000,
        evidence_at_ms=NOW,
        due_at_ms=NOW + 90_000,
    )
    return msgspec.structs.replace(base, **changes)


def charging(**changes: Any) -> ChargingSession:
    """A session that charges since `NOW`."""
    values: dict[str, Any] = {"began_at_ms": NOW, "metered_at_ms": NOW, "due_at_ms": NOW + 60_000}
    return session(SessionState.CHARGING, **values | changes)


def price(session: ChargingSession) -> int:
    """One yuan a kilowatt-hour, in hao."""
    return sum(segment.energy_mwh for segment in session.segments) // 100
