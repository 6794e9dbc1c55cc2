"""The answer to an act that a second person has to approve first."""

from typing import Annotated, Any

from pydantic import Field
from starlette.responses import Response

from chargecloud.infra.http.model import ApiModel, Fen, Moment


class RequestedOut(ApiModel):
    """Nothing was done yet: a second person has to approve this request."""

    approval_id: int
    amount_fen: Annotated[Fen, Field(description="让出的金额")]
    expires_at: Moment


TWO_PEOPLE: dict[int | str, dict[str, Any]] = {
    202: {"model": RequestedOut, "description": "金额超过单人限额，已生成审批申请，尚未执行"}
}


def requested(approval_id: int, *, amount_fen: int, expires_at_ms: int) -> Response:
    """202 with the request's number."""
    body = RequestedOut(approval_id=approval_id, amount_fen=amount_fen, expires_at=expires_at_ms)
    return Response(body.model_dump_json(), 202, media_type="application/json")
