"""Lists as files: the rows of the list, for whoever may see it, whatever becomes of the process that makes them."""

import csv
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import insert

from chargecloud.features.exports import jobs, model, sql
from chargecloud.features.exports.jobs import Exporter, ReadList
from chargecloud.features.exports.model_lists import LISTS
from chargecloud.features.operators import sql_staff
from chargecloud.features.operators.messages import Role
from chargecloud.features.stations.sql import stations as table
from chargecloud.infra.http.app import API
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.http.inward import Inward
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.options import ExportOptions
from tests.support.api import Api, Caller
from tests.support.belongings import blank
from tests.support.openapi import operations

HOUR_MS = 3_600_000


def reader(api: Api) -> ReadList:
    inward = Inward(api.app)

    async def read(who: Principal, path: str, query: Mapping[str, str]) -> bytes:
        return await inward.get(who, f"{API}{path}", query)

    return read


@pytest.fixture
def exporter(api: Api, tmp_path: Path) -> Exporter:
    return Exporter(reader(api), tmp_path / "exports")


def limited(database: Database, **limits: int) -> None:
    """The limits of this installation."""
    database.options = type(database.options)(exports=ExportOptions(**limits))


async def stations(api: Api, boss: Caller, count: int, mark: str = "站") -> None:
    """Stations of somebody's operator."""
    async with api.database.unit() as uow:
        member = await sql_staff.find_staff(uow.connection, boss.id, None)
        assert member is not None
        own = {"operator_id": member.operator_id, "address": "=1+1", "created_at_ms": uow.now_ms}
        rows = [blank(table, name=f"{mark}{number:04d}", **own) for number in range(count)]
        await uow.connection.execute(insert(table), rows)


async def fetched(caller: Caller, export_id: int, status: int = 200) -> httpx.Response:
    headers = {"Authorization": f"Bearer {caller.token}"}
    response = await caller.client.get(f"{API}/exports/{export_id}/file", headers=headers)
    assert response.status_code == status, response.text
    return response


def rows_of(response: httpx.Response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


async def test_a_list_becomes_a_file(api: Api, exporter: Exporter) -> None:
    boss = await api.staff(Role.OPERATIONS)
    await stations(api, boss, 450)
    asked = {"list": "stations", "format": "csv", "columns": ["name", "address", "created_at"]}
    made = await boss.post("/exports", asked, 202)
    assert made["state"] == "waiting" and made["columns"] == ["name", "address", "created_at"]
    await fetched(boss, made["id"], 409)
    await exporter.run(api.database)
    done = await boss.get(f"/exports/{made['id']}")
    assert (done["state"], done["rows"], done["more"]) == ("done", 450, False)
    response = await fetched(boss, made["id"])
    assert response.headers["content-disposition"] == f"attachment; filename={done['file_name']}"
    assert int(response.headers["content-length"]) == len(response.content) == done["size_bytes"]
    title, *rows = rows_of(response)
    assert title == ["名称", "地址", "创建时间"]
    assert [row[0] for row in rows] == [f"站{number:04d}" for number in range(450)]
    assert rows[0][1:] == ["'=1+1", "2026-01-01 08:00:00"]
    listed = await boss.get("/exports")
    assert [each["id"] for each in listed["items"]] == [made["id"]]
    await boss.delete(f"/exports/{made['id']}")
    await boss.get(f"/exports/{made['id']}", 404)
    log = await (await api.staff()).get("/audit-log", object=f"export:{made['id']}")
    assert [each["action"] for each in log["items"]] == ["exports.remove", "exports.fetch", "exports.request"]


async def test_filters_are_those_of_the_list_and_so_are_their_mistakes(api: Api, exporter: Exporter) -> None:
    boss = await api.staff(Role.OPERATIONS)
    await stations(api, boss, 3, "东")
    await stations(api, boss, 2, "西")
    english = {"list": "stations", "format": "xlsx", "language": "en", "filters": {"name": "东"}}
    made = await boss.post("/exports", english, 202)
    await exporter.run(api.database)
    with zipfile.ZipFile(io.BytesIO((await fetched(boss, made["id"])).content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 4 and "<t>Name</t>" in sheet and "<t>=1+1</t>" in sheet and "<f>" not in sheet
    strange = await boss.post("/exports", {"list": "stations", "format": "csv", "filters": {"nam": "东"}}, 400)
    assert strange["code"] == "export_filters" and "name" in strange["detail"]
    wrong = await boss.post("/exports", {"list": "orders", "format": "csv", "filters": {"state": "x"}}, 422)
    assert wrong["errors"][0]["field"] == "query.state"
    assert (await boss.post("/exports", {"list": "nothing", "format": "csv"}, 400))["code"] == "export_list"


async def test_nothing_of_another_operator_is_in_a_file(api: Api, exporter: Exporter) -> None:
    boss, other = await api.staff(), await api.staff(operator="乙方")
    await stations(api, boss, 2, "甲方")
    await stations(api, other, 2, "乙方")
    for name in ("stations", "audit-log"):
        made = await boss.post("/exports", {"list": name, "format": "csv"}, 202)
        await exporter.run(api.database)
        text = (await fetched(boss, made["id"])).content.decode()
        assert "乙方" not in text and len(text.splitlines()) > 2
        await other.get(f"/exports/{made['id']}", 404)
        await fetched(other, made["id"], 404)
        await other.delete(f"/exports/{made['id']}", 404)
    colleague = await api.staff()
    await fetched(colleague, made["id"], 404)


async def test_permissions_are_looked_at_when_asked_when_made_and_when_fetched(api: Api, exporter: Exporter) -> None:
    finance = await api.staff(Role.FINANCE)
    refused = await finance.post("/exports", {"list": "audit-log", "format": "csv"}, 403)
    assert refused["facts"] == {"permission": "staff.read"}
    names = {each["name"] for each in (await finance.get("/exports/lists"))["items"]}
    assert "payments" in names and "audit-log" not in names
    done = await finance.post("/exports", {"list": "payments", "format": "csv"}, 202)
    await exporter.run(api.database)
    waiting = await finance.post("/exports", {"list": "payments", "format": "csv"}, 202)
    async with api.database.unit() as uow:
        await sql_staff.set_staff(uow, finance.id, role=Role.MAINTENANCE.value)
    await fetched(finance, done["id"], 403)
    await exporter.run(api.database)
    failed = await finance.get(f"/exports/{waiting['id']}")
    assert (failed["state"], failed["error"]) == ("failed", "permission_missing")
    again = await finance.post("/exports", {"list": "orders", "format": "csv"}, 202)
    async with api.database.unit() as uow:
        await sql_staff.set_staff(uow, finance.id, disabled=True)
    await exporter.run(api.database)
    async with api.database.read() as connection:
        found = await sql.find(connection, again["id"], finance.id)
    assert found is not None and found.error == "staff_disabled"


class Died(BaseException):
    """The process is gone."""


async def test_what_a_dead_process_began_is_begun_again_and_given_up_at_last(
    api: Api, exporter: Exporter, tmp_path: Path
) -> None:
    boss = await api.staff()
    await stations(api, boss, 450)
    made = await boss.post("/exports", {"list": "stations", "format": "csv"}, 202)
    read = reader(api)

    async def dying(who: Principal, path: str, query: Mapping[str, str]) -> bytes:
        if "before" in query:
            raise Died
        return await read(who, path, query)

    async def die() -> None:
        with pytest.raises(Died):
            await Exporter(dying, tmp_path / "dying").run(api.database)

    await die()
    await exporter.run(api.database)
    assert (await boss.get(f"/exports/{made['id']}"))["state"] == "running", "it may still be alive"
    api.clock.advance(model.LEASE_MS + 1)
    boss = await api.staff_again(boss)
    await exporter.run(api.database)
    assert (await boss.get(f"/exports/{made['id']}"))["rows"] == 450
    assert len(rows_of(await fetched(boss, made["id"]))) == 451
    again = await boss.post("/exports", {"list": "stations", "format": "csv"}, 202)
    for _ in range(model.MAX_ATTEMPTS):
        await die()
        api.clock.advance(model.LEASE_MS + 1)
    await exporter.run(api.database)
    given_up = await boss.get(f"/exports/{again['id']}")
    assert (given_up["state"], given_up["error"]) == ("failed", "export_interrupted")


async def test_two_processes_make_each_export_once(api: Api, exporter: Exporter, tmp_path: Path) -> None:
    boss = await api.staff()
    made = [await boss.post("/exports", {"list": "stations", "format": "csv"}, 202) for _ in range(2)]
    asked: list[str] = []
    read = reader(api)
    other = Exporter(read, tmp_path / "other")

    async def busy(who: Principal, path: str, query: Mapping[str, str]) -> bytes:
        asked.append(path)
        await other.run(api.database)  # meanwhile
        return await read(who, path, query)

    await Exporter(busy, tmp_path / "busy").run(api.database)
    states = [(await boss.get(f"/exports/{each['id']}"))["state"] for each in made]
    assert states == ["done", "done"] and len(asked) == 1


async def test_removing_breaks_off(api: Api, tmp_path: Path) -> None:
    boss = await api.staff()
    await stations(api, boss, 210)
    made = await boss.post("/exports", {"list": "stations", "format": "csv"}, 202)
    read, asked = reader(api), 0

    async def removing(who: Principal, path: str, query: Mapping[str, str]) -> bytes:
        nonlocal asked
        asked += 1
        if asked == 2:
            await boss.delete(f"/exports/{made['id']}")
        return await read(who, path, query)

    await Exporter(removing, tmp_path / "exports").run(api.database)
    async with api.database.read() as connection:
        assert await sql.chunk(connection, made["id"], 0) is None
    assert not list((tmp_path / "exports").iterdir())


async def test_a_file_has_bounds_and_says_where_it_ends(api: Api, exporter: Exporter) -> None:
    limited(api.database, max_rows=300, max_open=2, max_kept=4)
    boss = await api.staff()
    await stations(api, boss, 310)
    asked = {"list": "stations", "format": "csv"}
    made = await boss.post("/exports", asked, 202)
    await boss.post("/exports", asked, 202)
    assert (await boss.post("/exports", asked, 429))["code"] == "exports_open"
    await exporter.run(api.database)
    await exporter.run(api.database)
    done = await boss.get(f"/exports/{made['id']}")
    assert (done["rows"], done["more"]) == (300, True) and done["file_name"].endswith("-part.csv")
    assert len(rows_of(await fetched(boss, made["id"]))) == 301
    for _ in range(2):
        await boss.post("/exports", asked, 202)
        await exporter.run(api.database)
    assert (await boss.post("/exports", asked, 429))["code"] == "exports_kept"
    limited(api.database, max_file_mib=0, max_total_mib=0)
    assert (await boss.post("/exports", asked, 422))["code"] == "exports_full"
    limited(api.database, max_file_mib=0)
    large = await boss.post("/exports", asked, 202)
    await exporter.run(api.database)
    assert (await boss.get(f"/exports/{large['id']}"))["error"] == "export_too_large"


async def test_files_are_forgotten(api: Api, exporter: Exporter) -> None:
    limited(api.database, keep_h=1)
    boss = await api.staff()
    made = await boss.post("/exports", {"list": "stations", "format": "csv"}, 202)
    await exporter.run(api.database)
    await jobs.forget_old(api.database)
    await fetched(boss, made["id"])
    api.clock.advance(HOUR_MS)
    await jobs.forget_old(api.database)
    boss = await api.staff_again(boss)
    await boss.get(f"/exports/{made['id']}", 404)
    async with api.database.read() as connection:
        assert await sql.chunk(connection, made["id"], 0) is None


def test_lists_columns_and_permissions_are_those_of_the_routes(api: Api) -> None:
    document: dict[str, Any] = api.document()
    known = {operation.id: operation for operation in operations(document)}
    schemas = document["components"]["schemas"]
    for each in LISTS.values():
        operation = known[each.operation]
        assert operation.path == each.path and operation.method == "get"
        assert operation.permission in ("", each.permission) and (operation.permission or each.name == "orders")
        page = operation.described["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
        item = schemas[page.rpartition("/")[2]]["properties"]["items"]["items"]["$ref"]
        assert set(each.columns) <= set(schemas[item.rpartition("/")[2]]["properties"]), each.name
