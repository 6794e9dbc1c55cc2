"""Tables of tariffs, their assignment to stations and the pushes to charge points."""

from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.tariffs.messages import BandPrice, TariffKind, TariffVersion, TouBand, TwoWheelPlan
from chargecloud.infra.sql.types import big_id, code, epoch_ms, json_text, metadata

PRICE_COLUMNS = tuple(f"{band.name.lower()}_{part}_si_per_kwh" for band in TouBand for part in ("energy", "service"))

tariffs = Table(
    "tariffs",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("operator_id", ForeignKey("operators.id"), nullable=False, index=True),
    Column("name", String(80), nullable=False),
    Column("created_at_ms", epoch_ms(), nullable=False),
    Column("kind", code(16), nullable=False, server_default="time_of_use"),
    UniqueConstraint("operator_id", "name"),
)

versions = Table(
    "tariff_versions",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("operator_id", ForeignKey("operators.id"), nullable=False),
    Column("tariff_id", ForeignKey("tariffs.id"), nullable=False),
    Column("version_no", Integer, nullable=False),
    Column("tariff_no", code(4), nullable=False),
    Column("live_no", code(4), unique=True),
    *(Column(name, Integer, nullable=False) for name in PRICE_COLUMNS),
    *(CheckConstraint(f"{name} >= 0", name=name) for name in PRICE_COLUMNS),
    Column("half_hours", code(48), nullable=False),
    Column("effective_from_ms", epoch_ms(), nullable=False),
    Column("created_at_ms", epoch_ms(), nullable=False),
    Column("created_by", code(64), nullable=False),
    Column("cancelled_at_ms", epoch_ms()),
    Column("pushed_at_ms", epoch_ms()),
    Column("plan", json_text()),
    UniqueConstraint("tariff_id", "version_no"),
    Index(None, "tariff_id", "effective_from_ms"),
)
"""`live_no` is the wire number while it is this version's; a later version that gets the number takes it over."""

assignments = Table(
    "station_tariffs",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("operator_id", ForeignKey("operators.id"), nullable=False),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("tariff_id", ForeignKey("tariffs.id"), nullable=False, index=True),
    Column("effective_from_ms", epoch_ms(), nullable=False),
    Column("created_at_ms", epoch_ms(), nullable=False),
    Column("created_by", code(64), nullable=False),
    Column("cancelled_at_ms", epoch_ms()),
    Column("pushed_at_ms", epoch_ms()),
    Column("kind", code(16), nullable=False, server_default="time_of_use"),
    Index(None, "station_id", "effective_from_ms"),
)

pushes = Table(
    "tariff_pushes",
    metadata,
    Column("charge_point_code", code(32), primary_key=True),
    Column("version_id", ForeignKey("tariff_versions.id"), nullable=False),
    Column("operator_id", ForeignKey("operators.id"), nullable=False),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("state", code(16), nullable=False),
    Column("command_id", code(64), nullable=False, index=True),
    Column("requested_by", code(64), nullable=False),
    Column("asked_at_ms", epoch_ms(), nullable=False),
    Column("ended_at_ms", epoch_ms()),
    Column("reason", String(200), nullable=False),
    Index(None, "station_id", "state"),
    Index(None, "state", "asked_at_ms"),
)
"""The last push to each charge point; the earlier ones are in the log of device commands."""


_read_plan = msgspec.json.Decoder(TwoWheelPlan).decode


def version_of(row: Row[*tuple[Any, ...]]) -> TariffVersion:
    """A version from a row of `tariff_versions`."""
    prices = [row._mapping[name] for name in PRICE_COLUMNS]
    sharp, peak, flat, valley = (BandPrice(prices[i], prices[i + 1]) for i in range(0, len(prices), 2))
    return TariffVersion(
        version_id=row.id,
        tariff_id=row.tariff_id,
        operator_id=row.operator_id,
        version_no=row.version_no,
        tariff_no=row.tariff_no,
        bands=(sharp, peak, flat, valley),
        half_hours=bytes(map(int, row.half_hours)),
        effective_from_ms=row.effective_from_ms,
        plan=_read_plan(row.plan) if row.plan else None,
    )


def row_of(version: TariffVersion) -> dict[str, object]:
    """The columns of a version that follow from the version itself."""
    prices = [si for price in version.bands for si in (price.energy_si_per_kwh, price.service_si_per_kwh)]
    return {
        "operator_id": version.operator_id,
        "tariff_id": version.tariff_id,
        "version_no": version.version_no,
        "tariff_no": version.tariff_no,
        "live_no": version.tariff_no or None,
        "half_hours": "".join(map(str, version.half_hours)),
        "effective_from_ms": version.effective_from_ms,
        "plan": msgspec.json.encode(version.plan).decode() if version.plan else None,
        **dict(zip(PRICE_COLUMNS, prices, strict=True)),
    }


async def find_version(connection: AsyncConnection, version_id: int) -> TariffVersion | None:
    """A version by id, whatever its state."""
    row = (await connection.execute(select(versions).where(versions.c.id == version_id))).first()
    return version_of(row) if row else None


_VERSION_AT = (
    select(versions)
    .join(assignments, assignments.c.tariff_id == versions.c.tariff_id)
    .where(
        assignments.c.station_id == bindparam("station_id"),
        assignments.c.kind == bindparam("kind"),
        assignments.c.effective_from_ms <= bindparam("at_ms"),
        assignments.c.cancelled_at_ms.is_(None),
        versions.c.effective_from_ms <= bindparam("at_ms"),
        versions.c.cancelled_at_ms.is_(None),
    )
    .order_by(
        assignments.c.effective_from_ms.desc(),
        assignments.c.id.desc(),
        versions.c.effective_from_ms.desc(),
        versions.c.id.desc(),
    )
    .limit(1)
)
"""Built once: every log-in and every start asks it, and building it costs more than running it."""


async def version_at(
    connection: AsyncConnection, station_id: int, at_ms: int, *, kind: TariffKind = TariffKind.TIME_OF_USE
) -> TariffVersion | None:
    """The version of a kind that counts at a station at a moment: newest assignment first, then its newest version."""
    these = {"station_id": station_id, "at_ms": at_ms, "kind": kind.value}
    row = (await connection.execute(_VERSION_AT, these)).first()
    return version_of(row) if row else None


async def version_of_tariff_at(connection: AsyncConnection, tariff_id: int, at_ms: int) -> TariffVersion | None:
    """The version of a tariff that counts at a moment."""
    statement = (
        select(versions)
        .where(
            versions.c.tariff_id == tariff_id,
            versions.c.effective_from_ms <= at_ms,
            versions.c.cancelled_at_ms.is_(None),
        )
        .order_by(versions.c.effective_from_ms.desc(), versions.c.id.desc())
        .limit(1)
    )
    row = (await connection.execute(statement)).first()
    return version_of(row) if row else None


async def add(connection: AsyncConnection, table: Table, row: dict[str, object]) -> int:
    """Insert one row; its new id."""
    key = (await connection.execute(insert(table).values(row))).inserted_primary_key
    return int(key[0]) if key else 0


class Sibling(NamedTuple):
    """A version of the same tariff, as far as it matters to the next one."""

    version_no: int
    effective_from_ms: int
    cancelled: bool


async def versions_of(connection: AsyncConnection, tariff_id: int) -> list[Sibling]:
    """Every version of a tariff, locked against a second writer."""
    statement = (
        select(versions.c.version_no, versions.c.effective_from_ms, versions.c.cancelled_at_ms)
        .where(versions.c.tariff_id == tariff_id)
        .order_by(versions.c.version_no)
        .with_for_update()
    )
    return [Sibling(row[0], row[1], row[2] is not None) for row in await connection.execute(statement)]


async def lock_numbers(connection: AsyncConnection) -> None:
    """One unit of work at a time gives out wire numbers: they go by the oldest tariff, which there always is."""
    await connection.execute(select(tariffs.c.id).order_by(tariffs.c.id).limit(1).with_for_update())


async def last_tariff_no(connection: AsyncConnection) -> str:
    """The wire number given last, empty when none ever was."""
    statement = select(versions.c.tariff_no).where(versions.c.tariff_no != "").order_by(versions.c.id.desc()).limit(1)
    return str((await connection.execute(statement)).scalar_one_or_none() or "")


async def numbers_in_use(connection: AsyncConnection, now_ms: int) -> set[str]:
    """Wire numbers of versions that are or will be active: not cancelled, and no later version has begun."""
    later = versions.alias("later")
    superseded = (
        select(later.c.id)
        .where(
            later.c.tariff_id == versions.c.tariff_id,
            later.c.cancelled_at_ms.is_(None),
            later.c.effective_from_ms > versions.c.effective_from_ms,
            later.c.effective_from_ms <= now_ms,
        )
        .exists()
    )
    statement = select(versions.c.live_no).where(
        versions.c.live_no.is_not(None), versions.c.cancelled_at_ms.is_(None), ~superseded
    )
    return set((await connection.execute(statement)).scalars())


async def free_number(connection: AsyncConnection, tariff_no: str) -> None:
    """Take a wire number away from the old version that still has it."""
    await connection.execute(update(versions).where(versions.c.live_no == tariff_no).values(live_no=None))


async def cancel(connection: AsyncConnection, table: Table, row_id: int, now_ms: int) -> bool:
    """Cancel a version or an assignment that has not begun; False when it has, or was cancelled before."""
    statement = (
        update(table)
        .where(table.c.id == row_id, table.c.cancelled_at_ms.is_(None), table.c.effective_from_ms > now_ms)
        .values(cancelled_at_ms=now_ms)
    )
    return (await connection.execute(statement)).rowcount == 1


async def rename(connection: AsyncConnection, tariff_id: int, name: str) -> None:
    """Another name for a tariff."""
    await connection.execute(update(tariffs).where(tariffs.c.id == tariff_id).values(name=name))


async def operator_of(connection: AsyncConnection, tariff_id: int) -> int | None:
    """Whose tariff it is; None when there is none."""
    found = (
        await connection.execute(select(tariffs.c.operator_id).where(tariffs.c.id == tariff_id))
    ).scalar_one_or_none()
    return None if found is None else int(found)


async def kind_of(connection: AsyncConnection, tariff_id: int) -> TariffKind:
    """Of which kind an existing tariff is."""
    return TariffKind((await connection.execute(select(tariffs.c.kind).where(tariffs.c.id == tariff_id))).scalar_one())


async def holder_of_name(connection: AsyncConnection, operator_id: int, name: str) -> int | None:
    """The operator's tariff of that name."""
    statement = select(tariffs.c.id).where(tariffs.c.operator_id == operator_id, tariffs.c.name == name)
    found = (await connection.execute(statement)).scalar_one_or_none()
    return None if found is None else int(found)


async def assignment_moments(connection: AsyncConnection, station_id: int, kind: TariffKind) -> list[int]:
    """When the station's assignments of a kind take effect, cancelled ones aside."""
    statement = select(assignments.c.effective_from_ms).where(
        assignments.c.station_id == station_id,
        assignments.c.kind == kind.value,
        assignments.c.cancelled_at_ms.is_(None),
    )
    return list((await connection.execute(statement)).scalars())


async def station_of(connection: AsyncConnection, assignment_id: int) -> int | None:
    """The station of an assignment; None when there is none."""
    statement = select(assignments.c.station_id).where(assignments.c.id == assignment_id)
    found = (await connection.execute(statement)).scalar_one_or_none()
    return None if found is None else int(found)
