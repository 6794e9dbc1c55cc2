"""The frame decoder over the API: the same reading as `chargecloud decode`, for people who paste."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from chargecloud.infra.http.auth import Principal, require
from chargecloud.infra.http.model import ApiModel
from chargecloud.main.decoding import decode_text
from chargecloud.main.tools_port import ToolBox

MOST_CHARACTERS = 20_000

router = APIRouter(prefix="/tools", tags=["tools"])
Reader = Annotated[Principal, Depends(require("devices.read"))]


class ProtocolOut(ApiModel):
    """A protocol frames can be read by."""

    name: str
    title: str


class ProtocolsOut(ApiModel):
    """All of them."""

    items: list[ProtocolOut]


class DecodingBody(ApiModel):
    """What somebody pasted: hex in any notation, several frames, words between."""

    hex: Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS)]
    protocol: Annotated[str | None, Field(min_length=1, max_length=40, description="不填则自动识别")] = None


class ChecksumOut(ApiModel):
    """Whether the checksum fits; null where a unit has none."""

    ok: bool | None
    order: str | None
    computed: str | None
    on_wire: str | None


class FieldOut(ApiModel):
    """A column: where its bytes are, what they mean. A part of a packed column has no bytes of its own."""

    name: str
    label: str
    unit: str
    raw_hex: str
    value: object
    text: str
    """What a listed value means."""


class UnitOut(ApiModel):
    """A frame, or what stands in the place of one."""

    hex: str
    frame_type: str | None
    name: str | None
    title: str
    direction: str | None
    sequence: str | None
    verdict: str
    error: str | None
    checksum: ChecksumOut
    lines: list[FieldOut]
    fields: dict[str, object]
    extra_hex: str


class DecodingOut(ApiModel):
    """What was pasted, read by one protocol."""

    protocol: str
    guessed: bool
    units: list[UnitOut]
    left_out: int


@router.get("/protocols", operation_id="listProtocols", summary="可解析的协议")
async def list_protocols(_: Reader, tools: ToolBox) -> ProtocolsOut:
    """What frames can be read by."""
    return ProtocolsOut(items=[ProtocolOut(name=name, title=plugin.title) for name, plugin in tools.plugins.items()])


@router.post("/decodings", operation_id="decodeFrames", status_code=200, summary="报文解析")
async def decode_frames(body: DecodingBody, _: Reader, tools: ToolBox) -> DecodingOut:
    """Read pasted frames column by column; a bad frame is no error, its verdict says what is wrong. Keeps nothing."""
    decoding = decode_text(body.hex, body.protocol, tools.plugins)
    known = UnitOut.model_fields
    units = [UnitOut.model_validate({name: unit[name] for name in known}) for unit in decoding.units]
    return DecodingOut(protocol=decoding.protocol, guessed=decoding.guessed, units=units, left_out=decoding.left_out)
