"""The calls of WeChat Pay APIv3 this platform makes, each a few lines over `PayHttp`.

Every call raises PayError: PayRefused and its kinds when nothing happened, PayUnknown when nobody knows. Money calls
may be repeated with the same numbers as often as one likes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from chargecloud.infra.wechat import pay_signing
from chargecloud.infra.wechat.pay_answers import BillLink, WechatPayment, WechatRefund, decoded
from chargecloud.infra.wechat.pay_certificates import Certificates
from chargecloud.infra.wechat.pay_download import BILL_ATTEMPT_S, BILL_DEADLINE_S, BILL_LIMIT, bill_text
from chargecloud.infra.wechat.pay_errors import PayUnknown
from chargecloud.infra.wechat.pay_http import Call, PayHttp
from chargecloud.kernel.clock import local_time

CURRENCY = "CNY"
JSAPI = "/v3/pay/transactions/jsapi"
PAYMENTS = "/v3/pay/transactions/out-trade-no"
TRANSACTIONS = "/v3/pay/transactions/id"
REFUNDS = "/v3/refund/domestic/refunds"
MAX_DESCRIPTION, MAX_ATTACH, MAX_REASON = 127, 128, 80


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOrder:
    """A payment to be asked for. `payment_no`: 6–32 of `0-9A-Za-z_-|*`, never used for anything else."""

    payment_no: str
    openid: str
    amount_fen: int
    description: str
    notify_url: str
    expires_at_ms: int
    attach: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOrder:
    """Money to be given back. `refund_no` is the same in every repetition: another number is another refund."""

    refund_no: str
    payment_no: str
    amount_fen: int
    paid_fen: int
    notify_url: str
    reason: str = ""


class _Prepaid(msgspec.Struct, frozen=True):
    prepay_id: str


@dataclass(frozen=True, slots=True)
class PayClient:
    """WeChat Pay for one merchant."""

    http: PayHttp
    certificates: Certificates = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "certificates", Certificates(self.http))

    async def prepay(self, order: PaymentOrder) -> str:
        """The prepay_id, good for two hours; the same number with other content is refused."""
        body: dict[str, object] = {
            "appid": self.http.merchant.appid,
            "mchid": self.http.merchant.mchid,
            "description": cut(order.description, MAX_DESCRIPTION),
            "out_trade_no": order.payment_no,
            "time_expire": local_time(order.expires_at_ms).isoformat(timespec="seconds"),
            "notify_url": order.notify_url,
            "amount": {"total": order.amount_fen, "currency": CURRENCY},
            "payer": {"openid": order.openid},
        }
        if order.attach:
            body["attach"] = cut(order.attach, MAX_ATTACH)
        return decoded(await self._post(JSAPI, body), _Prepaid).prepay_id

    def client_parameters(self, prepay_id: str) -> Mapping[str, str]:
        """The five fields wx.requestPayment takes, signed for now."""
        merchant = self.http.merchant
        now_ms, nonce = self.http.clock.now_ms(), self.http.nonce()
        return pay_signing.pay_parameters(merchant.private_key, merchant.appid, prepay_id, now_ms=now_ms, nonce=nonce)

    async def payment(self, payment_no: str) -> WechatPayment:
        """What WeChat Pay knows of our number; PayNotFound when nothing."""
        found = decoded(await self._get(f"{PAYMENTS}/{_part(payment_no)}", mchid=self._mchid), WechatPayment)
        return self._ours(found, found.payment_no == payment_no)

    async def payment_by_transaction(self, transaction_id: str) -> WechatPayment:
        """What WeChat Pay knows of its own number; PayNotFound when nothing."""
        found = decoded(await self._get(f"{TRANSACTIONS}/{_part(transaction_id)}", mchid=self._mchid), WechatPayment)
        return self._ours(found, found.transaction_id == transaction_id)

    async def close(self, payment_no: str) -> None:
        """Nobody can pay it any more. PayRefused when somebody has: query it then. May be repeated."""
        await self._post(f"{PAYMENTS}/{_part(payment_no)}/close", {"mchid": self._mchid})

    async def refund(self, order: RefundOrder) -> WechatRefund:
        """Ask for it. PROCESSING is not done: the end comes as a notice or by query."""
        body: dict[str, object] = {
            "out_trade_no": order.payment_no,
            "out_refund_no": order.refund_no,
            "notify_url": order.notify_url,
            "amount": {"refund": order.amount_fen, "total": order.paid_fen, "currency": CURRENCY},
        }
        if order.reason:
            body["reason"] = cut(order.reason, MAX_REASON)
        return _same(decoded(await self._post(REFUNDS, body), WechatRefund), order.refund_no)

    async def refund_of(self, refund_no: str) -> WechatRefund:
        """How far it is; PayNotFound when WeChat Pay never heard of it."""
        return _same(decoded(await self._get(f"{REFUNDS}/{_part(refund_no)}"), WechatRefund), refund_no)

    async def payments_bill(self, day: date, kind: str = "ALL") -> BillLink:
        """The link of a day's payments and refunds, from ten o'clock of the next day; PayRefused without any."""
        path = "/v3/bill/tradebill"
        asked = {"bill_date": day.isoformat(), "bill_type": kind, "tar_type": "GZIP"}
        return decoded(await self._get(path, **asked), BillLink)

    async def fund_flow_bill(self, day: date, account: str = "BASIC") -> BillLink:
        """The link of a day's movements of the merchant's account."""
        asked = {"bill_date": day.isoformat(), "account_type": account, "tar_type": "GZIP"}
        return decoded(await self._get("/v3/bill/fundflowbill", **asked), BillLink)

    async def download(self, link: BillLink) -> str:
        """The bill's text. Downloads are not signed by WeChat Pay, so the hash it gave with the link decides.

        Only path and query of the link are used, on the host we are configured for: our signature goes nowhere else.
        """
        parts = urlsplit(link.download_url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        if not path.startswith("/v3/"):
            raise PayUnknown("WeChat Pay gives a download link that is none of its API")
        call = Call(
            "GET",
            path,
            verified=False,
            limit=BILL_LIMIT,
            deadline_s=BILL_DEADLINE_S,
            attempt_s=BILL_ATTEMPT_S,
            accept="*/*",
        )
        return bill_text((await self.http.ask(call)).body, link)

    @property
    def _mchid(self) -> str:
        return self.http.merchant.mchid

    def _ours(self, found: WechatPayment, same: bool) -> WechatPayment:
        """A signed answer about somebody else's payment would be a replay."""
        merchant = self.http.merchant
        if not same or found.mchid not in ("", merchant.mchid) or found.appid not in ("", merchant.appid):
            raise PayUnknown("WeChat Pay answered about another payment than the one asked for")
        return found

    async def _get(self, path: str, **query: str) -> bytes:
        return await self._asked(Call("GET", f"{path}?{urlencode(query)}" if query else path))

    async def _post(self, path: str, body: Mapping[str, object]) -> bytes:
        return await self._asked(Call("POST", path, msgspec.json.encode(body)))

    async def _asked(self, call: Call) -> bytes:
        """The body of a verified answer; a key we lack is asked for, and the caller asks again as after any silence."""
        await self.certificates.ensure()
        try:
            return (await self.http.ask(call)).body
        except PayUnknown as error:
            self.certificates.want(error.serial)
            raise


def cut(text: str, limit: int) -> str:
    """Text of at most so many bytes, never cut within a character: WeChat refuses one too many."""
    return text.encode()[:limit].decode("utf-8", "ignore")


def _part(number: str) -> str:
    """A number inside a path: `|` and `*` are allowed in payment numbers and not in paths."""
    return quote(number, safe="")


def _same(found: WechatRefund, refund_no: str) -> WechatRefund:
    if found.refund_no != refund_no:
        raise PayUnknown("WeChat Pay answered about another refund than the one asked for")
    return found
