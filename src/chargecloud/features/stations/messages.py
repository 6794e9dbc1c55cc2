"""What other features may know of stations, and the events they can listen to."""

from enum import StrEnum

import msgspec

from chargecloud.kernel.message import Event


class ConnectorState(StrEnum):
    """What a connector is doing; offline is a property of its charge point, disabled the operator's word."""

    AVAILABLE = "available"
    OCCUPIED = "occupied"
    CHARGING = "charging"
    FAULTED = "faulted"
    OFFLINE = "offline"
    DISABLED = "disabled"
    """The operator has taken it out of use; never its own word."""


class Station(msgspec.Struct, frozen=True, kw_only=True):
    """A site with charge points."""

    id: int
    operator_id: int
    name: str
    address: str
    latitude_udeg: int | None
    longitude_udeg: int | None
    phone: str
    created_at_ms: int


class ChargePoint(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of charging equipment with a connection of its own."""

    code: str
    station_id: int
    operator_id: int
    name: str
    power_type: str
    connector_count: int
    rated_power_w: int
    """Of one connector; 0 when nobody has entered it."""
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
    gateway_id: str
    epoch: int
    presence_since_ms: int
    """Since when it has been online or offline."""
    booted_at_ms: int | None
    tariff_no: str
    tariff_matches: bool | None
    tariff_reported_at_ms: int | None
    clock_skew_ms: int | None
    clock_reported_at_ms: int | None
    capabilities: str | None
    """Names of what it can be asked, with blanks between; None as long as it has never said."""
    created_at_ms: int
    screen_alias: str | None = None
    """What its screen shows before its code; None as long as it was told nothing."""
    hub_code: str | None = None
    """The hub whose connection it used last; None when it has one of its own."""


class Connector(msgspec.Struct, frozen=True, kw_only=True):
    """One socket or plug, operated and billed by itself, with the charge point it belongs to."""

    charge_point: ChargePoint
    connector_no: int
    qr_code: str
    reported: ConnectorState
    """Its own last word, whatever became of the connection since."""
    plugged: bool
    holstered: bool | None
    fault_bits: int
    session_no: str
    since_ms: int
    lock_state: str
    lock_occupied: bool | None
    lock_battery_pct: int | None
    lock_alarm: str
    lock_reported_at_ms: int | None
    name: str = ""
    """What the label on the post says; empty when nobody has entered it."""
    parking_bay: str = ""
    enabled: bool = True
    disabled_reason: str = ""
    rated_power_w: int = 0
    """What it can deliver at most; 0: as much as its charge point says of each."""
    retired: bool = False
    """Gone for good: neither counted nor shown to drivers."""

    @property
    def in_use(self) -> bool:
        """Whether the operator lets charges begin here."""
        return self.enabled and not self.retired

    @property
    def power_w(self) -> int:
        """The entered rated power, its own or its charge point's; 0 when nobody has entered either."""
        return self.rated_power_w or self.charge_point.rated_power_w

    @property
    def state(self) -> ConnectorState:
        """What counts: nothing is known of a connector behind a dead connection."""
        return self.shown(self.reported if self.charge_point.online else ConnectorState.OFFLINE)

    def shown(self, state: ConnectorState) -> ConnectorState:
        """A state as it is shown: out of use hides everything but a charge that still runs."""
        return state if self.in_use or self.reported is ConnectorState.CHARGING else ConnectorState.DISABLED


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A station with everything a driver may plug into there."""

    station: Station
    connectors: tuple[Connector, ...]


class ConnectorChanged(Event, frozen=True, gc=False, kw_only=True, tag=True):
    """A connector said that it is doing something else now."""

    charge_point_code: str
    connector_no: int
    state: ConnectorState
    previous: ConnectorState


class ConnectorFaultsChanged(Event, frozen=True, gc=False, kw_only=True, tag=True):
    """A connector reports other faults than before, or none any more."""

    charge_point_code: str
    connector_no: int
    fault_bits: int


class ChargePointEnrolled(Event, frozen=True, gc=False, kw_only=True, tag=True):
    """A charge point nobody had entered was admitted because enrolment is open."""

    charge_point_code: str
    station_id: int
