"""Virtual charge points over the API: what happens to them is told from a page. Only the demo has any."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import Field

from chargecloud.features.operators import service as operators
from chargecloud.features.stations.http import visible
from chargecloud.infra.http.auth import Principal, require
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.model import ApiModel
from chargecloud.kernel.errors import Invalid, NotFound
from chargecloud.main.tools_port import ToolBox

LONGEST_CUT_S = 3_600
DEFAULT_CUT_S = 60

router = APIRouter(prefix="/tools", tags=["tools"])
Reader = Annotated[Principal, Depends(require("devices.read"))]
Commander = Annotated[Principal, Depends(require("devices.command"))]
Code = Annotated[str, Path(pattern="^([0-9]{14}|[0-9A-F]{8})$", description="charge point code")]
Act = Literal["plug", "unplug", "card", "stop", "fault", "repair", "reboot", "offline", "online"]
WHOLE = ("reboot", "offline", "online")
"""What happens to a charge point and not to a connector."""


class VirtualConnectorOut(ApiModel):
    """A connector as the simulation sees it."""

    connector_no: int
    state: str
    plugged: bool
    faulted: bool
    soc_pct: int | None
    power_w: int
    session_no: str


class VirtualChargePointOut(ApiModel):
    """A virtual charge point: what it is, what it holds, what can happen to it."""

    code: str
    protocol: str
    temper: str
    online: bool
    records_waiting: int
    tariff_no: str | None
    """The tariff in its own memory; null when it has none, or keeps none."""
    acts: list[str]
    faults: list[str]
    connectors: list[VirtualConnectorOut]


class VirtualChargePointsOut(ApiModel):
    """All of them. Nothing is `attached` outside of the demo: real charge points cannot be told what happens."""

    attached: bool
    items: list[VirtualChargePointOut]


class ActBody(ApiModel):
    """What happens, and where."""

    act: Act
    connector_no: Annotated[int, Field(ge=1, le=100)] = 1
    fault: Annotated[str | None, Field(pattern="^[a-z0-9_]{1,40}$", description="故障种类，仅用于 fault")] = None
    seconds: Annotated[int, Field(ge=1, le=LONGEST_CUT_S, description="断网时长，仅用于 offline")] = DEFAULT_CUT_S


class ActOut(ApiModel):
    """Whether it happened; it does not when the thing is already so."""

    done: bool


@router.get("/virtual-charge-points", operation_id="listVirtualChargePoints", summary="模拟桩")
async def list_points(staff: Reader, tools: ToolBox) -> VirtualChargePointsOut:
    """Every virtual charge point of this process."""
    staff.demand_whole_operator()
    if tools.simulator is None:
        return VirtualChargePointsOut(attached=False, items=[])
    items = [VirtualChargePointOut.model_validate(point) for point in tools.simulator.points()]
    return VirtualChargePointsOut(attached=True, items=items)


@router.post("/virtual-charge-points/{code}/acts", operation_id="actAtVirtualChargePoint", summary="操作模拟桩")
async def act(code: Code, body: ActBody, commander: Commander, db: Db, tools: ToolBox) -> ActOut:
    """Let something happen at a virtual charge point. NotFound "no_simulator" where there is none."""
    async with db.unit() as uow:
        await visible(uow.connection, commander, code)
        if tools.simulator is None:
            raise NotFound("这里没有模拟桩：只有演示环境（chargecloud demo）才有", "no_simulator")
        answer = tools.simulator.execute(_line(code, body))
        if not answer["ok"]:
            raise Invalid(f"模拟桩不能这样做：{answer['error']}", "virtual_act_refused", act=body.act)
        facts = {"act": body.act, "connector_no": body.connector_no, "done": answer["done"]}
        operators.audit(uow, commander, "virtual_charge_point.act", f"charge_point:{code}", facts)
    return ActOut(done=answer["done"] is True)


def _line(code: str, body: ActBody) -> str:
    """The act in the control language of the simulation."""
    if body.act == "offline":
        return f"offline {code} {body.seconds}"
    if body.act in WHOLE:
        return f"{body.act} {code}"
    extra = f" {body.fault}" if body.act == "fault" and body.fault else ""
    return f"{body.act} {code} {body.connector_no}{extra}"
