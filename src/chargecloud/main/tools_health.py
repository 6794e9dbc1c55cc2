"""How the platform does, for staff: which processes live; what answers, waits and is left of the one that is asked."""

import asyncio
import shutil
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from chargecloud.infra import telemetry
from chargecloud.infra.depths import Depths
from chargecloud.infra.http.app import outcomes
from chargecloud.infra.http.auth import Principal, require
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.model import ApiModel, Moment
from chargecloud.infra.processes import listed
from chargecloud.kernel.errors import Unavailable
from chargecloud.main.tools_port import ToolBox

router = APIRouter(prefix="/tools", tags=["tools"])
Reader = Annotated[Principal, Depends(require("devices.read"))]


class CheckOut(ApiModel):
    """Something the process needs; `said` is empty when it answers."""

    name: str
    ok: bool
    said: str


class WaitingOut(ApiModel):
    """What waits in the database: messages to be told, and those nobody could handle."""

    outbox_rows: int
    outbox_oldest_ms: int
    dead_messages: int


class DiskOut(ApiModel):
    """Room on the disk of the data directory."""

    free_bytes: int
    total_bytes: int


class StateOut(ApiModel):
    """A count that goes up and down, as a part of this process tells it."""

    part: str
    what: str
    value: int


class ProcessOut(ApiModel):
    """A process of the installation that has a database; gateways are listed by `listGateways`."""

    role: str
    name: str
    version: str
    started_at: Moment
    seen_at: Moment
    silent: bool
    """It has not said for too long that it lives, and has not ended in order."""


class HealthOut(ApiModel):
    """How the process that answers does, and which others there are; these tell how they do at /metrics."""

    version: str
    role: str
    started_at: Moment | None
    now: Moment
    ready: bool
    checks: list[CheckOut]
    waiting: WaitingOut | None
    """Null while the database does not answer."""
    processes: list[ProcessOut] | None
    """Null while the database does not answer."""
    disk: DiskOut | None
    states: list[StateOut]


@router.get("/health", operation_id="getHealth", summary="服务健康")
async def health(staff: Reader, request: Request, db: Db, tools: ToolBox) -> HealthOut:
    """Everything the process knows of itself."""
    staff.demand_whole_operator()
    said = await outcomes(request.app)
    usage = await asyncio.to_thread(shutil.disk_usage, tools.data_dir) if tools.data_dir else None
    return HealthOut(
        version=tools.version,
        role=tools.role,
        started_at=tools.started_at_ms or None,
        now=db.clock.now_ms(),
        ready=not any(said.values()),
        checks=[CheckOut(name=name, ok=not wrong, said=wrong) for name, wrong in said.items()],
        waiting=await _waiting(db),
        processes=await _processes(db),
        disk=DiskOut(free_bytes=usage.free, total_bytes=usage.total) if usage else None,
        states=[StateOut(part=part, what=what, value=value) for part, what, value in telemetry.states()],
    )


async def _processes(db: Db) -> list[ProcessOut] | None:
    now_ms = db.clock.now_ms()
    try:
        async with db.read() as connection:
            rows = await listed(connection)
    except Unavailable:
        return None
    return [
        ProcessOut(
            role=row.role,
            name=row.name,
            version=row.version,
            started_at=row.started_at_ms,
            seen_at=row.seen_at_ms,
            silent=row.silent(now_ms),
        )
        for row in rows
    ]


async def _waiting(db: Db) -> WaitingOut | None:
    depths = Depths(db)
    try:
        await depths.look()
    except Unavailable:
        return None
    return WaitingOut.model_validate(dict(depths.counts()))
