"""Stop reasons of the transaction record."""

import pytest

from chargecloud.device.events import StopClass
from chargecloud.protocols.ykc16.stop_reasons import STOP_REASON, stop_class


def test_the_document_lists_a_contiguous_range() -> None:
    assert sorted(STOP_REASON) == list(range(0x40, 0x91))
    assert STOP_REASON.identifier(0x40) == "ended_app_remote_stop"
    assert STOP_REASON.text(0x6E) == "充电异常中止，余额不足"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0x00, StopClass.UNKNOWN),
        (0x40, StopClass.COMPLETED),
        (0x49, StopClass.COMPLETED),
        (0x4A, StopClass.START_FAILED),
        (0x69, StopClass.START_FAILED),
        (0x6A, StopClass.ABORTED),
        (0x8F, StopClass.ABORTED),
        (0x90, StopClass.UNKNOWN),
        (0xFF, StopClass.UNKNOWN),
    ],
)
def test_classes_follow_the_ranges(number: int, expected: StopClass) -> None:
    assert stop_class(number) is expected


def test_names_tell_the_class() -> None:
    prefixes = {StopClass.COMPLETED: "ended_", StopClass.ABORTED: "aborted_", StopClass.START_FAILED: "start_failed_"}
    for number, choice in STOP_REASON.items():
        prefix = prefixes.get(stop_class(number), "unknown")
        assert choice.identifier.startswith((prefix, "reserved_")), f"0x{number:02X}"
