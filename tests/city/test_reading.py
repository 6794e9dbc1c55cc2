"""What the city reads and reckons itself, against captured frames and a slower reckoning: a judge has to be right."""

import random

import pytest

from tests.city.fare import FIRST_MINUTES, PER_INTERVAL, TIME, UPGRADE_ONLY, Plan, Span, Used, cost_fen
from tests.city.settlement import Settlement, altered
from tests.city.wires import ALARM, Act, Kind, Report, dny_acts, dny_frames, dny_reports
from tests.support.exact_two_wheel import second_tiers, settled, time_fee
from tests.support.golden import golden_entries

BOUNDS = (120, 250, 400, None)


def captured(frame_type: str) -> list[tuple[bytes, dict[str, int | str]]]:
    """Sound frames of a type and what they say."""
    entries = [entry for _, entry in golden_entries("dny") if entry.get("frame_type") == frame_type]
    found = [(bytes.fromhex(each["hex"]), each["fields"]["payload"]) for each in entries if "payload" in each["fields"]]
    assert found, frame_type
    return found


def test_progress_is_read_as_the_captures_say() -> None:
    for frame, fields in captured("0x06"):
        (report,) = dny_reports(b"\x00link" + frame + frame[:9])
        assert report == Report(
            str(fields["order_no_hex"]).upper(),
            int(fields["energy_001kwh"]) * 10_000,
            int(fields["duration_s"]),
            int(fields["avg_power_dw"]) * 100,
            int(fields["max_power_dw"]) * 100,
            fields["port_state"] == 5,
            report.temp_c,
            fields["port_state"] in (1, 5),
        )


def test_settlements_are_read_as_the_captures_say() -> None:
    for frame, fields in captured("0x03"):
        if "duration_s" in fields:
            said = Settlement.of(frame[12:-2])
            assert said.session_no == str(fields["order_no_hex"]).upper()
            assert (said.charged_s, said.energy_mwh) == (fields["duration_s"], int(fields["energy_001kwh"]) * 10_000)
            assert said.connector_no == int(fields["port_no"]) + 1
            lie = Settlement.of(altered(frame[12:-2], charged_s=7, steps=9, session_no="AB" * 16))
            assert (lie.session_no, lie.charged_s, lie.energy_mwh) == ("AB" * 16, 7, 90_000)


def test_starts_and_stops_are_read_as_the_captures_say() -> None:
    for frame, fields in captured("0x82"):
        if "action" in fields:
            (act,) = dny_acts("", frame)
            assert act.kind is (Kind.START if fields["action"] else Kind.STOP)
            assert (act.amount, act.session_no) == (fields["amount"], str(fields["order_no_hex"]).upper())
            assert (act.mode, act.connector_no) == (fields["rate_mode"], (int(fields["port_no"]) + 1) % 256)


def test_greetings_are_no_acts_and_admission_is_told() -> None:
    admitted = bytes.fromhex("444E590A0078563404010020000000")
    admitted = admitted[:-2] + (sum(admitted[:-2]) & 0xFFFF).to_bytes(2, "little")
    assert list(dny_acts("", admitted)) == [Act(Kind.ADMIT, "04345678")]
    greeting = admitted[:11] + b"\x21\x00"
    assert not list(dny_acts("", greeting + (sum(greeting) & 0xFFFF).to_bytes(2, "little")))
    assert not list(dny_frames(admitted[:-1] + b"\xff")) and ALARM == 0x42


@pytest.mark.parametrize("practice", [FIRST_MINUTES, UPGRADE_ONLY, PER_INTERVAL])
def test_runs_of_seconds_cost_what_the_seconds_cost(practice: str) -> None:
    rng = random.Random(practice)
    for _ in range(80):
        spans, until_s = [], 0
        for _ in range(rng.randrange(1, 6)):
            until_s += rng.randrange(1, 300)
            average = rng.randrange(0, 500_000)
            spans.append(Span(until_s, average, average + rng.randrange(0, 90_000), floating=False))
        used = Used(
            charged_s=max(1, until_s + rng.randrange(-200, 400)),
            energy_mwh=1,
            max_mw=max(span.max_mw for span in spans),
            early_mw=rng.randrange(0, 500_000),
            spans=tuple(spans),
            by_fault=rng.random() < 0.2,
        )
        plan = Plan(
            basis=TIME, bounds=BOUNDS, fen_per_hour=tuple(sorted(rng.randrange(0, 400) for _ in BOUNDS)),
            practice=practice, step_s=rng.choice((1, 60, 3_600)), least_fen=rng.choice((0, 50)),
            kept_under_fen=rng.choice((0, 30)),
        )  # fmt: skip
        rows = [(span.until_s, span.avg_mw, span.max_mw) for span in spans]
        tiers = second_tiers(BOUNDS, practice, rows, used.charged_s, used.early_mw or 0)
        fee = time_fee(plan.fen_per_hour, tiers, 1 if used.by_fault else plan.step_s)
        expected = settled(
            fee, prepaid=200, least=plan.least_fen, no_refund_under=plan.kept_under_fen, fault=used.by_fault
        )
        assert cost_fen(plan, used, 200, covered=False) == expected
        assert cost_fen(plan, used, 200, covered=True) == 0
