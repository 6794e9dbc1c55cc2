"""What a run tells: each promise that was not kept is a shortcoming, and the document keeps its other parts."""

from dataclasses import replace

from tests.cluster.faults import Outcome
from tests.cluster.judge import Verdict
from tests.cluster.plan import FULL, Fault
from tests.cluster.probe import Prober, Round
from tests.cluster.report import BEGIN, END, Run, into, table

GOOD = Outcome(
    fault=Fault.API_1, lasted_s=0, normal_after_s=9.5, heartbeat_s=0.2, heartbeats_lost=0, probes_failed=1, probes=8,
    disconnects=0, confirmed=40,
)  # fmt: skip
FACTS = dict.fromkeys(
    (
        "session_records", "settlements", "orders", "energy_confirmed_mwh", "energy_billed_mwh", "ledger_sum_fen",
        "wallet_postings",
    ),
    0,
)  # fmt: skip


def a_run(*outcomes: Outcome, faults: tuple[str, ...] = (), confirmed: int = 1_000, deaths: int = 0) -> Run:
    verdict = Verdict({**FACTS, "confirmed": confirmed, "orders_settled": 3}, faults)
    return Run(FULL, outcomes, verdict, 600, (10, 20, 30), deaths, {"202": 5})


def test_a_run_as_promised_has_no_shortcomings() -> None:
    run = a_run(GOOD)
    assert run.shortcomings() == []
    assert "| kill -9 api 1 | – | 9.5 s | 200 ms | 0 | 1 of 8 | 0 | 40 |" in table(run)
    assert "p50 20 ms" in table(run)


def test_each_broken_promise_is_told() -> None:
    late = replace(GOOD, normal_after_s=61)
    never = replace(GOOD, normal_after_s=None)
    slow = replace(GOOD, heartbeat_s=1.5)
    assert len(a_run(late).shortcomings()) == 1
    assert len(a_run(never).shortcomings()) == 1
    assert len(a_run(slow).shortcomings()) == 1
    assert len(a_run(faults=("I1 …",)).shortcomings()) == 1
    assert len(a_run(deaths=1).shortcomings()) == 1
    assert len(a_run(confirmed=3).shortcomings()) == 1


def test_the_section_of_a_document_is_replaced_and_nothing_else() -> None:
    first = into("# Reliability\n\n## The crash loop\n\ntext\n", "one")
    assert first.startswith("# Reliability\n\n## The crash loop\n\ntext\n")
    second = into(first + "\n## More\n", "two")
    assert f"{BEGIN}\ntwo\n{END}" in second
    assert "one" not in second
    assert second.endswith("\n## More\n")


def test_service_is_normal_with_the_first_of_three_good_rounds() -> None:
    prober = Prober((1,), [], [], seed=1)
    ends = [(1, 2, True), (3, 4, True), (5, 6, False), (7, 9, True), (9, 10, True), (11, 0, True), (13, 14, True)]
    for began, ended, good in ends:
        prober.rounds.append(Round(began, ended, [] if good else ["start: order is placed"], []))
    assert prober.normal_since(0) is None
    prober.rounds[5].ended = 12
    assert prober.normal_since(0) == 9
    assert prober.normal_since(8) == 10
    assert prober.normal_since(10) is None
