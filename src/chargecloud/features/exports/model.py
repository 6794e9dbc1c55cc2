"""What stands in the cells of an export, what may be asked for, how its file is called."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import msgspec

from chargecloud.features.exports.messages import Export, Language, Wanted
from chargecloud.features.exports.model_lists import LISTS, ExportList
from chargecloud.features.exports.model_words import TITLES, WORDS, YES_NO
from chargecloud.kernel.clock import local_time
from chargecloud.kernel.energy import kwh_text
from chargecloud.kernel.errors import Invalid

MAX_ATTEMPTS = 3
"""So often an export is begun; whoever made it before died."""
LEASE_MS = 60_000
CHUNK_BYTES = 1 << 20
MAX_FILTERS = 20
MAX_FILTER = 200
PAGING = ("limit", "before")

Cell = str | int | Decimal

_SCALED: tuple[tuple[str, Callable[[int], Decimal]], ...] = (
    ("_fen", lambda value: Decimal(value).scaleb(-2)),
    ("_mwh", lambda value: Decimal(kwh_text(value))),
    ("_udeg", lambda value: Decimal(value).scaleb(-6)),
    ("_w", lambda value: Decimal(value).scaleb(-3)),
)
"""How names of whole numbers end whose unit in the file is another: yuan, kWh, degrees, kW."""


def cell(wanted: ExportList, field: str, value: object, language: Language) -> Cell:
    """A value of the API as it stands in a file. None is empty; times lose their offset, which is Beijing's."""
    english = language is Language.ENGLISH
    match value:
        case None:
            return ""
        case bool():
            return YES_NO[value][english]
        case int():
            return next((scale(value) for ending, scale in _SCALED if field.endswith(ending)), value)
        case str() if field == "at" or field.endswith(("_at", "_since")):
            return value[:19].replace("T", " ")
        case str() if field.endswith("_yuan"):
            return Decimal(value)
        case str():
            word = WORDS.get(f"{wanted.name}.{field}", {}).get(value)
            return word[english] if word else value
        case list() if all(isinstance(each, str) for each in value):
            return (", " if english else "、").join(value)
    return msgspec.json.encode(value).decode() if value else ""


def titles(columns: Sequence[str], language: Language) -> list[str]:
    """The first row."""
    return [TITLES[column][language is Language.ENGLISH] for column in columns]


def row(wanted: Wanted, item: Mapping[str, object]) -> list[Cell]:
    """A row of the file from an item of the list."""
    asked = LISTS[wanted.list]
    return [cell(asked, column, item.get(column), wanted.language) for column in wanted.columns]


def checked(wanted: Wanted) -> Wanted:
    """What somebody wants, whole; Invalid says what is not there and what is."""
    asked = LISTS.get(wanted.list)
    if asked is None:
        raise Invalid(f"没有名为 {wanted.list} 的列表，可选：{', '.join(LISTS)}", "export_list", field="list")
    strange = [column for column in wanted.columns if column not in asked.columns]
    if strange:
        known = ", ".join(asked.columns)
        raise Invalid(f"列表没有这些列：{', '.join(strange)}；可选：{known}", "export_columns", field="columns")
    if any(name in PAGING for name in wanted.filters):
        raise Invalid("limit 和 before 不是筛选条件，导出会取全部行", "export_filters", field="filters")
    if len(wanted.filters) > MAX_FILTERS or any(len(value) > MAX_FILTER for value in wanted.filters.values()):
        raise Invalid(f"最多 {MAX_FILTERS} 个筛选条件，每个最长 {MAX_FILTER} 字", "export_filters", field="filters")
    return msgspec.structs.replace(wanted, columns=list(dict.fromkeys(wanted.columns)) or list(asked.columns))


def file_name(export: Export) -> str:
    """As the browser stores it: list, moment it was asked for, number."""
    asked = f"{local_time(export.created_at_ms):%Y%m%d-%H%M%S}"
    part = "-part" if export.more else ""
    return f"{export.wanted.list}-{asked}-{export.export_id}{part}.{export.wanted.format.value}"
