"""The performance page says plainly what was missed."""

import pytest

from tests.bench.report import ROWS, Figures, Run, document, verdict


def run(figures: Figures, commit: str = "abc") -> Run:
    return Run(figures, "a machine", commit, "2026-11-26 05:09 UTC")


@pytest.mark.parametrize(("value", "said"), [(80, "aim met"), (75, "aim met"), (60, "must met"), (59.9, "**missed**")])
def test_a_share_has_to_be_high(value: float, said: str) -> None:
    assert verdict(ROWS[0], value) == said


@pytest.mark.parametrize(("value", "said"), [(11, "aim met"), (16, "must met"), (16.1, "**missed**")])
def test_a_cost_has_to_be_low(value: float, said: str) -> None:
    row = next(row for row in ROWS if row.bench == "cpu")
    assert verdict(row, value) == said


def test_the_page_names_machine_commit_and_every_detail() -> None:
    page = document({"cpu": run({"us_per_frame": 17.5, "connections": 1000})})
    assert "a machine" in page
    assert "abc" in page
    assert "| 17.5 µs | **missed** | `cpu` |" in page
    assert "| connections | 1000 |" in page


def test_what_limits_a_figure_is_said_where_it_is_known() -> None:
    page = document({"settle": run({"records_per_s": 2500.0})})
    assert "| 2500 /s | must met | `settle` |" in page
    assert "\n- `settle`: one core of Python" in page
    assert "What limits them" not in document({"cpu": run({"us_per_frame": 1})})


def test_what_was_measured_apart_is_named_with_its_commit() -> None:
    older, newer = run({"us_per_frame": 9}), run({"records_per_s": 2500.0}, "def")
    page = document({"cpu": older, "memory": run({"kib_per_connection": 4.0}), "settle": newer})
    assert "- commit abc, 2026-11-26 05:09 UTC, a machine" in page
    assert "- `settle`: commit def, 2026-11-26 05:09 UTC, a machine" in page
