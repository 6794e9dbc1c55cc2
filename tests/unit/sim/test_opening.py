"""The opening of a connection, as observed at real firmware."""

from chargecloud.protocols.ykc16 import frames
from chargecloud.sim.temper import OPENUC, STANDARD, YKC16
from tests.unit.sim.bench import CODE, Bench, tariff_fields


def test_ykc16_opens_as_observed() -> None:
    bench = Bench(YKC16).connect()
    assert bench.kinds() == [0x01, 0x05]
    bench.pass_time(14.9)
    assert bench.kinds() == [0x01, 0x05]
    bench.pass_time(0.2)
    assert bench.kinds() == [0x01, 0x05, 0x09, 0x13, 0x13]
    first = bench.all(frames.RealtimeData)
    assert [sample.gun_plugged for sample in first] == [1, 1]
    bench.pass_time(9.8)
    assert bench.kinds()[5:] == []
    bench.pass_time(10.2)
    assert bench.kinds()[5:] == [0x03, 0x03]


def test_openuc_opens_as_observed() -> None:
    bench = Bench(OPENUC).connect()
    assert bench.kinds() == [0x01]
    bench.pass_time(10)
    assert bench.kinds() == [0x01, 0x01]
    bench.sync_clock()
    bench.push_tariff()
    bench.pass_time(0)
    assert bench.kinds()[2:5] == [0x55, 0x57, 0x13]
    assert 0x03 in bench.kinds()
    assert bench.last(frames.TimeSyncReply).current_time == bytes(7)
    assert set(bench.sequences) == {bytes(2)}
    bench.pass_time(20)
    assert [beat.gun_no for beat in bench.all(frames.Heartbeat)] == ["01", "02", "01"]


def test_a_stored_tariff_is_verified_instead_of_fetched() -> None:
    bench = Bench(STANDARD).ready()
    bench.drop()
    bench.connect()
    bench.pass_time(1)
    assert bench.kinds()[:2] == [0x01, 0x05]
    assert 0x09 not in bench.kinds()
    assert bench.last(frames.BillingModelVerifyRequest).billing_model_no == "0042"


def test_login_is_repeated_and_refusal_makes_it_wait() -> None:
    bench = Bench(auto=False).connect()
    bench.pass_time(20)
    assert bench.kinds() == [0x01] * 3
    bench.say(frames.LoginResponse(pile_code=CODE, login_result=1))
    assert bench.point.closing
    bench.drop()
    assert not bench.point.wants_link(bench.now + 29)
    assert bench.point.wants_link(bench.now + 30)


def test_a_link_on_which_nobody_answers_the_login_is_given_up() -> None:
    bench = Bench(STANDARD, auto=False).connect()
    bench.pass_time(59)
    assert bench.kinds() == [0x01] * 6 and not bench.point.closing
    bench.pass_time(2)
    assert bench.kinds() == [0x01] * 6 and bench.point.closing
    bench.drop()
    bench.connect()
    assert not bench.point.closing and bench.kinds()[-1] == 0x01


def test_tariff_is_asked_for_until_it_comes() -> None:
    bench = Bench(auto=False).connect()
    bench.say(frames.LoginResponse(pile_code=CODE, login_result=0))
    bench.pass_time(20)
    assert bench.kinds().count(0x05) == 3
    bench.say(frames.BillingModelVerifyResponse(pile_code=CODE, billing_model_no="0000", verify_result=1))
    bench.pass_time(20)
    assert bench.kinds().count(0x09) == 3


def test_nothing_but_login_before_login() -> None:
    bench = Bench(auto=False).connect()
    bench.start()
    bench.stop()
    bench.sync_clock()
    assert set(bench.kinds()) == {0x01}


def test_an_answer_nobody_asked_for_changes_nothing() -> None:
    bench = Bench(OPENUC).connect()
    bench.say(frames.BillingModelVerifyResponse(pile_code=CODE, billing_model_no="0000", verify_result=1))
    bench.pass_time(15)
    assert set(bench.kinds()) == {0x01}


def test_a_new_connection_begins_from_the_start() -> None:
    bench = Bench(YKC16).connect()
    bench.pass_time(5)
    bench.drop()
    bench.forget()
    bench.connect()
    bench.pass_time(14)
    assert bench.kinds() == [0x01, 0x05]
    assert bench.sequences[0] == bytes(2)


def test_a_fetched_tariff_without_sense_is_asked_for_again() -> None:
    bench = Bench(auto=False).connect()
    bench.say(frames.LoginResponse(pile_code=CODE, login_result=0))
    bench.say(frames.BillingModelVerifyResponse(pile_code=CODE, billing_model_no="0000", verify_result=1))
    bench.pass_time(1)
    bench.say(frames.BillingModelResponse(**tariff_fields() | {"period_rates": bytes([7] * 48)}))
    bench.pass_time(10)
    assert bench.kinds().count(0x09) == 2
    assert not bench.point.board.ready
