"""Errors of WeChat keep their number and a piece of their text."""

import pytest

from chargecloud.infra.wechat.app_errors import ALREADY_SHIPPED, MAX_SAID, NOT_KNOWN_YET, TOKEN_STALE, error_of
from chargecloud.kernel.errors import Refused, Unavailable


def test_what_is_not_known_is_a_refusal_with_its_words() -> None:
    error = error_of(99999, "x" * 1000)
    assert isinstance(error, Refused)
    assert error.facts == {"errcode": 99999, "said": "x" * MAX_SAID}


@pytest.mark.parametrize("errcode", [*sorted(TOKEN_STALE), *sorted(NOT_KNOWN_YET), 10060012])
def test_what_may_pass_is_unavailable(errcode: int) -> None:
    assert isinstance(error_of(errcode, ""), Unavailable)


def test_what_was_done_before_is_no_token_matter() -> None:
    assert not ALREADY_SHIPPED & TOKEN_STALE
