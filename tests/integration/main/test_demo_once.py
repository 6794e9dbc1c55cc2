"""`demo --once` tells apart a charge that came to its bill from one that did not."""

import asyncio

import pytest

from chargecloud.kernel.errors import Unavailable
from chargecloud.main import demo_once
from chargecloud.main.demo_once import DemoFailed

SETTLED = {
    "state": "settled",
    "flags": [],
    "energy_mwh": 436_900,
    "total_fen": 65,
    "bill": [{"band": "peak", "energy_mwh": 436_900, "energy_fee_yuan": "0.4522", "service_fee_yuan": "0.1966"}],
    "settlement": {"comparison": {"recorded_amount_yuan": "0.6488", "our_amount_yuan": "0.6488"}},
}


def test_a_settled_charge_passes_and_its_bill_is_told() -> None:
    told: list[str] = []
    demo_once._show_bill(SETTLED, told.append)
    demo_once._prove(SETTLED, 65)
    assert "0.4522" in told[1]
    assert "0.65" in told[2]
    assert "0.6488" in told[3]


@pytest.mark.parametrize(
    ("changes", "paid"), [({"state": "disputed"}, 65), ({"energy_mwh": 0}, 65), ({}, 64), ({"total_fen": 66}, 65)]
)
def test_anything_else_fails(changes: dict[str, object], paid: int) -> None:
    with pytest.raises(DemoFailed, match="did not settle"):
        demo_once._prove(SETTLED | changes, paid)


async def test_waiting_has_an_end() -> None:
    with pytest.raises(Unavailable, match="nothing came within 0 s"):
        async with demo_once.within(0, "nothing came"):
            await asyncio.sleep(5)
