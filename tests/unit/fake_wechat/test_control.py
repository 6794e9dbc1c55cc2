"""The control API: what it changes is changed, and what it cannot do it says."""

import pytest

from tests.support.fake_wechat import stage


async def test_people_are_made_and_changed() -> None:
    async with stage() as on:
        made = await on.post("/control/people", {"name": "赵一", "phone": "13900000000", "balance_fen": 5})
        assert (made["phone"], made["balance_fen"], made["blocked"]) == ("13900000000", 5, False)
        again = await on.post("/control/people", {"name": "赵一", "blocked": True})
        assert (again["openid"], again["phone"], again["blocked"]) == (made["openid"], "13900000000", True)
        names = [person["name"] for person in (await on.http.get("/control/people")).json()]
        assert names == ["王小电", "李大桩", "张一度", "赵一"]
        assert (await on.http.post("/control/people/谁/codes")).status_code == 404


async def test_an_order_is_paid_without_the_sheet_once() -> None:
    async with stage() as on:
        await on.fields()
        said = await on.post("/control/orders/P00001/pay")
        await on.fake.notifier.idle()
        assert (said["trade_state"], len(on.merchantside.caught)) == ("SUCCESS", 1)
        assert (await on.http.post("/control/orders/P00001/pay")).status_code == 409
        assert (await on.http.post("/control/orders/P9/pay")).status_code == 404
        assert [order["out_trade_no"] for order in (await on.http.get("/control/orders")).json()] == ["P00001"]


async def test_the_world_is_told_and_changed() -> None:
    async with stage() as on:
        before = (await on.http.get("/control/world")).json()
        changed = await on.post(
            "/control/world", {"mode": "certificate", "rotate": True, "refund_after_s": 1.5, "advance_s": 3_600}
        )
        assert (changed["mode"], changed["refund_after_s"]) == ("certificate", 1.5)
        assert changed["platform_serials"][0] == before["platform_serials"][0]
        assert len(changed["platform_serials"]) == 2
        assert changed["now"] > before["now"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/control/world", {"mode": "none"}),
        ("/control/world", {"speed": 0}),
        ("/control/world", {"advance_s": -1}),
        ("/control/world", {"colour": "red"}),
        ("/control/faults", {"at": "call", "kind": "drop"}),
        ("/control/faults", {"at": "notice", "kind": "429"}),
        ("/control/people", {"name": "a/b"}),
        ("/control/people", {"name": "甲", "phone": "1"}),
        ("/control/refunds/R1/end", {"state": "PROCESSING"}),
    ],
)
async def test_what_is_none_is_refused(path: str, body: dict[str, object]) -> None:
    async with stage() as on:
        assert (await on.http.post(path, json=body)).status_code == 422


async def test_the_log_says_what_was_checked_and_why_it_failed() -> None:
    async with stage() as on:
        await on.paid()
        assert (await on.http.get("/v3/certificates")).status_code == 401
        await on.post("/control/faults", {"at": "call", "kind": "429"})
        assert (await on.http.delete("/control/faults")).json() == []
        failed = (await on.http.get("/control/log", params={"failed": True})).json()
        assert [line["what"] for line in failed] == ["GET /v3/certificates"]
        assert "401 SIGN_ERROR" in failed[0]["detail"]
        everything = (await on.http.get("/control/log")).json()
        assert {"POST /v3/pay/transactions/jsapi", "notice P00001 TRANSACTION.SUCCESS"} <= {
            line["what"] for line in everything
        }


async def test_browsers_of_this_machine_may_call_and_others_may_not() -> None:
    async with stage() as on:
        for origin, allowed in (("http://127.0.0.1:8080", True), ("https://evil.example.com", False)):
            answer = await on.http.post("/cashier/open", json={}, headers={"Origin": origin})
            assert (answer.headers.get("access-control-allow-origin") == origin) is allowed


async def test_refunds_that_are_unknown_are_404() -> None:
    async with stage() as on:
        assert (await on.http.post("/control/refunds/R1/end", json={"state": "SUCCESS"})).status_code == 404
        assert (await on.http.get("/control/refunds")).json() == []
