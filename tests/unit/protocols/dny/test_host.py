"""The host as a role on the connection."""

from __future__ import annotations

import pytest

from chargecloud.device.events import Booted, HubReported, HubSampled
from chargecloud.protocols.dny.connection import Connection
from chargecloud.protocols.dny.frames import acks, uplinks
from chargecloud.protocols.wire.schema import Frame
from tests.support import dny
from tests.support.dny_harness import admitted, connected, said, verdict
from tests.support.golden import golden_entries

HEARTBEAT = bytes.fromhex(dict(golden_entries("dny"))["0x11-host_heartbeat-P029"]["hex"])


def test_a_host_gets_the_time_before_anybody_is_admitted() -> None:
    harness = connected()
    harness.receive(dny.up(uplinks.HostTimeSync(), physical_id=dny.HOST_ID, message_id=2))
    (raw,) = harness.sent
    assert int.from_bytes(raw[5:9], "little") == dny.HOST_ID and dny.message_ids([raw]) == [2]
    assert said(harness) == [acks.HostTimeAnswer(timestamp=harness.wall_ms // 1000)]


def test_a_host_of_its_own_is_no_charge_point() -> None:
    harness = connected()
    harness.receive(HEARTBEAT + dny.up(uplinks.HostTimeSync(), physical_id=dny.HOST_ID))
    connection = harness.connection
    assert isinstance(connection, Connection)
    assert harness.told(Booted) == [] and connection.boards == {} and connection.host_id == dny.HOST_ID


def test_what_the_host_said_first_is_told_when_somebody_is_admitted() -> None:
    harness = connected()
    harness.receive(HEARTBEAT + dny.register())
    assert harness.told(HubReported) == []
    harness.submit(verdict(harness))
    (event,) = harness.told(HubReported)
    assert (event.charge_point_code, event.hub_code) == (dny.CODE, "09D62684")
    assert (event.firmware_version, event.hub_type, event.modem_type, event.signal_raw) == ("1.01", 0x50, 6, 31)
    assert (event.sim_iccid, event.imei, event.modem_version) == ("89860413161892009275", "", "")
    assert event.clock_skew_ms == 1_604_934_748_000 - harness.wall_ms
    harness.submit(verdict(harness, command_id="again"))
    assert len(harness.told(HubReported)) == 1


def test_later_reports_are_told_at_once_and_never_answered() -> None:
    harness = admitted(dny.PHYSICAL_ID, dny.OTHER_ID)
    harness.receive(HEARTBEAT)
    harness.receive(HEARTBEAT)
    assert [event.charge_point_code for event in harness.told(HubReported)] == [dny.CODE] * 2
    codes = harness.told(HubReported)[0].charge_point_codes
    assert codes == harness.connection.charge_point_codes and codes[0] == dny.CODE and len(codes) == 2
    assert harness.take_sent() == []


def test_a_host_without_a_clock_has_no_skew() -> None:
    harness = admitted()
    frame = uplinks.HostHeartbeat.parse(HEARTBEAT[12:15] + bytes(4) + HEARTBEAT[19:-2])
    assert frame is not None
    harness.receive(dny.up(frame, physical_id=dny.HOST_ID))
    assert harness.told(HubReported)[0].clock_skew_ms is None


def test_breaker_meter_and_sensors() -> None:
    harness = admitted()
    status = uplinks.HostStatus(
        breaker_closed=1,
        temperature_raw=90,
        voltage_dv=2251,
        current_001a=1234,
        energy_001kwh=56_789,
        meter_current_001a=1200,
        meter_energy_001kwh=50_000,
        smoke=1,
        alarm_relay=0,
        leakage_ma=12,
        live_temp_raw=0,
        neutral_temp_raw=0,
        lockout=0,
        breaker_model=2,
    )
    harness.receive(dny.up(status, physical_id=dny.HOST_ID))
    (event,) = harness.told(HubSampled)
    assert (event.hub_code, event.voltage_mv, event.current_ma) == ("09D62684", 225_100, 12_340)
    assert (event.energy_mwh, event.meter_energy_mwh, event.meter_current_ma) == (567_890_000, 500_000_000, 12_000)
    assert (event.temp_c, event.smoke, event.leakage_ma, event.breaker_closed) == (25, True, 12, True)


@pytest.mark.parametrize(
    "frame",
    [uplinks.SlaveVersions(slaves=()), uplinks.FskRequest(frequency_mhz=0), uplinks.HostUpgradeRequest()],
    ids=lambda frame: type(frame).__name__,
)
def test_reports_nobody_acts_on_are_silent(frame: Frame) -> None:
    harness = admitted()
    harness.receive(dny.up(frame, physical_id=dny.HOST_ID))
    assert harness.take_sent() == [] and harness.events == []


def test_a_combined_host_numbers_apart_from_its_board() -> None:
    """The ids 2, 3, 4 of the host repeat every cycle while the board counts on: nothing is dropped for its id."""
    harness = admitted()
    for _ in range(3):
        harness.receive(dny.up(uplinks.HostTimeSync(), message_id=2) + dny.heartbeat(message_id=2))
        harness.pass_time(1.0)
    assert dny.downs(harness.take_sent()) == [0x12, 0x21] * 3
