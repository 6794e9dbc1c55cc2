"""Use cases of exports: ask for one, see one's own, fetch the file, forget it, and the steps of making it."""

from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.exports import model, sql
from chargecloud.features.exports.messages import Export, ExportState, Wanted
from chargecloud.features.exports.model_lists import LISTS
from chargecloud.features.operators import service as operators
from chargecloud.infra.http.auth import Principal, missing
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Conflict, Forbidden, NotFound, Refused, TooMany

MIB = 1 << 20
HOUR_MS = 3_600_000
INTERRUPTED = "export_interrupted"


def demand_list(who: Principal, wanted: Wanted) -> None:
    """Forbidden unless somebody may see the list itself."""
    permission = LISTS[wanted.list].permission
    if permission not in who.permissions:
        raise missing(permission)


async def request(uow: UnitOfWork, who: Principal, wanted: Wanted) -> Export:
    """An export that waits to be made. `wanted` is checked."""
    demand_list(who, wanted)
    if who.operator_id is None:
        raise Forbidden("导出属于运营商的人员", "operator_id_missing")
    limits = uow.options.exports
    kept, still_open = await sql.counts(uow.connection, who.id)
    if still_open >= limits.max_open:
        raise TooMany(f"最多同时进行 {limits.max_open} 个导出，请等前面的完成", "exports_open", limit=limits.max_open)
    if kept >= limits.max_kept:
        raise TooMany(f"最多保留 {limits.max_kept} 个导出，请先删除旧的", "exports_kept", limit=limits.max_kept)
    if await sql.stored_bytes(uow.connection) >= limits.max_total_mib * MIB:
        raise Refused(
            "导出文件占用的空间已满，请删除旧的导出或稍后再试", "exports_full", setting="exports.max_total_mib"
        )
    export_id = await sql.add(uow, operator_id=who.operator_id, staff_id=who.id, wanted=wanted)
    facts: dict[str, object] = {"list": wanted.list, "format": wanted.format.value, "filters": wanted.filters}
    operators.audit(uow, who, "exports.request", f"export:{export_id}", facts)
    return await export(uow.connection, who, export_id)


async def export(connection: AsyncConnection, who: Principal, export_id: int) -> Export:
    """One of one's own exports."""
    found = await sql.find(connection, export_id, who.id)
    if found is None:
        raise NotFound(f"没有导出 {export_id}", "export_unknown", export_id=export_id)
    return found


async def fetch(uow: UnitOfWork, who: Principal, export_id: int) -> Export:
    """An export whose file is there, for somebody who may still see its list; that they fetch it is written down."""
    found = await export(uow.connection, who, export_id)
    demand_list(who, found.wanted)
    member = await operators.staff_member(uow.connection, who.id)
    if member.limited_since_ms is not None and found.created_at_ms <= member.limited_since_ms:
        raise Refused("您的站点范围在导出之后有变更，请重新导出", "export_before_limits", export_id=export_id)
    if found.state is not ExportState.DONE:
        raise Conflict("文件还没有生成", "export_not_done", state=found.state.value)
    operators.audit(uow, who, "exports.fetch", f"export:{export_id}", {"list": found.wanted.list, "rows": found.rows})
    return found


async def remove(uow: UnitOfWork, who: Principal, export_id: int) -> None:
    """Forget one of one's own exports; one that is being made is broken off."""
    await export(uow.connection, who, export_id)
    await sql.remove(uow, export_id)
    operators.audit(uow, who, "exports.remove", f"export:{export_id}")


async def begin(uow: UnitOfWork, owner: str) -> Export | None:
    """Become the maker of the next export; None when there is none, or somebody else was faster."""
    found = await sql.next_free(uow.connection, uow.now_ms)
    if found is None or not await sql.take(uow, found, owner, uow.now_ms + model.LEASE_MS):
        return None
    if found.attempts < model.MAX_ATTEMPTS:
        return found
    words = f"生成导出的进程中断了 {found.attempts} 次，请缩小范围后重试"
    await fail(uow, found.export_id, owner, code=INTERRUPTED, reason=words)
    return None


async def still_mine(uow: UnitOfWork, export_id: int, owner: str, rows: int) -> bool:
    """Keep on making it and tell how far one is; False: it is somebody else's by now, or gone."""
    until_ms = uow.now_ms + model.LEASE_MS
    return await sql.set_mine(uow, export_id, owner, row_count=rows, lease_until_ms=until_ms)


async def keep(uow: UnitOfWork, export_id: int, owner: str, chunk_no: int, packed: bytes) -> bool:
    """Keep a piece of the file; False as above."""
    until_ms = uow.now_ms + model.LEASE_MS
    if not await sql.set_mine(uow, export_id, owner, lease_until_ms=until_ms, chunks=chunk_no + 1):
        return False
    await sql.add_chunk(uow, export_id, chunk_no, packed)
    return True


async def finish(uow: UnitOfWork, export_id: int, owner: str, *, rows: int, more: bool, size_bytes: int) -> None:
    """The file is there."""
    await sql.set_mine(
        uow,
        export_id,
        owner,
        row_count=rows,
        more=more,
        size_bytes=size_bytes,
        state=ExportState.DONE.value,
        ended_at_ms=uow.now_ms,
        expires_at_ms=uow.now_ms + uow.options.exports.keep_h * HOUR_MS,
    )


async def fail(uow: UnitOfWork, export_id: int, owner: str, *, code: str, reason: str) -> None:
    """There will be no file."""
    await sql.set_mine(
        uow,
        export_id,
        owner,
        state=ExportState.FAILED.value,
        error=code[:64],
        reason=reason[:500],
        ended_at_ms=uow.now_ms,
        expires_at_ms=uow.now_ms + uow.options.exports.keep_h * HOUR_MS,
    )
