"""Tables of stations and charge points: looked at, entered whole or in part, once."""

import base64
from typing import Any

from chargecloud.features.operators.messages import Role
from chargecloud.features.stations.model_import import MAX_ROWS
from tests.support.api import Api, Caller

TITLES = "站名,地址,电话,纬度,经度,桩编号,桩名,类型,枪数,单枪额定功率kW\n"


def table(*lines: str, encoding: str = "utf-8-sig") -> str:
    return base64.b64encode((TITLES + "\n".join(lines)).encode(encoding)).decode()


def line(number: int, station: str = "东站") -> str:
    return f"{station},路 1 号,,30.2,120.2,3201060000{number:04d},{number} 号桩,直流,2,120"


async def entered(boss: Caller, content: str, key: str, status: int = 201, **more: object) -> Any:
    headers = {"Idempotency-Key": f"import-{key}"}
    return await boss.post("/station-imports", {"content": content, **more}, status, **headers)


async def test_a_table_is_looked_at_and_entered_once(api: Api) -> None:
    boss = await api.staff(Role.OPERATIONS)
    await boss.post("/stations", {"name": "西站", "address": "原来的地址"})
    content = table(line(1), line(2), "北站", line(3, "西站"), encoding="gbk")
    looked = await boss.post("/station-imports/check", {"content": content}, 200)
    assert looked == {
        "rows": 4,
        "good": 4,
        "new_stations": ["东站", "北站"],
        "charge_points": 3,
        "problems": [],
    }
    assert len((await boss.get("/stations"))["items"]) == 1, "looking enters nothing"
    assert await entered(boss, content, "0001") == looked
    assert await entered(boss, content, "0001") == looked, "the same key enters nothing again"
    stations = {each["name"]: each for each in (await boss.get("/stations"))["items"]}
    assert {name: each["charge_points"] for name, each in stations.items()} == {"西站": 1, "东站": 2, "北站": 0}
    assert stations["西站"]["address"] == "原来的地址" and stations["东站"]["latitude_udeg"] == 30_200_000
    point = await boss.get("/charge-points/32010600000001")
    assert (point["name"], point["power_type"], point["rated_power_w"]) == ("1 号桩", "dc", 120_000)
    assert len({each["qr_code"] for each in point["connectors"]}) == 2
    again = await entered(boss, content, "0002", 422)
    assert again["code"] == "import_has_problems"
    log = await (await api.staff()).get("/audit-log", action="stations.import")
    assert [each["facts"]["charge_points"] for each in log["items"]] == [3]


async def test_all_or_nothing_or_the_good_lines(api: Api) -> None:
    boss = await api.staff(Role.OPERATIONS)
    await entered(boss, table(line(9)), "0001")
    content = table(line(1), "南站,,,99,,,,,,", line(9), "东站,,,,,123,桩,交流,1,", line(2))
    looked = await boss.post("/station-imports/check", {"content": content}, 200)
    assert (looked["rows"], looked["good"], looked["charge_points"], looked["new_stations"]) == (5, 2, 2, [])
    assert [(each["line"], each["column"], each["code"]) for each in looked["problems"]] == [
        (3, "纬度", "import_degrees"),
        (4, "桩编号", "import_code_taken"),
        (5, "桩编号", "import_code_short"),
    ]
    assert (await entered(boss, content, "0002", 422))["facts"] == {"problems": 3}
    await boss.get("/charge-points/32010600000001", 404)
    assert (await entered(boss, content, "0003", only_good=True))["good"] == 2
    await boss.get("/charge-points/32010600000001")
    assert len((await boss.get("/stations"))["items"]) == 1
    only_bad = table("南站,,,99,,,,,,")
    assert (await entered(boss, only_bad, "0004", 422, only_good=True))["code"] == "import_nothing"


async def test_another_operators_stations_are_not_entered_into(api: Api) -> None:
    mine, theirs = await api.staff(), await api.staff(operator="乙方")
    await theirs.post("/stations", {"name": "东站"})
    assert (await entered(mine, table(line(1)), "0001"))["new_stations"] == ["东站"]
    assert (await theirs.get("/stations"))["items"][0]["charge_points"] == 0
    looked = await theirs.post("/station-imports/check", {"content": table(line(1))}, 200)
    assert [each["code"] for each in looked["problems"]] == ["import_code_taken"]


async def test_what_is_no_table_is_refused(api: Api) -> None:
    boss = await api.staff()
    for content, code in (
        ("***", "import_base64"),
        ("\uffff", "import_base64"),
        (base64.b64encode(b"PK no").decode(), "sheet_broken"),
        (base64.b64encode(b"a,b\n").decode(), "import_titles"),
        (table(*(line(1) for _ in range(MAX_ROWS + 1))), "sheet_too_long"),
    ):
        assert (await boss.post("/station-imports/check", {"content": content}, 400))["code"] == code
    huge = await boss.call("POST", "/station-imports", 413, content=b"x" * 3_000_000)
    assert huge["code"] == "body_too_large"
    assert (await boss.call("POST", "/stations", 413, content=b"x" * 70_000))["code"] == "body_too_large"


async def test_the_template_comes_back_as_a_good_table(api: Api) -> None:
    boss = await api.staff()
    for ending in ("xlsx", "csv"):
        response = await boss.client.get(
            "/api/v1/station-imports/template",
            params={"format": ending},
            headers={"Authorization": f"Bearer {boss.token}"},
        )
        content = base64.b64encode(response.content).decode()
        looked = await boss.post("/station-imports/check", {"content": content}, 200)
        assert (looked["good"], looked["problems"]) == (1, [])


async def test_two_thousand_lines_go_in_at_once(api: Api) -> None:
    boss = await api.staff()
    content = table(*(line(number) for number in range(MAX_ROWS)))
    assert (await entered(boss, content, "0001"))["charge_points"] == MAX_ROWS
