"""Records without money against what our samples saw."""

from typing import Any

import pytest

from chargecloud.device.events import ChargeUsage, StopClass, TierUsage
from chargecloud.features.orders import model_assess_two_wheel as model
from chargecloud.features.orders.model_assess import Verdict
from chargecloud.features.sessions.messages import ChargeDetailRecord, ChargingSession, StopReason
from chargecloud.features.tariffs import model_two_wheel
from chargecloud.features.tariffs.messages import Basis, Bill, PowerTier, Rule, TwoWheelPlan, Usage
from tests.support.world import record
from tests.unit.features.sessions.factory import NOW, NUMBER, session

PLAN = TwoWheelPlan(basis=Basis.TIME, tiers=(PowerTier(None, 60),), min_charge_fen=10)
PREPAID_FEN = 240
RECEIVED = NOW + 3_700_000


def charge_of(usage: Usage) -> tuple[Bill, Rule]:
    return model_two_wheel.charge(PLAN, usage, PREPAID_FEN)


def uploaded(charged_s: int = 3_600, energy_mwh: int = 200_000, **changes: Any) -> ChargeDetailRecord:
    body = record(
        NUMBER,
        energy_mwh=energy_mwh,
        billed_energy_mwh=energy_mwh,
        **{"usage": ChargeUsage(charged_s, 250_000, 240_000, None)}
        | {"ended_at_ms": RECEIVED, "stop_class": StopClass.COMPLETED}
        | changes,
    )
    return ChargeDetailRecord(record_id="r", received_at_ms=RECEIVED, body=body)


def seen(**changes: Any) -> ChargingSession:
    values = {"began_at_ms": NOW, "charged_s": 3_300, "energy_mwh": 180_000, "metered_at_ms": NOW + 3_300_000}
    return session(**values | changes)


def test_a_record_that_agrees_is_billed() -> None:
    found = model.assess_usage(uploaded(), seen(), charge_of, prepaid_fen=PREPAID_FEN)
    assert (found.verdict, found.bill.total_fen, found.flags) == (Verdict.BILL, 60, ())
    assert found.comparison.recorded_energy_mwh == 200_000


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (uploaded(charged_s=3_000), "below_samples"),
        (uploaded(energy_mwh=0), "below_samples"),
        (uploaded(charged_s=9_000), "over_bound"),
        (uploaded(energy_mwh=50_000_000), "over_bound"),
    ],
)
def test_a_record_that_cannot_be_is_for_people_and_takes_what_samples_support(
    changed: ChargeDetailRecord, why: str
) -> None:
    found = model.assess_usage(changed, seen(), charge_of, prepaid_fen=PREPAID_FEN)
    assert (found.verdict, found.disputes, found.supported_fen) == (Verdict.DISPUTE, (why,), 55)


@pytest.mark.parametrize("stop_class", [StopClass.ABORTED, StopClass.START_FAILED])
def test_a_failed_board_is_paid_what_it_delivered(stop_class: StopClass) -> None:
    found = model.assess_usage(
        uploaded(charged_s=60, energy_mwh=0, stop_class=stop_class),
        session(),
        charge_of,
        prepaid_fen=PREPAID_FEN,
    )
    assert (found.bill.total_fen, found.flags) == (1, ("by_fault",))


def test_what_we_cut_off_for_safety_is_paid_as_delivered() -> None:
    cut = session(stop_reason=StopReason.FIRE_GUARD.value)
    found = model.assess_usage(uploaded(charged_s=60, energy_mwh=0), cut, charge_of, prepaid_fen=PREPAID_FEN)
    assert found.bill.total_fen == 1


def test_a_clock_that_says_1970_is_flagged_and_costs_nothing() -> None:
    found = model.assess_usage(uploaded(ended_at_ms=3_600_000), seen(), charge_of, prepaid_fen=PREPAID_FEN)
    assert (found.verdict, found.bill.total_fen, found.flags) == (Verdict.BILL, 60, ("clock_skew",))


def test_nothing_used_is_nothing_owed() -> None:
    found = model.assess_usage(uploaded(charged_s=0, energy_mwh=0), session(), charge_of, prepaid_fen=PREPAID_FEN)
    assert found.verdict is Verdict.NO_ENERGY


def test_what_the_charge_point_counted_by_tier_is_what_is_priced() -> None:
    tiers = (TierUsage(200_000, 1_800), TierUsage(None, 1_800))
    usage = ChargeUsage(3_600, 250_000, None, None, tiers)
    seen_usages: list[Usage] = []

    def kept(usage: Usage) -> tuple[Bill, Rule]:
        seen_usages.append(usage)
        return charge_of(usage)

    model.assess_usage(uploaded(usage=usage), seen(), kept, prepaid_fen=PREPAID_FEN)
    assert [(part.up_to_mw, part.charged_s) for part in seen_usages[0].counted] == [(200_000, 1_800), (None, 1_800)]


def test_without_a_record_the_last_sample_has_to_do() -> None:
    found = model.assess_usage_samples(seen(), charge_of, prepaid_fen=PREPAID_FEN)
    assert (found.verdict, found.bill.total_fen, found.flags) == (Verdict.BILL, 55, ("estimated",))
    nothing = model.assess_usage_samples(session(), charge_of, prepaid_fen=PREPAID_FEN)
    assert nothing.verdict is Verdict.NO_ENERGY
