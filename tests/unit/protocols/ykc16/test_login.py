"""0x01, the platform's decision, and the pushes after it."""

from __future__ import annotations

import itertools

import pytest

from chargecloud.device.commands import AnswerBoot
from chargecloud.device.events import Booted, CommandOutcome, PowerType
from chargecloud.kernel.clock import from_local
from chargecloud.protocols.wire.values import read_cp56
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.login import BOOT_LIMIT_S
from chargecloud.testing.commands import session_no, start
from chargecloud.testing.harness import Harness, admit
from tests.support import ykc
from tests.support.ykc_harness import admitted, connected, expiry, tariff


def answer(harness: Harness, **changes: object) -> AnswerBoot:
    fields: dict[str, object] = {
        "command_id": "boot",
        "charge_point_code": ykc.CODE,
        "expires_at_ms": expiry(harness),
        "link_id": "link",
        "accepted": True,
    }
    return AnswerBoot(**(fields | changes))  # type: ignore[arg-type]


def moments(harness: Harness, seconds: float) -> list[tuple[float, int]]:
    """When which type was sent, counted from now."""
    since, seen = harness.now, []
    for _ in range(round(seconds * 20)):
        harness.pass_time(0.05)
        seen += [(round(harness.now - since, 2), raw[5]) for raw in harness.take_sent()]
    return seen


def test_the_login_is_told() -> None:
    harness = connected()
    harness.receive(ykc.login(firmware=b"V4.1.50", pile_type=1))
    (event,) = harness.told(Booted)
    assert event.power_type is PowerType.AC
    assert (event.connector_count, event.protocol_version, event.firmware_version) == (2, "1.6", "V4.1.50")
    assert (event.sim_iccid, event.carrier_no) == ("898604D11722D0348606", 2)


def test_success_echoes_the_sequence() -> None:
    harness = connected()
    harness.receive(ykc.login(sequence=0x1234))
    harness.submit(answer(harness))
    (raw,) = harness.take_sent()
    assert raw[2:4] == b"\x34\x12"
    assert ykc.down(raw) == frames.LoginResponse(pile_code=ykc.CODE, login_result=0)


def test_refusal_closes_after_the_answer() -> None:
    harness = connected()
    harness.receive(ykc.login())
    harness.submit(answer(harness, accepted=False))
    (raw,) = harness.take_sent()
    assert ykc.down(raw) == frames.LoginResponse(pile_code=ykc.CODE, login_result=1)
    assert harness.connection.close_reason == "refused"


def test_no_decision_is_a_refusal_at_the_limit() -> None:
    harness = connected()
    harness.receive(ykc.login())
    harness.pass_time(BOOT_LIMIT_S - 0.1)
    assert harness.take_sent() == []
    harness.pass_time(0.2)
    assert ykc.downs(harness.take_sent()) == [0x02]
    assert harness.connection.close_reason == "boot_unanswered"


def test_a_decision_nobody_waits_for_is_refused() -> None:
    harness = admitted()
    harness.submit(answer(harness, command_id="late"))
    assert [(end.outcome, end.reason) for end in harness.ends("late")] == [(CommandOutcome.REFUSED, "not_waiting")]
    early = connected()
    early.submit(answer(early, command_id="early", charge_point_code=""))
    assert early.ends("early")[0].outcome is CommandOutcome.REFUSED


def test_pushes_are_paced() -> None:
    """0x56, 0x58, 0xF0, 200 to 500 ms apart (文档 §4.1, rule 11)."""
    harness = connected()
    harness.receive(ykc.login())
    harness.submit(answer(harness, qr_prefix="https://127.0.0.1/c?no="))
    harness.submit(tariff(harness))
    sent = moments(harness, 3.0)
    assert [code for _, code in sent] == [0x02, 0x56, 0x58, 0xF0]
    gaps = [later - earlier for (earlier, _), (later, _) in itertools.pairwise(sent)]
    assert all(0.2 <= gap <= 0.5 for gap in gaps)


def test_the_clock_push_carries_the_time_of_its_sending() -> None:
    harness = connected()
    admit(harness, ykc.login(), ykc.CODE)
    harness.take_sent()
    harness.pass_time(0.25)
    assert harness.take_sent() == []
    harness.pass_time(0.1)
    (raw,) = harness.take_sent()
    frame = ykc.down(raw)
    assert isinstance(frame, frames.TimeSync)
    moment = read_cp56(frame.current_time)
    assert moment is not None and abs(from_local(moment) - harness.wall_ms) <= 100


def test_a_tariff_that_comes_later_is_pushed_when_it_comes() -> None:
    harness = admitted()
    harness.submit(tariff(harness))
    assert ykc.downs(harness.take_sent()) == [0x58]


def test_a_tariff_that_comes_between_the_pushes_keeps_its_distance() -> None:
    harness = connected()
    admit(harness, ykc.login(), ykc.CODE, qr_prefix="https://127.0.0.1/")
    harness.pass_time(0.8)
    harness.take_sent()
    harness.submit(tariff(harness))
    assert [code for _, code in moments(harness, 2.0)] == [0xF0, 0x58]


def test_a_qr_prefix_the_wire_cannot_carry_is_named() -> None:
    harness = connected()
    harness.receive(ykc.login())
    harness.submit(answer(harness, qr_prefix="https://充电/"))
    (end,) = harness.ends("boot")
    assert end.outcome is CommandOutcome.DONE and "ASCII" in end.reason
    assert [code for _, code in moments(harness, 2.0)] == [0x02, 0x56]


def test_d12_a_repeated_login_is_idempotent() -> None:
    harness = admitted()
    harness.submit(tariff(harness))
    harness.receive(ykc.up(frames.BillingModelSetReply(pile_code=ykc.CODE, set_result=1)))
    harness.take_sent()
    harness.receive(ykc.login(sequence=7))
    (raw,) = harness.take_sent()
    assert raw[2:4] == b"\x07\x00" and ykc.downs([raw]) == [0x02]
    assert len(harness.told(Booted)) == 1
    assert [code for _, code in moments(harness, 2.0)] == [0x56, 0x58], "openUC repeats until it has a tariff"
    assert len(harness.ends("tariff")) == 1, "what we push on our own account ends nobody's command"


def test_d12_a_repeated_login_while_the_platform_decides_renews_the_sequence() -> None:
    harness = connected()
    harness.receive(ykc.login(sequence=1))
    harness.receive(ykc.login(sequence=2))
    harness.submit(answer(harness))
    (raw,) = harness.take_sent()
    assert raw[2:4] == b"\x02\x00" and len(harness.told(Booted)) == 1


def test_d13_the_version_byte_says_nothing() -> None:
    for version in (0x0A, 0x0D, 0x0F, 0x10, 0xFF):
        harness = connected()
        raw = ykc.down(ykc.login())
        assert isinstance(raw, frames.LoginRequest)
        fields = {name: getattr(raw, name) for name in raw.__struct_fields__} | {"protocol_version": version}
        harness.receive(ykc.up(frames.LoginRequest(**fields)))
        harness.submit(answer(harness))
        assert harness.connection.admitted


def test_d14_stored_records_and_samples_may_come_before_the_tariff_question() -> None:
    harness = connected()
    admit(harness, ykc.login(), ykc.CODE)
    trade = session_no(ykc.CODE)
    kinds = [
        type(event).__name__
        for raw in (ykc.up(ykc.record(trade)), ykc.up(ykc.realtime(trade)), ykc.heartbeat())
        for event in harness.receive(raw)
    ]
    assert kinds == ["RecordUploaded", "MeterSampled", "Beat"]


def test_our_own_sequence_counts_little_endian_from_the_login() -> None:
    harness = connected()
    admit(harness, ykc.login(sequence=0x55AA), ykc.CODE)
    harness.pass_time(12.0)
    harness.take_sent()
    numbers = []
    for turn in range(300):
        harness.submit(start(ykc.CODE, expiry(harness), command_id=f"s{turn}", session_no=session_no(ykc.CODE)))
        harness.receive(ykc.start_reply(session_no(ykc.CODE)))
        numbers += [raw[2:4] for raw in harness.take_sent()]
    assert numbers == [(turn + 1).to_bytes(2, "little") for turn in range(300)], "the clock push was number 0"


@pytest.mark.parametrize("body", [30, 31])
def test_a_login_one_byte_longer_is_read_from_its_end(body: int) -> None:
    harness = connected()
    raw = ykc.login()
    if body == 31:
        from tests.unit.protocols.ykc16.test_connection import resealed

        raw = resealed(raw[2:24] + b"\x00" + raw[24:-2])
    harness.receive(raw)
    (event,) = harness.told(Booted)
    assert event.sim_iccid == "898604D11722D0348606" and event.carrier_no == 2
