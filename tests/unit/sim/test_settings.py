"""What the platform sets."""

import pytest

from chargecloud.kernel.clock import from_local
from chargecloud.protocols.wire.schema import Reply
from chargecloud.protocols.wire.values import read_cp56
from chargecloud.protocols.ykc16 import frames
from chargecloud.sim.temper import STANDARD, TEMPERS, YKC16, Temper
from tests.unit.sim.bench import CODE, TRADE_NO, Bench, tariff_fields


def work(bench: Bench, *, disabled: int = 0, percent: int = 100) -> int:
    bench.say(frames.WorkParamSet(pile_code=CODE, work_disabled=disabled, max_power_percent=percent))
    reply = bench.last(frames.WorkParamSetReply)
    return reply.set_result


def test_power_limit_really_limits_and_at_once() -> None:
    bench = Bench().charging()
    before = bench.point.connectors[0].draw.power_w
    assert work(bench, percent=30) == 1
    assert bench.point.connectors[0].draw.power_w <= 36_000 < before
    bench.pass_time(60)
    assert bench.last(frames.RealtimeData).output_current < before / 36_000 * 1_000


def test_out_of_service_refuses_the_next_start_only() -> None:
    bench = Bench().charging()
    assert work(bench, disabled=1) == 1
    bench.pass_time(30)
    assert bench.point.connectors[0].session is not None
    bench.plug(2)
    bench.start(TRADE_NO[:-1] + "2", "02")
    assert bench.last(frames.RemoteStartReply).start_fail_reason == 3


@pytest.mark.parametrize(("disabled", "percent"), [(0, 29), (0, 101), (2, 100)])
def test_nonsense_is_refused(disabled: int, percent: int) -> None:
    bench = Bench().ready()
    assert work(bench, disabled=disabled, percent=percent) == 0
    assert bench.point.board.memory.power_limit_pct == 100


def test_a_new_tariff_counts_from_the_next_charge_on() -> None:
    bench = Bench().charging()
    bench.say(frames.BillingModelSet(**tariff_fields("0043") | {"peak_energy_price": 900_000}))
    assert bench.last(frames.BillingModelSetReply).set_result == 1
    bench.pass_time(60)
    bench.stop()
    bench.pass_time(10)
    assert bench.last(frames.TransactionRecord).peak_price == 160_001
    assert bench.point.board.memory.tariff is not None
    assert bench.point.board.memory.tariff.number == "0043"


def test_a_tariff_with_an_unknown_band_is_refused() -> None:
    bench = Bench().ready()
    bench.say(frames.BillingModelSet(**tariff_fields("0043") | {"period_rates": bytes([9] * 48)}))
    assert bench.last(frames.BillingModelSetReply).set_result == 0
    assert bench.point.board.memory.tariff.number == "0042"  # type: ignore[union-attr]


def test_balance_is_only_for_the_card_that_charges() -> None:
    bench = Bench().ready()
    bench.plug()
    bench.start(card=bytes.fromhex("00000000D14B0A54"))

    def update(card: str, gun_no: str = "01") -> int:
        number = bytes.fromhex(card).rjust(8, b"\0")
        bench.say(frames.BalanceUpdate(pile_code=CODE, gun_no=gun_no, physical_card_no=number, account_balance=1))
        return bench.last(frames.BalanceUpdateReply).update_result

    assert [update("D14B0A54"), update(""), update("0A"), update("", "02"), update("", "09")] == [0, 0, 2, 2, 1]


def test_cards_are_stored_found_and_removed() -> None:
    bench = Bench().ready()
    cards = [bytes.fromhex(f"{number:016X}") for number in (1, 2)]
    listed = tuple(frames.OfflineCard(logical_card_no="0" * 16, physical_card_no=card) for card in cards)
    named = tuple(frames.CardNo(physical_card_no=card) for card in cards)
    bench.say(frames.OfflineCardSync(pile_code=CODE, cards=listed))
    assert bench.last(frames.OfflineCardSyncReply).save_result == 1
    bench.say(frames.OfflineCardClear(pile_code=CODE, cards=named[:1]))
    assert bench.last(frames.OfflineCardClearReply).results[0].clear_result == 1
    bench.say(frames.OfflineCardQuery(pile_code=CODE, cards=named))
    assert [result.query_result for result in bench.last(frames.OfflineCardQueryReply).results] == [0, 1]


def test_a_full_list_takes_no_card() -> None:
    bench = Bench().ready()
    bench.point.board.memory.cards.update({number.to_bytes(4, "big"): "" for number in range(1_000)})
    card = frames.OfflineCard(logical_card_no="0" * 16, physical_card_no=b"newcard!")
    bench.say(frames.OfflineCardSync(pile_code=CODE, cards=(card,)))
    reply = bench.last(frames.OfflineCardSyncReply)
    assert (reply.save_result, reply.save_fail_reason) == (0, 2)


@pytest.mark.parametrize("temper", [STANDARD, YKC16], ids=lambda temper: temper.name)
def test_qr_prefix_is_answered_as_the_maker_understands_it(temper: Temper) -> None:
    bench = Bench(temper).ready()
    bench.say(frames.QrPrefixSet(pile_code=CODE, qr_format=1, qr_prefix=b"https://charge.example/q/"))
    assert bench.last(frames.QrPrefixSetReply).set_result == TEMPERS[temper.name].qr_success


def test_every_firmware_answers_or_knowingly_ignores_every_command() -> None:
    commands = {code for code, kind in frames.FRAMES.items() if kind.reply is Reply.AWAIT}
    for temper in TEMPERS.values():
        handled = {kind.code for kind in Bench(temper).point._handlers}
        assert commands <= handled
        assert temper.ignores <= handled


def test_a_charge_point_may_keep_its_own_clock() -> None:
    bench = Bench(skew_ms=540_000, keeps_own_clock=True).ready()
    bench.sync_clock()
    told = read_cp56(bench.last(frames.TimeSyncReply).current_time)
    assert told is not None
    assert from_local(told) - bench.point.board.clock.true_ms(bench.now) == 540_000
