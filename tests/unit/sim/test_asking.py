"""Card, VIN and offline-card starts."""

import pytest

from chargecloud.protocols.ykc16 import frames
from chargecloud.sim.asking import card_bytes, same_card
from chargecloud.sim.connector import Phase
from chargecloud.sim.temper import THRIFTY
from tests.unit.sim.bench import CODE, TRADE_NO, Bench

CARD = "D14B0A54"


def grant(bench: Bench, *, result: int = 1, reason: int = 0) -> None:
    bench.say(
        frames.StartChargeResponse(
            trade_no=TRADE_NO,
            pile_code=CODE,
            gun_no="01",
            logical_card_no="0" * 16,
            account_balance=5_000,
            auth_result=result,
            auth_fail_reason=reason,
        )
    )


def asked(bench: Bench) -> frames.StartChargeRequest:
    bench.pump()
    frame = bench.last(frames.StartChargeRequest)
    assert isinstance(frame, frames.StartChargeRequest)
    return frame


def test_card_starts_and_the_same_card_stops() -> None:
    bench = Bench().ready()
    bench.plug()
    assert bench.point.swipe(1, CARD, bench.now)
    request = asked(bench)
    assert (request.start_mode, request.account_or_card) == (1, bytes.fromhex("00000000D14B0A54"))
    grant(bench)
    bench.pass_time(60)
    assert bench.point.connectors[0].phase is Phase.CHARGING
    assert not bench.point.swipe(1, "0A", bench.now)
    assert bench.point.swipe(1, CARD, bench.now)
    bench.pass_time(10)
    record = bench.last(frames.TransactionRecord)
    assert (record.trade_mark, record.stop_reason) == (2, 0x45)
    assert record.physical_card_no == request.account_or_card
    assert not bench.all(frames.RemoteStartReply)


def test_cards_are_padded_as_the_firmware_likes() -> None:
    bench = Bench(THRIFTY).ready()
    bench.plug()
    bench.point.swipe(1, CARD, bench.now)
    assert asked(bench).account_or_card == bytes.fromhex("D14B0A5400000000")


def test_the_bound_card_may_stop_a_remote_charge() -> None:
    bench = Bench().ready()
    bench.plug()
    bench.start(card=bytes.fromhex("D14B0A5400000000"))
    bench.pass_time(20)
    assert bench.point.swipe(1, CARD, bench.now)


def test_vin_travels_backwards_in_the_request_and_forwards_in_the_record() -> None:
    bench = Bench().ready()
    bench.plug()
    assert bench.point.present_vin(1, bench.now)
    assert asked(bench).vin == b"LZZS1MTEST0000001"[::-1]
    assert asked(bench).start_mode == 3
    grant(bench)
    bench.pass_time(30)
    bench.point.press_stop(1, bench.now)
    bench.pass_time(10)
    record = bench.last(frames.TransactionRecord)
    assert (record.vin, record.trade_mark) == (b"LZZS1MTEST0000001", 5)


def test_a_refusal_starts_nothing() -> None:
    bench = Bench().ready()
    bench.plug()
    bench.point.swipe(1, CARD, bench.now)
    grant(bench, result=0, reason=3)
    bench.pass_time(60)
    assert bench.point.connectors[0].phase is Phase.IDLE
    assert bench.point.truth.counts.sessions_refused == 1
    assert not bench.point.truth.sessions


def test_an_answer_that_comes_too_late_starts_nothing() -> None:
    bench = Bench().ready()
    bench.plug()
    bench.point.swipe(1, CARD, bench.now)
    bench.pass_time(31)
    grant(bench)
    bench.pass_time(30)
    assert not bench.point.truth.sessions


def test_granted_but_unplugged_meanwhile_asks_nothing_of_anybody() -> None:
    bench = Bench().ready()
    bench.plug()
    bench.point.swipe(1, CARD, bench.now)
    bench.point.unplug(1, bench.now)
    grant(bench)
    bench.pass_time(10)
    assert not bench.point.truth.sessions


def test_granted_but_broken_meanwhile_has_a_failed_record() -> None:
    bench = Bench().ready()
    bench.plug()
    bench.point.swipe(1, CARD, bench.now)
    bench.pump()
    bench.point.board.memory.in_service = False
    grant(bench)
    bench.pass_time(10)
    record = bench.last(frames.TransactionRecord)
    assert (record.total_energy, record.stop_reason) == (0, 0x4B)


def test_no_card_without_a_cable() -> None:
    bench = Bench().ready()
    assert not bench.point.swipe(1, CARD, bench.now)
    assert not bench.point.present_vin(1, bench.now)


def test_offline_only_listed_cards_start() -> None:
    bench = Bench().ready()
    card = frames.OfflineCard(logical_card_no="0" * 16, physical_card_no=card_bytes(CARD))
    bench.say(frames.OfflineCardSync(pile_code=CODE, cards=(card,)))
    bench.plug()
    bench.drop()
    assert not bench.point.swipe(1, "0A0B", bench.now)
    assert bench.point.swipe(1, CARD, bench.now)
    bench.pass_time(120)
    bench.point.press_stop(1, bench.now)
    bench.pass_time(10)
    bench.forget()
    bench.connect()
    bench.pass_time(2)
    record = bench.last(frames.TransactionRecord)
    assert record.trade_mark == 4
    assert record.trade_no.startswith(CODE + "01")
    assert record.total_energy > 0


def test_card_numbers() -> None:
    assert same_card(bytes.fromhex("00000000D14B0A54"), bytes.fromhex("D14B0A5400000000"))
    assert not same_card(bytes(8), bytes(8))
    with pytest.raises(ValueError, match="up to 16 hex digits"):
        card_bytes("01" * 9)
