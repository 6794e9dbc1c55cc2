"""What other features may know of charging sessions, ask of them, and listen to."""

from enum import StrEnum

import msgspec

from chargecloud.device.commands import ChargeLimit
from chargecloud.device.events import RecordUploaded, StartMethod
from chargecloud.features.tariffs.messages import PowerInterval, TariffVersion
from chargecloud.kernel.message import Event


class SessionState(StrEnum):
    """Where a session stands; the table of moves is `model.TRANSITIONS`."""

    REQUESTED = "requested"
    STARTING = "starting"
    AWAITING_PLUG = "awaiting_plug"
    UNCONFIRMED = "unconfirmed"
    CHARGING = "charging"
    STOPPING = "stopping"
    AWAITING_RECORD = "awaiting_record"
    UNAUTHORISED = "unauthorised"
    RECORDED = "recorded"
    ESTIMATED = "estimated"
    REJECTED = "rejected"
    FAILED = "failed"


class LimitKind(StrEnum):
    """What a driver may limit a charge by."""

    NONE = "none"
    MONEY = "money"
    ENERGY = "energy"
    MINUTES = "minutes"
    SOC = "soc"


class Limit(msgspec.Struct, frozen=True):
    """Stop when so much is reached: fen, mWh, minutes or per cent, by kind."""

    kind: LimitKind = LimitKind.NONE
    value: int = 0


class StopReason(StrEnum):
    """Why we asked a charge point to stop; its own reason comes with the record."""

    DRIVER = "driver"
    STAFF = "staff"
    LIMIT_MONEY = "limit_money"
    LIMIT_ENERGY = "limit_energy"
    LIMIT_MINUTES = "limit_minutes"
    LIMIT_SOC = "limit_soc"
    HOLD_USED_UP = "hold_used_up"
    TOO_LONG = "too_long"
    START_TIMEOUT = "start_timeout"
    PARTNER_FAILED = "partner_failed"
    UNAUTHORISED = "unauthorised"
    FIRE_GUARD = "fire_guard"


class Segment(msgspec.Struct, frozen=True, array_like=True):
    """Energy that flowed within one half hour, by our clock."""

    start_ms: int
    energy_mwh: int


class RequestStart(msgspec.Struct, frozen=True, kw_only=True):
    """Begin a session for an order; everything a session ever needs to know of the world above it."""

    session_no: str
    order_no: str
    operator_id: int
    station_id: int
    charge_point_code: str
    connector_no: int
    rated_power_w: int
    method: StartMethod
    driver_id: int
    driver_place: str
    """Key of one of the driver's free places, see `service.free_places`."""
    tariff: TariffVersion
    cap_fen: int
    """What is held; the charge stops when our price reaches it."""
    limit: Limit = Limit()
    card_label: str = ""
    card_id: str = ""
    vin: str = ""
    parallel_no: str = ""
    charge_limit: ChargeLimit | None = None
    """How far the charge point itself lets the charge go, where it can be told."""


class ChargingSession(msgspec.Struct, frozen=True, kw_only=True):
    """All we know of one charging session."""

    session_no: str
    order_no: str = ""
    operator_id: int
    station_id: int
    charge_point_code: str
    connector_no: int
    rated_power_w: int
    method: StartMethod
    driver_id: int | None = None
    card_label: str = ""
    card_id: str = ""
    vin: str = ""
    parallel_no: str = ""
    tariff: TariffVersion | None = None
    """The price list noted at the start; it never changes."""
    cap_fen: int = 0
    limit_kind: LimitKind = LimitKind.NONE
    limit_value: int = 0
    state: SessionState
    connector_key: str | None = None
    """Occupies the connector: unique while energy may flow, empty afterwards."""
    driver_key: str | None = None
    """Occupies one of the driver's places, likewise."""
    requested_at_ms: int
    proof_due_at_ms: int
    """By then the charge point has to have shown that it charges; an idle word before proves nothing."""
    began_at_ms: int | None = None
    ended_at_ms: int | None = None
    evidence_at_ms: int
    """When anything was last heard of this session."""
    due_at_ms: int | None = None
    """When the sweep looks at it next."""
    nudges: int = 0
    idle_samples: int = 0
    stop_reason: str = ""
    refusal: str = ""
    soc_start_pct: int | None = None
    soc_pct: int = 0
    voltage_mv: int = 0
    current_ma: int = 0
    cable_temp_c: int | None = None
    battery_temp_c: int | None = None
    charged_s: int = 0
    remaining_s: int = 0
    metered_at_ms: int | None = None
    energy_mwh: int = 0
    """What was counted by our rules; never falls."""
    amount_hao: int = 0
    """Our running price of it."""
    reported_amount_hao: int = 0
    gap_mwh: int = 0
    """Part of the energy that arrived across silences, so that its half hours are a guess."""
    segments: tuple[Segment, ...] = ()
    intervals: tuple[PowerInterval, ...] = ()
    """Power from report to report, of charge points that only count."""
    flags: tuple[str, ...] = ()
    record_id: str | None = None
    record_count: int = 0
    record_energy_mwh: int = 0
    revision: int = 0

    @property
    def power_w(self) -> int:
        """Output at the last sample."""
        return self.voltage_mv * self.current_ma // 1_000_000


class RecordStanding(StrEnum):
    """What a stored record is to its session."""

    FIRST = "first"
    CONFLICT = "conflict"
    MISPLACED = "misplaced"


class ChargeDetailRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A charge detail record as it was stored."""

    record_id: str
    received_at_ms: int
    body: RecordUploaded


class SessionEventBase(Event, frozen=True, gc=False, kw_only=True):
    """Root of what sessions tell; messages carry names, the truth is in the database."""

    session_no: str
    charge_point_code: str


class SessionStarted(SessionEventBase, frozen=True, gc=False, kw_only=True, tag=True):
    """The charge point proved that it charges."""


class SessionRejected(SessionEventBase, frozen=True, gc=False, kw_only=True, tag=True):
    """The charge point said no, or never got the command."""

    reason: str


class SessionFailed(SessionEventBase, frozen=True, gc=False, kw_only=True, tag=True):
    """It is proven that no energy flowed."""

    reason: str


class SessionEnded(SessionEventBase, frozen=True, gc=False, kw_only=True, tag=True):
    """Energy no longer flows; the record is due."""


class SessionReopened(SessionEventBase, frozen=True, gc=False, kw_only=True, tag=True):
    """Energy flows though the session was over (abuse A13)."""


class SessionSurfaced(SessionEventBase, frozen=True, gc=False, kw_only=True, tag=True):
    """A connector charges under a number the platform never issued."""

    connector_no: int
    stopped: bool


class SessionRecorded(SessionEventBase, frozen=True, gc=False, kw_only=True, tag=True):
    """A charge detail record is durable."""

    record_id: str
    conflict: bool
    """A different record for this session was there before."""


class SessionEstimated(SessionEventBase, frozen=True, gc=False, kw_only=True, tag=True):
    """No record came in time; the last sample has to do."""


class RecordMisplaced(SessionEventBase, frozen=True, gc=False, kw_only=True, tag=True):
    """A charge point uploaded a record for a session of another one; it was not confirmed."""

    owner_code: str
