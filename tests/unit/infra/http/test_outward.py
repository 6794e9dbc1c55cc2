"""Times and fine money as the API promises them."""

from chargecloud.infra.http.outward import outward


def test_times_and_fine_money_change_name_and_form() -> None:
    inside = {"began_at_ms": 0, "ended_at_ms": None, "since_ms": 1, "amount_hao": 12_345, "energy_si_per_kwh": 122_000}
    assert outward(inside) == {
        "began_at": "1970-01-01T08:00:00.000+08:00",
        "ended_at": None,
        "since": "1970-01-01T08:00:00.001+08:00",
        "amount_yuan": "1.2345",
        "energy_yuan_per_kwh": "1.22000",
    }


def test_what_is_whole_already_stays() -> None:
    values = {"total_fen": 5, "energy_mwh": 1, "skew_ms": 7, "state": "charging", "flags": ["a"], "soc_pct": None}
    assert outward(values) == values


def test_values_within_values_change_too() -> None:
    assert outward({"bands": [{"amount_hao": -1}], "inner": {"at_ms": 0}}) == {
        "bands": [{"amount_yuan": "-0.0001"}],
        "inner": {"at": "1970-01-01T08:00:00.000+08:00"},
    }
