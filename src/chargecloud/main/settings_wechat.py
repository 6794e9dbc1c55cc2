"""The group of settings about WeChat: the mini program, and the merchant who is paid through it."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, model_validator

from chargecloud.main.settings_section import Section


class MessageSettings(Section):
    """A subscribe message of the mini program, as it was applied for."""

    template_id: str = Field(pattern=r"^[A-Za-z0-9_-]{10,64}$", description="id of the template")
    data: dict[str, str] = Field(description="field to text with facts in braces, such as `thing1`: `{station}`")
    page: str = Field("", max_length=200, description="page a tap opens, such as `pages/order/detail?no={order_no}`")


class WechatSettings(Section):
    """The mini program drivers sign in through, and the merchant they pay. Without them everything else works."""

    app_base_url: str = Field(
        "https://api.weixin.qq.com", pattern=r"^https?://[^/?#]+$", description="where WeChat answers for mini programs"
    )
    pay_base_url: str = Field(
        "https://api.mch.weixin.qq.com", pattern=r"^https?://[^/?#]+$", description="where WeChat Pay answers"
    )
    web_base_url: str = Field(
        "",
        pattern=r"^(https?://[^/?#]+)?$",
        description="where browsers sign in and pay: a stand-in (`chargecloud fake-wechat`); empty: only in WeChat",
    )
    appid: str = Field("", pattern=r"^[A-Za-z0-9_-]{0,32}$", description="the mini program; empty: none")
    app_secret: SecretStr = Field(SecretStr(""), description="its AppSecret")
    version: Literal["release", "trial", "develop"] = Field(
        "release", description="which edition of the mini program codes and messages open"
    )
    messages: dict[
        Literal[
            "start_failed",
            "order_ended",
            "stopped_abnormally",
            "bill_corrected",
            "balance_low",
            "payment_done",
            "refund_done",
        ],
        MessageSettings,
    ] = Field(
        default_factory=dict,
        description="subscribe messages by notice, as a JSON table; see [messages](wechat.md#subscribe-messages)",
    )
    operator_id: int = Field(
        1, ge=0, description="operator whose drivers they become who sign in for the first time; 0: the platform's own"
    )
    mchid: str = Field("", pattern=r"^[0-9]{0,10}$", description="merchant of WeChat Pay; empty: no payments")
    mch_serial: str = Field(
        "", pattern=r"^[0-9A-Fa-f]{0,64}$", description="serial number of the merchant's API certificate"
    )
    mch_key_file: Path | None = Field(None, description="PEM private key of that certificate (`apiclient_key.pem`)")
    apiv3_key: SecretStr = Field(SecretStr(""), description="APIv3 key, 32 characters")
    public_key_id: str = Field(
        "",
        pattern=r"^(PUB_KEY_ID_[0-9A-Za-z]+)?$",
        description="id of WeChat Pay's public key; empty: platform certificates are downloaded",
    )
    public_key_file: Path | None = Field(None, description="PEM file of that public key (`pub_key.pem`)")
    apiv2_key: SecretStr = Field(
        SecretStr(""), description="APIv2 key, 32 characters; empty: notices in XML are refused"
    )
    notify_url: str = Field(
        "",
        pattern=r"^(https?://[^/?#]+/[^?#]+)?$",
        description="public address of `/wx_notify_url`, without a query, such as `https://example.com/wx_notify_url`",
    )
    bare_openid: bool = Field(
        False,
        description="let old clients log in to `/websocket` with an openid and nothing else; whoever knows an openid, "
        "and bills are full of them, is that driver then: for trials, refused together with `wechat.mchid`",
    )

    @model_validator(mode="after")
    def _whole_and_safe(self) -> "WechatSettings":
        if bool(self.appid) != bool(self.app_secret.get_secret_value()):
            raise ValueError("appid and app_secret belong together: give both, or neither to do without WeChat")
        if self.bare_openid and self.mchid:
            raise ValueError("bare_openid lets anybody in who knows an openid; take it away, or mchid")
        if self.bare_openid and not self.appid:
            raise ValueError("bare_openid needs appid: an openid belongs to a mini program")
        for name in ("apiv3_key", "apiv2_key"):
            length = len(getattr(self, name).get_secret_value().encode())
            if length not in (0, 32):
                raise ValueError(f"{name} has {length} bytes; it has 32 on the merchant platform")
        if bool(self.public_key_id) != bool(self.public_key_file):
            raise ValueError(
                "public_key_id and public_key_file belong together: give both, or neither for certificates"
            )
        if self.web_base_url and self.pay_base_url.endswith(".weixin.qq.com"):
            raise ValueError("web_base_url is a stand-in's, pay_base_url is the true WeChat Pay: take one of them away")
        return self

    @property
    def missing_for_pay(self) -> tuple[str, ...]:
        """Which settings payments still need, in the order of the list; empty when they can work."""
        needed = ("appid", "app_secret", "mchid", "mch_serial", "mch_key_file", "apiv3_key", "notify_url")
        return tuple(name for name in needed if not _given(getattr(self, name)))


def _given(value: object) -> bool:
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)
