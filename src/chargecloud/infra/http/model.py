"""What request and response models share: strict, nothing unknown, whole numbers with units, times with an offset."""

from datetime import datetime
from typing import Annotated

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    PlainSerializer,
    TypeAdapter,
    WithJsonSchema,
)
from pydantic_core import CoreSchema

from chargecloud.kernel.clock import from_local, rfc3339

LARGEST = 2**53 - 1
"""The largest whole number every JSON reader takes exactly."""


STRICT_TYPES = frozenset({"int", "float", "str", "bool", "date", "datetime", "time", "timedelta"})


def _make_strict(node: object) -> None:
    """Mark every plain type below a node of pydantic's schema."""
    if isinstance(node, dict):
        if node.get("type") in STRICT_TYPES:
            node["strict"] = True
        if node.get("type") == "int":
            _bound(node)
        for name, child in node.items():
            if name not in {"metadata", "serialization"}:
                _make_strict(child)
    elif isinstance(node, list | tuple):
        for child in node:
            _make_strict(child)


def _bound(node: dict[str, object]) -> None:
    """Whole numbers without a limit of their own get the one that every reader and the database can keep."""
    if "ge" not in node and "gt" not in node:
        node["ge"] = -LARGEST
    if "le" not in node and "lt" not in node:
        node["le"] = LARGEST


class ApiModel(BaseModel):
    """Base of everything that crosses the API: unknown fields are refused, "1" is no number and 1 is no boolean.

    pydantic's own strict mode does not fit: the web framework hands over parsed JSON, in which an enum is text and a
    tuple is a list, and it would refuse both. So the plain types are made strict, and only they.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[BaseModel], handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        _make_strict(schema)
        return schema


Fen = Annotated[int, Field(ge=-LARGEST, le=LARGEST, description="amount of money in fen (0.01 yuan)")]
AmountFen = Annotated[int, Field(ge=1, le=10_000_000_00, description="amount of money in fen (0.01 yuan)")]
Hao = Annotated[int, Field(ge=-LARGEST, le=LARGEST, description="computed amount in hao (0.0001 yuan)")]
Mwh = Annotated[int, Field(ge=0, le=LARGEST, description="energy in milliwatt-hours")]
Id = Annotated[int, Field(ge=1, le=LARGEST, description="identifier")]

_MOMENT = TypeAdapter(AwareDatetime)


def _to_epoch_ms(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("a time is RFC 3339 text with an offset, such as 2026-01-01T08:00:00+08:00")
    moment: datetime = _MOMENT.validate_python(value)
    return from_local(moment)


def _from_epoch_ms(value: int) -> str:
    return rfc3339(value)


Moment = Annotated[
    int,
    PlainSerializer(_from_epoch_ms, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A time in answers: epoch milliseconds inside, RFC 3339 with the Beijing offset outside."""

MomentIn = Annotated[int, BeforeValidator(_to_epoch_ms), WithJsonSchema({"type": "string", "format": "date-time"})]
"""A time in requests: RFC 3339 text with an offset outside, epoch milliseconds inside."""
