"""The crash test kills where it says: each named point, with passes a life can come to, and at random."""

import random
from collections import Counter

from chargecloud.kernel import killpoints
from tests.crash.lives import AT_THE_DESK, DEEPEST, JOURNALLED, RANDOM, once_each, plan


def test_two_hundred_kills_come_to_every_named_point_and_to_any_moment() -> None:
    lives = plan(200, random.Random(1))
    points = Counter(life.point for life in lives)
    assert len(lives) == 200
    assert set(points) == {*DEEPEST, RANDOM}
    assert min(points[point] for point in DEEPEST) == 10
    assert points[RANDOM] == 80
    assert any(life.held for life in lives if life.point == RANDOM)
    assert any(life.early for life in lives)


def test_the_same_seed_gives_the_same_lives() -> None:
    assert plan(50, random.Random(7)) == plan(50, random.Random(7))
    assert plan(50, random.Random(7)) != plan(50, random.Random(8))


def test_the_short_form_comes_to_every_point_once() -> None:
    lives = once_each(random.Random(1))
    assert Counter(life.point for life in lives) == {**dict.fromkeys(DEEPEST, 1), RANDOM: 2}


def test_orders_are_understood_and_within_reach() -> None:
    assert {*DEEPEST, *AT_THE_DESK} == set(killpoints.POINTS)
    for life in plan(300, random.Random(3)):
        if life.point != RANDOM:
            point, passes = life.order.split(":")
            assert (point, life.held) == (life.point, life.point in JOURNALLED)
            assert 1 <= int(passes) <= DEEPEST[point]
