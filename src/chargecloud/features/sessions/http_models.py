"""What requests about sessions are answered."""

from typing import Self

import msgspec

from chargecloud.features.sessions import views
from chargecloud.features.sessions.messages import ChargingSession
from chargecloud.infra.http.model import ApiModel, Moment
from chargecloud.infra.http.outward import outward
from chargecloud.kernel.money import hao_text


class SegmentOut(ApiModel):
    """Energy of one half hour, by our clock."""

    start: Moment
    energy_mwh: int


class SessionOut(ApiModel):
    """A charging session as it is now."""

    session_no: str
    order_no: str
    operator_id: int
    station_id: int
    charge_point_code: str
    connector_no: int
    driver_id: int | None
    method: str
    card_label: str
    vin: str
    parallel_no: str
    limit_kind: str
    limit_value: int
    cap_fen: int
    state: str
    stop_reason: str
    refusal: str
    requested_at: Moment
    began_at: Moment | None
    ended_at: Moment | None
    evidence_at: Moment
    soc_start_pct: int | None
    soc_pct: int
    voltage_mv: int
    current_ma: int
    power_w: int
    cable_temp_c: int | None
    battery_temp_c: int | None
    charged_s: int
    remaining_s: int
    energy_mwh: int
    amount_yuan: str
    reported_amount_yuan: str
    segments: list[SegmentOut]
    flags: list[str]
    record_count: int

    @classmethod
    def of(cls, session: ChargingSession) -> Self:
        hidden = {
            "tariff", "rated_power_w", "card_id", "connector_key", "driver_key", "proof_due_at_ms", "due_at_ms",
            "nudges", "idle_samples", "intervals", "metered_at_ms", "gap_mwh", "record_id", "record_energy_mwh",
            "revision",
        }  # fmt: skip
        values = {name: value for name, value in msgspec.structs.asdict(session).items() if name not in hidden}
        for name in ("requested_at", "began_at", "ended_at", "evidence_at"):
            values[name] = values.pop(f"{name}_ms")
        for name in ("amount", "reported_amount"):
            values[f"{name}_yuan"] = hao_text(values.pop(f"{name}_hao"))
        values["vin"] = masked_vin(session.vin)
        values["segments"] = [SegmentOut(start=part.start_ms, energy_mwh=part.energy_mwh) for part in session.segments]
        for name in ("method", "limit_kind", "state"):
            values[name] = values[name].value
        return cls(**values | {"power_w": session.power_w, "flags": list(session.flags)})


def masked_vin(vin: str) -> str:
    """First three and last four characters; the rest is personal."""
    return f"{vin[:3]}…{vin[-4:]}" if len(vin) > 7 else vin


class RecordOut(ApiModel):
    """A charge detail record as it was uploaded."""

    record_id: str
    charge_point_code: str
    connector_no: int
    session_no: str
    standing: str
    received_at: Moment
    body: dict[str, object]
    raw_hex: str

    @classmethod
    def of(cls, row: views.RecordRow) -> Self:
        values = msgspec.structs.asdict(row)
        return cls(received_at=values.pop("received_at_ms"), **values | {"body": outward(row.body)})


class RecordsOut(ApiModel):
    """All records of a session, oldest first."""

    items: list[RecordOut]


class SampleOut(ApiModel):
    """One point of a charging curve."""

    at: Moment
    status: int
    energy_mwh: int
    amount_yuan: str
    voltage_mv: int
    current_ma: int
    soc_pct: int
    cable_temp_c: int | None
    battery_temp_c: int | None
    fault_bits: int

    @classmethod
    def of(cls, row: views.MeterSample) -> Self:
        values = msgspec.structs.asdict(row)
        del values["id"]
        return cls(at=values.pop("at_ms"), amount_yuan=hao_text(values.pop("amount_hao")), **values)


class ReportOut(ApiModel):
    """What battery and charger told each other."""

    at: Moment
    kind: str
    body: dict[str, object]

    @classmethod
    def of(cls, row: views.ReportRow) -> Self:
        return cls(at=row.at_ms, kind=row.kind, body=outward(row.body))
