"""One heap for all deadlines."""

from math import inf
from typing import cast

from chargecloud.gateway.link import Link
from chargecloud.gateway.wheel import SLACK, Wheel


class Hand:
    """As much of a link as the wheel needs."""

    def __init__(self, serial: int) -> None:
        self.serial = serial
        self.armed = inf


def wheel_of(*serials: int) -> tuple[Wheel, list[Link], dict[int, Link]]:
    links = {serial: cast(Link, Hand(serial)) for serial in serials}
    return Wheel(links), list(links.values()), links


def test_links_come_when_they_are_due_earliest_first() -> None:
    wheel, (first, second, third), _ = wheel_of(1, 2, 3)
    wheel.arm(second, 2.0)
    wheel.arm(first, 1.0)
    wheel.arm(third, 9.0)
    assert wheel.take_due(0.5) == []
    assert wheel.take_due(2.0) == [first, second]
    assert wheel.take_due(2.0) == []


def test_an_earlier_deadline_replaces_a_later_one() -> None:
    wheel, (link,), _ = wheel_of(1)
    wheel.arm(link, 5.0)
    wheel.arm(link, 1.0)
    assert wheel.take_due(1.0) == [link]
    assert wheel.take_due(10.0) == []


def test_a_link_armed_twice_for_one_moment_comes_once() -> None:
    """Woken early and armed anew for what it had been armed for before; the second tick found its contest gone."""
    wheel, (link,), _ = wheel_of(1)
    wheel.arm(link, 5.0)
    wheel.arm(link, 1.0)
    assert wheel.take_due(1.0) == [link]
    wheel.arm(link, 5.0)
    assert wheel.take_due(5.0) == [link]


def test_a_link_that_has_gone_is_passed_over() -> None:
    wheel, (link,), links = wheel_of(1)
    wheel.arm(link, 1.0)
    del links[1]
    assert wheel.take_due(2.0) == []


def test_outdated_entries_are_cleared_away() -> None:
    wheel, (link,), _ = wheel_of(1)
    for step in range(3 * SLACK):
        wheel.arm(link, 1_000_000.0 - step)
    assert len(wheel) <= SLACK + 3
    assert wheel.take_due(1_000_000.0) == [link]
