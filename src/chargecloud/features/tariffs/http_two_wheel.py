"""Two-wheel tariffs: their versions, what a charge would have cost, and what counts at a station."""

from decimal import Decimal
from typing import Annotated, Self

from fastapi import APIRouter, Depends
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.operators import service as operators
from chargecloud.features.operators.messages import DEFAULT_OPERATOR_ID
from chargecloud.features.stations import service as stations
from chargecloud.features.tariffs import service, views
from chargecloud.features.tariffs.http_models import HAO_DIGITS, SI_DIGITS, Name, Price, TariffOut, decimal_text
from chargecloud.features.tariffs.messages import (
    Basis,
    Bill,
    PowerInterval,
    PowerTier,
    Rule,
    TariffKind,
    TariffVersion,
    TierPractice,
    TwoWheelPlan,
    Usage,
    UsageLine,
    VersionState,
)
from chargecloud.features.tariffs.views import VersionRow
from chargecloud.infra.http.auth import Principal, Someone, require
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.model import ApiModel, Id, Moment, MomentIn, Mwh
from chargecloud.infra.http.paging import Page, Pages
from chargecloud.infra.sql.uow import UnitOfWork

two_wheel_routes = APIRouter()
Reader = Annotated[Principal, Depends(require("tariffs.read"))]
Writer = Annotated[Principal, Depends(require("tariffs.write"))]
PlanFen = Annotated[int, Field(ge=0, le=100_000, description="分")]
Seconds = Annotated[int, Field(ge=0, le=65_535)]
Watts = Annotated[int, Field(ge=1, le=6_500)]
MW_PER_W = 1_000


class TierBody(ApiModel):
    """What an hour costs up to so much power; the last tier has no upper end."""

    max_power_w: Watts | None = None
    fen_per_hour: PlanFen


class PlanBody(ApiModel):
    """A two-wheel price list; only the fields of its basis may be filled."""

    basis: Annotated[Basis, Field(strict=False)]
    tiers: Annotated[list[TierBody], Field(max_length=10)] = []
    tier_practice: Annotated[TierPractice, Field(strict=False)] = TierPractice.UPGRADE_ONLY
    energy_yuan_per_kwh: Price = "0"
    service_yuan_per_kwh: Price = "0"
    per_use_fen: PlanFen = 0
    full_hold_fen: Annotated[int, Field(ge=1, le=100_000, description="充满自停预付，分")] = 500
    min_charge_fen: PlanFen = 0
    billing_step_s: Annotated[int, Field(ge=1, le=3_600)] = 1
    billing_step_mwh: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    free_s: Annotated[int, Field(ge=0, le=3_600)] = 0
    bill_float: bool = True
    no_refund_under_fen: PlanFen = 0
    max_duration_s: Annotated[int, Field(ge=60, le=65_535)] = 43_200
    max_power_w: Annotated[int, Field(ge=0, le=6_500)] = 0

    def read(self) -> TwoWheelPlan:
        """As the services know it."""
        values = self.model_dump(exclude={"tiers", "energy_yuan_per_kwh", "service_yuan_per_kwh"})
        return TwoWheelPlan(
            tiers=tuple(PowerTier(tier.max_power_w, tier.fen_per_hour) for tier in self.tiers),
            energy_si_per_kwh=int(Decimal(self.energy_yuan_per_kwh).scaleb(SI_DIGITS)),
            service_si_per_kwh=int(Decimal(self.service_yuan_per_kwh).scaleb(SI_DIGITS)),
            **values,
        )

    @classmethod
    def of(cls, plan: TwoWheelPlan) -> Self:
        """As it is shown."""
        numbers = ("full_hold_fen", "min_charge_fen", "billing_step_s", "billing_step_mwh", "free_s", "bill_float",
                   "no_refund_under_fen", "max_duration_s", "max_power_w", "per_use_fen")  # fmt: skip
        return cls(
            basis=plan.basis,
            tiers=[TierBody(max_power_w=tier.max_power_w, fen_per_hour=tier.fen_per_hour) for tier in plan.tiers],
            tier_practice=plan.tier_practice,
            energy_yuan_per_kwh=decimal_text(plan.energy_si_per_kwh, SI_DIGITS),
            service_yuan_per_kwh=decimal_text(plan.service_si_per_kwh, SI_DIGITS),
            **{name: getattr(plan, name) for name in numbers},
        )


class NewPlanBody(ApiModel):
    """A price list to take effect at a moment, or at once."""

    plan: PlanBody
    effective_from: MomentIn | None = None


class NewTwoWheelBody(ApiModel):
    """A two-wheel tariff, with its first version when it is known already."""

    name: Name
    version: NewPlanBody | None = None


class PlanVersionOut(ApiModel):
    """A version; it never changes."""

    id: int
    tariff_id: int
    version_no: int
    state: VersionState | None
    plan: PlanBody
    effective_from: Moment
    created_by: str | None = None

    @classmethod
    def of(cls, version: TariffVersion, state: VersionState | None = None, created_by: str | None = None) -> Self:
        return cls(
            id=version.version_id,
            tariff_id=version.tariff_id,
            version_no=version.version_no,
            state=state,
            plan=PlanBody.of(_plan(version)),
            effective_from=version.effective_from_ms,
            created_by=created_by,
        )

    @classmethod
    def of_row(cls, row: VersionRow) -> Self:
        return cls.of(row.version, row.state, row.created_by)


class TwoWheelDetailOut(ApiModel):
    """A two-wheel tariff with its versions, newest first."""

    tariff: TariffOut
    versions: list[PlanVersionOut]


class IntervalBody(ApiModel):
    """What a charge point said of the time since its last report."""

    until_s: Seconds
    avg_power_w: Annotated[int, Field(ge=0, le=6_500)]
    max_power_w: Annotated[int, Field(ge=0, le=6_500)]
    floating: bool = False


class UsageBody(ApiModel):
    """A charge as it was delivered, to be priced."""

    prepaid_fen: Annotated[int, Field(ge=0, le=1_000_000)]
    charged_s: Seconds
    energy_mwh: Mwh = 0
    max_power_w: Annotated[int, Field(ge=0, le=6_500)] = 0
    early_max_power_w: Annotated[int | None, Field(ge=0, le=6_500)] = None
    intervals: Annotated[list[IntervalBody], Field(max_length=300)] = []
    by_fault: bool = False
    version_id: Id | None = None

    def usage(self) -> Usage:
        """As the rules know it."""
        early_w = self.early_max_power_w
        return Usage(
            charged_s=self.charged_s,
            energy_mwh=self.energy_mwh,
            max_power_mw=self.max_power_w * MW_PER_W,
            early_max_power_mw=None if early_w is None else early_w * MW_PER_W,
            intervals=tuple(
                PowerInterval(part.until_s, part.avg_power_w * MW_PER_W, part.max_power_w * MW_PER_W, part.floating)
                for part in sorted(self.intervals, key=lambda part: part.until_s)
            ),
            by_fault=self.by_fault,
        )


class QuotedLineOut(ApiModel):
    """A line of what a two-wheel charge would cost."""

    kind: str
    duration_s: int
    energy_mwh: int
    max_power_w: int | None
    fen_per_hour: int | None
    energy_fee_yuan: str
    service_fee_yuan: str

    @classmethod
    def of(cls, line: UsageLine) -> Self:
        return cls(
            kind=line.kind,
            duration_s=line.duration_s,
            energy_mwh=line.energy_mwh,
            max_power_w=line.max_power_w,
            fen_per_hour=line.fen_per_hour,
            energy_fee_yuan=decimal_text(line.energy_fee_hao, HAO_DIGITS),
            service_fee_yuan=decimal_text(line.service_fee_hao, HAO_DIGITS),
        )


class UsageBillOut(ApiModel):
    """What a charge would have cost, and what would have been paid back."""

    version_id: int
    rule: Rule
    cost_fen: int
    refund_fen: int
    energy_fee_fen: int
    service_fee_fen: int
    lines: list[QuotedLineOut]

    @classmethod
    def of(cls, version: TariffVersion, bill: Bill, rule: Rule, prepaid_fen: int) -> Self:
        return cls(
            version_id=version.version_id,
            rule=rule,
            cost_fen=bill.total_fen,
            refund_fen=prepaid_fen - bill.total_fen,
            energy_fee_fen=bill.energy_fee_fen,
            service_fee_fen=bill.service_fee_fen,
            lines=[QuotedLineOut.of(line) for line in bill.usage_lines],
        )


@two_wheel_routes.get("/two-wheel-tariffs", operation_id="listTwoWheelTariffs", summary="两轮计费")
async def list_tariffs(reader: Reader, db: Db, pages: Pages) -> Page[TariffOut]:
    """Two-wheel tariffs, newest first."""
    async with db.read() as connection:
        rows = await views.tariffs_page(
            connection,
            reader.operator_id,
            views.TariffFilter(kind=TariffKind.TWO_WHEEL),
            before_id=pages.before_id,
            limit=pages.fetch,
        )
    shown, following = pages.page(rows, lambda row: row.tariff_id)
    return Page[TariffOut](items=[TariffOut.of(row) for row in shown], next=following)


@two_wheel_routes.post(
    "/two-wheel-tariffs", operation_id="createTwoWheelTariff", status_code=201, summary="新增两轮计费"
)
async def create_tariff(body: NewTwoWheelBody, writer: Writer, db: Db) -> TwoWheelDetailOut:
    """A two-wheel tariff, with its first version when it is known already."""
    async with db.unit() as uow:
        operator_id = writer.operator_id or DEFAULT_OPERATOR_ID
        tariff_id = await service.create_tariff(uow, operator_id=operator_id, name=body.name, kind=TariffKind.TWO_WHEEL)
        operators.audit(uow, writer, "tariff.create", f"tariff:{tariff_id}", {"name": body.name})
        if body.version is not None:
            await _write_version(uow, writer, tariff_id, body.version)
        return await _detail(uow.connection, writer, tariff_id, uow.now_ms)


@two_wheel_routes.get("/two-wheel-tariffs/{tariff_id}", operation_id="getTwoWheelTariff", summary="两轮计费详情")
async def get_tariff(tariff_id: Id, reader: Reader, db: Db) -> TwoWheelDetailOut:
    """One of them with its versions, newest first."""
    async with db.read() as connection:
        return await _detail(connection, reader, tariff_id, db.clock.now_ms())


@two_wheel_routes.post(
    "/two-wheel-tariffs/{tariff_id}/versions",
    operation_id="createTwoWheelVersion",
    status_code=201,
    summary="新增两轮计费版本",
)
async def create_version(tariff_id: Id, body: NewPlanBody, writer: Writer, db: Db) -> PlanVersionOut:
    """A new price list; running charges keep the one they began with."""
    async with db.unit() as uow:
        await service.tariff(uow.connection, tariff_id, writer.operator_id, kind=TariffKind.TWO_WHEEL)
        return PlanVersionOut.of(await _write_version(uow, writer, tariff_id, body))


@two_wheel_routes.delete(
    "/two-wheel-tariffs/{tariff_id}/versions/{version_id}",
    operation_id="cancelTwoWheelVersion",
    status_code=204,
    summary="取消待生效的两轮计费版本",
)
async def cancel_version(tariff_id: Id, version_id: Id, writer: Writer, db: Db) -> None:
    """Withdraw a version that has not begun."""
    async with db.unit() as uow:
        await service.tariff(uow.connection, tariff_id, writer.operator_id, kind=TariffKind.TWO_WHEEL)
        await service.cancel_version(uow, tariff_id, version_id)
        operators.audit(uow, writer, "tariff.cancel_version", f"tariff:{tariff_id}", {"version_id": version_id})


@two_wheel_routes.post(
    "/two-wheel-tariffs/{tariff_id}/quotes", operation_id="quoteTwoWheelTariff", summary="两轮计费试算"
)
async def quote(tariff_id: Id, body: UsageBody, reader: Reader, db: Db) -> UsageBillOut:
    """What a charge would have cost; by the version that counts now, unless one is named."""
    async with db.read() as connection:
        await service.tariff(connection, tariff_id, reader.operator_id, kind=TariffKind.TWO_WHEEL)
        version = await service.version_of_tariff(
            connection, tariff_id, version_id=body.version_id, at_ms=db.clock.now_ms()
        )
    bill, rule = service.charge(_plan(version), body.usage(), body.prepaid_fen)
    return UsageBillOut.of(version, bill, rule, body.prepaid_fen)


@two_wheel_routes.get(
    "/stations/{station_id}/two-wheel-tariff", operation_id="getStationTwoWheelTariff", summary="当前两轮计费"
)
async def current(station_id: Id, _: Someone, db: Db) -> PlanVersionOut:
    """The two-wheel price list that counts now; drivers may look, too."""
    async with db.read() as connection:
        uow = UnitOfWork(connection, db.clock.now_ms())
        await stations.station(uow, station_id)
        version = await service.version_at(uow, station_id, uow.now_ms, kind=TariffKind.TWO_WHEEL)
    return PlanVersionOut.of(version)


def _plan(version: TariffVersion) -> TwoWheelPlan:
    """The plan of a version; `service.create_version` lets no two-wheel version be without one."""
    if version.plan is None:
        raise RuntimeError(f"two-wheel version {version.version_id} has no plan")
    return version.plan


async def _write_version(uow: UnitOfWork, writer: Principal, tariff_id: int, body: NewPlanBody) -> TariffVersion:
    new = service.NewVersion(
        tariff_id=tariff_id,
        plan=body.plan.read(),
        effective_from_ms=body.effective_from,
        by=f"staff:{writer.id}",
    )
    version = await service.create_version(uow, new)
    facts = {"version_id": version.version_id, "after": body.model_dump(mode="json")}
    operators.audit(uow, writer, "tariff.create_version", f"tariff:{tariff_id}", facts)
    return version


async def _detail(connection: AsyncConnection, principal: Principal, tariff_id: int, now_ms: int) -> TwoWheelDetailOut:
    found = await service.tariff(connection, tariff_id, principal.operator_id, kind=TariffKind.TWO_WHEEL)
    history = await views.versions_of(connection, tariff_id, now_ms)
    return TwoWheelDetailOut(tariff=TariffOut.of(found), versions=[PlanVersionOut.of_row(row) for row in history])
