"""What request and response models share: strict, nothing unknown, whole numbers with units, times with an offset."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, TypeAdapter, WithJsonSchema
from pydantic.functional_validators import BeforeValidator

from chargecloud.kernel.clock import from_local, rfc3339

LARGEST = 2**53 - 1
"""The largest whole number every JSON reader takes exactly."""


class ApiModel(BaseModel):
    """Base of everything that crosses the API."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, from_attributes=True)


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
