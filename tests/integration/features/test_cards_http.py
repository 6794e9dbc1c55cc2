"""The list of all cards: in pages, narrowed, of one's own operator alone, as a file."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.drivers import views_cards
from chargecloud.features.drivers.views_cards import CardFilter
from chargecloud.features.exports.jobs import Exporter
from chargecloud.features.operators.messages import Role
from chargecloud.infra.http.app import API
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.http.inward import Inward
from tests.support.api import Api, Caller

LABELS = ("1001", "2002", "1003", "3004", "1005")


@pytest.fixture
async def boss(api: Api) -> Caller:
    return await api.staff()


@pytest.fixture
async def holders(boss: Caller) -> list[int]:
    """Two drivers who hold the cards of `LABELS` by turns; the first has the first, third and fifth."""
    made = [(await boss.post("/drivers", {"name": name}))["id"] for name in ("韩梅梅", "李雷")]
    for at, label in enumerate(LABELS):
        body = {"card_id": f"A{at + 1}B{at + 1}", "card_label": label, "password": "123456" if at == 0 else ""}
        await boss.post(f"/drivers/{made[at % 2]}/cards", body)
    return made


async def labels(caller: Caller, **query: object) -> list[str]:
    return [one["card_label"] for one in (await caller.get("/cards", **query))["items"]]


async def pages(caller: Caller, **query: object) -> list[list[str]]:
    found, before = [], {}
    while True:
        page = await caller.get("/cards", limit=2, **before, **query)
        found.append([one["card_label"] for one in page["items"]])
        if page["next"] is None:
            return found
        before = {"before": page["next"]}


async def test_a_card_is_listed_with_who_holds_it_and_without_what_opens_it(boss: Caller, holders: list[int]) -> None:
    first = (await boss.get("/cards", card_label="1001"))["items"]
    assert len(first) == 1 and first[0].pop("id") > 0
    assert first[0] == {
        "card_id": "000000000000A1B1",
        "card_label": "1001",
        "frozen": False,
        "has_password": True,
        "driver_id": holders[0],
        "driver_name": "韩梅梅",
        "created_at": "2026-01-01T08:00:00.000+08:00",
    }
    assert [one["has_password"] for one in (await boss.get("/cards"))["items"]] == [False] * 4 + [True]


async def test_cards_come_in_pages_newest_first(boss: Caller, holders: list[int]) -> None:
    assert await pages(boss) == [["1005", "3004"], ["1003", "2002"], ["1001"]]
    assert await pages(boss, driver_id=holders[0]) == [["1005", "1003"], ["1001"]]
    assert (await boss.get("/cards", 400, before="nonsense"))["code"] == "invalid_cursor"


async def test_a_beginning_of_the_printed_number_lists_by_number(boss: Caller, holders: list[int]) -> None:
    assert await pages(boss, card_label="100") == [["1005", "1003"], ["1001"]]
    assert await labels(boss, card_label="3004") == ["3004"]
    assert await labels(boss, card_label="30045") == []
    assert await labels(boss, card_label="00") == [], "a beginning, no part"
    assert await pages(boss, card_label="1", driver_id=holders[0]) == [["1005", "1003"], ["1001"]]
    assert await labels(boss, card_label="1", driver_id=holders[1]) == []
    other = (await boss.get("/cards", limit=2))["next"]
    refused = await boss.get("/cards", 400, card_label="1", before=other)
    assert refused["code"] == "invalid_cursor", "a cursor of one order is none of the other"


async def test_cards_are_narrowed_by_physical_number_state_and_driver(boss: Caller, holders: list[int]) -> None:
    assert await labels(boss, card_id="A2B2") == ["2002"]
    assert await labels(boss, card_id="b2a2000000000000") == ["2002"], "either way round"
    assert await labels(boss, card_id="A2") == [], "as a whole"
    assert await labels(boss, driver_id=holders[1]) == ["3004", "2002"]
    assert await labels(boss, driver_id=999_999) == []
    listed = {one["card_label"]: one for one in (await boss.get("/cards"))["items"]}
    lost = listed["1003"]
    await boss.patch(f"/drivers/{lost['driver_id']}/cards/{lost['id']}", {"frozen": True}, 204)
    assert await labels(boss, frozen=True) == ["1003"]
    assert await labels(boss, frozen=False) == ["1005", "3004", "2002", "1001"]
    assert await labels(boss, frozen=False, card_label="1") == ["1005", "1001"]
    await boss.delete(f"/drivers/{lost['driver_id']}/cards/{lost['id']}")
    assert await labels(boss) == ["1005", "3004", "2002", "1001"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"card_label": "12a"}, 422),
        ({"card_label": ""}, 422),
        ({"card_label": "1" * 17}, 422),
        ({"card_id": "A"}, 422),
        ({"card_id": "0000"}, 400),
        ({"driver_id": "0"}, 422),
        ({"driver_id": 2**63}, 422),
    ],
)
async def test_filters_that_cannot_be_are_refused(boss: Caller, query: dict[str, object], status: int) -> None:
    refused = await boss.get("/cards", status, **query)
    assert refused["code"] == ("invalid_card_id" if status == 400 else "invalid_request")


async def test_another_operator_sees_none_of_our_cards(api: Api, boss: Caller, holders: list[int]) -> None:
    theirs = await api.staff(operator="别家")
    for query in ({}, {"card_label": "1"}, {"card_id": "A2B2"}, {"frozen": False}, {"driver_id": holders[0]}):
        assert await labels(theirs, **query) == [], query
    own = await theirs.post("/drivers", {"name": "别家车主"})
    await theirs.post(f"/drivers/{own['id']}/cards", {"card_id": "C1D1", "card_label": "1009"})
    assert await labels(theirs) == ["1009"] and await labels(theirs, card_label="1") == ["1009"]
    assert "1009" not in await labels(boss) and "1009" not in await labels(boss, card_label="1")
    assert await pages(boss) == [["1005", "3004"], ["1003", "2002"], ["1001"]]


async def test_who_may_not_read_drivers_may_not_read_cards(api: Api, boss: Caller, holders: list[int]) -> None:
    assert len(await labels(await api.staff(Role.DISPATCHER))) == 5
    for refused in (await api.staff(Role.MAINTENANCE), await api.staff(Role.OPERATIONS, stations=frozenset({1}))):
        answer = await refused.get("/cards", 403)
        assert (answer["code"], answer["facts"]) == ("permission_missing", {"permission": "drivers.read"})
        await refused.get("/drivers", 403)
    await (await api.driver()).get("/cards", 403)


async def test_cards_become_a_file(api: Api, boss: Caller, holders: list[int], tmp_path: Path) -> None:
    inward = Inward(api.app)

    async def read(who: Principal, path: str, query: Mapping[str, str]) -> bytes:
        return await inward.get(who, f"{API}{path}", query)

    made = await boss.post("/exports", {"list": "cards", "format": "csv", "filters": {"card_label": "1"}}, 202)
    await Exporter(read, tmp_path / "exports").run(api.database)
    headers = {"Authorization": f"Bearer {boss.token}"}
    response = await boss.client.get(f"{API}/exports/{made['id']}/file", headers=headers)
    title, *rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert title == ["编号", "卡号", "物理卡号", "已冻结", "有密码", "车主编号", "车主", "创建时间"]
    assert [row[1] for row in rows] == ["1005", "1003", "1001"]
    assert rows[2][2:] == ["000000000000A1B1", "否", "是", str(holders[0]), "韩梅梅", "2026-01-01 08:00:00"]


async def test_nobody_is_asked_for_another_operator(api: Api, boss: Caller, holders: list[int]) -> None:
    """What the route hands on is what the statement keeps to; without an operator it is every card there is."""
    async with api.database.read() as connection:
        asked = cast(AsyncConnection, connection)
        everybody = await views_cards.cards_page(asked, None, CardFilter(), before=None, limit=9)
        assert [row.card_label for row in everybody] == list(reversed(LABELS))
        assert await views_cards.cards_page(asked, 999, CardFilter(), before=None, limit=9) == []
