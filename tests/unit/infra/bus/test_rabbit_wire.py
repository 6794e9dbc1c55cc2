"""What crosses the broker comes out as it went in, also between two versions of the platform."""

import msgspec
import pytest

from chargecloud.device.events import Beat, CommandEnded, CommandOutcome
from chargecloud.infra.bus.rabbit_wire import foreign, pack, unpack
from chargecloud.infra.kinds import Kinds, Unreadable
from chargecloud.kernel.message import Envelope
from tests.contract.bus import beat, reboot

ENDED = CommandEnded(charge_point_code="1", command_id="c", command="Reboot", outcome=CommandOutcome.DONE)


def test_envelopes_come_back_in_order_with_everything() -> None:
    sent = [beat("1", 1), reboot(expires_at_ms=7), Envelope("站", ENDED, 5, "id", "trace", 9)]
    assert unpack(pack(sent), Kinds()) == sent


def test_a_kind_this_version_does_not_know_is_kept_for_people() -> None:
    (known, unknown) = unpack(pack([beat("1", 1), beat("2", 2)]).replace(b"\xa4Beat", b"\xa4Next", 1), Kinds())[::-1]
    assert known == beat("2", 2)
    assert isinstance(unknown.body, Unreadable)
    assert (unknown.key, unknown.body.kind) == ("1", "Next")
    assert '"charge_point_code":"1"' in unknown.body.text
    assert "'Next'" in unknown.body.error


def test_a_body_of_another_shape_is_kept_for_people() -> None:
    body = msgspec.Raw(msgspec.msgpack.encode({"type": "Beat", "charge_point_code": 7}))
    (envelope,) = unpack(msgspec.msgpack.encode([["1", "Beat", body, 5]]), Kinds())
    assert isinstance(envelope.body, Unreadable)
    assert "does not fit" in envelope.body.error


def test_fields_added_by_a_later_version_are_passed_over() -> None:
    body = msgspec.Raw(msgspec.msgpack.encode(beat("1", 3).body))
    (envelope,) = unpack(msgspec.msgpack.encode([["1", "Beat", body, 5, "id", "trace", 9, "new"]]), Kinds())
    assert isinstance(envelope.body, Beat)
    assert (envelope.id, envelope.expires_at_ms) == ("id", 9)


@pytest.mark.parametrize("payload", [b"", b"\xff\xff", b"hello", msgspec.msgpack.encode({"a": 1})])
def test_what_is_not_ours_is_refused_and_can_be_set_aside(payload: bytes) -> None:
    with pytest.raises(ValueError, match="not a message of this platform"):
        unpack(payload, Kinds())
    body = foreign(payload, "strange").body
    assert isinstance(body, Unreadable)
    assert (body.text, body.error) == (payload.hex(), "strange")
