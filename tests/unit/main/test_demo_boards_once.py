"""The e-bikes of `demo --once` tell apart a ride that came to its bill from one that did not."""

import pytest

from chargecloud.main import demo_boards_once
from chargecloud.main.demo_boards_once import RIDES, prove, show
from chargecloud.main.demo_once import DemoFailed

SETTLED = {
    "state": "settled", "flags": [], "energy_mwh": 30_000, "hold_fen": 60, "total_fen": 15, "refund_fen": 45,
    "usage_bill": [
        {"kind": "time", "duration_s": 900, "energy_mwh": 0, "max_power_w": 200, "fen_per_hour": 60,
         "energy_fee_yuan": "0.0000", "service_fee_yuan": "0.1500"},
        {"kind": "energy", "duration_s": 0, "energy_mwh": 30_000, "max_power_w": None, "fen_per_hour": None,
         "energy_fee_yuan": "0.0180", "service_fee_yuan": "0.0270"},
    ],
}  # fmt: skip


def test_the_bill_is_told_line_by_line() -> None:
    told: list[str] = []
    show(RIDES[0], SETTLED, 34_000, told.append)
    assert "900 s  ≤200 W  0.60 元/h" in told[1] and "0.0300 kWh" in told[2]
    assert "0.45" in told[3] and "0.0340" in told[3]
    prove(RIDES[0], SETTLED, 34_000, 15)


@pytest.mark.parametrize(
    ("changes", "flowed", "paid"),
    [
        ({"state": "disputed"}, 34_000, 15),
        ({"refund_fen": 44}, 34_000, 15),
        ({"refund_fen": None}, 34_000, 15),
        ({}, 41_000, 15),
        ({}, 29_000, 15),
        ({}, 34_000, 16),
        ({"total_fen": 0, "refund_fen": 60}, 34_000, 0),
    ],
)
def test_anything_else_fails(changes: dict[str, object], flowed: int, paid: int) -> None:
    with pytest.raises(DemoFailed, match="did not settle"):
        prove(RIDES[0], SETTLED | changes, flowed, paid)


def test_every_way_of_billing_is_shown() -> None:
    kinds = {ride.limit["kind"] for ride in RIDES}
    assert kinds == {"minutes", "money", "energy", "none"} and any(ride.stops_after_s for ride in RIDES)
    assert demo_boards_once.FASTER > 1
