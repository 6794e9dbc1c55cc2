"""Code tables agree with the document where it gives examples."""

from chargecloud.protocols.ykc16 import tables
from chargecloud.protocols.ykc16.tables import BMS_STATUS_ITEMS, ERROR_ITEMS


def test_error_items_sit_in_the_byte_the_document_names() -> None:
    places = {part.name: part.place for part in ERROR_ITEMS}
    assert places["spn2560_00_timeout"] == "bit 0–1"
    assert places["charger_ready_timeout"] == "bit 10–11"
    assert places["bms_other"] == "bit 26–31"
    assert places["battery_demand_timeout"] == "bit 50–51"
    assert places["charger_other"] == "bit 58–63"
    assert len(ERROR_ITEMS) == 16


def test_a_captured_status_says_that_charging_is_allowed() -> None:
    packed = int.from_bytes(bytes.fromhex("0010"), "little")
    items = {part.name: part.read(packed) for part in BMS_STATUS_ITEMS}
    assert items.pop("charge_permission") == 1
    assert not any(items.values())


def test_items_of_one_value_do_not_overlap() -> None:
    groups = {name: value for name, value in vars(tables).items() if isinstance(value, tuple)}
    assert len(groups) >= 11
    for name, parts in groups.items():
        singles = [part for part in parts if part.place.startswith("bit")]
        for part in singles:
            low, high = (int(edge) for edge in part.place.removeprefix("bit ").split("–"))
            others = [other for other in singles if other is not part]
            mask = ((1 << high - low + 1) - 1) << low
            assert part.read(mask) not in (0, "0.00", []), f"{name}.{part.name}"
            assert all(other.read(mask) in (0, "0.00", []) for other in others), f"{name}.{part.name}"
