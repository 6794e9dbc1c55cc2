"""The charge point's own bill."""

from datetime import datetime

import pytest

from chargecloud.kernel.clock import BEIJING
from chargecloud.protocols.ykc16.frames import BillingModelSet
from chargecloud.sim.tariff import HeldTariff, Rounding, from_frame
from tests.unit.sim.bench import tariff_fields


def held() -> HeldTariff:
    tariff = from_frame(BillingModelSet(**tariff_fields()))
    assert tariff is not None
    return tariff


@pytest.mark.parametrize(
    ("clock", "band"),
    [("00:00", 3), ("07:59", 3), ("08:00", 2), ("12:00", 1), ("18:00", 0), ("22:00", 3), ("23:59", 3)],
)
def test_half_hours_are_those_of_the_local_day(clock: str, band: int) -> None:
    moment = datetime.fromisoformat(f"2026-03-01T{clock}").replace(tzinfo=BEIJING)
    assert held().band_at(int(moment.timestamp() * 1000)) == band


@pytest.mark.parametrize(
    ("rounding", "hao"), [(Rounding.HALF_UP, 19_837), (Rounding.DOWN, 19_836), (Rounding.CENTS, 19_700)]
)
def test_rounding_by_firmware(rounding: Rounding, hao: int) -> None:
    assert held().amount_hao(1, 12_398, rounding) == hao


def test_loss_ratio_is_added() -> None:
    fields = tariff_fields() | {"loss_ratio": 5}
    tariff = from_frame(BillingModelSet(**fields))
    assert tariff is not None
    assert tariff.loss_units(1_000) == 1_050
    assert tariff.amount_hao(0, 10_000, Rounding.HALF_UP) == 21_000


def test_a_half_hour_without_a_band_is_no_tariff() -> None:
    assert from_frame(BillingModelSet(**tariff_fields() | {"period_rates": bytes([4] * 48)})) is None
