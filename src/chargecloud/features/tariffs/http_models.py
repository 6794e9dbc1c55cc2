"""What requests about tariffs carry and get back. Prices and computed amounts are decimal text in yuan."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field

from chargecloud.features.tariffs.messages import (
    BandPrice,
    Bill,
    BillLine,
    PushState,
    Tariff,
    TariffKind,
    TariffVersion,
    VersionState,
)
from chargecloud.features.tariffs.model import HALF_HOURS, MAX_NAME_LENGTH
from chargecloud.features.tariffs.service_push import Pushed
from chargecloud.features.tariffs.views import AssignmentRow, PushRow, VersionRow
from chargecloud.infra.http.model import LARGEST, ApiModel, Id, Moment, MomentIn, Mwh

Band = Literal["sharp", "peak", "flat", "valley"]
BAND_NAMES: tuple[Band, ...] = ("sharp", "peak", "flat", "valley")
Price = Annotated[
    str, Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,5})?$", examples=["0.80000"], description="元/kWh，最多 5 位小数")
]
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)]
SI_DIGITS, HAO_DIGITS = 5, 4


def decimal_text(whole: int, digits: int) -> str:
    """A whole number of small units as decimal text in yuan."""
    return str(Decimal(whole).scaleb(-digits))


class PriceBody(ApiModel):
    """Energy and service price of one band."""

    energy_yuan_per_kwh: Price
    service_yuan_per_kwh: Price

    def read(self) -> BandPrice:
        return BandPrice(
            int(Decimal(self.energy_yuan_per_kwh).scaleb(SI_DIGITS)),
            int(Decimal(self.service_yuan_per_kwh).scaleb(SI_DIGITS)),
        )

    @classmethod
    def of(cls, price: BandPrice) -> Self:
        return cls(
            energy_yuan_per_kwh=decimal_text(price.energy_si_per_kwh, SI_DIGITS),
            service_yuan_per_kwh=decimal_text(price.service_si_per_kwh, SI_DIGITS),
        )


class BandsBody(ApiModel):
    """Prices of the four bands; one that no half hour uses may be left out."""

    sharp: PriceBody | None = None
    peak: PriceBody | None = None
    flat: PriceBody | None = None
    valley: PriceBody | None = None

    def read(self) -> tuple[BandPrice | None, BandPrice | None, BandPrice | None, BandPrice | None]:
        sharp, peak, flat, valley = (
            price.read() if price else None for price in (self.sharp, self.peak, self.flat, self.valley)
        )
        return sharp, peak, flat, valley


class BandsOut(ApiModel):
    """Prices of the four bands."""

    sharp: PriceBody
    peak: PriceBody
    flat: PriceBody
    valley: PriceBody


class NewVersionBody(ApiModel):
    """A price list to take effect at a moment, or at once."""

    bands: BandsBody
    half_hours: Annotated[
        list[Band], Field(min_length=HALF_HOURS, max_length=HALF_HOURS, description="从 0:00 起每半小时一项，共 48 项")
    ]
    effective_from: MomentIn | None = None

    def numbers(self) -> tuple[int, ...]:
        return tuple(BAND_NAMES.index(name) for name in self.half_hours)


class NewTariffBody(ApiModel):
    """A tariff, with its first version when it is known already."""

    name: Name
    version: NewVersionBody | None = None


class RenameBody(ApiModel):
    """Another name."""

    name: Name


class VersionOut(ApiModel):
    """A version; it never changes."""

    id: int
    tariff_id: int
    version_no: int
    tariff_no: str
    state: VersionState | None
    bands: BandsOut
    half_hours: list[Band]
    effective_from: Moment
    created_by: str | None = None

    @classmethod
    def of(cls, version: TariffVersion, state: VersionState | None = None, created_by: str | None = None) -> Self:
        sharp, peak, flat, valley = (PriceBody.of(price) for price in version.bands)
        return cls(
            id=version.version_id,
            tariff_id=version.tariff_id,
            version_no=version.version_no,
            tariff_no=version.tariff_no,
            state=state,
            bands=BandsOut(sharp=sharp, peak=peak, flat=flat, valley=valley),
            half_hours=[BAND_NAMES[number] for number in version.half_hours],
            effective_from=version.effective_from_ms,
            created_by=created_by,
        )

    @classmethod
    def of_row(cls, row: VersionRow) -> Self:
        return cls.of(row.version, row.state, row.created_by)


class TariffOut(ApiModel):
    """A tariff."""

    id: int
    operator_id: int
    name: str
    versions: int
    created_at: Moment

    @classmethod
    def of(cls, row: Tariff) -> Self:
        return cls(
            id=row.tariff_id,
            operator_id=row.operator_id,
            name=row.name,
            versions=row.versions,
            created_at=row.created_at_ms,
        )


class TariffDetailOut(ApiModel):
    """A tariff with its versions, newest first."""

    tariff: TariffOut
    versions: list[VersionOut]


class SegmentBody(ApiModel):
    """Energy of one half hour, at any moment of it."""

    start: MomentIn
    energy_mwh: Mwh


class QuoteBody(ApiModel):
    """What would this cost? By the version of a moment, or by a version by name."""

    segments: Annotated[list[SegmentBody], Field(min_length=1, max_length=1000)]
    version_id: Id | None = None


class BillLineOut(ApiModel):
    """What one band costs."""

    band: Band
    energy_mwh: Mwh
    price: PriceBody
    energy_fee_yuan: str
    service_fee_yuan: str

    @classmethod
    def of(cls, line: BillLine) -> Self:
        return cls(
            band=BAND_NAMES[line.band],
            energy_mwh=line.energy_mwh,
            price=PriceBody.of(line.price),
            energy_fee_yuan=decimal_text(line.energy_fee_hao, HAO_DIGITS),
            service_fee_yuan=decimal_text(line.service_fee_hao, HAO_DIGITS),
        )


class BillOut(ApiModel):
    """What it costs: lines to four decimals, one rounding to fen at the total."""

    version_id: int
    lines: list[BillLineOut]
    energy_fee_yuan: str
    service_fee_yuan: str
    total_yuan: str
    total_fen: Annotated[int, Field(ge=0, le=LARGEST)]
    rounding_yuan: str

    @classmethod
    def of(cls, version: TariffVersion, bill: Bill) -> Self:
        return cls(
            version_id=version.version_id,
            lines=[BillLineOut.of(line) for line in bill.lines],
            energy_fee_yuan=decimal_text(bill.energy_fee_hao, HAO_DIGITS),
            service_fee_yuan=decimal_text(bill.service_fee_hao, HAO_DIGITS),
            total_yuan=decimal_text(bill.total_hao, HAO_DIGITS),
            total_fen=bill.total_fen,
            rounding_yuan=decimal_text(bill.rounding_hao, HAO_DIGITS),
        )


class NewAssignmentBody(ApiModel):
    """A station is to use a tariff from a moment on, or at once."""

    tariff_id: Id
    effective_from: MomentIn | None = None


class AssignmentOut(ApiModel):
    """A station uses a tariff from a moment on."""

    id: int
    station_id: int
    tariff_id: int
    tariff_name: str
    kind: Annotated[TariffKind, Field(strict=False)]
    effective_from: Moment
    state: VersionState
    created_by: str

    @classmethod
    def of(cls, row: AssignmentRow) -> Self:
        return cls(
            id=row.assignment_id,
            station_id=row.station_id,
            tariff_id=row.tariff_id,
            tariff_name=row.tariff_name,
            kind=row.kind,
            effective_from=row.effective_from_ms,
            state=row.state,
            created_by=row.created_by,
        )


class AssignmentsOut(ApiModel):
    """Assignments, newest first."""

    items: list[AssignmentOut]


class PushedOut(ApiModel):
    """What became of a push at once."""

    charge_point_code: str
    state: PushState

    @classmethod
    def of(cls, pushed: Pushed) -> Self:
        return cls(charge_point_code=pushed.charge_point_code, state=pushed.state)


class PushedAllOut(ApiModel):
    """One entry a charge point; the results come in over time."""

    items: list[PushedOut]


class PushOut(ApiModel):
    """What became of the last push to a charge point."""

    charge_point_code: str
    tariff_id: int
    version_id: int
    version_no: int
    tariff_no: str
    state: PushState
    reason: str
    requested_by: str
    asked_at: Moment
    ended_at: Moment | None

    @classmethod
    def of(cls, row: PushRow) -> Self:
        return cls(
            charge_point_code=row.charge_point_code,
            tariff_id=row.tariff_id,
            version_id=row.version_id,
            version_no=row.version_no,
            tariff_no=row.tariff_no,
            state=row.state,
            reason=row.reason,
            requested_by=row.requested_by,
            asked_at=row.asked_at_ms,
            ended_at=row.ended_at_ms,
        )
