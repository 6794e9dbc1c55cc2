"""What a charge point can say. The gateway publishes these, keyed by charge point code, in the order they came."""

import hashlib
from enum import IntEnum, StrEnum

import msgspec

from chargecloud.kernel.message import Event


class PowerType(StrEnum):
    """直流 or 交流."""

    DC = "dc"
    AC = "ac"


class ConnectorStatus(IntEnum):
    """What a connector says of itself in a sample."""

    OFFLINE = 0
    FAULTED = 1
    AVAILABLE = 2
    CHARGING = 3
    OTHER = 255


class StartMethod(StrEnum):
    """Who began a charge, and how they proved it."""

    APP = "app"
    CARD = "card"
    VIN = "vin"
    ACCOUNT = "account"
    OFFLINE_CARD = "offline"
    CODE = "code"
    """A code the charge point checked by itself (abuse A11)."""
    OTHER = "other"


class StartRefusal(StrEnum):
    """Why a charge point would not start."""

    NONE = "none"
    WRONG_CHARGE_POINT = "wrong_charge_point"
    ALREADY_CHARGING = "already_charging"
    FAULTED = "faulted"
    OFFLINE = "offline"
    NOT_PLUGGED = "not_plugged"
    CHOOSE_CONNECTOR = "choose_connector"
    """Several connectors are plugged; `StartAnswered.waiting_connectors` names them."""
    OTHER = "other"


class StopClass(StrEnum):
    """The four families of stop reasons."""

    COMPLETED = "completed"
    START_FAILED = "start_failed"
    ABORTED = "aborted"
    UNKNOWN = "unknown"


class DeviceEvent(Event, frozen=True, gc=False, kw_only=True, tag=True):
    """Root of what charge points say."""

    charge_point_code: str


class Booted(DeviceEvent, frozen=True, gc=False, kw_only=True):
    """A charge point introduced itself and waits to be admitted (reply policy ASK)."""

    protocol: str
    power_type: PowerType
    connector_count: int
    protocol_version: str
    firmware_version: str
    network_type: int
    sim_iccid: str
    carrier_no: int
    link_id: str = ""
    source: str = ""
    capabilities: tuple[str, ...] = ()
    """What it can be asked, see `Capability`; the gateway fills in its protocol's when the product does not differ."""


class CameOnline(DeviceEvent, frozen=True, gc=False, kw_only=True):
    """Admitted: commands reach this charge point now, under this epoch."""

    gateway_id: str
    epoch: int


class WentOffline(DeviceEvent, frozen=True, gc=False, kw_only=True):
    """The connection of this epoch is gone."""

    gateway_id: str
    epoch: int
    reason: str


class LoginContested(DeviceEvent, frozen=True, gc=False, kw_only=True):
    """A second connection claimed this charge point code (abuse A02)."""

    source: str
    outcome: str
    """"rejected" (the old one is alive) or "replaced" (the old one was silent)."""


class ConnectorReport(msgspec.Struct, frozen=True, gc=False):
    """What a heartbeat says of one connector."""

    connector_no: int
    status: ConnectorStatus
    status_raw: int
    plugged: bool
    fault: str = ""
    """The fault by name, empty when there is none."""


class Beat(DeviceEvent, frozen=True, gc=False, kw_only=True):
    """A sign of life, with one connector's self-assessment, or (connector 0) that of all in `connectors`."""

    connector_no: int
    faulted: bool
    connectors: tuple[ConnectorReport, ...] = ()
    voltage_mv: int | None = None
    ambient_temp_c: int | None = None


class PowerReading(msgspec.Struct, frozen=True, gc=False):
    """Power now, within the interval since the last reading, and the peak of the whole charge."""

    now_mw: int
    interval_max_mw: int
    interval_min_mw: int
    interval_avg_mw: int
    peak_mw: int | None


class MeterSampled(DeviceEvent, frozen=True, gc=False):
    """Live values of one connector. `session_no` is empty when idle and never proof of activity unless charging.

    The one event that is made by position where it is made often: twenty names cost half a microsecond.
    """

    connector_no: int
    session_no: str
    status: ConnectorStatus
    status_raw: int
    plugged: bool
    holstered: bool | None
    voltage_mv: int
    current_ma: int
    cable_temp_c: int | None
    soc_pct: int
    battery_temp_c: int | None
    charged_s: int
    remaining_s: int
    energy_mwh: int
    billed_energy_mwh: int
    amount_hao: int
    fault_bits: int
    power: PowerReading | None = None
    ambient_temp_c: int | None = None
    floating: bool = False
    """The battery is full and only a trickle flows, where the charge point tells this apart."""


class SessionEvent(DeviceEvent, frozen=True, gc=False, kw_only=True):
    """Root of what a charge point tells about a running session's battery and charger."""

    connector_no: int
    session_no: str


class BatteryIntroduced(SessionEvent, frozen=True, gc=False, kw_only=True):
    """The vehicle's battery at the handshake (YKC 0x15)."""

    bms_version: str
    battery_type: int
    capacity_mah: int
    rated_voltage_mv: int
    manufacturer: str
    pack_serial: int
    made_on: str
    charge_count: int
    owned: bool
    vin: str


class BatteryLimits(SessionEvent, frozen=True, gc=False, kw_only=True):
    """What battery and charger allow (YKC 0x17). Currents are magnitudes."""

    cell_max_voltage_mv: int
    max_current_ma: int
    nominal_energy_mwh: int
    max_voltage_mv: int
    max_temp_c: int
    soc_permille: int
    voltage_mv: int
    charger_max_voltage_mv: int
    charger_min_voltage_mv: int
    charger_max_current_ma: int
    charger_min_current_ma: int


class BatteryDemand(SessionEvent, frozen=True, gc=False, kw_only=True):
    """Demand of the battery against output of the charger (YKC 0x23). Currents are magnitudes."""

    voltage_demand_mv: int
    current_demand_ma: int
    constant_voltage: bool
    measured_voltage_mv: int
    measured_current_ma: int
    cell_max_voltage_mv: int
    cell_group_no: int
    soc_pct: int
    remaining_s: int
    output_voltage_mv: int
    output_current_ma: int
    charged_s: int


class BatteryStatus(SessionEvent, frozen=True, gc=False, kw_only=True):
    """Extremes and warnings of the battery (YKC 0x25); `warnings` names each item that is not normal."""

    cell_max_voltage_no: int
    max_temp_c: int
    max_temp_point_no: int
    min_temp_c: int
    min_temp_point_no: int
    charge_allowed: bool
    warnings: tuple[str, ...]


class ChargeEnded(SessionEvent, frozen=True, gc=False, kw_only=True):
    """The battery's summary at the end (YKC 0x19)."""

    soc_pct: int
    cell_min_voltage_mv: int
    cell_max_voltage_mv: int
    min_temp_c: int
    max_temp_c: int
    charged_s: int
    energy_mwh: int
    charger_no: int


class ChargeFaulted(SessionEvent, frozen=True, gc=False, kw_only=True):
    """Errors between charger and battery (YKC 0x1B), by name."""

    errors: tuple[str, ...]


class ChargeAborted(SessionEvent, frozen=True, gc=False, kw_only=True):
    """Battery or charger broke the charge off (YKC 0x1D, 0x21)."""

    by_battery: bool
    reasons: tuple[str, ...]
    faults: tuple[str, ...]
    errors: tuple[str, ...]


class StartRequested(DeviceEvent, frozen=True, gc=False, kw_only=True):
    """A driver stands at the charge point and wants to charge (reply policy ASK)."""

    request_id: str
    connector_no: int
    method: StartMethod
    card_id: str
    """Physical number or account, 16 hex digits as sent."""
    password_hash: str
    """Hex of the 16 bytes sent, empty when no password was typed."""
    vin: str
    parallel_main: bool | None = None
    parallel_no: str = ""


class BalanceAsked(DeviceEvent, frozen=True, gc=False, kw_only=True):
    """A driver holds a card to the reader to hear its balance (reply policy ASK)."""

    request_id: str
    card_id: str


class StartAnswered(DeviceEvent, frozen=True, gc=False, kw_only=True):
    """The charge point's word on a start command; a late success after NOT_PLUGGED is possible for 60 s."""

    command_id: str
    """Empty when no pending command matched (a late answer)."""
    connector_no: int
    session_no: str
    accepted: bool
    refusal: StartRefusal
    refusal_raw: int
    parallel_no: str = ""
    waiting_connectors: tuple[int, ...] = ()


class StopAnswered(DeviceEvent, frozen=True, gc=False, kw_only=True):
    """The charge point's word on a stop command."""

    command_id: str
    connector_no: int
    accepted: bool
    reason: str
    """"none", "wrong_charge_point", "not_charging" or "other"."""


class BandRecord(msgspec.Struct, frozen=True, gc=False):
    """One tariff band of a record, as the charge point computed it."""

    rate_si_per_kwh: int
    energy_mwh: int
    billed_energy_mwh: int
    amount_hao: int


class TierUsage(msgspec.Struct, frozen=True, gc=False):
    """Time within one tier of power, as a charge point that was given tiers counted it."""

    up_to_mw: int | None
    """Where the tier ends; None when the charge point does not say."""
    charged_s: int
    energy_mwh: int | None = None


class ChargeUsage(msgspec.Struct, frozen=True, gc=False):
    """What a charge point without bands records: time and power; its bands are zero then."""

    charged_s: int
    max_power_mw: int
    early_max_power_mw: int | None
    """Highest power of the first minutes."""
    occupied_s: int | None
    tiers: tuple[TierUsage, ...] = ()
    """Lowest first; empty where the charge point counts none."""


class RecordUploaded(DeviceEvent, frozen=True, gc=False, kw_only=True):
    """A charge detail record (YKC 0x3B), to be confirmed after commit. Key: charge point, connector, session number."""

    connector_no: int
    session_no: str
    started_at_ms: int | None
    ended_at_ms: int | None
    bands: tuple[BandRecord, BandRecord, BandRecord, BandRecord]
    """Sharp, peak, flat, valley."""
    meter_start_mwh: int
    meter_end_mwh: int
    energy_mwh: int
    billed_energy_mwh: int
    amount_hao: int
    vin: str
    method: StartMethod
    method_raw: int
    closed_at_ms: int | None
    stop_class: StopClass
    stop_reason: str
    stop_raw: int
    card_id: str
    raw: bytes
    """The body as it came, for the archive and to tell duplicates from conflicts."""
    usage: ChargeUsage | None = None
    start_code: str = ""
    """With `StartMethod.CODE`: the code, as digits of the wire."""


def digest_of(raw: bytes) -> str:
    """128 bits of SHA-256 as hex digits: names a record by its content."""
    return hashlib.sha256(raw).hexdigest()[:32]


class CommandOutcome(StrEnum):
    """How a command to a charge point ended."""

    DONE = "done"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    EXPIRED = "expired"
    OFFLINE = "offline"
    UNSUPPORTED = "unsupported"


class CommandEnded(DeviceEvent, frozen=True, gc=False, kw_only=True):
    """The end of any command, start and stop included. Exactly one for each command that reached a gateway."""

    command_id: str
    command: str
    """Class name of the command."""
    outcome: CommandOutcome
    reason: str = ""
    detail: str = ""
    """More, as JSON text: card results, the charge point's clock, …"""


class TariffReported(DeviceEvent, frozen=True, gc=False, kw_only=True):
    """Which tariff a charge point holds (YKC 0x05), and whether it is the one it should hold."""

    tariff_no: str
    matches: bool


class ClockReported(DeviceEvent, frozen=True, gc=False, kw_only=True):
    """A charge point's own time, and how far it is from ours (positive: ahead)."""

    skew_ms: int


class LockReported(DeviceEvent, frozen=True, gc=False, kw_only=True):
    """State of a parking lock (YKC 0x61)."""

    connector_no: int
    lock_state: str
    """"moving", "raised", "lowered" or "unknown"."""
    occupied: bool
    battery_pct: int
    alarm: str
    """"none", "arm_damaged", "arm_stuck" or "unknown"."""


class FullyCharged(SessionEvent, frozen=True, gc=False, kw_only=True):
    """The battery is full while the connector stays occupied (DNY 0x43); the record comes later."""

    charged_s: int
    energy_mwh: int


class HazardReported(DeviceEvent, frozen=True, gc=False, kw_only=True):
    """A sensor or door raised an alarm (DNY 0x42, 0x44); sent once, so it may be lost."""

    connector_no: int
    """0: the charge point itself."""
    hazard: str
    """"power_cut", "water", "hot_melt", "smoke", "heat", "water_level", "door_sprang_open", "door_not_closed", …"""
    fire: bool
    detail_raw: int


class HubReported(DeviceEvent, frozen=True, gc=False, kw_only=True):
    """The hub that carries this charge point's connection, about itself and its modem (DNY 0x11)."""

    hub_code: str
    firmware_version: str
    hub_type: int
    modem_type: int
    signal_raw: int
    sim_iccid: str
    imei: str
    modem_version: str
    clock_skew_ms: int | None
    charge_point_codes: tuple[str, ...] = ()
    """Whoever is admitted on its connection now; in a message of an older gateway nobody."""


class HubSampled(DeviceEvent, frozen=True, gc=False, kw_only=True):
    """Breaker, meter and sensors of a hub (DNY 0x17)."""

    hub_code: str
    voltage_mv: int
    current_ma: int
    energy_mwh: int
    meter_current_ma: int
    meter_energy_mwh: int
    leakage_ma: int
    temp_c: int | None
    smoke: bool
    breaker_closed: bool


class FellSilent(DeviceEvent, frozen=True, gc=False, kw_only=True):
    """A charge point is not heard any more while its connection lives; it will introduce itself anew."""


class WireFaulted(DeviceEvent, frozen=True, gc=False, kw_only=True):
    """Frames that could not be used since the last report, counted by kind ("crc", "garbage", "short_body", …)."""

    counts: dict[str, int]


class GatewayReported(Event, frozen=True, gc=False, kw_only=True, tag=True):
    """A gateway lives: told at its start and every 15 s, keyed by its name. Not from a charge point, but about many."""

    gateway_id: str
    started_at_ms: int
    """Tells its lives apart: what it held in an earlier one is gone."""
    online: int
    """Charge points it holds."""
