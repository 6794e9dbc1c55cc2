"""The short form of the DNY fuzz run."""

from __future__ import annotations

from chargecloud.protocols.dny.frames import REPORTS, UPLINKS
from chargecloud.testing.fuzz import explain, fuzz, program_of
from tests.fuzz import fuzz_dny
from tests.fuzz.dny_programs import COMMANDS, FRAMES_SEEN

SHORT_RUNS = 4_000


def test_a_few_thousand_executions_break_nothing() -> None:
    failure = fuzz(fuzz_dny.TARGET, runs=SHORT_RUNS, seed=2, report=lambda line: None)
    assert failure is None, explain(fuzz_dny.TARGET, "tests.fuzz.fuzz_dny", 2, failure)


def test_an_execution_is_the_same_every_time() -> None:
    assert program_of(fuzz_dny.TARGET, 7, 99) == program_of(fuzz_dny.TARGET, 7, 99)


def test_the_inputs_reach_every_handler_and_command() -> None:
    seeds = {code for code, _ in FRAMES_SEEN}
    assert set(REPORTS) <= seeds and set(UPLINKS) <= seeds
    assert len(COMMANDS) >= 14
