"""Named timers."""

import math

from chargecloud.sim.agenda import Agenda


def test_things_are_done_in_order_of_time_and_once() -> None:
    agenda, done = Agenda(), list[str]()
    agenda.at("b", 2, lambda _: done.append("b"))
    agenda.at("a", 1, lambda _: done.append("a"))
    assert agenda.next_at() == 1
    agenda.run(5)
    agenda.run(9)
    assert done == ["a", "b"]
    assert agenda.next_at() == math.inf


def test_a_name_set_again_moves() -> None:
    agenda, done = Agenda(), list[float]()
    agenda.at("a", 1, done.append)
    agenda.at("a", 7, done.append)
    agenda.run(3)
    assert done == []
    assert agenda.next_at() == 7


def test_what_an_earlier_action_cancels_or_moves_is_not_done() -> None:
    agenda, done = Agenda(), list[str]()
    agenda.at("a", 1, lambda _: agenda.cancel("b"))
    agenda.at("b", 2, lambda _: done.append("b"))
    agenda.at("c", 1.5, lambda _: agenda.at("d", 9, lambda _: done.append("d")))
    agenda.at("d", 2, lambda _: done.append("early d"))
    agenda.run(3)
    assert done == []
    assert agenda.next_at() == 9


def test_what_is_set_for_now_waits_for_the_next_call() -> None:
    agenda, done = Agenda(), list[float]()
    agenda.at("a", 1, lambda now: agenda.at("a", now, done.append))
    agenda.run(1)
    assert done == []
    agenda.run(1)
    assert done == [1]


def test_groups_are_cancelled_by_their_first_word() -> None:
    agenda = Agenda()
    for name in ("x", ("x", 1), ("y", 1)):
        agenda.at(name, 1, lambda _: None)
    agenda.cancel_all("x")
    assert ("y", 1) in agenda
    assert "x" not in agenda and ("x", 1) not in agenda
