"""Where one can charge, for drivers: stations with price now and free connectors, and one station with all it has.

Nobody has to sign in to look: a driver compares before becoming one.
"""

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Path, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.stations import service as stations
from chargecloud.features.stations.messages import ChargePoint, Connector, ConnectorState, Place
from chargecloud.features.tariffs import model, service
from chargecloud.features.tariffs.http_models import BAND_NAMES, SI_DIGITS, Band, VersionOut, decimal_text
from chargecloud.features.tariffs.http_two_wheel import PlanBody
from chargecloud.features.tariffs.messages import TariffKind, TariffVersion
from chargecloud.infra.http.auth import Anyone, Principal
from chargecloud.infra.http.context import Db, Limits, Source
from chargecloud.infra.http.model import ApiModel, Id, Moment
from chargecloud.infra.http.paging import Page, Pages
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import NotFound, Refused, TooMany

LOOKS_A_MINUTE = 240
"""From one address; a telephone network puts many behind one."""

Kind = Literal["car", "ebike"]
KINDS: dict[Kind, TariffKind] = {"car": TariffKind.TIME_OF_USE, "ebike": TariffKind.TWO_WHEEL}
Code = Annotated[str, Path(pattern="^([0-9]{14}|[0-9A-F]{8})$", description="charge point code")]

place_routes = APIRouter(prefix="/driver")


class FleetOut(ApiModel):
    """The connectors of one kind at a station, counted."""

    connectors: int
    available: int
    occupied: int
    charging: int
    offline: int
    max_power_w: int

    @classmethod
    def of(cls, connectors: list[Connector]) -> Self:
        states = [connector.state for connector in connectors]
        return cls(
            connectors=len(states),
            available=states.count(ConnectorState.AVAILABLE),
            occupied=states.count(ConnectorState.OCCUPIED),
            charging=states.count(ConnectorState.CHARGING),
            offline=states.count(ConnectorState.OFFLINE),
            max_power_w=max((connector.power_w for connector in connectors), default=0),
        )


class PriceNowOut(ApiModel):
    """What a kWh costs in the half hour that runs."""

    band: Band
    energy_yuan_per_kwh: str
    service_yuan_per_kwh: str

    @classmethod
    def of(cls, version: TariffVersion, now_ms: int) -> Self:
        band = int(model.band_at(version, now_ms))
        price = version.bands[band]
        return cls(
            band=BAND_NAMES[band],
            energy_yuan_per_kwh=decimal_text(price.energy_si_per_kwh, SI_DIGITS),
            service_yuan_per_kwh=decimal_text(price.service_si_per_kwh, SI_DIGITS),
        )


class NearbyStationOut(ApiModel):
    """A station in the drivers' list. A kind that has no price there, or no connector, is null: nobody can charge."""

    id: int
    name: str
    address: str
    phone: str
    latitude_udeg: int | None
    longitude_udeg: int | None
    cars: FleetOut | None
    ebikes: FleetOut | None
    car_price: PriceNowOut | None
    ebike_plan: PlanBody | None


class NearbyConnectorOut(ApiModel):
    """A connector as a driver sees it."""

    connector_no: int
    state: str
    plugged: bool
    since: Moment


class NearbyChargePointOut(ApiModel):
    """A charge point as a driver sees it."""

    code: str
    name: str
    kind: Kind
    power_type: str
    rated_power_w: int
    online: bool
    in_service: bool
    connectors: list[NearbyConnectorOut]

    @classmethod
    def of(cls, charge_point: ChargePoint, connectors: list[Connector]) -> Self:
        return cls(
            code=charge_point.code,
            name=charge_point.name,
            kind=_kind_of(charge_point),
            power_type=charge_point.power_type,
            rated_power_w=charge_point.rated_power_w,
            online=charge_point.online,
            in_service=charge_point.in_service,
            connectors=[
                NearbyConnectorOut(
                    connector_no=one.connector_no, state=one.state.value, plugged=one.plugged, since=one.since_ms
                )
                for one in connectors
            ],
        )


class StationPageOut(ApiModel):
    """One station with its price lists and everything one may plug into."""

    id: int
    name: str
    address: str
    phone: str
    latitude_udeg: int | None
    longitude_udeg: int | None
    car_tariff: VersionOut | None
    ebike_plan: PlanBody | None
    charge_points: list[NearbyChargePointOut]


def _kind_of(charge_point: ChargePoint) -> Kind:
    return "ebike" if service.kind_for(charge_point) is TariffKind.TWO_WHEEL else "car"


async def _look(limits: Limits, source: str) -> None:
    if not await limits.take(f"stations.look:{source}", limit=LOOKS_A_MINUTE, window_s=60, strict=False):
        raise TooMany("查询太频繁，请稍后再试", "too_many_looks", limit=LOOKS_A_MINUTE)


def _operator_of(who: Principal | None) -> int | None:
    """Drivers of one operator see that operator's stations, others all of them."""
    return who.operator_id if who else None


async def _versions(
    connection: AsyncConnection, now_ms: int, station_id: int, kinds: Iterable[Kind]
) -> dict[Kind, TariffVersion]:
    """The versions that count now, of the kinds asked for that have one."""
    uow = UnitOfWork(connection, now_ms)
    found: dict[Kind, TariffVersion] = {}
    for kind in kinds:
        try:
            found[kind] = await service.version_at(uow, station_id, now_ms, kind=KINDS[kind])
        except Refused:
            continue
    return found


async def _nearby(connection: AsyncConnection, place: Place, now_ms: int) -> NearbyStationOut:
    fleets: dict[Kind, list[Connector]] = {}
    for connector in place.connectors:
        fleets.setdefault(_kind_of(connector.charge_point), []).append(connector)
    versions = await _versions(connection, now_ms, place.station.id, fleets)
    car, ebike = versions.get("car"), versions.get("ebike")
    return NearbyStationOut(
        **_described(place),
        cars=FleetOut.of(fleets["car"]) if car else None,
        ebikes=FleetOut.of(fleets["ebike"]) if ebike else None,
        car_price=PriceNowOut.of(car, now_ms) if car else None,
        ebike_plan=PlanBody.of(ebike.plan) if ebike and ebike.plan else None,
    )


def _described(place: Place) -> dict[str, object]:
    names = ("id", "name", "address", "phone", "latitude_udeg", "longitude_udeg")
    return {name: getattr(place.station, name) for name in names}


async def _page(connection: AsyncConnection, place: Place, who: Principal | None, now_ms: int) -> StationPageOut:
    if _operator_of(who) not in (None, place.station.operator_id):
        raise NotFound(f"没有场站 {place.station.id}", "station_unknown", station_id=place.station.id)
    by_code: dict[str, list[Connector]] = {}
    for connector in place.connectors:
        by_code.setdefault(connector.charge_point.code, []).append(connector)
    shown = [NearbyChargePointOut.of(of_it[0].charge_point, of_it) for of_it in by_code.values()]
    versions = await _versions(connection, now_ms, place.station.id, dict.fromkeys(point.kind for point in shown))
    car, ebike = versions.get("car"), versions.get("ebike")
    return StationPageOut(
        **_described(place),
        car_tariff=VersionOut.of(car) if car else None,
        ebike_plan=PlanBody.of(ebike.plan) if ebike and ebike.plan else None,
        charge_points=shown,
    )


@place_routes.get("/stations", operation_id="listNearbyStations", summary="找站")
async def list_places(
    who: Anyone,
    db: Db,
    pages: Pages,
    limits: Limits,
    source: Source,
    name: Annotated[str, Query(max_length=100)] = "",
) -> Page[NearbyStationOut]:
    """Stations by id with price now and free connectors; distances are for the phone to reckon."""
    await _look(limits, source)
    now_ms = db.clock.now_ms()
    async with db.read() as connection:
        rows = await stations.places(
            connection,
            operator_id=_operator_of(who),
            name=name,
            after_id=pages.before_id or 0,
            limit=pages.fetch,
        )
        shown, following = pages.page(rows, lambda row: row.station.id)
        return Page(items=[await _nearby(connection, row, now_ms) for row in shown], next=following)


@place_routes.get("/stations/{station_id}", operation_id="getNearbyStation", summary="站点详情")
async def get_place(station_id: Id, who: Anyone, db: Db, limits: Limits, source: Source) -> StationPageOut:
    """One station with its price lists, charge points and connectors."""
    await _look(limits, source)
    async with db.read() as connection:
        place = await stations.place(connection, station_id)
        return await _page(connection, place, who, db.clock.now_ms())


@place_routes.get("/charge-points/{code}", operation_id="getNearbyChargePoint", summary="输入编号查桩")
async def get_place_of(code: Code, who: Anyone, db: Db, limits: Limits, source: Source) -> StationPageOut:
    """The station where a charge point stands, found by the number on its label."""
    await _look(limits, source)
    async with db.read() as connection:
        place = await stations.place_of(connection, code)
        return await _page(connection, place, who, db.clock.now_ms())
