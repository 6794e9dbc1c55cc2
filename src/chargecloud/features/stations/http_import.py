"""Many stations and charge points at once: a template, a look at a filled table, and its entry."""

import asyncio
import base64
import tempfile
from pathlib import Path as FilePath
from typing import Annotated, Literal, Self

import msgspec
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from chargecloud.features.operators import service as operators
from chargecloud.features.stations import model_import, service_import
from chargecloud.features.stations.model_import import LineProblem, Reading
from chargecloud.features.stations.service_import import Outcome
from chargecloud.infra.http.auth import Principal, require
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.idempotency import OnceOnly
from chargecloud.infra.http.model import ApiModel
from chargecloud.infra.sheets import read_table
from chargecloud.infra.spreadsheets import WRITERS
from chargecloud.infra.sql.reach import Reach
from chargecloud.kernel.errors import Forbidden, Invalid

imports = APIRouter()
Writer = Annotated[Principal, Depends(require("stations.write"))]
MAX_TEXT = model_import.MAX_BYTES * 4 // 3 + 4
LARGER_BODIES = {"/station-imports": MAX_TEXT + 4_096, "/station-imports/check": MAX_TEXT + 4_096}
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class TableIn(ApiModel):
    """A table as it was stored: CSV (UTF-8, UTF-16 or GBK) or XLSX."""

    content: Annotated[str, Field(min_length=1, max_length=MAX_TEXT, description="the file in base64")]

    async def reading(self) -> Reading:
        """What the table says."""
        try:
            content = base64.b64decode(self.content, validate=True)
        except ValueError as error:  # binascii.Error, or letters that are not ASCII
            raise Invalid("content 不是 base64", "import_base64", field="content") from error
        if not content:
            raise Invalid("文件是空的，请从模板开始填写", "sheet_empty")
        return await asyncio.to_thread(_read, content)


def _read(content: bytes) -> Reading:
    return model_import.read(read_table(content, max_rows=model_import.MAX_ROWS + 1))


class ImportIn(TableIn):
    """A table to enter."""

    only_good: bool = False
    """Enter the good lines and leave the others; otherwise all or nothing."""


class LineProblemOut(ApiModel):
    """What is wrong at one place, and how to mend it."""

    line: int
    column: str
    code: str
    message: str
    value: str

    @classmethod
    def of(cls, problem: LineProblem) -> Self:
        return cls(**msgspec.structs.asdict(problem))


class ImportOut(ApiModel):
    """What a table comes to, or came to."""

    rows: int
    good: int
    new_stations: list[str]
    charge_points: int
    problems: list[LineProblemOut]

    @classmethod
    def of(cls, outcome: Outcome) -> Self:
        return cls(
            rows=outcome.rows,
            good=outcome.lines,
            new_stations=outcome.new_stations,
            charge_points=outcome.charge_points,
            problems=[LineProblemOut.of(each) for each in outcome.problems],
        )


def _reach(staff: Principal) -> Reach:
    if staff.operator_id is None:
        raise Forbidden("批量导入属于运营商的人员", "operator_id_missing")
    return staff.reach


@imports.get(
    "/station-imports/template",
    operation_id="getImportTemplate",
    summary="批量导入模板",
    response_class=Response,
    responses={200: {"content": {kind.partition(";")[0]: {} for kind in MEDIA_TYPES.values()}}},
)
async def import_template(staff: Writer, format: Annotated[Literal["xlsx", "csv"], Query()] = "xlsx") -> Response:
    """A table with the titles and one example line."""
    content = await asyncio.to_thread(_template, format)
    headers = {"Content-Disposition": f"attachment; filename=stations-template.{format}"}
    return Response(content, media_type=MEDIA_TYPES[format], headers=headers)


def _template(ending: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="chargecloud-") as folder:
        path = FilePath(folder) / f"template.{ending}"
        file = WRITERS[ending](path, [field.title for field in model_import.FIELDS])
        file.add([[field.example for field in model_import.FIELDS]])
        file.close()
        return path.read_bytes()


@imports.post("/station-imports/check", operation_id="checkImport", summary="检查导入文件")
async def check_import(body: TableIn, staff: Writer, db: Db) -> ImportOut:
    """What entering a table would come to, and every mistake in it; nothing is written."""
    reach, reading = _reach(staff), await body.reading()
    async with db.unit() as uow:
        outcome, _ = await service_import.judge(uow, reach, reading)
    return ImportOut.of(outcome)


@imports.post(
    "/station-imports", operation_id="enterImport", status_code=201, summary="批量导入", response_model=ImportOut
)
async def enter_import(body: ImportIn, staff: Writer, db: Db, once: OnceOnly) -> Response:
    """Enter a table, in one transaction: all of it, or its good lines if that is wanted."""
    reach, reading = _reach(staff), await body.reading()

    async with db.unit() as uow:

        async def work() -> BaseModel:
            outcome = await service_import.enter(uow, reach, reading, only_good=body.only_good)
            facts: dict[str, object] = {
                "charge_points": outcome.charge_points,
                "new_stations": outcome.new_stations[:20],
                "rows": outcome.rows,
                "left_out": outcome.rows - outcome.lines,
            }
            operators.audit(uow, staff, "stations.import", "stations", facts)
            return ImportOut.of(outcome)

        return await once.answer(uow, staff, work, status=201)
