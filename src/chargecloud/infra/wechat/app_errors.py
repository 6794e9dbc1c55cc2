"""What WeChat's application interface says when it says no, as errors of ours.

Every answer is HTTP 200; `errcode` tells. Texts of WeChat are kept in the facts, cut, and never shown as ours.
"""

from collections.abc import Callable

from chargecloud.kernel.errors import ChargeCloudError, Forbidden, Refused, TooMany, Unauthenticated, Unavailable

MAX_SAID = 200
TOKEN_STALE = frozenset({40001, 40014, 42001})
"""The access token is not the one in force: fetch it anew and ask again."""
BUSY = -1
"""WeChat asks to try again."""
ALREADY_SHIPPED = frozenset({10060002, 10060003})
"""What was to be told about a payment has been told."""
NOT_KNOWN_YET = frozenset({10060001, 268485195})
"""A payment that has not reached this part of WeChat yet; ask again in some minutes."""

Make = Callable[[int, str], ChargeCloudError]


def _code_invalid(errcode: int, said: str) -> ChargeCloudError:
    return Unauthenticated("登录凭证无效或已使用，请重新登录", "code_invalid", errcode=errcode, said=said)


def _blocked(errcode: int, said: str) -> ChargeCloudError:
    return Forbidden("该微信账号存在风险，微信暂不允许登录", "wechat_user_blocked", errcode=errcode, said=said)


def _too_often(errcode: int, said: str) -> ChargeCloudError:
    return TooMany("操作过于频繁，请稍后再试", "wechat_too_often", errcode=errcode, said=said)


def _busy(errcode: int, said: str) -> ChargeCloudError:
    return Unavailable("微信服务繁忙，请稍后再试", "wechat_unavailable", errcode=errcode, said=said)


def _misconfigured(errcode: int, said: str) -> ChargeCloudError:
    return Unavailable(
        "微信不接受平台的 appid、密钥或服务器地址，请运营人员检查 wechat.appid、wechat.app_secret 与 IP 白名单",
        "wechat_misconfigured",
        errcode=errcode,
        said=said,
    )


def _not_subscribed(errcode: int, said: str) -> ChargeCloudError:
    return Refused("车主没有订阅此类消息", "wechat_not_subscribed", errcode=errcode, said=said)


def _refused(errcode: int, said: str) -> ChargeCloudError:
    return Refused(f"微信拒绝了请求：{said}", "wechat_refused", errcode=errcode, said=said)


_BY_CODE: dict[int, Make] = {
    BUSY: _busy,
    40029: _code_invalid,
    40163: _code_invalid,
    41008: _code_invalid,
    40226: _blocked,
    45009: _too_often,
    45011: _too_often,
    43108: _too_often,
    10060012: _busy,
    43101: _not_subscribed,
    40001: _misconfigured,
    40002: _misconfigured,
    40013: _misconfigured,
    40014: _misconfigured,
    40125: _misconfigured,
    40164: _misconfigured,
    41002: _misconfigured,
    41004: _misconfigured,
    42001: _misconfigured,
    48001: _misconfigured,
    50002: _misconfigured,
    **dict.fromkeys(NOT_KNOWN_YET, _busy),
}


def error_of(errcode: int, errmsg: str) -> ChargeCloudError:
    """The error to raise for an answer that is not 0. Unavailable and TooMany may be tried again, others not."""
    return _BY_CODE.get(errcode, _refused)(errcode, errmsg[:MAX_SAID])


def unreachable(what: str) -> Unavailable:
    """No answer at all, or none that can be read."""
    return Unavailable(f"微信服务暂时无法访问（{what}），请稍后再试", "wechat_unavailable")
