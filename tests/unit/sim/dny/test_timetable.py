"""One heap of things to do."""

from math import inf

from chargecloud.sim.dny.timetable import Timetable


def test_in_order_of_time_then_of_making() -> None:
    table, done = Timetable(), []
    for name, when in (("b", 2.0), ("a", 1.0), ("c", 2.0), ("later", 9.0)):
        table.at(when, lambda now, name=name: done.append((name, now)))
    assert table.next_at() == 1.0
    table.run(5.0)
    assert done == [("a", 5.0), ("b", 5.0), ("c", 5.0)]
    assert table.next_at() == 9.0


def test_what_is_dropped_or_replaced_is_not_done() -> None:
    table, done = Timetable(), []
    first = table.at(1.0, lambda _: done.append("first"))
    second = table.at(2.0, lambda _: done.append("second"), instead_of=first)
    second.drop()
    assert table.next_at() == inf
    table.run(10.0)
    assert done == []


def test_an_action_may_set_another_for_now() -> None:
    table, done = Timetable(), []
    table.at(1.0, lambda now: table.at(now, lambda _: done.append("again")))
    table.run(1.0)
    assert done == ["again"]
