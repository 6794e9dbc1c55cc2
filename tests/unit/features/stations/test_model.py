"""What connectors say, codes, QR texts."""

import pytest

from chargecloud.device.events import ConnectorStatus
from chargecloud.features.stations import model
from chargecloud.features.stations.messages import ConnectorState
from chargecloud.kernel.errors import Invalid


@pytest.mark.parametrize(
    ("status", "plugged", "state"),
    [
        (ConnectorStatus.AVAILABLE, False, ConnectorState.AVAILABLE),
        (ConnectorStatus.AVAILABLE, True, ConnectorState.OCCUPIED),
        (ConnectorStatus.CHARGING, True, ConnectorState.CHARGING),
        (ConnectorStatus.CHARGING, False, ConnectorState.CHARGING),
        (ConnectorStatus.FAULTED, False, ConnectorState.FAULTED),
        (ConnectorStatus.FAULTED, True, ConnectorState.FAULTED),
        (ConnectorStatus.OFFLINE, False, ConnectorState.OFFLINE),
        (ConnectorStatus.OTHER, False, ConnectorState.OCCUPIED),
        (ConnectorStatus.OTHER, True, ConnectorState.OCCUPIED),
    ],
)
def test_connector_state(status: ConnectorStatus, plugged: bool, state: ConnectorState) -> None:
    assert model.connector_state(status=status, plugged=plugged) is state


@pytest.mark.parametrize(
    ("reported", "plugged", "fault_bits", "faulted", "state"),
    [
        (ConnectorState.AVAILABLE, False, 0, True, ConnectorState.FAULTED),
        (ConnectorState.FAULTED, False, 0, False, ConnectorState.AVAILABLE),
        (ConnectorState.FAULTED, True, 0, False, ConnectorState.OCCUPIED),
        (ConnectorState.FAULTED, False, 2, False, ConnectorState.FAULTED),
        (ConnectorState.CHARGING, True, 0, False, ConnectorState.CHARGING),
    ],
)
def test_heartbeats_know_only_faults(
    reported: ConnectorState, plugged: bool, fault_bits: int, faulted: bool, state: ConnectorState
) -> None:
    after = model.beaten_state(reported=reported, plugged=plugged, fault_bits=fault_bits, faulted=faulted)
    assert after is state


@pytest.mark.parametrize(
    "code", ["", "1234567890123", "123456789012345", "1234567890123a", "１２３４５６７８９０１２３４"]
)
def test_codes_have_fourteen_digits(code: str) -> None:
    with pytest.raises(Invalid, match="14 位"):
        model.check_code(code)


def test_leading_zeros_of_a_code_count() -> None:
    assert model.check_code("00000000000001") == "00000000000001"


def test_an_unknown_rated_power_is_bounded_by_kind() -> None:
    assert model.rated_power_w(power_type="dc", entered_w=0) == 360_000
    assert model.rated_power_w(power_type="ac", entered_w=0) == 22_000
    assert model.rated_power_w(power_type="ac", entered_w=7_000) == 7_000


def test_secrets_do_not_reach_the_command_log() -> None:
    assert model.redacted({"password": "geheim", "host": "h"}) == {"password": "***", "host": "h"}
    assert model.redacted({"password": ""}) == {"password": ""}
