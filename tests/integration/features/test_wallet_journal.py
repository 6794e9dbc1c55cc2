"""The journal of all drivers: in pages, narrowed, of one's own operator alone, as a file."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import select

from chargecloud.features.exports import sql as export_sql
from chargecloud.features.exports.jobs import Exporter
from chargecloud.features.exports.messages import Format, Language, Wanted
from chargecloud.features.operators import sql_staff
from chargecloud.features.operators.messages import Role
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import Capture, Hold, Release, TopUp
from chargecloud.features.wallet.sql import transfers
from chargecloud.features.wallet.views_journal import JournalFilter, journal
from chargecloud.infra.http.app import API
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.http.inward import Inward
from tests.support.api import Api, Caller

SECOND_MS = 1_000


@pytest.fixture
async def finance(api: Api) -> Caller:
    return await api.staff(Role.FINANCE)


@pytest.fixture
async def payers(api: Api) -> list[int]:
    """Two drivers and what moved their money, a second apart: see `ALL`."""
    han, li = [(await api.driver(name)).id for name in ("韩梅梅", "李雷")]
    await top_up(api, han, "han-1", 10_000)
    await top_up(api, li, "li-1", 5_000)
    for hold_id, driver_id in (("order-1", han), ("order-2", li)):
        async with api.database.unit() as uow:
            await wallet.hold(uow, Hold(hold_id=hold_id, driver_id=driver_id, amount_fen=2_000, reason="charge"))
        api.clock.advance(SECOND_MS)
    await capture(api, "order-1", 1_200)
    async with api.database.unit() as uow:
        await wallet.release(uow, Release(hold_id="order-2", reason="cancelled"))
    return [han, li]


ALL = ["order-2:release", "order-1:capture", "order-2", "order-1", "li-1", "han-1"]


async def top_up(api: Api, driver_id: int, transfer_id: str, amount_fen: int) -> None:
    command = TopUp(
        driver_id=driver_id,
        transfer_id=transfer_id,
        amount_fen=amount_fen,
        source="counter",
        reason="现金",
        actor="staff:7",
    )
    async with api.database.unit() as uow:
        await wallet.top_up(uow, command)
    api.clock.advance(SECOND_MS)


async def capture(api: Api, hold_id: str, energy_fee_fen: int) -> None:
    async with api.database.unit() as uow:
        taken = Capture(
            hold_id=hold_id,
            transfer_id=f"{hold_id}:capture",
            energy_fee_fen=energy_fee_fen,
            service_fee_fen=0,
            operator_id=1,
            memo=hold_id,
        )
        await wallet.capture_many(uow, [taken])
    api.clock.advance(SECOND_MS)


async def ids(caller: Caller, **query: object) -> list[str]:
    return [line["transfer_id"] for line in (await caller.get("/wallet-journal", **query))["items"]]


async def pages(caller: Caller, **query: object) -> list[list[str]]:
    found, before = [], {}
    while True:
        page = await caller.get("/wallet-journal", limit=2, **before, **query)
        found.append([line["transfer_id"] for line in page["items"]])
        if page["next"] is None:
            return found
        before = {"before": page["next"]}


async def test_a_line_says_whose_it_is_who_made_it_and_what_changed(finance: Caller, payers: list[int]) -> None:
    lines = {line["transfer_id"]: line for line in (await finance.get("/wallet-journal"))["items"]}
    assert list(lines) == ALL
    assert lines["order-1:capture"] == {
        "transfer_id": "order-1:capture",
        "kind": "capture",
        "purpose": "charge",
        "memo": "order-1",
        "actor": "system",
        "hold_id": "order-1",
        "at": "2026-01-01T08:00:04.000+08:00",
        "available_change_fen": 800,
        "gift_change_fen": 0,
        "held_change_fen": -2_000,
        "arrears_change_fen": 0,
        "driver_id": payers[0],
        "driver_name": "韩梅梅",
    }
    assert (lines["li-1"]["actor"], lines["li-1"]["memo"], lines["li-1"]["driver_name"]) == ("staff:7", "现金", "李雷")
    own = (await finance.get(f"/drivers/{payers[0]}/wallet/journal"))["items"]
    assert [line["transfer_id"] for line in own] == ["order-1:capture", "order-1", "han-1"]
    assert all("actor" not in line and lines[line["transfer_id"]].items() >= line.items() for line in own)


async def test_lines_come_in_pages_newest_first(finance: Caller, payers: list[int]) -> None:
    assert await pages(finance) == [ALL[:2], ALL[2:4], ALL[4:]]
    assert await pages(finance, driver_id=payers[1]) == [["order-2:release", "order-2"], ["li-1"]]
    assert await pages(finance, purpose="top_up") == [["li-1", "han-1"]]
    assert await pages(finance, since="2026-01-01T08:00:01+08:00", until="2026-01-01T08:00:05+08:00") == [
        ALL[1:3], ALL[3:5],
    ]  # fmt: skip
    newest = (await finance.get("/wallet-journal", limit=1))["next"]
    assert await ids(finance, before=newest, until="2026-01-01T08:00:03+08:00") == ALL[3:], "the earlier end counts"
    assert await ids(finance, before=newest, until="2026-01-02T08:00:00+08:00") == ALL[1:]
    assert (await finance.get("/wallet-journal", 400, before="nonsense"))["code"] == "invalid_cursor"


async def test_pages_go_by_time_and_by_id_within_a_moment(api: Api, finance: Caller) -> None:
    """A clock that is put back, and three transfers of one moment: each line comes once."""
    han = (await api.driver("韩梅梅")).id
    await top_up(api, han, "later", 100)
    api.clock.advance(-2 * SECOND_MS)
    for number in range(3):
        await top_up(api, han, f"same-{number}", 100)
        api.clock.advance(-SECOND_MS)
    assert await pages(finance) == [["later", "same-2"], ["same-1", "same-0"]]
    assert await pages(finance, driver_id=han) == [["same-2", "same-1"], ["same-0", "later"]], "as they were written"


async def test_lines_are_narrowed(finance: Caller, payers: list[int]) -> None:
    assert await ids(finance, purpose="hold") == ["order-2", "order-1"]
    assert await ids(finance, purpose="hold", driver_id=payers[0]) == ["order-1"]
    assert await ids(finance, purpose="refund") == []
    second = {"since": "2026-01-01T08:00:02+08:00", "until": "2026-01-01T08:00:04+08:00"}
    assert await ids(finance, **second) == ["order-2", "order-1"], "until is not included"
    assert await ids(finance, since=second["until"]) == ["order-2:release", "order-1:capture"]
    assert await ids(finance, until=second["since"], purpose="top_up") == ["li-1", "han-1"]
    assert await ids(finance, transfer_id="order-1:capture") == ["order-1:capture"]
    assert await ids(finance, transfer_id="order-1:cap") == [], "as a whole"
    assert await ids(finance, hold_id="order-1") == ["order-1:capture", "order-1"]
    assert await ids(finance, hold_id="order-2", purpose="release") == ["order-2:release"]
    assert await ids(finance, hold_id="li-1") == [], "a transfer that is no hold"
    assert await ids(finance, hold_id="order-1", driver_id=payers[1]) == []
    assert await ids(finance, driver_id=999_999) == []


@pytest.mark.parametrize(
    "query",
    [
        {"purpose": "gift"},
        {"driver_id": "0"},
        {"driver_id": 2**63},
        {"transfer_id": ""},
        {"transfer_id": "流水"},
        {"hold_id": "x" * 97},
        {"since": "yesterday"},
    ],
)
async def test_filters_that_cannot_be_are_refused(finance: Caller, query: dict[str, object]) -> None:
    refused = await finance.get("/wallet-journal", 422, **query)
    assert refused["code"] == "invalid_request" and refused["errors"][0]["field"] == f"query.{next(iter(query))}"


async def test_another_operator_sees_none_of_our_lines(api: Api, finance: Caller, payers: list[int]) -> None:
    theirs = await api.staff(Role.FINANCE, operator="别家")
    narrowed: tuple[dict[str, object], ...] = (
        {},
        {"driver_id": payers[0]},
        {"purpose": "hold"},
        {"transfer_id": "han-1"},
        {"hold_id": "order-1"},
        {"since": "2026-01-01T00:00:00+08:00"},
    )
    for query in narrowed:
        assert await ids(theirs, **query) == [], query
    async with api.database.read() as connection:
        their_operator_id = await sql_staff.operator_named(connection, "别家")
    own = (await api.driver("别家车主", operator_id=their_operator_id)).id
    await top_up(api, own, "their-1", 700)
    async with api.database.unit() as uow:
        await wallet.hold(uow, Hold(hold_id="their-2", driver_id=own, amount_fen=500, reason="charge"))
    await capture(api, "their-2", 300)
    assert await ids(theirs) == ["their-2:capture", "their-2", "their-1"]
    assert await ids(theirs, purpose="charge") == ["their-2:capture"]
    assert await ids(theirs, hold_id="their-2") == ["their-2:capture", "their-2"]
    assert await ids(finance) == ALL
    assert await ids(finance, transfer_id="their-1") == [] and await ids(finance, driver_id=own) == []


async def test_who_is_of_no_operator_is_seen_by_the_platform_alone(
    api: Api, finance: Caller, payers: list[int]
) -> None:
    nobodys = (await api.driver("散客", operator_id=None)).id
    await top_up(api, nobodys, "free-1", 900)
    assert await ids(finance) == ALL and await ids(finance, driver_id=nobodys) == []
    async with api.database.read() as connection:
        everybody = await journal(connection, JournalFilter(), before_id=None, limit=9)
        assert [line.transfer_id for line in everybody] == ["free-1", *ALL]
        owners = dict((await connection.execute(select(transfers.c.transfer_id, transfers.c.operator_id))).all())
    assert owners == {"free-1": None} | dict.fromkeys(ALL, 1)


async def test_who_may_not_read_wallets_may_not_read_the_journal(api: Api, finance: Caller, payers: list[int]) -> None:
    assert await ids(await api.staff(Role.AUDITOR)) == ALL
    for refused in (await api.staff(Role.MAINTENANCE), await api.staff(Role.FINANCE, stations=frozenset({1}))):
        answer = await refused.get("/wallet-journal", 403)
        assert (answer["code"], answer["facts"]) == ("permission_missing", {"permission": "wallets.read"})
    await (await api.driver("王五")).get("/wallet-journal", 403)
    await api.nobody().get("/wallet-journal", 401)


def exporter(api: Api, folder: Path) -> Exporter:
    inward = Inward(api.app)

    async def read(who: Principal, path: str, query: Mapping[str, str]) -> bytes:
        return await inward.get(who, f"{API}{path}", query)

    return Exporter(read, folder / "exports")


async def rows_of(caller: Caller, export_id: int) -> list[list[str]]:
    headers = {"Authorization": f"Bearer {caller.token}"}
    response = await caller.client.get(f"{API}/exports/{export_id}/file", headers=headers)
    assert response.status_code == 200, response.text
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


async def test_the_journal_of_all_drivers_becomes_a_file(
    api: Api, finance: Caller, payers: list[int], tmp_path: Path
) -> None:
    lists = {each["name"]: each for each in (await finance.get("/exports/lists"))["items"]}
    assert lists["wallet-journal"]["filters"] == [
        "driver_id", "hold_id", "purpose", "since", "transfer_id", "until",
    ]  # fmt: skip
    made = await finance.post("/exports", {"list": "wallet-journal", "format": "csv"}, 202)
    await exporter(api, tmp_path).run(api.database)
    title, *rows = await rows_of(finance, made["id"])
    assert title[:4] == ["流水号", "时间", "车主编号", "车主"] and [row[0] for row in rows] == ALL
    line = dict(zip(title, rows[1], strict=True))
    assert (line["车主"], line["用途"], line["冻结变动（元）"]) == (
        "韩梅梅", "充电扣费", "-20.00",
    )  # fmt: skip


async def test_an_export_that_was_asked_for_before_all_drivers_could_be_had_is_still_made(
    api: Api, finance: Caller, payers: list[int], tmp_path: Path
) -> None:
    """It names its driver among the filters, and the columns there were."""
    columns = "transfer_id at kind purpose available_change_fen gift_change_fen held_change_fen arrears_change_fen"
    wanted = Wanted(
        list="wallet-journal",
        format=Format.CSV,
        language=Language.ENGLISH,
        filters={"driver_id": str(payers[1]), "purpose": "hold"},
        columns=[*columns.split(), "hold_id", "memo"],
    )
    async with api.database.unit() as uow:
        export_id = await export_sql.add(uow, operator_id=1, staff_id=finance.id, wanted=wanted)
    await exporter(api, tmp_path).run(api.database)
    _, *rows = await rows_of(finance, export_id)
    assert rows == [
        [
            "order-2",
            "2026-01-01 08:00:03",
            "hold",
            "held for a charge",
            "-20.00",
            "0.00",
            "20.00",
            "0.00",
            "order-2",
            "charge",
        ]
    ]
