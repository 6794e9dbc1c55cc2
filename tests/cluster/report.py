"""The figures of a run: a table for the terminal and for docs/reliability.md."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.cluster.faults import Outcome
from tests.cluster.judge import Verdict
from tests.cluster.plan import RunPlan

BEGIN, END = "<!-- cluster: begin -->", "<!-- cluster: end -->"


@dataclass(frozen=True)
class Run:
    """What there is to tell."""

    plan: RunPlan
    outcomes: Sequence[Outcome]
    verdict: Verdict
    took_s: float
    confirm_ms: Sequence[int]
    """Sorted."""
    deaths: int
    """Processes that ended by themselves."""
    starts: dict[str, int]
    """Answers to starts by phone, by status."""

    def shortcomings(self) -> list[str]:
        """Everything that is not as promised."""
        found = list(self.verdict.faults)
        for outcome in self.outcomes:
            after = outcome.normal_after_s
            if after is None or after > self.plan.normal_within_s:
                late = f"after {after:.0f} s" if after is not None else f"not within {self.plan.give_up_s:.0f} s"
                found.append(f"{outcome.fault}: back to normal {late}, promised is {self.plan.normal_within_s:.0f} s")
            if outcome.heartbeat_s > 1:
                found.append(f"{outcome.fault}: a heartbeat was answered after {outcome.heartbeat_s:.1f} s")
        if self.deaths:
            found.append(f"{self.deaths} processes ended by themselves; see their logs")
        if self.verdict.facts["confirmed"] < self.plan.least_records:
            found.append(f"only {self.verdict.facts['confirmed']} records: too few for the run to mean anything")
        return found


def table(run: Run) -> str:
    """Markdown: what each fault did, then what is left of it in the books."""
    lines = [
        "| fault | lasted | normal after | slowest heartbeat | beats cut off | probe charges failed | links lost "
        "| records confirmed |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for each in run.outcomes:
        after = "not in time" if each.normal_after_s is None else f"{each.normal_after_s:.1f} s"
        lasted = f"{each.lasted_s:.0f} s" if each.lasted_s else "–"
        lines.append(
            f"| {each.fault} | {lasted} | {after} | {each.heartbeat_s * 1000:.0f} ms | {each.heartbeats_lost} | "
            f"{each.probes_failed} of {each.probes} | {each.disconnects} | {each.confirmed} |"
        )
    facts = run.verdict.facts
    states = ", ".join(f"{count} {name[7:]}" for name, count in sorted(facts.items()) if name.startswith("orders_"))
    lines += [
        "",
        f"- {run.plan.charge_points} virtual charge points, {run.took_s:.0f} s; starts by phone, by answer: "
        + ", ".join(f"{count} × {answer}" for answer, count in sorted(run.starts.items())),
        f"- {facts['confirmed']} records confirmed at the charge points, {facts['session_records']} stored, "
        f"{facts['settlements']} settled; {facts['orders']} orders: {states}",
        f"- energy: {facts['energy_confirmed_mwh'] / 1e6:.4f} kWh by confirmed records, "
        f"{facts['energy_billed_mwh'] / 1e6:.4f} kWh billed; ledger sum {facts['ledger_sum_fen']} fen over "
        f"{facts['wallet_postings']} postings",
        f"- record → confirmation, faults included: p50 {percentile(run.confirm_ms, 50)} ms, "
        f"p99 {percentile(run.confirm_ms, 99)} ms, slowest {percentile(run.confirm_ms, 100)} ms",
        f"- processes that ended by themselves: {run.deaths}",
    ]
    return "\n".join(lines)


def percentile(ordered: Sequence[int], percent: int) -> int:
    """Of sorted values; 0 of none."""
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else 0


def into(document: str, section: str) -> str:
    """The document with its cluster section replaced, or added at the end."""
    body = f"{BEGIN}\n{section}\n{END}"
    if BEGIN in document:
        before, _, rest = document.partition(BEGIN)
        return before + body + rest.partition(END)[2]
    return f"{document.rstrip()}\n\n## The cluster\n\n{body}\n"
