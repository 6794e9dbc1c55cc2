"""Names, passwords, lock-outs, and roles that may what they should."""

import pytest

from chargecloud.features.operators import model
from chargecloud.features.operators.messages import OWN, PERMISSIONS, PERMISSIONS_OF, READ, ROLE_TITLES, Role
from chargecloud.features.operators.model import Attempts
from chargecloud.kernel.errors import Invalid, TooMany


def test_usernames_are_lower_case_and_short() -> None:
    assert model.normal_username(" Wang.Fang ") == "wang.fang"
    for text in ("", "a", "-a", "王芳", "a b", "x" * 33):
        with pytest.raises(Invalid):
            model.normal_username(text)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password_length"),
        ("x" * 257, "password_length"),
        ("my-wangfang-1", "password_weak"),
        ("abababab", "password_weak"),
    ],
)
def test_poor_passwords_are_refused(password: str, code: str) -> None:
    with pytest.raises(Invalid) as invalid:
        model.check_password(password, "wangfang", Role.FINANCE)
    assert invalid.value.code == code


def test_long_passwords_need_no_composition() -> None:
    model.check_password("correct horse battery staple", "wangfang", Role.ADMINISTRATOR)


def test_only_the_demo_role_may_have_a_public_password() -> None:
    model.check_password("demo123", "demo", Role.DEMO)
    for role in set(Role) - {Role.DEMO}:
        with pytest.raises(Invalid):
            model.check_password("demo123", "demo", role)


def test_the_fifth_failure_locks_and_says_for_how_long() -> None:
    now = 10_000_000
    failures = [now - 1_000 * n for n in range(5)]
    model.check_attempts(Attempts(account_failures_ms=failures[:4], source_attempts_ms=[]), now)
    with pytest.raises(TooMany) as too_many:
        model.check_attempts(Attempts(account_failures_ms=failures, source_attempts_ms=[]), now)
    assert too_many.value.code == "account_locked"
    assert too_many.value.facts["retry_after_s"] == 15 * 60 - 4


def test_a_source_gets_twenty_tries_a_minute() -> None:
    tries = [1_000_000] * 20
    with pytest.raises(TooMany) as too_many:
        model.check_attempts(Attempts(account_failures_ms=[], source_attempts_ms=tries), 1_000_000)
    assert too_many.value.code == "too_many_sign_ins"


def test_every_role_has_a_title_and_only_known_permissions() -> None:
    assert set(PERMISSIONS_OF) == set(ROLE_TITLES) == set(Role)
    for permissions in PERMISSIONS_OF.values():
        assert permissions <= PERMISSIONS


def test_auditor_and_demo_may_write_nothing_of_others() -> None:
    assert PERMISSIONS_OF[Role.AUDITOR] - {OWN, "exports.write"} == PERMISSIONS_OF[Role.DEMO] == READ
    assert not any(permission.endswith((".write", ".command")) for permission in READ)


def test_money_is_moved_by_administrators_and_finance_only() -> None:
    assert {role for role, may in PERMISSIONS_OF.items() if "wallets.write" in may} == {
        Role.ADMINISTRATOR,
        Role.FINANCE,
    }
