"""WeChat Pay APIv3 over HTTP: fault, gate, work, signature, for every call the same way."""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chargecloud.fake_wechat import payments, returns, sealing
from chargecloud.fake_wechat.agenda import Agenda
from chargecloud.fake_wechat.bills import Bills
from chargecloud.fake_wechat.bodies import CloseBody, JsapiBody, RefundBody, read
from chargecloud.fake_wechat.faults import CallFault, Faults
from chargecloud.fake_wechat.gate import Asked, Gate
from chargecloud.fake_wechat.notices import Notifier
from chargecloud.fake_wechat.refusal import Refusal
from chargecloud.fake_wechat.world import RefundRecord, World

NO_CERTIFICATE = "无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥"
BUSY = '{"code":"SYSTEM_ERROR","message":"系统异常，请稍后重试"}'.encode()
TOO_OFTEN = '{"code":"FREQUENCY_LIMITED","message":"频率超限"}'.encode()
Query = Mapping[str, str]
Parts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call comes to: JSON, nothing (204), or a file that is not signed."""

    content: Mapping[str, object] | None = None
    file: bytes | None = None


@dataclass(slots=True)
class PayApi:
    """The calls. Each takes the request, its query and the parts of its path."""

    world: World
    agenda: Agenda
    faults: Faults
    bills: Bills
    notifier: Notifier
    gate: Gate = field(init=False)

    def __post_init__(self) -> None:
        self.gate = Gate(self.world)

    def routes(self) -> list[Route]:
        """Everything below /v3; what is not there answers 404 signed."""
        return [Route("/v3/{rest:path}", self._endpoint, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])]

    async def _endpoint(self, request: Request) -> Response:
        path = request.scope["raw_path"].decode("ascii")
        query = request.scope["query_string"].decode("ascii")
        asked = Asked(
            method=request.method,
            path=f"{path}?{query}" if query else path,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.body(),
        )
        fault = self.faults.next_call(asked.path)
        if fault is not None:
            self.world.note(f"{asked.method} {path}", ok=False, detail=f"on request: {fault[0]}")
        early = await _early(fault)
        if early is not None:
            return early
        answer = self._answered(asked, path, query)
        return await _late(fault, answer)

    def _answered(self, asked: Asked, path: str, query: str) -> Response:
        what, wanted = f"{asked.method} {path}", asked.headers.get("wechatpay-serial", "")
        try:
            self.gate.check(asked)
            reply = self._work(asked, path, {name: values[-1] for name, values in parse_qs(query).items()})
        except Refusal as refusal:
            self.world.note(what, ok=False, detail=f"{refusal.status} {refusal.code} {refusal.message}")
            return self._signed(refusal.status, refusal.body(), wanted)
        self.world.note(what, ok=True)
        if reply.file is not None:
            return Response(reply.file, media_type="application/octet-stream")
        if reply.content is None:
            return self._signed(204, b"", wanted)
        return self._signed(200, json.dumps(reply.content, ensure_ascii=False).encode(), wanted)

    def _signed(self, status: int, body: bytes, wanted: str) -> Response:
        known = {self.world.keys.public_key_id, *(each.serial for each in self.world.keys.platforms)}
        headers = sealing.signature_headers(self.world, body, wanted if wanted in known else "")
        return Response(body or None, status, headers=headers, media_type="application/json")

    def _work(self, asked: Asked, path: str, query: Query) -> Reply:
        for method, pattern, act in CALLS:
            match = re.fullmatch(pattern, path)
            if match and method == asked.method:
                parts = {name: unquote(value) for name, value in match.groupdict().items()}
                return act(self, asked.body, query, parts)
        raise Refusal(404, "RESOURCE_NOT_EXISTS", "接口不存在")

    def place(self, body: bytes, _: Query, __: Parts) -> Reply:
        """POST /v3/pay/transactions/jsapi."""
        return Reply(payments.place(self.world, read(body, JsapiBody)))

    def by_number(self, _: bytes, query: Query, parts: Parts) -> Reply:
        """GET …/out-trade-no/{no}."""
        payments.check_merchant(self.world, query.get("mchid", ""))
        return Reply(payments.view(self.world, payments.find(self.world, parts["number"])))

    def by_transaction(self, _: bytes, query: Query, parts: Parts) -> Reply:
        """GET …/id/{transaction_id}."""
        payments.check_merchant(self.world, query.get("mchid", ""))
        return Reply(payments.view(self.world, payments.find_transaction(self.world, parts["number"])))

    def close(self, body: bytes, _: Query, parts: Parts) -> Reply:
        """POST …/out-trade-no/{no}/close."""
        payments.close(self.world, parts["number"], read(body, CloseBody))
        return Reply()

    def refund(self, body: bytes, _: Query, __: Parts) -> Reply:
        """POST /v3/refund/domestic/refunds."""
        refund, new = returns.ask(self.world, read(body, RefundBody))
        if new and self.world.refund_after_s is not None:
            after_ms = int(self.world.refund_after_s * 1000 / self.world.speed)
            self.agenda.put(self.world.now_ms() + after_ms, lambda: self.end_refund(refund, "SUCCESS"))
        return Reply(returns.view(refund))

    def end_refund(self, refund: RefundRecord, state: str) -> bool:
        """End it and tell the merchant; False when it has ended before."""
        ended = returns.end(self.world, refund, state)
        if ended:
            self.notifier.refunded(refund)
        return ended

    def refund_of(self, _: bytes, __: Query, parts: Parts) -> Reply:
        """GET /v3/refund/domestic/refunds/{no}."""
        return Reply(returns.view(returns.find_refund(self.world, parts["number"])))

    def certificates(self, _: bytes, __: Query, ___: Parts) -> Reply:
        """GET /v3/certificates: not for merchants who have only the public key."""
        if self.world.mode == "public_key":
            raise Refusal(404, "RESOURCE_NOT_EXISTS", NO_CERTIFICATE)
        return Reply(sealing.certificates(self.world))

    def payments_bill(self, _: bytes, query: Query, __: Parts) -> Reply:
        """GET /v3/bill/tradebill."""
        day, kind = query.get("bill_date", ""), query.get("bill_type", "ALL")
        return Reply(self.bills.payments_link(day, kind, query.get("tar_type", "")))

    def flow_bill(self, _: bytes, query: Query, __: Parts) -> Reply:
        """GET /v3/bill/fundflowbill."""
        day, account = query.get("bill_date", ""), query.get("account_type", "BASIC")
        return Reply(self.bills.flow_link(day, account, query.get("tar_type", "")))

    def file(self, _: bytes, query: Query, __: Parts) -> Reply:
        """GET /v3/billdownload/file."""
        return Reply(file=self.bills.fetch(query.get("token", "")))


Work = Callable[[PayApi, bytes, Query, Parts], Reply]
_NUMBER = r"(?P<number>[^/]+)"
CALLS: tuple[tuple[str, str, Work], ...] = (
    ("POST", r"/v3/pay/transactions/jsapi", PayApi.place),
    ("GET", rf"/v3/pay/transactions/out-trade-no/{_NUMBER}", PayApi.by_number),
    ("GET", rf"/v3/pay/transactions/id/{_NUMBER}", PayApi.by_transaction),
    ("POST", rf"/v3/pay/transactions/out-trade-no/{_NUMBER}/close", PayApi.close),
    ("POST", r"/v3/refund/domestic/refunds", PayApi.refund),
    ("GET", rf"/v3/refund/domestic/refunds/{_NUMBER}", PayApi.refund_of),
    ("GET", r"/v3/certificates", PayApi.certificates),
    ("GET", r"/v3/bill/tradebill", PayApi.payments_bill),
    ("GET", r"/v3/bill/fundflowbill", PayApi.flow_bill),
    ("GET", r"/v3/billdownload/file", PayApi.file),
)


async def _early(fault: tuple[CallFault, float] | None) -> Response | None:
    """Faults in which the work is never done."""
    match fault:
        case (CallFault.ERROR_500, _):
            return Response(b"<html>502</html>", 500, media_type="text/html")
        case (CallFault.SYSTEM_ERROR, _):
            return Response(BUSY, 500, media_type="application/json")
        case (CallFault.TOO_MANY, _):
            return Response(TOO_OFTEN, 429, media_type="application/json")
        case (CallFault.TIMEOUT, seconds):
            await asyncio.sleep(seconds)
            return Response(BUSY, 500, media_type="application/json")
        case _:
            return None


async def _late(fault: tuple[CallFault, float] | None, answer: Response) -> Response:
    """Faults in which the work was done and the merchant does not learn of it."""
    match fault:
        case (CallFault.ERROR_AFTER, _):
            return Response(BUSY, 500, media_type="application/json")
        case (CallFault.LOST_ANSWER, seconds):
            await asyncio.sleep(seconds)
            return Response(BUSY, 500, media_type="application/json")
        case (CallFault.BAD_SIGNATURE, _):
            answer.headers["Wechatpay-Nonce"] = "0" * 32
            return answer
        case _:
            return answer
