"""Faults are used up as often as they were asked for, and only where."""

from chargecloud.fake_wechat.faults import CallFault, Faults, NoticeFault


def test_calls_meet_what_was_planned_for_their_path() -> None:
    faults = Faults()
    faults.plan_call(CallFault.TOO_MANY, times=2, path="refund", seconds=1)
    faults.plan_call(CallFault.TIMEOUT, times=1, path="", seconds=3)
    assert faults.next_call("/v3/pay/x") == (CallFault.TIMEOUT, 3)
    assert faults.next_call("/v3/pay/x") is None
    assert [faults.next_call("/v3/refund/x") for _ in range(3)] == [(CallFault.TOO_MANY, 1)] * 2 + [None]


def test_notices_meet_what_was_planned_in_order_and_it_can_be_called_off() -> None:
    faults = Faults()
    faults.plan_notice(NoticeFault.DROP, times=1, seconds=0)
    faults.plan_notice(NoticeFault.DOUBLE, times=1, seconds=0)
    assert [each["kind"] for each in faults.view()] == ["drop", "double"]
    assert faults.next_notice() == (NoticeFault.DROP, 0)
    faults.clear()
    assert (faults.next_notice(), faults.view()) == (None, [])
