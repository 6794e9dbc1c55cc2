"""Rules of accounts: names, passwords, when to lock out, how long sessions live."""

import hashlib
import re
from collections.abc import Sequence

import msgspec

from chargecloud.features.operators.messages import Role
from chargecloud.kernel.errors import Invalid, TooMany

SESSION_IDLE_MS = 30 * 60_000
SESSION_ABSOLUTE_MS = 12 * 3_600_000
SESSION_TOUCH_MS = 60_000
"""A session's last use is written at most once a minute."""
MAX_SESSIONS = 10
"""Of one account; the oldest ends when another begins."""

ACCOUNT_WINDOW_MS = 15 * 60_000
ACCOUNT_FAILURES = 5
SOURCE_WINDOW_MS = 60_000
SOURCE_ATTEMPTS = 20
KNOWN_SOURCE_MS = 30 * 86_400_000
"""So long a source that signed in is known to its account and is not locked out with strangers."""
ATTEMPTS_KEPT_MS = 180 * 86_400_000

MAX_STATIONS = 200
"""So many stations somebody may be limited to; whoever works at more works for the whole operator."""

MIN_PASSWORD = 8
MAX_PASSWORD = 256
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")

_FIRST_GUESSES = """
00000000 88888888 66666666 99999999 87654321 12341234 123123123 p@ssword admin1234 admin12345 administrator root1234
rootroot testtest woaini520 woaini1314 5201314520 woaini123 demo1234 demo12345 charge123 charging chargecloud
woaini521 woaiwojia 5201314521 1314520520 woshishui wodemima mima1234 mima123456 chongdian chongdian123
chongdianzhuang yunkuaichong zhinengchongdian dianzhuang123 guanliyuan caiwu123 yunying123 kefu1234 diaodu123
gly123456 zhongguo123 beijing123 shanghai123 hangzhou123 nihaoma123 li123456 wang123456 zhang123456 liu123456
chen123456 yang123456 huang123456
"""

NOTORIOUS = frozenset(_FIRST_GUESSES.split())
"""Passwords that guessers try first here and that public lists do not have."""


def normal_username(text: str) -> str:
    """A name to sign in with: lower case, digits, dots, dashes."""
    name = text.strip().lower()
    if not _USERNAME.fullmatch(name):
        raise Invalid(
            "登录名为 2 至 32 个小写字母、数字、点、横线或下划线，且以字母或数字开头",
            "invalid_username",
            field="username",
        )
    return name


def normal_name(text: str) -> str:
    """A name for people."""
    name = text.strip()
    if not 0 < len(name) <= 80 or not name.isprintable():
        raise Invalid("名称为 1 至 80 个可见字符", "invalid_name", field="name")
    return name


def check_password(password: str, username: str, role: Role) -> None:
    """Long enough, and not the name; no rules of composition. `service_guesses` knows the frequent ones.

    The demo role may write nothing, so its password may be public.
    """
    if role is Role.DEMO and password:
        return
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Invalid(f"密码为 {MIN_PASSWORD} 至 {MAX_PASSWORD} 个字符", "password_length", field="password")
    plain = password.lower()
    if username in plain or len(set(plain)) < 4:
        raise password_weak()


def password_weak() -> Invalid:
    """Guessers would find it."""
    return Invalid("密码过于常见或包含登录名，请换一个", "password_weak", field="password")


class Attempts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of recent sign-ins, newest first, as far as a lock-out needs it."""

    account_failures_ms: Sequence[int]
    """Failures of this account within its window: from this source when the account knows it, else from strangers."""
    source_attempts_ms: Sequence[int]


def check_attempts(attempts: Attempts, now_ms: int) -> None:
    """Refuse further guesses, and say when the next may come."""
    _check_limit(attempts.account_failures_ms, ACCOUNT_FAILURES, ACCOUNT_WINDOW_MS, now_ms, "account_locked")
    _check_limit(attempts.source_attempts_ms, SOURCE_ATTEMPTS, SOURCE_WINDOW_MS, now_ms, "too_many_sign_ins")


def _check_limit(moments_ms: Sequence[int], limit: int, window_ms: int, now_ms: int, code: str) -> None:
    if len(moments_ms) >= limit:
        retry_after_s = max(1, (moments_ms[limit - 1] + window_ms - now_ms + 999) // 1000)
        raise TooMany(f"登录尝试过多，请 {retry_after_s} 秒后再试", code, retry_after_s=retry_after_s)


def secret_hash(secret: str) -> str:
    """The only thing kept of a session token."""
    return hashlib.sha256(secret.encode()).hexdigest()
