"""The short form of the fuzz run, and proof that the runner sees crashes and hangs."""

from __future__ import annotations

import os
from random import Random

import pytest

from chargecloud.testing import fuzz as runner
from chargecloud.testing.fuzz import Failure, Target, explain, fuzz, main, program_of
from tests.fuzz import fuzz_ykc16
from tests.fuzz.ykc_programs import FRAMES_SEEN

SHORT_RUNS = 3_000


def quiet(line: str) -> None:
    """Swallow progress."""


def test_a_few_thousand_executions_break_nothing() -> None:
    failure = fuzz(fuzz_ykc16.TARGET, runs=SHORT_RUNS, seed=2, report=quiet)
    assert failure is None, explain(fuzz_ykc16.TARGET, "tests.fuzz.fuzz_ykc16", 2, failure)


def test_an_execution_is_the_same_every_time() -> None:
    assert program_of(fuzz_ykc16.TARGET, 7, 99) == program_of(fuzz_ykc16.TARGET, 7, 99)
    assert program_of(fuzz_ykc16.TARGET, 7, 99) != program_of(fuzz_ykc16.TARGET, 8, 99)


def test_the_inputs_reach_every_handler() -> None:
    """Bodies of every uplink type are among the seeds, so that no handler is left unfuzzed."""
    from chargecloud.protocols.ykc16.uplinks import HANDLERS

    seeds = {code for code, _ in FRAMES_SEEN}
    assert {kind.code for kind in HANDLERS} <= seeds


def planted(execute: runner.Execute) -> Target:
    return Target("planted", execute, lambda random: random.randbytes(2))


def crash_on_small(program: bytes) -> None:
    assert program[0] > 10, "planted"


def test_a_crash_is_found_and_explained(capsys: pytest.CaptureFixture[str]) -> None:
    target = planted(crash_on_small)
    failure = fuzz(target, runs=5_000, seed=1, report=quiet)
    assert isinstance(failure, Failure) and failure.program[0] <= 10
    assert main(target, "tests.fuzz.planted", ["--runs", "5000", "--seed", "1"]) == 1
    told = capsys.readouterr().err
    assert f"--seed 1 --first {failure.number} --runs 1" in told and failure.program.hex() in told
    assert main(target, "tests.fuzz.planted", ["--first", str(failure.number), "--runs", "1"]) == 1


@pytest.mark.skipif(os.name != "posix", reason="interval timers are a POSIX thing")
def test_a_hang_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "HANG_LIMIT_S", 0.05)

    def hang(program: bytes) -> None:
        while True:
            try:
                Random(1).random()
            except Exception:
                continue

    failure = fuzz(planted(hang), runs=1, seed=1, report=quiet)
    assert failure is not None and "Hang" in failure.error


def test_progress_is_told() -> None:
    lines: list[str] = []
    assert fuzz(planted(len), runs=10, seed=1, report=lines.append) is None
    assert len(lines) == 1 and "10 of 10" in lines[0]


def test_a_replay_runs_one_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(fuzz_ykc16.TARGET, "tests.fuzz.fuzz_ykc16", ["--replay", "0101"]) == 0
    assert "no failure" in capsys.readouterr().out
