"""Cards at the reader: asked, told, started."""

from __future__ import annotations

import pytest

from chargecloud.device.commands import AnswerBalance, AnswerStart, ChargeLimit, ChargeMode, ReplyRefusal
from chargecloud.device.events import BalanceAsked, CommandOutcome, StartAnswered, StartMethod, StartRequested
from chargecloud.protocols.dny.cards import ASK_LIMIT_S, ASKS_MAX
from chargecloud.protocols.dny.frames.acks import CardSwipeAnswer
from chargecloud.protocols.dny.frames.commands import ChargeControl
from chargecloud.testing.commands import start
from chargecloud.testing.harness import Harness
from tests.support import dny
from tests.support.dny_harness import SESSION, admitted, expiry, said


def asked(harness: Harness, **changes: object) -> StartRequested:
    harness.receive(dny.swipe(**changes))  # type: ignore[arg-type]
    return harness.told(StartRequested)[-1]


def answer(harness: Harness, request_id: str, **changes: object) -> AnswerStart:
    fields: dict[str, object] = {
        "command_id": f"answer {len(harness.events)}",
        "charge_point_code": dny.CODE,
        "expires_at_ms": expiry(harness),
        "request_id": request_id,
        "connector_no": 1,
        "accepted": True,
        "refusal": ReplyRefusal.NONE,
        "session_no": SESSION,
        "card_label": "573",
        "balance_fen": 10_000,
    }
    command = AnswerStart(**(fields | changes))  # type: ignore[arg-type]
    harness.submit(command)
    return command


def ended(harness: Harness, command: AnswerStart) -> tuple[CommandOutcome, str]:
    (end,) = harness.ends(command.command_id)
    return end.outcome, end.reason


def test_a_swipe_asks_the_platform() -> None:
    event = asked(admitted(), port=1)
    assert (event.charge_point_code, event.connector_no, event.method) == (dny.CODE, 2, StartMethod.CARD)
    assert event.card_id == "000000007A8D05DD" and event.request_id


def test_a_yes_is_spoken_at_once_and_started_half_a_second_later() -> None:
    harness = admitted()
    command = answer(harness, asked(harness, port=1).request_id, connector_no=2)
    assert said(harness) == [
        CardSwipeAnswer(card_id=dny.CARD, account_status=0, rate_mode=0, balance_or_expiry=10_000, port_no=1)
    ]
    harness.pass_time(0.4)
    assert harness.take_sent() == [] and harness.ends(command.command_id) == []
    harness.pass_time(0.2)
    (frame,) = said(harness)
    assert isinstance(frame, ChargeControl)
    assert (frame.port_no, frame.action, frame.order_no.hex().upper()) == (1, 1, SESSION)
    harness.receive(dny.control_reply(SESSION, port=1))
    assert ended(harness, command) == (CommandOutcome.DONE, "")
    (started,) = harness.told(StartAnswered)
    assert (started.command_id, started.connector_no, started.accepted) == (command.command_id, 2, True)


def test_the_limit_of_the_answer_is_the_limit_of_the_start() -> None:
    harness = admitted()
    limit = ChargeLimit(mode=ChargeMode.BY_ENERGY, energy_mwh=1_000_000)
    answer(harness, asked(harness).request_id, limit=limit)
    harness.pass_time(0.6)
    spoken, frame = said(harness)
    assert isinstance(spoken, CardSwipeAnswer) and spoken.rate_mode == 2
    assert isinstance(frame, ChargeControl) and (frame.rate_mode, frame.amount) == (2, 100)


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (ReplyRefusal.UNKNOWN_ACCOUNT, 0x01), (ReplyRefusal.BALANCE_LOW, 0x06), (ReplyRefusal.OUT_OF_SERVICE, 0x08),
        (ReplyRefusal.NOT_ALLOWED_HERE, 0x0B), (ReplyRefusal.NONE, 0x08),
    ],
)  # fmt: skip
def test_a_no_is_spoken_and_nothing_starts(refusal: ReplyRefusal, status: int) -> None:
    harness = admitted()
    command = answer(harness, asked(harness).request_id, accepted=False, refusal=refusal)
    (spoken,) = said(harness)
    assert isinstance(spoken, CardSwipeAnswer) and spoken.account_status == status
    assert ended(harness, command)[0] is CommandOutcome.DONE
    harness.pass_time(5.0)
    assert harness.take_sent() == []


def test_every_refusal_has_a_status_that_is_no_yes() -> None:
    for refusal in set(ReplyRefusal) - {ReplyRefusal.NONE}:
        harness = admitted()
        answer(harness, asked(harness).request_id, accepted=False, refusal=refusal)
        (spoken,) = said(harness)
        assert isinstance(spoken, CardSwipeAnswer) and spoken.account_status not in (0x00, 0x02, 0x03), refusal


def test_the_same_swipe_again_is_one_question_answered_under_the_newest_id() -> None:
    harness = admitted()
    first = asked(harness, message_id=5)
    asked(harness, message_id=6)
    assert len(harness.told(StartRequested)) == 1
    answer(harness, first.request_id, accepted=False, refusal=ReplyRefusal.BALANCE_LOW)
    assert dny.message_ids(harness.take_sent()) == [6]


def test_another_card_at_the_same_port_takes_its_place() -> None:
    harness = admitted()
    first = asked(harness)
    second = asked(harness, card=b"\x01\x02\x03\x04")
    assert ended(harness, answer(harness, first.request_id))[1] == "not_waiting"
    assert second.request_id != first.request_id


def test_a_platform_that_does_not_decide_is_a_no() -> None:
    harness = admitted()
    request = asked(harness)
    harness.pass_time(ASK_LIMIT_S + 0.1)
    (spoken,) = said(harness)
    assert isinstance(spoken, CardSwipeAnswer) and spoken.account_status == 0x08
    assert ended(harness, answer(harness, request.request_id))[1] == "not_waiting"


def test_a_yes_that_cannot_be_sent_is_refused_by_name() -> None:
    harness = admitted()
    command = answer(harness, asked(harness).request_id, session_no="")
    assert "32 hex digits" in ended(harness, command)[1]
    assert harness.take_sent() == [], "the driver hears when the time is up"


def test_a_port_that_is_just_being_started_is_busy() -> None:
    harness = admitted()
    request = asked(harness)
    harness.submit(start(dny.CODE, expiry(harness)))
    harness.take_sent()
    assert ended(harness, answer(harness, request.request_id)) == (CommandOutcome.REFUSED, "busy")
    (spoken,) = said(harness)
    assert isinstance(spoken, CardSwipeAnswer) and spoken.account_status == 0x08


def test_a_balance_is_asked_and_told() -> None:
    harness = admitted()
    harness.receive(dny.swipe(port=0xFF))
    (event,) = harness.told(BalanceAsked)
    assert harness.told(StartRequested) == [] and event.card_id == "000000007A8D05DD"
    assert ended(harness, answer(harness, event.request_id))[1] == "not_waiting", "nothing starts at no port"
    balance = AnswerBalance(
        command_id="balance",
        charge_point_code=dny.CODE,
        expires_at_ms=expiry(harness),
        request_id=event.request_id,
        refusal=ReplyRefusal.NONE,
        balance_fen=-5,
    )
    harness.submit(balance)
    (spoken,) = said(harness)
    assert isinstance(spoken, CardSwipeAnswer)
    assert (spoken.port_no, spoken.account_status, spoken.balance_or_expiry) == (0xFF, 0, 0)
    harness.submit(balance)
    assert [end.outcome for end in harness.ends("balance")] == [CommandOutcome.DONE, CommandOutcome.REFUSED]


def test_questions_are_bounded() -> None:
    harness = admitted()
    for port in range(ASKS_MAX + 3):
        harness.receive(dny.swipe(port=port))
    assert len(harness.told(StartRequested)) == ASKS_MAX
