"""Pauses between attempts."""

from chargecloud.infra.bus.redelivery import RetryPolicy


def test_pauses_double_up_to_the_longest() -> None:
    policy = RetryPolicy(first_delay_s=0.5, longest_delay_s=3.0)
    assert [policy.delay_s(failures) for failures in (1, 2, 3, 4, 1_000)] == [0.5, 1.0, 2.0, 3.0, 3.0]
