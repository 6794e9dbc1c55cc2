"""What a table of stations and charge points says, line by line, and what is wrong with it."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal, InvalidOperation

import msgspec

from chargecloud.features.stations.model import MAX_CONNECTORS, check_code
from chargecloud.kernel.errors import Invalid

MAX_ROWS = 2_000
MAX_BYTES = 1_500_000
MAX_SHOWN = 60
MAX_PROBLEMS = 1_000


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A column of the table."""

    name: str
    title: str
    other_titles: tuple[str, ...]
    example: str


FIELDS = (
    Field(name="station_name", title="站名", other_titles=("充电站", "station"), example="滨江一站"),
    Field(name="address", title="地址", other_titles=("address",), example="江南大道 1 号"),
    Field(name="phone", title="电话", other_titles=("phone",), example="0571-80000000"),
    Field(name="latitude_udeg", title="纬度", other_titles=("latitude",), example="30.208000"),
    Field(name="longitude_udeg", title="经度", other_titles=("longitude",), example="120.212000"),
    Field(name="code", title="桩编号", other_titles=("code",), example="32010600000001"),
    Field(name="name", title="桩名", other_titles=("name",), example="1 号桩"),
    Field(name="power_type", title="类型", other_titles=("power_type", "交直流"), example="直流"),
    Field(name="connector_count", title="枪数", other_titles=("connectors",), example="2"),
    Field(name="rated_power_w", title="单枪额定功率kW", other_titles=("rated_power_kw",), example="120"),
)
"""In the order of the template; titles are compared without blanks, stars and letters' case."""
TITLES = {field.name: field.title for field in FIELDS}
REQUIRED = ("station_name",)
OF_CHARGE_POINT = ("name", "power_type", "connector_count", "rated_power_w")
POWER_TYPES = {"直流": "dc", "dc": "dc", "交流": "ac", "ac": "ac"}

_PHONE = re.compile(r"[0-9+() -]{0,32}")


class LineProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong at one place of the table, and how to mend it."""

    line: int
    """As the spreadsheet counts; the titles are line 1."""
    column: str
    code: str
    message: str
    value: str = ""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line that says something sensible: a station, or a charge point of one."""

    line: int
    station_name: str
    address: str
    phone: str
    latitude_udeg: int | None
    longitude_udeg: int | None
    code: str
    """Empty when the line is only about a station."""
    name: str
    power_type: str
    connector_count: int
    rated_power_w: int


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A whole table."""

    lines: list[Line]
    """Without those that have a problem."""
    problems: list[LineProblem]
    rows: int
    """Lines that say anything."""


def read(table: Sequence[Sequence[str]]) -> Reading:
    """What the table says. Invalid when its first line is not one of titles."""
    places = _places(table[0])
    lines, problems, rows = [], [], 0
    for number, cells in enumerate(table[1:], 2):
        given = {name: cells[index].strip() for name, index in places.items() if index < len(cells)}
        if not any(given.values()):
            continue
        rows += 1
        found: dict[str, object] = {}
        wrong = [each for field in FIELDS for each in _checked(number, field.name, given, found)]
        problems += wrong
        if not wrong:
            lines.append(msgspec.convert({"line": number, **found}, Line))
    kept, repeated = _once(lines)
    return Reading(lines=kept, problems=sorted([*problems, *repeated], key=lambda each: each.line), rows=rows)


def _places(titles: Sequence[str]) -> dict[str, int]:
    """Where each column stands."""
    known = {_bare(title): field.name for field in FIELDS for title in (field.title, field.name, *field.other_titles)}
    places: dict[str, int] = {}
    for index, title in enumerate(titles):
        name = known.get(_bare(title))
        if name is not None:
            places.setdefault(name, index)
    missing = [TITLES[name] for name in REQUIRED if name not in places]
    if missing:
        wanted = "、".join(TITLES.values())
        raise Invalid(f"第一行必须是列名，缺少：{'、'.join(missing)}；模板的列是：{wanted}", "import_titles")
    return places


def _bare(title: str) -> str:
    return re.sub(r"[\s*＊（）()]", "", title).lower()


def _checked(line: int, name: str, given: Mapping[str, str], found: dict[str, object]) -> list[LineProblem]:
    """Put the value of one cell into `found`, or tell what is wrong with it."""
    value = given.get(name, "")
    if not given.get("code") and name in OF_CHARGE_POINT:
        found[name] = {"connector_count": 0, "rated_power_w": 0}.get(name, "")
        if value:
            return [_problem(line, "code", "import_code_missing", "填写了桩的信息，但没有桩编号")]
        return []
    try:
        found[name] = _READERS[name](value)
    except Invalid as error:
        return [_problem(line, name, error.code, error.message, value)]
    return []


def _problem(line: int, name: str, code: str, message: str, value: str = "") -> LineProblem:
    return LineProblem(line=line, column=TITLES[name], code=code, message=message, value=value[:MAX_SHOWN])


def _once(lines: Sequence[Line]) -> tuple[list[Line], list[LineProblem]]:
    """A charge point may stand in one line alone; the first is kept."""
    seen: dict[str, int] = {}
    kept, repeated = [], []
    for each in lines:
        first = seen.setdefault(each.code, each.line) if each.code else each.line
        if first == each.line:
            kept.append(each)
        else:
            told = f"桩编号与第 {first} 行重复，请删除其中一行"
            repeated.append(_problem(each.line, "code", "import_code_twice", told, each.code))
    return kept, repeated


def known_codes(lines: Sequence[Line], taken: Collection[str]) -> list[LineProblem]:
    """Lines whose charge point is entered already."""
    told = "桩编号已登记过，请删除这一行或核对编号"
    return [_problem(each.line, "code", "import_code_taken", told, each.code) for each in lines if each.code in taken]


def unreachable(lines: Sequence[Line], reachable: Collection[str]) -> list[LineProblem]:
    """Lines of stations that somebody who is limited to some stations may not enter anything at."""
    told = "您的账号仅限部分站点，不能新建或改动这个充电站；请改为您负责的充电站"
    return [
        _problem(each.line, "station_name", "import_station_limited", told, each.station_name)
        for each in lines
        if each.station_name not in reachable
    ]


def _text(title: str, most: int, *, needed: bool = False) -> Callable[[str], object]:
    def reader(value: str) -> object:
        if needed and not value:
            raise Invalid(f"{title}不能为空", "import_missing")
        if len(value) > most:
            raise Invalid(f"{title}最长 {most} 字", "import_too_long")
        if value.startswith(("=", "@")):
            raise Invalid("这里是公式，请改成它的值", "import_formula")
        return value

    return reader


def _phone(value: str) -> object:
    if not _PHONE.fullmatch(value):
        raise Invalid("电话只能有数字、+、-、括号和空格，最长 32 位", "import_phone")
    return value


def _code(value: str) -> object:
    if not value:
        return ""
    text = value.upper()
    try:
        return check_code(text)
    except Invalid as error:
        if text.isdecimal() and len(text) < 14:
            raise Invalid(
                f"桩编号要 14 位，这里只有 {len(text)} 位：表格软件可能去掉了前面的 0，请把这一列设为文本后重填",
                "import_code_short",
            ) from error
        if re.fullmatch(r"[0-9.]+E\+?[0-9]+", text):
            raise Invalid(
                "桩编号被表格软件改成了科学计数，后面的数字已丢失，请把这一列设为文本格式后重填", "import_code_rounded"
            ) from error
        raise


def _degrees(title: str, most: int) -> Callable[[str], object]:
    def reader(value: str) -> object:
        if not value:
            return None
        number = _decimal(value)
        scaled = None if number is None else number.scaleb(6)
        if scaled is None or scaled != scaled.to_integral_value() or abs(scaled) > most * 1_000_000:
            raise Invalid(f"{title}须在 -{most} 到 {most} 之间，小数最多 6 位", "import_degrees")
        return int(scaled)

    return reader


def _power_type(value: str) -> object:
    found = POWER_TYPES.get(value.lower())
    if found is None:
        raise Invalid("类型须为“直流”或“交流”", "import_power_type")
    return found


def _count(value: str) -> object:
    if not (value.isascii() and value.isdecimal() and len(value) < 4 and 1 <= int(value) <= MAX_CONNECTORS):
        raise Invalid(f"枪数须为 1 到 {MAX_CONNECTORS} 的整数", "import_connector_count")
    return int(value)


def _power(value: str) -> object:
    number = _decimal(value) if value else Decimal(0)
    scaled = None if number is None else number.scaleb(3)
    if scaled is None or scaled != scaled.to_integral_value() or not 0 <= scaled <= 2_000_000:
        raise Invalid("单枪额定功率须为 0 到 2000 的数（kW），小数最多 3 位；不知道可以留空", "import_power")
    return int(scaled)


def _decimal(value: str) -> Decimal | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < 10**9 and value.isascii() else None


_READERS: dict[str, Callable[[str], object]] = {
    "station_name": _text("站名", 100, needed=True),
    "address": _text("地址", 300),
    "phone": _phone,
    "latitude_udeg": _degrees("纬度", 90),
    "longitude_udeg": _degrees("经度", 180),
    "code": _code,
    "name": _text("桩名", 100, needed=True),
    "power_type": _power_type,
    "connector_count": _count,
    "rated_power_w": _power,
}
