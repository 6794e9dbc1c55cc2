"""What boards say of themselves, in our words and units."""

from __future__ import annotations

import msgspec
import pytest

from chargecloud.device.events import ConnectorReport, ConnectorStatus, HazardReported, PowerReading
from chargecloud.protocols.dny import tables
from chargecloud.protocols.dny.codec import decode
from chargecloud.protocols.dny.frames import uplinks
from chargecloud.protocols.dny.mapping import live
from tests.support import dny
from tests.support.golden import golden_entries

GOLDEN = {entry["id"]: bytes.fromhex(entry["hex"]) for _, entry in golden_entries("dny")}


def test_a_heartbeat_tells_every_port() -> None:
    frame = uplinks.Heartbeat(voltage_dv=2251, port_states=b"\x00\x01\x02\x07\x0c", signal=0, temperature_raw=93)
    event = live.beat(dny.CODE, frame)
    assert event.connectors == (
        ConnectorReport(1, ConnectorStatus.AVAILABLE, 0x00, False),
        ConnectorReport(2, ConnectorStatus.CHARGING, 0x01, True),
        ConnectorReport(3, ConnectorStatus.AVAILABLE, 0x02, True),
        ConnectorReport(4, ConnectorStatus.FAULTED, 0x07, False, "spring_stuck"),
        ConnectorReport(5, ConnectorStatus.FAULTED, 0x0C, False, "unknown(12)"),
    )
    assert (event.connector_no, event.faulted, event.voltage_mv, event.ambient_temp_c) == (0, True, 225_100, 28)


def test_floating_counts_as_charging_and_full_as_plugged() -> None:
    floating, full = live.connectors_of(b"\x05\x03")
    assert floating.status is ConnectorStatus.CHARGING
    assert full.status is ConnectorStatus.AVAILABLE and full.plugged and not full.fault


def test_every_listed_state_is_healthy_or_a_named_fault() -> None:
    for state in tables.PORT_STATE:
        (connector,) = live.connectors_of(bytes((state,)))
        assert (
            (connector.status is ConnectorStatus.FAULTED)
            == bool(connector.fault)
            == (state not in tables.HEALTHY_STATES)
        )


def test_progress_in_our_units() -> None:
    frame = decode(GOLDEN["P078"]).frame
    assert isinstance(frame, uplinks.PowerHeartbeat)
    assert msgspec.structs.asdict(live.meter_sampled("05A1B2C3", frame)) == {
        "charge_point_code": "05A1B2C3",
        "connector_no": 10,
        "session_no": dny.ORDER.hex().upper(),
        "status": ConnectorStatus.CHARGING,
        "status_raw": 1,
        "plugged": True,
        "holstered": None,
        "voltage_mv": 223_100,
        "current_ma": 841,
        "cable_temp_c": 31,
        "soc_pct": 0,
        "battery_temp_c": None,
        "charged_s": 600,
        "remaining_s": 0,
        "energy_mwh": 30_000,
        "billed_energy_mwh": 30_000,
        "amount_hao": 0,
        "fault_bits": 0,
        "power": PowerReading(187_500, 190_200, 184_000, 187_100, 190_200),
        "floating": False,
        "ambient_temp_c": 23,
    }


def test_the_shortest_progress_has_no_voltage_and_no_peak() -> None:
    whole = decode(dny.progress(dny.ORDER.hex())).frame
    assert isinstance(whole, uplinks.PowerHeartbeat)
    frame = uplinks.PowerHeartbeat.parse(whole.pack()[:31])
    assert frame is not None
    event = live.meter_sampled(dny.CODE, frame)
    assert event.power is not None and event.power.peak_mw is None
    assert (event.voltage_mv, event.cable_temp_c, event.ambient_temp_c) == (0, None, None)


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (0, ConnectorStatus.OTHER),
        (4, ConnectorStatus.OTHER),
        (2, ConnectorStatus.AVAILABLE),
        (5, ConnectorStatus.CHARGING),
    ],
)
def test_only_four_states_of_progress_mean_something(state: int, status: ConnectorStatus) -> None:
    """A last 0x06 with state 0 was seen while the order was still open: it must not end a session."""
    frame = decode(dny.progress(dny.ORDER.hex(), port_state=state)).frame
    assert isinstance(frame, uplinks.PowerHeartbeat)
    assert live.meter_sampled(dny.CODE, frame).status is status


@pytest.mark.parametrize(
    ("kind", "hazard", "fire"),
    [(1, "power_cut", False), (3, "hot_melt", True), (4, "smoke", True), (5, "heat", True), (9, "unknown(9)", False)],
)
def test_alarms(kind: int, hazard: str, fire: bool) -> None:
    frame = uplinks.Alarm(alarm_type=kind, port_no=7, trigger_bits=None)
    assert live.alarm_reported(dny.CODE, frame) == HazardReported(
        charge_point_code=dny.CODE, connector_no=0, hazard=hazard, fire=fire, detail_raw=7
    )


def test_notices_of_a_cabinet() -> None:
    notice = uplinks.PortNotice(notice_type=1, port_no=2, order_no=dny.ORDER)
    event = live.notice_reported(dny.CODE, notice)
    assert (event.hazard, event.connector_no, event.fire) == ("door_not_closed", 3, False)
    full = uplinks.FullNotice(
        duration_s=60,
        max_power_dw=1,
        energy_001kwh=5,
        port_no=1,
        start_mode=1,
        card_or_code=bytes(4),
        stop_reason=1,
        order_no=dny.ORDER,
    )
    told = live.fully_charged(dny.CODE, full)
    assert (told.connector_no, told.charged_s, told.energy_mwh) == (2, 60, 50_000)
    assert told.session_no == dny.ORDER.hex().upper()
