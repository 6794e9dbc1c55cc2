"""What one charge point is."""

import pytest

from chargecloud.device.events import PowerType
from chargecloud.sim.board import ChargePointSpec
from tests.unit.sim.bench import CODE, Bench


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"code": "123"}, "'123' does not have 14 digits"),
        ({"code": "3201060000000A"}, "does not have 14 digits"),
        ({"code": CODE, "connector_count": 0}, "0 connectors: a charge point has 1 to 99"),
    ],
)
def test_what_cannot_go_onto_the_wire_is_refused(fields: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        ChargePointSpec(**fields)  # type: ignore[arg-type]


def test_connectors_are_found_by_number_and_by_the_bytes_of_the_wire() -> None:
    board = Bench().point.board
    assert board.connector(2) is board.addressed("02") is board.connectors[1]
    assert [board.addressed(gun_no) for gun_no in ("00", "03", "0A")] == [None, None, None]
    with pytest.raises(ValueError, match="has connectors 1 to 2, not 3"):
        board.connector(3)


def test_ac_connectors_do_not_share_their_power() -> None:
    bench = Bench(power_type=PowerType.AC).charging()
    assert bench.point.board.limits().power_w == bench.point.board.spec.rated_power_w
