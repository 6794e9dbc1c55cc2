"""What charge points say to our commands, and which command that ends."""

from __future__ import annotations

import json

import pytest

from chargecloud.device.commands import (
    ApplyTariff,
    MoveLock,
    QueryCards,
    ReadSample,
    Reboot,
    RemoveCards,
    SetQrPrefix,
    SetWorkParameters,
    StoreCards,
    SyncClock,
    UpdateBalance,
    UpdateFirmware,
)
from chargecloud.device.events import (
    ClockReported,
    CommandOutcome,
    StartAnswered,
    StartRefusal,
    StopAnswered,
    WireFaulted,
)
from chargecloud.protocols.wire.schema import Frame
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.answers import LATE_START_S
from chargecloud.testing.commands import CARD, one_of_each, session_no, start, stop
from chargecloud.testing.harness import START_MS, Harness
from tests.support import ykc
from tests.support.ykc_harness import admitted, expiry

TRADE = session_no(ykc.CODE)
DONE, REFUSED, UNANSWERED = CommandOutcome.DONE, CommandOutcome.REFUSED, CommandOutcome.UNANSWERED


def started() -> Harness:
    harness = admitted()
    harness.submit(start(ykc.CODE, expiry(harness)))
    harness.take_sent()
    return harness


def alive(harness: Harness, seconds: float) -> None:
    """Let time pass with heartbeats."""
    for _ in range(int(seconds // 5)):
        harness.pass_time(5.0)
        harness.receive(ykc.heartbeat())
    harness.sent = [raw for raw in harness.sent if raw[5] != 0x04]


def ended(harness: Harness, command_id: str) -> list[tuple[CommandOutcome, str]]:
    return [(end.outcome, end.reason) for end in harness.ends(command_id)]


# -- start


def test_a_start_that_succeeds() -> None:
    harness = started()
    harness.receive(ykc.start_reply(TRADE))
    (word,) = harness.told(StartAnswered)
    assert (word.accepted, word.command_id, word.session_no) == (True, "start", TRADE)
    assert ended(harness, "start") == [(DONE, "")]


@pytest.mark.parametrize(
    ("reason", "refusal"),
    [
        (1, StartRefusal.WRONG_CHARGE_POINT),
        (2, StartRefusal.ALREADY_CHARGING),
        (3, StartRefusal.FAULTED),
        (4, StartRefusal.OFFLINE),
        (0, StartRefusal.OTHER),
        (77, StartRefusal.OTHER),
    ],
)
def test_a_start_that_is_refused(reason: int, refusal: StartRefusal) -> None:
    harness = started()
    harness.receive(ykc.start_reply(TRADE, result=0, reason=reason))
    (word,) = harness.told(StartAnswered)
    assert (word.accepted, word.refusal, word.refusal_raw) == (False, refusal, reason)
    assert ended(harness, "start") == [(REFUSED, refusal.value)]


@pytest.mark.parametrize(("result", "refusal"), [(2, "already_charging"), (3, "faulted")])
def test_d21_the_reason_may_stand_in_the_result_byte(result: int, refusal: str) -> None:
    harness = started()
    harness.receive(ykc.start_reply(TRADE, result=result, reason=0))
    assert ended(harness, "start") == [(REFUSED, refusal)]


def test_d21_a_success_of_another_charge_point_is_none() -> None:
    harness = started()
    harness.receive(ykc.start_reply(TRADE, result=1, code=ykc.OTHER_CODE))
    assert harness.told(StartAnswered) == [] and ended(harness, "start") == []


def test_d21_a_success_of_another_trade_number_is_none() -> None:
    harness = started()
    harness.receive(ykc.start_reply(session_no(ykc.CODE, counter=9)))
    assert harness.told(StartAnswered) == [] and ended(harness, "start") == []
    harness.pass_time(0.0)
    assert harness.told(WireFaulted)[0].counts == {"unmatched": 1}
    harness.receive(ykc.start_reply(TRADE))
    assert ended(harness, "start") == [(DONE, "")]


def test_d2_the_sequence_number_does_not_matter() -> None:
    harness = started()
    harness.receive(ykc.up(ykc.down(ykc.start_reply(TRADE)), 0xBEEF))
    assert ended(harness, "start") == [(DONE, "")]


@pytest.mark.parametrize("not_plugged", [{"result": 0, "reason": 5}, {"result": 5, "reason": 0}])
def test_not_plugged_then_plugged(not_plugged: dict[str, int]) -> None:
    harness = started()
    harness.receive(ykc.start_reply(TRADE, **not_plugged))
    harness.receive(ykc.start_reply(TRADE, **not_plugged))
    alive(harness, 50)
    assert ended(harness, "start") == []
    harness.receive(ykc.start_reply(TRADE))
    words = [(word.accepted, word.refusal, word.command_id) for word in harness.told(StartAnswered)]
    assert words == [(False, StartRefusal.NOT_PLUGGED, "start"), (True, StartRefusal.NONE, "start")]
    assert ended(harness, "start") == [(DONE, "")]


def test_not_plugged_and_never_plugged() -> None:
    harness = started()
    alive(harness, 10)
    harness.receive(ykc.start_reply(TRADE, result=0, reason=5))
    alive(harness, LATE_START_S - 15)
    assert ended(harness, "start") == []
    alive(harness, 10)
    assert ended(harness, "start") == [(REFUSED, "not_plugged")]


def test_a_second_start_waits_for_the_end_of_the_watch() -> None:
    harness = started()
    harness.receive(ykc.start_reply(TRADE, result=0, reason=5))
    harness.submit(start(ykc.CODE, expiry(harness), command_id="second"))
    assert ended(harness, "second") == [(REFUSED, "busy")]
    harness.submit(start(ykc.CODE, expiry(harness), command_id="other", connector_no=2))
    assert ended(harness, "other") == []


def test_a_start_nobody_answers_ends_and_its_late_success_is_still_told() -> None:
    harness = started()
    alive(harness, 20)
    assert ended(harness, "start") == [(UNANSWERED, "no_answer")]
    harness.receive(ykc.start_reply(TRADE))
    (word,) = harness.told(StartAnswered)
    assert (word.accepted, word.command_id, word.session_no) == (True, "", TRADE)


def test_a_parallel_start() -> None:
    harness = admitted()
    harness.submit(start(ykc.CODE, expiry(harness), parallel_no="260101080000"))
    (raw,) = harness.take_sent()
    frame = ykc.down(raw)
    assert isinstance(frame, frames.ParallelRemoteStart) and frame.parallel_seq == "260101080000"
    reply = frames.ParallelRemoteStartReply(
        trade_no=TRADE,
        pile_code=ykc.CODE,
        gun_no="01",
        start_result=1,
        start_fail_reason=0,
        gun_role=0,
        parallel_seq="260101080000",
    )
    harness.receive(ykc.up(reply))
    (word,) = harness.told(StartAnswered)
    assert word.parallel_no == "260101080000" and ended(harness, "start") == [(DONE, "")]


# -- stop


def test_a_stop_is_answered() -> None:
    harness = admitted()
    harness.submit(stop(ykc.CODE, expiry(harness)))
    assert ykc.downs(harness.take_sent()) == [0x36]
    harness.receive(ykc.stop_reply() * 2)
    assert [(word.accepted, word.command_id) for word in harness.told(StopAnswered)] == [(True, "stop"), (True, "")]
    assert ended(harness, "stop") == [(DONE, "")]


@pytest.mark.parametrize(
    ("reason", "name"), [(1, "wrong_charge_point"), (2, "not_charging"), (3, "other"), (99, "other")]
)
def test_a_stop_is_refused(reason: int, name: str) -> None:
    harness = admitted()
    harness.submit(stop(ykc.CODE, expiry(harness)))
    harness.receive(ykc.stop_reply(result=0, reason=reason))
    assert harness.told(StopAnswered)[0].reason == name
    assert ended(harness, "stop") == [(REFUSED, name)]


def test_a_stop_is_repeated_three_times_then_the_connector_is_read() -> None:
    harness = admitted()
    since = harness.now
    harness.submit(stop(ykc.CODE, expiry(harness)))
    sent = [(0.0, raw[5]) for raw in harness.take_sent()]
    for _ in range(50):
        alive(harness, 5)
        sent += [(harness.now - since, raw[5]) for raw in harness.take_sent()]
    assert sent == [(0.0, 0x36), (10.0, 0x36), (20.0, 0x36), (30.0, 0x12)]
    assert ended(harness, "stop") == [(UNANSWERED, "no_answer")]


def test_a_repeat_has_a_number_of_its_own_and_its_answer_counts() -> None:
    harness = admitted()
    harness.submit(stop(ykc.CODE, expiry(harness)))
    alive(harness, 10)
    first, second = harness.take_sent()
    assert first[2:4] != second[2:4] and first[6:-2] == second[6:-2]
    harness.receive(ykc.stop_reply())
    alive(harness, 60)
    assert harness.take_sent() == [] and ended(harness, "stop") == [(DONE, "")]


def short_stop(sequence: bytes = b"\x00\x00") -> bytes:
    from tests.unit.protocols.ykc16.test_connection import resealed

    return resealed(sequence + b"\x00\x35\x01\x00")


def test_d20_the_short_answer_to_a_stop() -> None:
    harness = admitted()
    harness.submit(stop(ykc.CODE, expiry(harness), connector_no=2))
    harness.receive(short_stop())
    (word,) = harness.told(StopAnswered)
    assert (word.charge_point_code, word.connector_no, word.accepted) == (ykc.CODE, 2, True)
    assert ended(harness, "stop") == [(DONE, "")]


def test_d20_of_two_stops_the_number_decides_otherwise_the_older_one() -> None:
    harness = admitted()
    harness.submit(stop(ykc.CODE, expiry(harness), command_id="one", connector_no=1))
    harness.pass_time(1.0)
    harness.submit(stop(ykc.CODE, expiry(harness), command_id="two", connector_no=2))
    _, second = harness.take_sent()
    harness.receive(short_stop(second[2:4]))
    assert ended(harness, "two") == [(DONE, "")] and ended(harness, "one") == []
    harness.receive(short_stop(b"\xee\xee"))
    assert ended(harness, "one") == [(DONE, "")]
    harness.receive(short_stop())
    assert len(harness.told(StopAnswered)) == 2, "nobody is stopping: there is no connector to speak of"


# -- the rest


def balance(result: int) -> Frame:
    return frames.BalanceUpdateReply(pile_code=ykc.CODE, physical_card_no=bytes.fromhex(CARD), update_result=result)


def lock(result: int) -> Frame:
    return frames.GroundLockControlReply(pile_code=ykc.CODE, gun_no=1, control_result=result, reserved=bytes(4))


@pytest.mark.parametrize(
    ("command", "frame", "expected"),
    [
        (ReadSample, ykc.realtime(), (DONE, "")),
        (UpdateBalance, balance(0), (DONE, "")),
        (UpdateBalance, balance(2), (REFUSED, "wrong_card")),
        (UpdateBalance, balance(9), (REFUSED, "code_9")),
        (SetWorkParameters, frames.WorkParamSetReply(pile_code=ykc.CODE, set_result=1), (DONE, "")),
        (SetWorkParameters, frames.WorkParamSetReply(pile_code=ykc.CODE, set_result=0), (REFUSED, "refused")),
        (ApplyTariff, frames.BillingModelSetReply(pile_code=ykc.CODE, set_result=1), (DONE, "")),
        (MoveLock, lock(1), (DONE, "")),
        (MoveLock, lock(0), (REFUSED, "refused")),
        (Reboot, frames.RemoteRebootReply(pile_code=ykc.CODE, set_result=1), (DONE, "")),
        (UpdateFirmware, frames.RemoteUpdateReply(pile_code=ykc.CODE, update_status=0), (DONE, "")),
        (UpdateFirmware, frames.RemoteUpdateReply(pile_code=ykc.CODE, update_status=3), (REFUSED, "download_timeout")),
    ],
)
def test_an_answer_ends_its_command(command: type[object], frame: Frame, expected: tuple[CommandOutcome, str]) -> None:
    harness = admitted()
    (one,) = [each for each in one_of_each(ykc.CODE, expiry(harness)) if type(each) is command]
    harness.submit(one)
    assert len(harness.take_sent()) == 1
    harness.receive(ykc.up(frame))
    assert ended(harness, one.command_id) == [expected]


@pytest.mark.parametrize("result", [0, 1, 9])
def test_d9_any_answer_to_a_qr_prefix_is_an_acknowledgement(result: int) -> None:
    harness = admitted()
    (one,) = [each for each in one_of_each(ykc.CODE, expiry(harness)) if isinstance(each, SetQrPrefix)]
    harness.submit(one)
    harness.receive(ykc.up(frames.QrPrefixSetReply(pile_code=ykc.CODE, set_result=result)))
    assert ended(harness, "SetQrPrefix") == [(DONE, "")]
    assert json.loads(harness.ends("SetQrPrefix")[0].detail) == {"raw": result}


def test_an_update_may_take_its_download_time_and_the_installation() -> None:
    harness = admitted()
    (one,) = [each for each in one_of_each(ykc.CODE, expiry(harness)) if isinstance(each, UpdateFirmware)]
    harness.submit(one)
    alive(harness, 700)
    assert ended(harness, "UpdateFirmware") == []
    alive(harness, 30)
    assert ended(harness, "UpdateFirmware") == [(UNANSWERED, "no_answer")]


@pytest.mark.parametrize(("offset_s", "skew_ms"), [(30, 0), (150, 120_000), (-30, -60_000)])
def test_the_clock_is_told_with_its_skew(offset_s: int, skew_ms: int) -> None:
    harness = admitted()
    harness.submit(SyncClock(command_id="clock", charge_point_code=ykc.CODE, expires_at_ms=expiry(harness)))
    harness.receive(ykc.up(frames.TimeSyncReply(pile_code=ykc.CODE, current_time=ykc.wire_time(offset_s))))
    assert harness.wall_ms == START_MS + 30_000
    assert [event.skew_ms for event in harness.told(ClockReported)] == [skew_ms]
    assert json.loads(harness.ends("clock")[0].detail) == {"skew_ms": skew_ms}


def test_d5_a_clock_answer_without_a_time_is_an_answer() -> None:
    harness = admitted()
    harness.submit(SyncClock(command_id="clock", charge_point_code=ykc.CODE, expires_at_ms=expiry(harness)))
    harness.receive(ykc.up(frames.TimeSyncReply(pile_code=ykc.CODE, current_time=bytes(7))))
    assert harness.told(ClockReported) == [] and ended(harness, "clock") == [(DONE, "")]


def test_an_answer_to_nothing_is_counted() -> None:
    harness = admitted()
    for frame in (
        frames.WorkParamSetReply(pile_code=ykc.CODE, set_result=1),
        frames.OfflineCardSyncReply(pile_code=ykc.CODE, save_result=1, save_fail_reason=0),
        frames.GroundLockControlReply(pile_code=ykc.CODE, gun_no=2, control_result=1, reserved=bytes(4)),
    ):
        harness.receive(ykc.up(frame))
    harness.pass_time(0.0)
    assert harness.told(WireFaulted)[0].counts == {"unmatched": 3}


# -- offline cards


def test_d3_cards_are_stored_in_frames_of_eleven() -> None:
    harness = admitted()
    (one,) = [each for each in one_of_each(ykc.CODE, expiry(harness)) if isinstance(each, StoreCards)]
    harness.submit(one)
    sizes = []
    for result, reason in ((1, 0), (0, 2)):
        (raw,) = harness.take_sent()
        assert raw[1] <= 200
        frame = ykc.down(raw)
        assert isinstance(frame, frames.OfflineCardSync)
        sizes.append(frame.card_count)
        assert ended(harness, "StoreCards") == []
        harness.receive(
            ykc.up(frames.OfflineCardSyncReply(pile_code=ykc.CODE, save_result=result, save_fail_reason=reason))
        )
    assert sizes == [11, 1]
    assert ended(harness, "StoreCards") == [(REFUSED, "storage_full")]
    cards = json.loads(harness.ends("StoreCards")[0].detail)["cards"]
    assert [card["stored"] for card in cards] == [True] * 11 + [False]
    assert cards[11] == {"card_id": f"{12:016X}", "stored": False, "reason": "storage_full"}


def test_d3_cards_are_removed_in_frames_of_eighteen() -> None:
    harness = admitted()
    (one,) = [each for each in one_of_each(ykc.CODE, expiry(harness)) if isinstance(each, RemoveCards)]
    harness.submit(one)
    sizes = []
    for _ in range(2):
        (raw,) = harness.take_sent()
        frame = ykc.down(raw)
        assert isinstance(frame, frames.OfflineCardClear)
        sizes.append(frame.card_count)
        results = tuple(
            frames.ClearedCard(physical_card_no=card.physical_card_no, clear_result=1, fail_reason=2)
            for card in frame.cards
        )
        reply = ykc.up(frames.OfflineCardClearReply(pile_code=ykc.CODE, results=results))
        assert reply[1] <= 200
        harness.receive(reply)
    assert sizes == [18, 1] and ended(harness, "RemoveCards") == [(DONE, "")]
    assert len(json.loads(harness.ends("RemoveCards")[0].detail)["cards"]) == 19


def test_d3_cards_are_asked_about_in_frames_of_twenty_one() -> None:
    harness = admitted()
    (one,) = [each for each in one_of_each(ykc.CODE, expiry(harness)) if isinstance(each, QueryCards)]
    harness.submit(one)
    sizes = []
    for _ in range(2):
        (raw,) = harness.take_sent()
        frame = ykc.down(raw)
        assert isinstance(frame, frames.OfflineCardQuery)
        sizes.append(frame.card_count)
        results = tuple(
            frames.QueriedCard(physical_card_no=card.physical_card_no, query_result=number % 2)
            for number, card in enumerate(frame.cards)
        )
        harness.receive(ykc.up(frames.OfflineCardQueryReply(pile_code=ykc.CODE, results=results)))
    assert sizes == [21, 1] and ended(harness, "QueryCards") == [(DONE, "")]
    cards = json.loads(harness.ends("QueryCards")[0].detail)["cards"]
    assert [card["present"] for card in cards] == [bool(number % 2) for number in range(21)] + [False]


def test_a_batch_nobody_answers_ends_with_what_is_known() -> None:
    harness = admitted()
    (one,) = [each for each in one_of_each(ykc.CODE, expiry(harness)) if isinstance(each, StoreCards)]
    harness.submit(one)
    harness.receive(ykc.up(frames.OfflineCardSyncReply(pile_code=ykc.CODE, save_result=1, save_fail_reason=0)))
    alive(harness, 15)
    assert ended(harness, "StoreCards") == [(UNANSWERED, "no_answer")]
    assert len(json.loads(harness.ends("StoreCards")[0].detail)["cards"]) == 11
