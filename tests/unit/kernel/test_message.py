import msgspec
import pytest

from chargecloud.device.events import Beat
from chargecloud.kernel.message import Envelope


def test_messages_cannot_be_changed() -> None:
    beat = Beat(charge_point_code="32010600019236", connector_no=1, faulted=False)
    with pytest.raises(AttributeError):
        beat.connector_no = 2  # type: ignore[misc]


def test_a_device_message_survives_json() -> None:
    beat = Beat(charge_point_code="32010600019236", connector_no=1, faulted=True)
    assert msgspec.json.decode(msgspec.json.encode(beat), type=Beat) == beat


def test_an_envelope_defaults_to_no_outbox_and_no_expiry() -> None:
    beat = Beat(charge_point_code="32010600019236", connector_no=1, faulted=True)
    envelope = Envelope(beat.charge_point_code, beat, 1)
    assert (envelope.id, envelope.expires_at_ms) == ("", 0)
