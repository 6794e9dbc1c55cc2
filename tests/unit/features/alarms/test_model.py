"""Every kind of alarm means something, and causes are told apart."""

from chargecloud.features.alarms import model
from chargecloud.features.alarms.messages import AlarmKind, Cause


def test_every_kind_says_what_it_means_and_what_to_do() -> None:
    assert set(model.KINDS) == set(AlarmKind)
    for kind in model.KINDS.values():
        assert kind.title and kind.advice


def test_causes_are_told_apart_by_kind_place_and_subject() -> None:
    causes = [
        Cause(kind=AlarmKind.CLOCK_SKEW, charge_point_code="1"),
        Cause(kind=AlarmKind.TARIFF_MISMATCH, charge_point_code="1"),
        Cause(kind=AlarmKind.CLOCK_SKEW, charge_point_code="2"),
        Cause(kind=AlarmKind.CLOCK_SKEW, charge_point_code="1", connector_no=1),
        Cause(kind=AlarmKind.CLOCK_SKEW, charge_point_code="1", subject="order"),
    ]
    assert len({model.open_key(cause) for cause in causes}) == len(causes)
    again = Cause(kind=AlarmKind.CLOCK_SKEW, charge_point_code="1", facts={"skew_ms": 5})
    assert model.open_key(again) == model.open_key(causes[0])


def test_two_minutes_are_near_enough() -> None:
    assert not model.is_skewed(120_000) and not model.is_skewed(-120_000)
    assert model.is_skewed(120_001) and model.is_skewed(-120_001)
