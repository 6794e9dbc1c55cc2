"""0x31/0x32 and 0xA1/0xA2: a driver at the charge point."""

from __future__ import annotations

import pytest

from chargecloud.device.commands import AnswerStart, ReplyRefusal
from chargecloud.device.events import CommandOutcome, StartMethod, StartRequested, WireFaulted
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.asks import ASK_LIMIT_S, ASKS_MAX
from chargecloud.testing.commands import CARD, session_no
from chargecloud.testing.harness import Harness
from tests.support import ykc
from tests.support.ykc_harness import admitted, expiry

VIN = "LDC000000T0000001"


def ask(**changes: object) -> frames.StartChargeRequest:
    fields: dict[str, object] = {
        "pile_code": ykc.CODE,
        "gun_no": "01",
        "start_mode": 1,
        "password_required": 0,
        "account_or_card": bytes.fromhex(CARD),
        "password_md5": bytes(16),
        "vin": b"",
    }
    return frames.StartChargeRequest(**(fields | changes))  # type: ignore[arg-type]


def parallel(gun: str, role: int, sequence: str = "260101080000") -> frames.ParallelStartRequest:
    return frames.ParallelStartRequest(
        pile_code=ykc.CODE,
        gun_no=gun,
        start_mode=1,
        password_required=0,
        account_or_card=bytes.fromhex(CARD),
        password_md5=bytes(16),
        vin=b"",
        gun_role=role,
        parallel_seq=sequence,
    )


def answer(harness: Harness, request_id: str, **changes: object) -> AnswerStart:
    fields: dict[str, object] = {
        "command_id": "answer",
        "charge_point_code": ykc.CODE,
        "expires_at_ms": expiry(harness),
        "request_id": request_id,
        "connector_no": 1,
        "accepted": True,
        "refusal": ReplyRefusal.NONE,
        "session_no": session_no(ykc.CODE),
        "card_label": "573",
        "balance_fen": 12_345,
    }
    return AnswerStart(**(fields | changes))  # type: ignore[arg-type]


def test_a_card_is_let_in() -> None:
    harness = admitted()
    (event,) = harness.receive(ykc.up(ask(), 0x0102))
    assert isinstance(event, StartRequested)
    assert (event.method, event.card_id, event.password_hash, event.vin) == (StartMethod.CARD, CARD, "", "")
    harness.submit(answer(harness, event.request_id))
    (raw,) = harness.take_sent()
    assert raw[2:4] == b"\x02\x01"
    assert ykc.down(raw) == frames.StartChargeResponse(
        trade_no=session_no(ykc.CODE),
        pile_code=ykc.CODE,
        gun_no="01",
        logical_card_no="0000000000000573",
        account_balance=12_345,
        auth_result=1,
        auth_fail_reason=0,
    )
    assert [end.outcome for end in harness.ends("answer")] == [CommandOutcome.DONE]


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (ReplyRefusal.UNKNOWN_ACCOUNT, 1),
        (ReplyRefusal.FROZEN, 2),
        (ReplyRefusal.BALANCE_LOW, 3),
        (ReplyRefusal.UNSETTLED, 4),
        (ReplyRefusal.OUT_OF_SERVICE, 5),
        (ReplyRefusal.NOT_ALLOWED_HERE, 6),
        (ReplyRefusal.WRONG_PASSWORD, 7),
        (ReplyRefusal.CAPACITY, 8),
        (ReplyRefusal.UNKNOWN_VIN, 9),
        (ReplyRefusal.CHARGE_POINT_UNSETTLED, 10),
        (ReplyRefusal.NO_CARDS_HERE, 11),
        (ReplyRefusal.NONE, 5),
    ],
)
def test_a_card_is_turned_away_with_the_reason(refusal: ReplyRefusal, code: int) -> None:
    harness = admitted()
    (event,) = harness.receive(ykc.up(ask()))
    assert isinstance(event, StartRequested)
    harness.submit(answer(harness, event.request_id, accepted=False, refusal=refusal, session_no=""))
    (raw,) = harness.take_sent()
    frame = ykc.down(raw)
    assert isinstance(frame, frames.StartChargeResponse)
    assert (frame.auth_result, frame.auth_fail_reason, frame.trade_no) == (0, code, ykc.IDLE)


def test_a_vin_comes_reversed() -> None:
    harness = admitted()
    (event,) = harness.receive(ykc.up(ask(start_mode=3, vin=VIN[::-1].encode(), account_or_card=bytes(8))))
    assert isinstance(event, StartRequested)
    assert (event.method, event.vin) == (StartMethod.VIN, VIN)


def test_d16_the_card_number_is_passed_on_as_eight_bytes() -> None:
    harness = admitted()
    (event,) = harness.receive(ykc.up(ask(account_or_card=bytes.fromhex("7805AF3703000000"))))
    assert isinstance(event, StartRequested) and event.card_id == "7805AF3703000000"


def test_d23_the_password_is_passed_on_as_hex_whatever_its_form() -> None:
    for sent in (b"0123456789abcdef", bytes(range(1, 17))):
        harness = admitted()
        (event,) = harness.receive(ykc.up(ask(password_required=1, password_md5=sent)))
        assert isinstance(event, StartRequested) and event.password_hash == sent.hex().upper()


def test_an_unknown_method_is_passed_on_as_other() -> None:
    harness = admitted()
    methods = []
    for mode in (2, 9):
        (event,) = harness.receive(ykc.up(ask(start_mode=mode)))
        assert isinstance(event, StartRequested)
        methods.append(event.method)
    assert methods == [StartMethod.ACCOUNT, StartMethod.OTHER]


def test_no_decision_in_time_is_a_refusal() -> None:
    harness = admitted()
    (event,) = harness.receive(ykc.up(ask(), 7))
    assert isinstance(event, StartRequested)
    harness.pass_time(ASK_LIMIT_S + 0.1)
    (raw,) = harness.take_sent()
    frame = ykc.down(raw)
    assert isinstance(frame, frames.StartChargeResponse) and raw[2:4] == b"\x07\x00"
    assert (frame.auth_result, frame.auth_fail_reason, frame.trade_no) == (0, 5, ykc.IDLE)
    harness.submit(answer(harness, event.request_id))
    assert harness.take_sent() == [], "a decision that comes too late starts nothing"
    assert [(end.outcome, end.reason) for end in harness.ends("answer")] == [(CommandOutcome.REFUSED, "not_waiting")]


def test_the_same_request_again_is_told_once_and_answered_under_its_last_number() -> None:
    harness = admitted()
    harness.receive(ykc.up(ask(), 1))
    harness.receive(ykc.up(ask(), 2))
    (event,) = harness.told(StartRequested)
    harness.submit(answer(harness, event.request_id))
    (raw,) = harness.take_sent()
    assert raw[2:4] == b"\x02\x00"


def test_another_card_at_the_same_connector_takes_the_place() -> None:
    harness = admitted()
    harness.receive(ykc.up(ask()))
    harness.receive(ykc.up(ask(account_or_card=bytes.fromhex("00000000E14C0A54"))))
    first, second = harness.told(StartRequested)
    assert first.request_id != second.request_id
    harness.submit(answer(harness, first.request_id, command_id="first"))
    assert harness.ends("first")[0].outcome is CommandOutcome.REFUSED
    harness.submit(answer(harness, second.request_id))
    assert ykc.downs(harness.take_sent()) == [0x32]


def test_a_request_id_is_never_used_again_after_a_reconnect() -> None:
    """A stale answer must not let the next driver in."""
    ids = set()
    for turn in range(3):
        harness = admitted()
        harness.pass_time(turn)
        (event,) = harness.receive(ykc.up(ask()))
        assert isinstance(event, StartRequested)
        ids.add(event.request_id)
    assert len(ids) == 3


def test_both_connectors_of_a_parallel_charge_get_their_own_answer() -> None:
    harness = admitted()
    harness.receive(ykc.up(parallel("01", 0), 1) + ykc.up(parallel("02", 1), 2))
    main, helper = harness.told(StartRequested)
    assert (main.parallel_main, helper.parallel_main) == (True, False)
    assert main.parallel_no == helper.parallel_no == "260101080000"
    for number, event in enumerate((main, helper), 1):
        trade = session_no(ykc.CODE, number)
        harness.submit(answer(harness, event.request_id, connector_no=number, session_no=trade))
    first, second = (ykc.down(raw) for raw in harness.take_sent())
    assert isinstance(first, frames.ParallelStartResponse) and isinstance(second, frames.ParallelStartResponse)
    assert (first.gun_no, second.gun_no) == ("01", "02")
    assert first.parallel_seq == second.parallel_seq == "260101080000"
    assert first.trade_no != second.trade_no


def test_a_value_the_wire_cannot_carry_is_named_and_the_request_stays_open() -> None:
    harness = admitted()
    (event,) = harness.receive(ykc.up(ask()))
    assert isinstance(event, StartRequested)
    harness.submit(answer(harness, event.request_id, card_label="card of Li"))
    (end,) = harness.ends("answer")
    assert end.outcome is CommandOutcome.REFUSED and "card of Li" in end.reason
    harness.submit(answer(harness, event.request_id, command_id="again"))
    assert harness.ends("again")[0].outcome is CommandOutcome.DONE


def test_open_requests_are_bounded() -> None:
    harness = admitted()
    for gun in range(1, 90):
        harness.receive(ykc.up(ask(gun_no=f"{gun:02d}")))
    harness.pass_time(0.0)
    assert len(harness.told(StartRequested)) == ASKS_MAX
    assert harness.told(WireFaulted)[0].counts["too_many_requests"] == 89 - ASKS_MAX
