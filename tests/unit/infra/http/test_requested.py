"""The answer to an act that waits for a second person."""

import json

from chargecloud.infra.http.requested import TWO_PEOPLE, requested


def test_it_says_which_request_waits_for_how_much_and_until_when() -> None:
    answer = requested(7, amount_fen=6_000, expires_at_ms=1_767_225_600_000)
    assert answer.status_code == 202 and 202 in TWO_PEOPLE
    assert json.loads(bytes(answer.body)) == {
        "approval_id": 7,
        "amount_fen": 6_000,
        "expires_at": "2026-01-01T08:00:00.000+08:00",
    }
