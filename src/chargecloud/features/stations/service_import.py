"""Entering many stations and charge points at once, from a table."""

from collections.abc import Sequence

import msgspec

from chargecloud.features.operators.messages import DEFAULT_OPERATOR_ID
from chargecloud.features.stations import model_import, sql, sql_import, sql_strangers
from chargecloud.features.stations.messages import Station
from chargecloud.features.stations.model_import import Line, LineProblem, Reading
from chargecloud.features.stations.service_assets import NewChargePoint, NewStation, blank_charge_point, create_station
from chargecloud.infra.sql.reach import Reach
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Refused


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a table comes to, or came to."""

    rows: int
    lines: int
    """Of these, such as are good."""
    new_stations: list[str]
    charge_points: int
    problems: list[LineProblem]


async def judge(uow: UnitOfWork, reach: Reach, reading: Reading) -> tuple[Outcome, list[Line]]:
    """What the table would come to with what is entered already, and its good lines.

    Whoever may reach some stations only makes no new ones, and sees no other.
    """
    codes = [each.code for each in reading.lines if each.code]
    taken = await sql_import.known_codes(uow.connection, codes)
    problems = [*reading.problems, *model_import.known_codes(reading.lines, taken)]
    good = [each for each in reading.lines if each.code not in taken]
    known = await sql_import.station_ids(uow.connection, reach, [each.station_name for each in good])
    if reach.limited:
        problems += model_import.unreachable(good, known)
        good = [each for each in good if each.station_name in known]
    names = list(dict.fromkeys(each.station_name for each in good))
    outcome = Outcome(
        rows=reading.rows,
        lines=len(good),
        new_stations=[name for name in names if name not in known],
        charge_points=sum(bool(each.code) for each in good),
        problems=sorted(problems, key=lambda each: each.line)[: model_import.MAX_PROBLEMS],
    )
    return outcome, good


async def enter(uow: UnitOfWork, reach: Reach, reading: Reading, *, only_good: bool) -> Outcome:
    """Enter all of the table, or its good lines if that is wanted. A station that is there already is left as it is."""
    outcome, good = await judge(uow, reach, reading)
    if outcome.problems and not only_good:
        raise Refused(
            f"有 {len(outcome.problems)} 处错误，全部未导入；改好后重试，或选择只导入正确的行",
            "import_has_problems",
            problems=len(outcome.problems),
        )
    if not good:
        raise Refused("没有可以导入的行", "import_nothing")
    await _enter(uow, reach, good)
    return outcome


async def _enter(uow: UnitOfWork, reach: Reach, good: Sequence[Line]) -> None:
    operator_id = reach.operator_id or DEFAULT_OPERATOR_ID
    ids = await sql_import.station_ids(uow.connection, reach, [each.station_name for each in good])
    made = []
    for each in good:
        if each.station_name not in ids:
            ids[each.station_name] = (await _station(uow, operator_id, each)).id
        if each.code:
            new = NewChargePoint(
                code=each.code,
                station_id=ids[each.station_name],
                name=each.name,
                power_type=each.power_type,
                connector_count=each.connector_count,
                rated_power_w=each.rated_power_w,
            )
            made.append(blank_charge_point(uow, new, operator_id))
    await sql.add_charge_points(uow, made)
    await sql_strangers.forget(uow, [each.code for each in made])


async def _station(uow: UnitOfWork, operator_id: int, line: Line) -> Station:
    new = NewStation(
        name=line.station_name,
        address=line.address,
        latitude_udeg=line.latitude_udeg,
        longitude_udeg=line.longitude_udeg,
        phone=line.phone,
    )
    return await create_station(uow, operator_id, new)
