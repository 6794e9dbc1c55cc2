"""Pauses between attempts, and what the log tells of them."""

from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from chargecloud.device.events import Beat
from chargecloud.infra.bus.redelivery import Redelivery, RetryPolicy
from chargecloud.kernel.errors import Conflict, Unavailable
from chargecloud.kernel.message import Envelope

BEAT = Envelope("1", Beat(charge_point_code="1", connector_no=1, faulted=False), 0)


def test_pauses_double_up_to_the_longest() -> None:
    policy = RetryPolicy(first_delay_s=0.5, longest_delay_s=3.0)
    assert [policy.delay_s(failures) for failures in (1, 2, 3, 4, 1_000)] == [0.5, 1.0, 2.0, 3.0, 3.0]


@pytest.mark.parametrize(
    ("error", "traceback"),
    [
        (Unavailable("the server is away", "away"), False),
        (Conflict("somebody was faster", "session_clash"), False),
        (RuntimeError("a bug"), True),
    ],
)
async def test_an_outage_or_a_lost_race_is_told_in_one_line_and_a_bug_with_its_traceback(
    error: Exception, traceback: bool
) -> None:
    errors = [error]

    async def handle(_batch: Sequence[Envelope]) -> None:
        if errors:
            raise errors.pop()

    with capture_logs() as logs:
        await Redelivery("g", handle, RetryPolicy(first_delay_s=0)).deliver([BEAT], lambda *_: None)
    assert [(log["error"], log["exc_info"] is not None) for log in logs] == [(str(error), traceback)]
