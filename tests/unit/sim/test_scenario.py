"""Scenarios as text."""

import random

import pytest

from chargecloud.sim.scenario import Step, Verb, Way, parse_life, parse_scenario, random_life


def test_steps_are_read_with_their_arguments() -> None:
    assert parse_scenario("plug, card:0102, charge:20m, wait, fault:door, reboot:lose, unplug") == (
        Step(Verb.PLUG),
        Step(Verb.CARD, word="0102"),
        Step(Verb.CHARGE, 1_200),
        Step(Verb.WAIT, 60),
        Step(Verb.FAULT, word="door"),
        Step(Verb.REBOOT, word="lose"),
        Step(Verb.UNPLUG),
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (" , ", "the scenario is empty"),
        ("plug,fly", "unknown step 'fly'; known are plug"),
        ("plug:2", "plug takes no argument"),
        ("charge:soon", "write a number with s, m or h"),
        ("card:XY", "card 'XY': write up to 16 hex digits"),
        ("card:0000", "not all zero"),
        ("fault:flood", "unknown fault 'flood'"),
        ("reboot:maybe", "write reboot or reboot:lose"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_scenario(text)


def test_life_is_read() -> None:
    assert parse_life("life") is Way.MIXED
    assert parse_life("life:card") is Way.CARD
    assert parse_life("plug,unplug") is None
    with pytest.raises(ValueError, match="unknown life 'wild'; known are mixed"):
        parse_life("life:wild")


def test_random_visits_begin_with_plugging_in_and_end_with_leaving() -> None:
    rng = random.Random(4)
    starts = set()
    for _ in range(100):
        visit = random_life(rng, Way.MIXED)
        assert [step.verb for step in visit[:2]] == [Verb.WAIT, Verb.PLUG]
        assert visit[-1].verb is Verb.UNPLUG
        starts.add(visit[2].verb)
    assert starts == {Verb.REMOTE, Verb.CARD, Verb.VIN}
    assert random_life(rng, Way.VIN)[2].verb is Verb.VIN
