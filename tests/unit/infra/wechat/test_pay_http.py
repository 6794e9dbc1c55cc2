"""Calls are signed over what is sent, answers verified over what came, and only the uncertain is repeated."""

import asyncio
import json
from dataclasses import replace

import httpx
import pytest
import structlog

from chargecloud.infra.wechat.pay_crypto import verifies
from chargecloud.infra.wechat.pay_errors import PayBusy, PayDenied, PayNotFound, PayRefused, PayUnknown
from chargecloud.infra.wechat.pay_http import Call
from chargecloud.infra.wechat.pay_keys import KeyRing
from chargecloud.infra.wechat.pay_signing import parse_authorization, request_message
from tests.support.wechat_pay import MCHID, NOW_MS, PUBLIC_KEY_ID, Provider, good, merchant, refusal, signed

CALL = Call("POST", "/v3/x?mchid=1", b'{"a":1}')


async def test_a_request_carries_a_signature_over_exactly_what_is_sent() -> None:
    provider = Provider(good({"ok": True}))
    await provider.http.ask(CALL)
    (asked,) = provider.asked
    fields = parse_authorization(asked.headers["authorization"])
    assert (fields.mchid, fields.serial_no, fields.timestamp) == (MCHID, merchant().serial_no, str(NOW_MS // 1000))
    message = request_message("POST", asked.url.raw_path.decode(), fields.timestamp, fields.nonce_str, asked.content)
    assert verifies(merchant().private_key.public_key(), message, fields.signature)
    assert asked.headers["wechatpay-serial"] == PUBLIC_KEY_ID
    assert asked.headers["content-type"] == asked.headers["accept"] == "application/json"
    assert asked.headers["accept-encoding"] == "identity"
    assert asked.headers["user-agent"].startswith("chargecloud/")


@pytest.mark.parametrize("failure", [httpx.ConnectError("x"), httpx.ReadTimeout("x"), refusal(500, "SYSTEM_ERROR"),
                                     refusal(400, "SYSTEM_ERROR"), httpx.Response(502, text="<html>")])  # fmt: skip
async def test_the_uncertain_is_repeated_with_the_same_body_and_a_new_nonce(
    failure: httpx.Response | Exception,
) -> None:
    provider = Provider(failure, failure, good({"ok": True}))
    assert json.loads((await provider.http.ask(CALL)).body) == {"ok": True}
    assert [asked.content for asked in provider.asked] == [CALL.body] * 3
    assert len({parse_authorization(asked.headers["authorization"]).nonce_str for asked in provider.asked}) == 3


async def test_after_three_attempts_nobody_knows() -> None:
    provider = Provider(*[refusal(500, "SYSTEM_ERROR")] * 3)
    with pytest.raises(PayUnknown, match=r"POST /v3/x: 500 SYSTEM_ERROR"):
        await provider.http.ask(CALL)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "PARAM_ERROR", PayRefused),
        (401, "SIGN_ERROR", PayDenied),
        (403, "NO_AUTH", PayDenied),
        (404, "ORDER_NOT_EXIST", PayNotFound),
        (429, "FREQUENCY_LIMITED", PayBusy),
    ],
)
async def test_a_no_is_a_no_and_not_repeated(status: int, code: str, kind: type[PayRefused]) -> None:
    provider = Provider(refusal(status, code, "订单不存在"))
    with pytest.raises(kind) as refused:
        await provider.http.ask(CALL)
    assert type(refused.value) is kind
    assert (refused.value.status, refused.value.code, refused.value.message) == (status, code, "订单不存在")
    assert len(provider.asked) == 1


async def test_a_refusal_without_json_is_one_too() -> None:
    for odd in (httpx.Response(413, text="<html>too large"), httpx.Response(400, json=["x"])):
        with pytest.raises(PayRefused, match="UNKNOWN"):
            await Provider(odd).http.ask(CALL)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b'{"a":1}'),
        httpx.Response(200, content=b'{"a":1}', headers=signed(b'{"a":2}')),
        httpx.Response(200, content=b'{"a":1}', headers=signed(b'{"a":1}', now_ms=NOW_MS - 300_000)),
        httpx.Response(200, content=b'{"a":1}', headers=signed(b'{"a":1}', serial="PUB_KEY_ID_OTHER")),
        httpx.Response(204),
        httpx.Response(302, headers={"location": "http://127.0.0.1:1/"}),
    ],
)
async def test_a_good_answer_that_is_not_wechats_is_unknown_and_not_repeated(answer: httpx.Response) -> None:
    provider = Provider(answer)
    with pytest.raises(PayUnknown):
        await provider.http.ask(CALL)
    assert len(provider.asked) == 1


async def test_an_answer_without_end_is_cut() -> None:
    endless = httpx.Response(200, content=b"x" * 2_000)
    with pytest.raises(PayUnknown, match="more than 1000 bytes"):
        await Provider(*[endless] * 3).http.ask(replace(CALL, limit=1_000))


async def test_the_deadline_is_for_all_attempts_together() -> None:
    async def slow(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        return good({})

    provider = Provider()
    http = replace(provider.http, client=httpx.AsyncClient(transport=httpx.MockTransport(slow)))
    with pytest.raises(PayUnknown, match="no answer within"):
        await http.ask(replace(CALL, deadline_s=0.05))


async def test_nothing_secret_reaches_the_log_or_the_error() -> None:
    provider = Provider(*[httpx.ConnectError("x")] * 3)
    with structlog.testing.capture_logs() as lines, pytest.raises(PayUnknown) as failed:
        await provider.http.ask(replace(CALL, path="/v3/billdownload/file?token=canary-token"))
    told = f"{lines}{failed.value}"
    assert len(lines) == 3
    assert "canary-token" not in told
    assert "signature" not in told.lower()


async def test_in_certificate_mode_no_key_is_asked_for() -> None:
    provider = Provider(httpx.Response(200, content=b"x"), keys=KeyRing())
    await provider.http.ask(replace(CALL, verified=False))
    assert "wechatpay-serial" not in provider.asked[0].headers
