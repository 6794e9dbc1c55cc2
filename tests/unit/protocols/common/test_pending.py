"""Lanes: one command in flight, a short queue behind it, pauses, repeats, and an end for each."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

import pytest

from chargecloud.device.commands import DeviceCommand, Locate
from chargecloud.device.events import CommandOutcome
from chargecloud.protocols.common import pending
from chargecloud.protocols.common.pending import ANSWER_LIMIT_S, QUEUE_MAX, Answer, Exchange, Number, Script
from chargecloud.protocols.wire.columns import uint
from chargecloud.protocols.wire.schema import Direction, Frame

GAP_S = 0.5
LIFE_S = 100.0


class Ask(Frame, code=0x10, title="问", direction=Direction.DOWN):
    """A question with one byte."""

    value: int = uint(1, "值")


class Talk:
    """Counts numbers from 1 and keeps what was said and how commands ended."""

    def __init__(self) -> None:
        self.now = 0.0
        self.free_at = 0.0
        self.wake = inf
        self.lanes: dict[tuple[int, int], list[Exchange[Any, Any]]] | None = None
        self.said: list[tuple[float, int, Number]] = []
        self.ends: list[tuple[str, str, str]] = []
        self.facts: list[Mapping[str, object] | None] = []
        self.number = 0

    @property
    def wall_ms(self) -> int:
        return int(self.now * 1000)

    def dispatch(self, frame: Frame, number: Number | None) -> Number:
        frame.pack()
        if number is None:
            self.number += 1
            number = self.number
        assert isinstance(frame, Ask)
        self.said.append((self.now, frame.value, number))
        self.free_at = self.now + GAP_S
        return number

    def wake_at(self, when: float) -> None:
        self.wake = min(self.wake, when)

    def end(
        self,
        command: DeviceCommand,
        outcome: CommandOutcome,
        reason: str = "",
        facts: Mapping[str, object] | None = None,
    ) -> None:
        self.ends.append((command.command_id, outcome.value, reason))
        self.facts.append(facts)

    def pass_until(self, when: float) -> None:
        for _ in range(1_000):
            if self.wake > when:
                self.now = when
                return
            self.now, self.wake = max(self.now, self.wake), inf
            pending.sweep(self)
        raise AssertionError("the wake does not move on")


def script(**how: Any) -> Script[Talk, Locate]:
    return Script(**({"lane": 1, "build": lambda talk, exchange: Ask(value=exchange.command.duration_s)} | how))


def submit(talk: Talk, value: int, how: Script[Talk, Locate], *, life_s: float = LIFE_S, **more: Any) -> None:
    command = Locate(
        command_id=f"c{value}",
        charge_point_code="p",
        expires_at_ms=int((talk.now + life_s) * 1000),
        duration_s=value,
    )
    pending.submit(talk, how, command, **more)


def answer(talk: Talk, **how: Any) -> None:
    (exchange,) = pending.waiting(talk)
    pending.answered(talk, exchange, Answer(**({"accepted": True} | how)))


def test_the_second_waits_for_the_first_and_for_the_pause() -> None:
    talk = Talk()
    submit(talk, 1, script())
    submit(talk, 2, script())
    assert talk.said == [(0.0, 1, 1)]
    talk.now = 0.1
    answer(talk)
    assert talk.said == [(0.0, 1, 1)], "answered, but the line is not free"
    talk.pass_until(1.0)
    assert talk.said == [(0.0, 1, 1), (GAP_S, 2, 2)] and talk.ends == [("c1", "done", "")]


def test_lanes_do_not_wait_for_each_other_but_share_the_pause() -> None:
    talk = Talk()
    submit(talk, 1, script())
    submit(talk, 2, script(lane=2))
    submit(talk, 3, script(connector=lambda command: 7))
    talk.pass_until(2.0)
    assert [(at, value) for at, value, _ in talk.said] == [(0.0, 1), (GAP_S, 2), (2 * GAP_S, 3)]
    assert pending.is_busy(talk, 1) and pending.is_busy(talk, 1, 7) and not pending.is_busy(talk, 3)


@pytest.mark.parametrize(("same", "numbers"), [(True, [1, 1]), (False, [1, 2])])
def test_silence_is_repeated_and_ends(same: bool, numbers: list[Number]) -> None:
    talk = Talk()
    told: list[float] = []
    how = script(attempts=2, same_number=same, on_silence=lambda talk, exchange: told.append(talk.now))
    submit(talk, 1, how)
    talk.pass_until(50.0)
    assert talk.said == [(0.0, 1, numbers[0]), (ANSWER_LIMIT_S, 1, numbers[1])]
    assert talk.ends == [("c1", "unanswered", "no_answer")] and told == [2 * ANSWER_LIMIT_S]
    assert talk.lanes == {}


def test_a_repeat_keeps_the_pause_too() -> None:
    talk = Talk()
    submit(talk, 1, script(attempts=2))
    talk.now = ANSWER_LIMIT_S - 0.1
    talk.free_at = talk.now + GAP_S
    talk.pass_until(12.0)
    assert [round(at, 3) for at, _, _ in talk.said] == [0.0, round(ANSWER_LIMIT_S - 0.1 + GAP_S, 3)]


def test_what_expires_in_the_queue_never_leaves() -> None:
    talk = Talk()
    submit(talk, 1, script())
    submit(talk, 2, script(), life_s=5.0)
    submit(talk, 3, script(), life_s=0.2, not_before=1.0)
    talk.pass_until(30.0)
    assert [value for _, value, _ in talk.said] == [1]
    assert ("c2", "expired", "expired") in talk.ends and ("c3", "expired", "expired") in talk.ends


def test_what_expires_during_the_pause_never_leaves() -> None:
    talk = Talk()
    talk.free_at = 10.0
    submit(talk, 1, script(), life_s=3.0)
    talk.pass_until(20.0)
    assert talk.said == [] and talk.ends == [("c1", "expired", "expired")]


def test_a_queue_is_short_and_some_lanes_have_none() -> None:
    talk = Talk()
    for value in range(QUEUE_MAX + 3):
        submit(talk, value, script())
    assert [end[0] for end in talk.ends] == [f"c{QUEUE_MAX + 1}", f"c{QUEUE_MAX + 2}"]
    submit(talk, 50, script(lane=9, queues=False))
    submit(talk, 51, script(lane=9, queues=False))
    assert talk.ends[-1] == ("c51", "refused", "busy")


def test_steps_follow_each_other_after_the_pause_under_new_numbers() -> None:
    talk = Talk()
    how = script(steps=lambda command: 3, same_number=True)
    submit(talk, 1, how)
    for place in range(3):
        answer(talk, facts={f"f{place}": place}, accepted=place != 1, reason="bad")
        talk.pass_until(talk.now + 1.0)
    assert [number for _, _, number in talk.said] == [1, 2, 3]
    assert talk.ends == [("c1", "refused", "bad")] and talk.facts == [{"f0": 0, "f1": 1, "f2": 2}]


def test_a_value_that_does_not_fit_ends_the_command_and_frees_the_lane() -> None:
    talk = Talk()
    submit(talk, 300, script())
    assert talk.ends[0][1] == "refused" and "value" in talk.ends[0][2]
    submit(talk, 2, script())
    assert [value for _, value, _ in talk.said] == [2]


def test_what_the_conversation_does_for_itself_is_not_reported_and_does_not_expire() -> None:
    talk = Talk()
    submit(talk, 1, script(), life_s=-1.0, reported=False)
    answer(talk, cards=({"card": 1},))
    assert [value for _, value, _ in talk.said] == [1] and talk.ends == []


def test_cards_are_told_with_the_facts() -> None:
    talk = Talk()
    submit(talk, 1, script())
    answer(talk, cards=({"card": 1},))
    assert talk.facts == [{"cards": [{"card": 1}]}]


def test_a_lost_socket_ends_everything_once() -> None:
    talk = Talk()
    for value in range(3):
        submit(talk, value, script())
    pending.abandon(talk, "gone")
    pending.sweep(talk)
    assert talk.ends == [(f"c{value}", "unanswered", "gone") for value in range(3)]
    assert list(pending.waiting(talk)) == []
