"""Lines of two-wheel bills."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Column, Integer, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.tariffs.messages import Bill, UsageLine
from chargecloud.infra.sql.bulk import insert_many
from chargecloud.infra.sql.types import big_int, code, metadata
from chargecloud.infra.sql.uow import UnitOfWork

order_usage_lines = Table(
    "order_usage_lines",
    metadata,
    Column("order_no", code(32), primary_key=True),
    Column("bill_no", Integer, primary_key=True, autoincrement=False),
    Column("line_no", Integer, primary_key=True, autoincrement=False),
    Column("kind", code(16), nullable=False),
    Column("duration_s", Integer, nullable=False),
    Column("energy_mwh", big_int(), nullable=False),
    Column("max_power_w", Integer),
    Column("fen_per_hour", Integer),
    Column("energy_si_per_kwh", big_int()),
    Column("service_si_per_kwh", big_int()),
    Column("energy_fee_hao", big_int(), nullable=False),
    Column("service_fee_hao", big_int(), nullable=False),
)


async def add_usage_lines(uow: UnitOfWork, bills: Sequence[tuple[str, int, Bill]]) -> None:
    """Write the two-wheel lines of bills, each with its order and its number there."""
    rows: list[dict[str, object]] = [
        {"order_no": order_no, "bill_no": bill_no, "line_no": number, **msgspec.structs.asdict(line)}
        for order_no, bill_no, bill in bills
        for number, line in enumerate(bill.usage_lines)
    ]
    await insert_many(uow.connection, order_usage_lines, rows)


async def usage_lines(connection: AsyncConnection, order_no: str, bill_no: int) -> list[UsageLine]:
    """The two-wheel lines of a bill, in order."""
    names = UsageLine.__struct_fields__
    statement = (
        select(*(order_usage_lines.c[name] for name in names))
        .where(order_usage_lines.c.order_no == order_no, order_usage_lines.c.bill_no == bill_no)
        .order_by(order_usage_lines.c.line_no)
    )
    return [UsageLine(**row._mapping) for row in await connection.execute(statement)]
