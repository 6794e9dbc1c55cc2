"""Monthly cards and packs of riders, and what is used of them; counts change by statement, never by reading first."""

import msgspec
from sqlalchemy import Column, ForeignKey, Index, Integer, Row, String, Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.infra.sql.types import big_id, big_int, code, epoch_ms, fen, metadata
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.infra.sql.upsert import insert_ignore
from chargecloud.kernel.clock import local_time

passes = Table(
    "passes",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("operator_id", ForeignKey("operators.id"), nullable=False),
    Column("driver_id", ForeignKey("drivers.id"), nullable=False),
    Column("station_id", big_int()),
    Column("name", String(80), nullable=False),
    Column("valid_from_ms", epoch_ms(), nullable=False),
    Column("valid_until_ms", epoch_ms(), nullable=False),
    Column("max_per_day", Integer, nullable=False),
    Column("max_s_per_session", Integer, nullable=False),
    Column("uses_left", Integer),
    Column("price_fen", fen(), nullable=False),
    Column("request_key", code(160), nullable=False, unique=True),
    Column("created_at_ms", epoch_ms(), nullable=False),
    Column("created_by", code(64), nullable=False),
    Column("ended_at_ms", epoch_ms()),
    Index(None, "driver_id", "valid_until_ms"),
    Index(None, "operator_id", "id"),
)

pass_days = Table(
    "pass_days",
    metadata,
    Column("pass_id", big_int(), primary_key=True, autoincrement=False),
    Column("day", code(8), primary_key=True),
    Column("uses", Integer, nullable=False),
)

pass_uses = Table(
    "pass_uses",
    metadata,
    Column("order_no", code(32), primary_key=True),
    Column("pass_id", big_int(), nullable=False),
    Column("day", code(8), nullable=False),
    Column("given_back_at_ms", epoch_ms()),
    Index(None, "pass_id", "day"),
)

_OPEN_DAY = insert_ignore(pass_days)


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """A monthly card or a pack of uses, owned by a rider."""

    id: int
    operator_id: int
    driver_id: int
    station_id: int | None
    """None: at every station of the operator."""
    name: str
    valid_from_ms: int
    valid_until_ms: int
    max_per_day: int
    """0: as often as one likes."""
    max_s_per_session: int
    uses_left: int | None
    """None: not counted."""
    price_fen: int
    created_at_ms: int
    created_by: str
    ended_at_ms: int | None


_COLUMNS = [passes.c[name] for name in Pass.__struct_fields__]


def _pass(row: Row[tuple[object, ...]]) -> Pass:
    return Pass(**row._mapping)


def day_of(at_ms: int) -> str:
    """The Beijing day of a moment."""
    return f"{local_time(at_ms):%Y%m%d}"


async def add_pass(uow: UnitOfWork, values: dict[str, object]) -> int:
    """Write a pass; its id."""
    key = (await uow.connection.execute(insert(passes).values(values))).inserted_primary_key
    return int(key[0]) if key else 0


async def find_pass(connection: AsyncConnection, pass_id: int) -> Pass | None:
    """A pass by its id."""
    row = (await connection.execute(select(*_COLUMNS).where(passes.c.id == pass_id))).first()
    return _pass(row) if row else None


async def pass_of_request(connection: AsyncConnection, request_key: str) -> Pass | None:
    """The pass this request has made before."""
    row = (await connection.execute(select(*_COLUMNS).where(passes.c.request_key == request_key))).first()
    return _pass(row) if row else None


async def list_passes(
    connection: AsyncConnection, *, operator_id: int | None, driver_id: int | None, before_id: int | None, limit: int
) -> list[Pass]:
    """Passes, newest first."""
    statement = select(*_COLUMNS).order_by(passes.c.id.desc()).limit(limit)
    if operator_id is not None:
        statement = statement.where(passes.c.operator_id == operator_id)
    if driver_id is not None:
        statement = statement.where(passes.c.driver_id == driver_id)
    if before_id is not None:
        statement = statement.where(passes.c.id < before_id)
    return [_pass(row) for row in await connection.execute(statement)]


async def valid_passes(uow: UnitOfWork, driver_id: int) -> list[Pass]:
    """A rider's passes that count now, those that end first before the others."""
    statement = (
        select(*_COLUMNS)
        .where(
            passes.c.driver_id == driver_id,
            passes.c.valid_from_ms <= uow.now_ms,
            passes.c.valid_until_ms > uow.now_ms,
            passes.c.ended_at_ms.is_(None),
        )
        .order_by(passes.c.valid_until_ms, passes.c.id)
        .limit(20)
    )
    return [_pass(row) for row in await uow.connection.execute(statement)]


async def uses_on(connection: AsyncConnection, pass_id: int, day: str) -> int:
    """How often a pass was used on a day."""
    statement = select(pass_days.c.uses).where(pass_days.c.pass_id == pass_id, pass_days.c.day == day)
    return int((await connection.execute(statement)).scalar_one_or_none() or 0)


async def end_pass(uow: UnitOfWork, pass_id: int) -> bool:
    """A pass counts no more; False when it had ended before."""
    statement = update(passes).where(passes.c.id == pass_id, passes.c.ended_at_ms.is_(None))
    return (await uow.connection.execute(statement.values(ended_at_ms=uow.now_ms))).rowcount == 1


async def count_day(uow: UnitOfWork, pass_id: int, *, max_per_day: int) -> bool:
    """One use more today; False when today's are used up."""
    day = day_of(uow.now_ms)
    await uow.connection.execute(_OPEN_DAY, {"pass_id": pass_id, "day": day, "uses": 0})
    statement = update(pass_days).where(pass_days.c.pass_id == pass_id, pass_days.c.day == day)
    if max_per_day:
        statement = statement.where(pass_days.c.uses < max_per_day)
    return (await uow.connection.execute(statement.values(uses=pass_days.c.uses + 1))).rowcount == 1


async def count_use(uow: UnitOfWork, pass_id: int) -> bool:
    """One use less; False when none is left."""
    statement = update(passes).where(passes.c.id == pass_id, passes.c.uses_left > 0)
    return (await uow.connection.execute(statement.values(uses_left=passes.c.uses_left - 1))).rowcount == 1


async def note_use(uow: UnitOfWork, pass_id: int, order_no: str) -> None:
    """Which order used it, and on which day."""
    row = {"order_no": order_no, "pass_id": pass_id, "day": day_of(uow.now_ms)}
    await uow.connection.execute(insert(pass_uses).values(row))


async def give_back(uow: UnitOfWork, order_no: str) -> bool:
    """An order's use counts no more; False when there is none, or it was given back before."""
    mine = (pass_uses.c.order_no == order_no, pass_uses.c.given_back_at_ms.is_(None))
    if (await uow.connection.execute(update(pass_uses).where(*mine).values(given_back_at_ms=uow.now_ms))).rowcount != 1:
        return False
    used = (
        await uow.connection.execute(
            select(pass_uses.c.pass_id, pass_uses.c.day).where(pass_uses.c.order_no == order_no)
        )
    ).one()
    day = update(pass_days).where(pass_days.c.pass_id == used.pass_id, pass_days.c.day == used.day)
    await uow.connection.execute(day.values(uses=pass_days.c.uses - 1))
    counted = update(passes).where(passes.c.id == used.pass_id, passes.c.uses_left.is_not(None))
    await uow.connection.execute(counted.values(uses_left=passes.c.uses_left + 1))
    return True
