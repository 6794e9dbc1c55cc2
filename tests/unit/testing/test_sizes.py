"""Memory as it is counted."""

from __future__ import annotations

from chargecloud.testing.sizes import size_of


def test_common_things_count_once() -> None:
    shared = bytes(10_000)
    one, two = [shared], [shared]
    assert size_of(one) > 10_000
    assert size_of(one, two) - size_of(one) < 200


def test_classes_and_functions_are_nobodys() -> None:
    assert size_of([list, size_of]) < 200
