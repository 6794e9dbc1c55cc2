"""Who is asking WeChat Pay: the Authorization header against the exact bytes, the clock, and nonces seen before."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from chargecloud.fake_wechat.refusal import Refusal, sign_error
from chargecloud.fake_wechat.world import World
from chargecloud.infra.wechat.pay_crypto import verifies
from chargecloud.infra.wechat.pay_signing import parse_authorization, request_message

WINDOW_S = 300
MAX_NONCE = 32


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: `path` with its query exactly as sent, headers by lower-case name."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Gate:
    """Refuses whoever WeChat Pay would refuse."""

    world: World
    _seen: dict[str, int] = field(default_factory=dict)

    def check(self, asked: Asked) -> None:
        """Return, or Refusal 401 (or 400 for headers that are none of a client)."""
        try:
            fields = parse_authorization(asked.headers.get("authorization", ""))
        except ValueError as error:
            raise sign_error(f"Http头Authorization有误：{error}") from None
        keys, now_s = self.world.keys, self.world.clock.signing_ms() // 1000
        if fields.mchid != keys.mchid:
            raise sign_error("商户号不存在或错误")
        if fields.serial_no.upper() != keys.merchant.serial:
            raise sign_error("商户证书序列号有误")
        if not fields.timestamp.isdecimal() or abs(now_s - int(fields.timestamp)) > WINDOW_S:
            raise sign_error("Http头Authorization中的timestamp与发起请求的时间差不能超过5分钟")
        if len(fields.nonce_str) > MAX_NONCE:
            raise sign_error("nonce_str 超过 32 个字符")
        message = request_message(asked.method, asked.path, fields.timestamp, fields.nonce_str, asked.body)
        if not verifies(keys.merchant.key.public_key(), message, fields.signature):
            raise sign_error("签名错误，请检查后再试")
        self._once(fields.nonce_str, now_s)
        self._headers(asked)

    def _once(self, nonce: str, now_s: int) -> None:
        self._seen = {each: at for each, at in self._seen.items() if now_s - at <= 2 * WINDOW_S}
        if nonce in self._seen:
            raise sign_error("nonce_str 重复使用")
        self._seen[nonce] = now_s

    def _headers(self, asked: Asked) -> None:
        if not asked.headers.get("user-agent"):
            raise Refusal(400, "PARAM_ERROR", "缺少 Http 头 User-Agent")
        accept = asked.headers.get("accept", "")
        if not any(kind in accept for kind in ("application/json", "*/*")):
            raise Refusal(406, "PARAM_ERROR", "Http 头 Accept 须为 application/json")
        if asked.body and asked.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise Refusal(415, "PARAM_ERROR", "Http 头 Content-Type 须为 application/json")
        wanted = asked.headers.get("wechatpay-serial")
        known = {self.world.keys.public_key_id, *(each.serial for each in self.world.keys.platforms)}
        if wanted and wanted not in known:
            raise Refusal(400, "PARAM_ERROR", "Http 头 Wechatpay-Serial 有误")
