"""What requests about stations carry and what they are answered."""

from collections.abc import Set
from typing import Annotated, Self

import msgspec
from pydantic import Field

from chargecloud.features.stations import views
from chargecloud.features.stations.messages import ChargePoint, Connector
from chargecloud.features.stations.model import CODE_PATTERN
from chargecloud.features.stations.service_assets import NewChargePoint, NewStation
from chargecloud.infra.http.model import ApiModel, Id, Moment
from chargecloud.infra.http.outward import outward
from chargecloud.kernel.errors import Invalid

Name = Annotated[str, Field(min_length=1, max_length=100)]
Code = Annotated[
    str, Field(pattern=f"^({CODE_PATTERN})$", description="14 digits (leading zeros count), or 8 hex digits")
]
Latitude = Annotated[int, Field(ge=-90_000_000, le=90_000_000, description="millionths of a degree")]
Longitude = Annotated[int, Field(ge=-180_000_000, le=180_000_000, description="millionths of a degree")]
Watts = Annotated[int, Field(ge=0, le=2_000_000, description="rated power of one connector; 0: not known")]
PowerKind = Annotated[str, Field(pattern="^(dc|ac)$")]


class StationIn(ApiModel):
    """A station to enter."""

    name: Name
    address: Annotated[str, Field(max_length=300)] = ""
    latitude_udeg: Latitude | None = None
    longitude_udeg: Longitude | None = None
    phone: Annotated[str, Field(max_length=32, pattern=r"^[0-9+() -]*$")] = ""
    operator_id: Id | None = None

    def new(self) -> NewStation:
        """What the service is given."""
        return NewStation(**self.model_dump(exclude={"operator_id"}))


class StationChange(ApiModel):
    """What to change of a station; what is left out stays."""

    name: Name | None = None
    address: Annotated[str, Field(max_length=300)] | None = None
    latitude_udeg: Latitude | None = None
    longitude_udeg: Longitude | None = None
    phone: Annotated[str, Field(max_length=32, pattern=r"^[0-9+() -]*$")] | None = None


class StationOut(ApiModel):
    """A station, with how many charge points stand there."""

    id: int
    operator_id: int
    name: str
    address: str
    latitude_udeg: int | None
    longitude_udeg: int | None
    phone: str
    created_at: Moment
    charge_points: int
    online: int

    @classmethod
    def of(cls, row: views.StationRow) -> Self:
        values = msgspec.structs.asdict(row)
        return cls(created_at=values.pop("created_at_ms"), **values)


class GatewayOut(ApiModel):
    """A gateway and when it was heard of; a silent one was given up, and its charge points are offline."""

    gateway_id: str
    started_at: Moment
    seen_at: Moment
    online: int
    silent_since: Moment | None

    @classmethod
    def of(cls, row: views.GatewayOverview) -> Self:
        return cls(
            gateway_id=row.gateway_id,
            started_at=row.started_at_ms,
            seen_at=row.seen_at_ms,
            online=row.online,
            silent_since=row.silent_since_ms,
        )


class GatewaysOut(ApiModel):
    """Every gateway there is; a platform has few."""

    items: list[GatewayOut]


class ChargePointIn(ApiModel):
    """A charge point to enter; from then on it may log in."""

    code: Code
    station_id: Id
    name: Name
    power_type: PowerKind
    connector_count: Annotated[int, Field(ge=1, le=16)]
    rated_power_w: Watts = 0
    enabled: bool = True

    def new(self) -> NewChargePoint:
        """What the service is given."""
        return NewChargePoint(**self.model_dump())


class ChargePointChange(ApiModel):
    """What to change of a charge point; what is left out stays."""

    name: Name | None = None
    station_id: Id | None = None
    power_type: PowerKind | None = None
    rated_power_w: Watts | None = None
    enabled: bool | None = None


class ConnectorChange(ApiModel):
    """What to change of a connector; what is left out stays. One that is not enabled needs a reason."""

    name: Annotated[str, Field(max_length=50, description="what the label on the post says")] | None = None
    parking_bay: Annotated[str, Field(max_length=32)] | None = None
    enabled: bool | None = None
    disabled_reason: Annotated[str, Field(max_length=200)] | None = None
    rated_power_w: Annotated[int, Field(ge=0, le=2_000_000, description="0: as its charge point says")] | None = None
    retired: bool | None = None


class ConnectorOut(ApiModel):
    """A connector as it is now."""

    connector_no: int
    qr_code: str
    state: str
    plugged: bool
    holstered: bool | None
    fault_bits: int
    session_no: str
    since: Moment
    lock_state: str
    lock_occupied: bool | None
    lock_battery_pct: int | None
    lock_alarm: str
    lock_reported_at: Moment | None
    name: str
    parking_bay: str
    enabled: bool
    disabled_reason: str
    rated_power_w: int
    retired: bool

    @classmethod
    def of(cls, connector: Connector) -> Self:
        return cls(
            connector_no=connector.connector_no,
            qr_code=connector.qr_code,
            state=connector.state.value,
            plugged=connector.plugged,
            holstered=connector.holstered,
            fault_bits=connector.fault_bits,
            session_no=connector.session_no,
            since=connector.since_ms,
            lock_state=connector.lock_state,
            lock_occupied=connector.lock_occupied,
            lock_battery_pct=connector.lock_battery_pct,
            lock_alarm=connector.lock_alarm,
            lock_reported_at=connector.lock_reported_at_ms,
            name=connector.name,
            parking_bay=connector.parking_bay,
            enabled=connector.enabled,
            disabled_reason=connector.disabled_reason,
            rated_power_w=connector.rated_power_w,
            retired=connector.retired,
        )


class ChargePointOut(ApiModel):
    """A charge point as it is now."""

    code: str
    station_id: int
    operator_id: int
    name: str
    power_type: str
    connector_count: int
    rated_power_w: int
    enabled: bool
    in_service: bool
    power_limit_pct: int
    protocol: str
    protocol_version: str
    firmware_version: str
    sim_iccid: str
    network_type: int
    carrier_no: int
    source: str
    online: bool
    presence_since: Moment
    booted_at: Moment | None
    tariff_no: str
    tariff_matches: bool | None
    tariff_reported_at: Moment | None
    clock_skew_ms: int | None
    clock_reported_at: Moment | None
    capabilities: list[str]
    hub_code: str | None
    """Of the hub whose connection it shares."""
    created_at: Moment

    @classmethod
    def of(cls, charge_point: ChargePoint) -> Self:
        return cls(**_shown(charge_point))


class ChargePointDetail(ChargePointOut):
    """A charge point with its connectors."""

    connectors: list[ConnectorOut]

    @classmethod
    def with_connectors(cls, charge_point: ChargePoint, connectors: list[Connector]) -> Self:
        """Both together."""
        return cls(**_shown(charge_point), connectors=[ConnectorOut.of(connector) for connector in connectors])


def changes_of(body: ApiModel, *, nullable: Set[str] = frozenset()) -> dict[str, object]:
    """What a request sets; null only where it means something."""
    given = body.model_dump(exclude_unset=True)
    empty = sorted(name for name, value in given.items() if value is None and name not in nullable)
    if empty:
        raise Invalid(f"{', '.join(empty)} 不能为空", "field_null", fields=empty)
    return given


def without_connection(charge_point: ChargePoint) -> ChargePoint:
    """Nothing of where a charge point calls from and by which card: drivers need not know."""
    return msgspec.structs.replace(charge_point, source="", sim_iccid="", network_type=0, carrier_no=0, hub_code=None)


def without_reason(connector: Connector) -> Connector:
    """Nothing of why a connector is out of use: that is written for colleagues."""
    return msgspec.structs.replace(connector, disabled_reason="")


_MOMENTS = ("presence_since", "booted_at", "tariff_reported_at", "clock_reported_at", "created_at")


def _shown(charge_point: ChargePoint) -> dict[str, object]:
    """Fields of a charge point under the names of the API; who holds its connection is nobody's business."""
    values = msgspec.structs.asdict(charge_point)
    for name in _MOMENTS:
        values[name] = values.pop(f"{name}_ms")
    values["capabilities"] = (charge_point.capabilities or "").split()
    for name in ("gateway_id", "epoch", "screen_alias"):
        del values[name]
    return values


class CommandOut(ApiModel):
    """A line of the command log."""

    command_id: str
    charge_point_code: str
    kind: str
    body: dict[str, object]
    requested_by: str
    at: Moment
    expires_at: Moment
    outcome: str | None
    reason: str
    detail: object
    ended_at: Moment | None

    @classmethod
    def of(cls, row: views.CommandRow) -> Self:
        return cls(
            command_id=row.command_id,
            charge_point_code=row.charge_point_code,
            kind=row.kind,
            body=outward(msgspec.json.decode(row.body)),
            requested_by=row.requested_by,
            at=row.at_ms,
            expires_at=row.expires_at_ms,
            outcome=row.outcome or None,
            reason=row.reason,
            detail=_json_or_text(row.detail),
            ended_at=row.ended_at_ms,
        )


def _json_or_text(text: str) -> object:
    try:
        return msgspec.json.decode(text) if text else None
    except msgspec.DecodeError:
        return text


class FramesOut(ApiModel):
    """Frames as they passed, newest first; `next` continues."""

    items: list[dict[str, object]]
    next: int | None
