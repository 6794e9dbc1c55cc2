"""Drivers at a connector."""

import random

from chargecloud.protocols.ykc16 import frames
from chargecloud.sim.scenario import Scenario, parse_scenario
from chargecloud.sim.visit import Driver, Visit
from tests.unit.sim.bench import CODE, TRADE_NO, Bench


class Street:
    """A bench with one driver at connector 1."""

    def __init__(self, bench: Bench, text: str, *, rounds: int = 1, speed: float = 1) -> None:
        self.bench = bench
        self.cuts: list[float] = []
        left = [parse_scenario(text)] * rounds

        def following() -> Scenario | None:
            return left.pop() if left else None

        driver = Driver(random.Random(1), speed, "D14B0A54")
        self.visit = Visit(bench.point, 1, driver, following, cut_link=self.cuts.append)

    def pass_time(self, seconds: float) -> "Street":
        end = self.bench.now + seconds
        while self.bench.now < end:
            self.visit.tick(self.bench.now)
            self.bench.pump()
            self.bench.pass_time(0.5)
        return self


def grant(bench: Bench) -> None:
    bench.say(
        frames.StartChargeResponse(
            trade_no=TRADE_NO,
            pile_code=CODE,
            gun_no="01",
            logical_card_no="0" * 16,
            account_balance=0,
            auth_result=1,
            auth_fail_reason=0,
        )
    )


def test_a_card_charge_of_twenty_minutes_at_speed_sixty_takes_twenty_seconds() -> None:
    bench = Bench().ready()
    street = Street(bench, "plug,card,charge:20m,stop,wait:5m,unplug", speed=60)
    street.pass_time(1)
    grant(bench)
    street.pass_time(60)
    assert street.visit.over
    record = bench.last(frames.TransactionRecord)
    assert record.stop_reason == 0x45
    assert 19.9 < bench.point.truth.of(1, TRADE_NO).ended_at_ms / 1000 - began_flowing(bench) < 21.5


def began_flowing(bench: Bench) -> float:
    last = bench.point.connectors[0].last
    assert last is not None
    return last.truth.ended_at_ms / 1000 - last.flowed_s


def test_full_waits_for_the_end_of_the_charge() -> None:
    bench = Bench().ready()
    street = Street(bench, "plug,card,full,unplug", speed=200)
    street.pass_time(1)
    grant(bench)
    street.pass_time(120)
    assert street.visit.over
    assert bench.last(frames.TransactionRecord).stop_reason == 0x41
    assert not bench.point.connectors[0].plugged


def test_remote_waits_for_a_start_and_leaves_without_one() -> None:
    bench = Bench().ready()
    street = Street(bench, "plug,remote:1m,charge:1m,stop,unplug", rounds=2).pass_time(62)
    assert street.visit.given_up == 1
    street.pass_time(5)
    bench.start()
    street.pass_time(120)
    assert street.visit.over
    assert bench.last(frames.TransactionRecord).stop_reason == 0x45


def test_a_refused_card_ends_the_round() -> None:
    bench = Bench().ready()
    street = Street(bench, "plug,card,charge,unplug").pass_time(40)
    assert street.visit.over
    assert street.visit.given_up == 1
    assert not bench.point.connectors[0].plugged


def test_everything_else_a_scenario_can_do() -> None:
    bench = Bench().ready()
    street = Street(bench, "fault:door,wait:2s,repair,offline:90s,reboot").pass_time(10)
    assert street.visit.over
    assert street.cuts == [90]
    assert bench.point.closing
    assert 0x2000 in [sample.hardware_fault for sample in bench.all(frames.RealtimeData)]


def test_rounds_without_any_waiting_do_not_spin() -> None:
    bench = Bench().ready()
    street = Street(bench, "plug,unplug", rounds=5)
    street.visit.tick(bench.now)
    assert not street.visit.over
    assert street.visit.deadline() == bench.now + 5


def test_a_card_stops_what_it_started() -> None:
    bench = Bench().ready()
    street = Street(bench, "plug,card,charge:1m,card,unplug").pass_time(1)
    grant(bench)
    street.pass_time(120)
    record = bench.last(frames.TransactionRecord)
    assert (record.stop_reason, record.physical_card_no) == (0x45, bytes.fromhex("00000000D14B0A54"))


def test_whoever_starts_remotely_lives_in_real_time() -> None:
    bench = Bench().ready()
    street = Street(bench, "plug,remote:1m,unplug", speed=60).pass_time(55)
    assert street.visit.given_up == 0
    street.pass_time(10)
    assert street.visit.given_up == 1
