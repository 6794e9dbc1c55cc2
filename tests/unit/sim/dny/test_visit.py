"""Riders at a port: called when something happens, never asked."""

import random

import pytest

from chargecloud.sim.actor import rounds_of
from chargecloud.sim.dny.port import State
from chargecloud.sim.dny.temper import BOARD_FAULTS
from chargecloud.sim.dny.visit import PortVisit, Rider, life
from chargecloud.sim.scenario import Verb, Way
from tests.unit.sim.dny.bench import CARD, Bench


def visit(bench: Bench, text: str, *, repeat: int = 1, faulty: float = 0) -> PortVisit:
    rng = random.Random(1)
    rounds = rounds_of(text, rng, repeat=repeat, life=life, faults=BOARD_FAULTS)
    made = PortVisit(bench.modem, bench.board, 1, Rider(rng, 1, CARD, faulty), rounds, cut_link=lambda _: None)
    made.arrive(bench.now)
    return made


def test_a_card_charge_from_plug_to_unplug() -> None:
    bench = Bench().admitted()
    rider = visit(bench, "plug,card,charge:10m,unplug")
    bench.pass_time(35)
    bench.start()
    bench.pass_time(590)
    assert bench.board.port(1).session is not None
    bench.pass_time(20)
    assert bench.modem.truth.sessions[0].stop_code == 5
    bench.pass_time(10)
    assert rider.over and not rider.given_up and bench.board.port(1).state(bench.now) == State.IDLE


def test_somebody_starts_it_and_it_ends_by_itself() -> None:
    bench = Bench().admitted()
    visit(bench, "plug,remote:5m,full,wait:20s,unplug")
    bench.pass_time(100)
    bench.start(mode="by_time", duration_s=300)
    bench.pass_time(310)
    assert bench.board.port(1).state(bench.now) == State.PLUGGED
    bench.pass_time(20)
    assert bench.board.port(1).state(bench.now) == State.IDLE


def test_whoever_is_not_started_gives_up() -> None:
    bench = Bench().admitted()
    rider = visit(bench, "plug,remote:5m,full,unplug", repeat=2)
    bench.pass_time(400)
    assert rider.given_up == 1 and not rider.over
    bench.pass_time(400)
    assert rider.given_up == 2 and rider.over
    assert rider.deadline() == float("inf")


def test_a_named_fault_is_in_the_next_charger() -> None:
    bench = Bench().admitted()
    visit(bench, "fault:no_taper,plug,wait:1h")
    bench.pass_time(40)
    charger = bench.board.port(1).charger
    assert charger is not None and charger.fault == "no_taper"


@pytest.mark.parametrize(("way", "verb"), [(Way.CARD, Verb.CARD), (Way.REMOTE, Verb.REMOTE)])
def test_a_life_is_made_of_steps_a_board_knows(way: Way, verb: Verb) -> None:
    steps = [step.verb for step in life(random.Random(3), way)]
    assert steps[1:3] == [Verb.PLUG, verb] and steps[-1] is Verb.UNPLUG
