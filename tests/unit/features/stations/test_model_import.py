"""Lines of a table of stations and charge points, and the words for their mistakes."""

import pytest

from chargecloud.features.stations import model_import
from chargecloud.features.stations.model_import import FIELDS, read
from chargecloud.kernel.errors import Invalid

TITLES = [field.title for field in FIELDS]
GOOD = [field.example for field in FIELDS]


def changed(**values: str) -> list[str]:
    return [values.get(field.name, example) for field, example in zip(FIELDS, GOOD, strict=True)]


def test_the_example_of_the_template_is_good() -> None:
    reading = read([TITLES, GOOD])
    assert reading.problems == [] and reading.rows == 1
    (line,) = reading.lines
    assert (line.station_name, line.code, line.power_type) == ("滨江一站", "32010600000001", "dc")
    assert (line.latitude_udeg, line.longitude_udeg, line.rated_power_w) == (30_208_000, 120_212_000, 120_000)


def test_a_line_may_be_about_a_station_alone_and_blank_lines_are_none() -> None:
    reading = read([TITLES, [], ["新站"], ["", "", ""]])
    assert reading.rows == 1 and reading.problems == []
    assert (reading.lines[0].line, reading.lines[0].code, reading.lines[0].latitude_udeg) == (3, "", None)


def test_titles_may_stand_in_any_order_and_in_english() -> None:
    reading = read(
        [["Code", "其他", "站名 *", "name", "Power_Type", "connectors"], ["0000ABCD", "x", "站", "桩", "AC", "1"]]
    )
    assert [(each.code, each.power_type, each.connector_count) for each in reading.lines] == [("0000ABCD", "ac", 1)]


def test_a_table_without_titles_is_told_what_they_are() -> None:
    with pytest.raises(Invalid, match="缺少：站名") as refusal:
        read([GOOD])
    assert refusal.value.code == "import_titles" and "桩编号" in refusal.value.message


@pytest.mark.parametrize(
    ("given", "column", "code"),
    [
        ({"station_name": ""}, "站名", "import_missing"),
        ({"station_name": "=HYPERLINK(1)"}, "站名", "import_formula"),
        ({"station_name": "x" * 101}, "站名", "import_too_long"),
        ({"phone": "tel: 1"}, "电话", "import_phone"),
        ({"latitude_udeg": "91"}, "纬度", "import_degrees"),
        ({"latitude_udeg": "NaN"}, "纬度", "import_degrees"),
        ({"longitude_udeg": "1.2345678"}, "经度", "import_degrees"),
        ({"code": "2010600000001"}, "桩编号", "import_code_short"),
        ({"code": "3.20106E+13"}, "桩编号", "import_code_rounded"),
        ({"code": "32010600000001X"}, "桩编号", "charge_point_code"),
        ({"code": ""}, "桩编号", "import_code_missing"),
        ({"name": ""}, "桩名", "import_missing"),
        ({"power_type": "三相"}, "类型", "import_power_type"),
        ({"connector_count": "0"}, "枪数", "import_connector_count"),
        ({"connector_count": "２"}, "枪数", "import_connector_count"),
        ({"rated_power_w": "1e9"}, "单枪额定功率kW", "import_power"),
        ({"rated_power_w": "-1"}, "单枪额定功率kW", "import_power"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(given: dict[str, str], column: str, code: str) -> None:
    reading = read([TITLES, GOOD[:5], changed(**given)])
    problem = reading.problems[0]
    assert (problem.line, problem.column, problem.code) == (3, column, code)
    assert problem.message and [line.line for line in reading.lines] == [2]


def test_a_code_stands_in_one_line_alone() -> None:
    reading = read([TITLES, GOOD, changed(name="另一台")])
    assert [line.line for line in reading.lines] == [2]
    assert [(each.line, each.code) for each in reading.problems] == [(3, "import_code_twice")]
    taken = model_import.known_codes(reading.lines, {"32010600000001"})
    assert [(each.line, each.code) for each in taken] == [(2, "import_code_taken")]
