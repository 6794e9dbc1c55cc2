"""Options of a run."""

import pytest

from chargecloud.device.events import PowerType
from chargecloud.sim.options import SimOptions, parse_address


def test_codes_have_fourteen_digits_in_a_row() -> None:
    options = SimOptions(count=3, code_prefix="3201", first_code=7)
    assert [spec.code for spec in options.specs()] == ["32010000000007", "32010000000008", "32010000000009"]


def test_a_mixed_fleet_has_every_temper_in_dc_and_ac() -> None:
    specs = SimOptions(count=32).specs()
    assert {(spec.temper.name, spec.power_type) for spec in specs} == {
        (temper, power) for temper in ("standard", "ykc16", "openuc", "thrifty") for power in PowerType
    }


def test_one_kind_only() -> None:
    specs = SimOptions(count=8, temper="openuc", power="ac").specs()
    assert {(spec.temper.name, spec.power_type, spec.connector_count) for spec in specs} == {
        ("openuc", PowerType.AC, 1)
    }


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"count": 0}, "count 0: must be from 1 to"),
        ({"protocol": "ocpp"}, "protocol 'ocpp': must be one of ykc16"),
        ({"temper": "mild"}, "temper 'mild': must be one of mixed, standard"),
        ({"power": "gas"}, "must be one of mixed, dc, ac"),
        ({"speed": 0}, "speed 0: must be from 0.1"),
        ({"sources": 300}, "sources 300: must be from 0 to 254"),
        ({"scenario": "fly"}, "unknown step 'fly'"),
        ({"scenario": "life:wild"}, "unknown life 'wild'"),
        ({"code_prefix": "32010600000001"}, "do not make 14 digits; shorten the prefix"),
        ({"code_prefix": "3201AB"}, "do not make 14 digits"),
        ({"code_prefix": "3201060000000", "first_code": 5, "count": 6}, "do not make 14 digits"),
    ],
)
def test_what_cannot_work_is_named(fields: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        SimOptions(**fields)  # type: ignore[arg-type]


def test_every_option_is_documented() -> None:
    words = (SimOptions.__doc__ or "").replace(",", " ").split()
    assert [name for name in SimOptions.__dataclass_fields__ if name not in words] == []


@pytest.mark.parametrize(
    ("text", "address"), [("127.0.0.1:9000", ("127.0.0.1", 9000)), ("localhost", ("localhost", 8768))]
)
def test_addresses(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", ":80", "host:", "host:0", "host:99999", "host:http"])
def test_bad_addresses_are_named(text: str) -> None:
    with pytest.raises(ValueError, match="write host:port"):
        parse_address(text)
