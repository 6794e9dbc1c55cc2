"""How WeChat says no: Pay with a status and a word, the mini program's API with a number and status 200."""

import json
from collections.abc import Mapping


class Refusal(Exception):
    """WeChat Pay's no."""

    def __init__(self, status: int, code: str, message: str, detail: Mapping[str, object] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail

    def body(self) -> bytes:
        """As WeChat Pay writes it."""
        said: dict[str, object] = {"code": self.code, "message": self.message}
        if self.detail:
            said["detail"] = dict(self.detail)
        return json.dumps(said, ensure_ascii=False).encode()


class AppRefusal(Exception):
    """The no of api.weixin.qq.com."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(f"{errcode} {errmsg}")
        self.errcode = errcode
        self.errmsg = errmsg


def wrong_field(field: str, issue: str) -> Refusal:
    """400 PARAM_ERROR with the place in the body."""
    return Refusal(
        400, "PARAM_ERROR", f"参数错误：{field} {issue}", {"field": field, "issue": issue, "location": "body"}
    )


def sign_error(message: str) -> Refusal:
    """401: who it is cannot be believed."""
    return Refusal(401, "SIGN_ERROR", message)
