"""What is due is done in its order, and nothing before its time."""

from functools import partial

from chargecloud.fake_wechat.agenda import Agenda


def test_acts_are_done_when_due_and_in_order() -> None:
    agenda, done = Agenda(), list[str]()
    for at_ms, name in ((20, "late"), (10, "first"), (10, "second")):
        agenda.put(at_ms, partial(done.append, name))
    assert (agenda.run(9), done) == (0, [])
    assert (agenda.run(10), done) == (2, ["first", "second"])
    assert len(agenda) == 1
    agenda.put(15, lambda: agenda.put(16, lambda: done.append("put meanwhile")))
    assert agenda.run(30) == 3
    assert done == ["first", "second", "put meanwhile", "late"]
