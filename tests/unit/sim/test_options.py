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
        ({"slaves": 3}, "slaves, ports and faulty are for boards"),
        ({"protocol": "dny", "slaves": 51}, "slaves 51: must be from 0 to 50"),
        ({"protocol": "dny", "ports": 11}, "ports 11: must be one of 2, 10, 12, 16"),
        ({"protocol": "dny", "faulty": 2}, "faulty 2: must be from 0 to 1"),
        ({"protocol": "dny", "temper": "openuc"}, "temper 'openuc': must be one of mixed, standard, f640"),
        ({"protocol": "dny", "scenario": "plug,vin,full"}, "step 'vin': an e-bike has no vehicle number"),
        ({"protocol": "dny", "scenario": "plug,stop"}, "step 'stop': a board has no stop button"),
        ({"protocol": "dny", "scenario": "life:vin"}, "life:vin: an e-bike has no vehicle number"),
        ({"protocol": "dny", "scenario": "fault:door"}, "unknown fault 'door'; known are over_power"),
        ({"protocol": "dny", "scenario": "plug,card:01"}, "card '01': a board reads cards of 8 hex digits"),
        ({"protocol": "dny", "cards": ("XY",)}, "card 'XY': a board reads cards of 8 hex digits"),
        ({"protocol": "dny", "first_code": 0}, "first-code 0: must be from 1 to"),
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


def test_each_protocol_has_its_usual_port() -> None:
    assert parse_address("127.0.0.1", "dny") == ("127.0.0.1", 7054)


@pytest.mark.parametrize("text", ["", ":80", "host:", "host:0", "host:99999", "host:http"])
def test_bad_addresses_are_named(text: str) -> None:
    with pytest.raises(ValueError, match="write host:port"):
        parse_address(text)
