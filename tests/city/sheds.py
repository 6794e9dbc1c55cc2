"""What e-bikes find in the city: sheds with prices of every kind, hosts with boards, riders with cards and passes."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from chargecloud.features.drivers import service as drivers
from chargecloud.features.drivers.service import NewCard, NewDriver
from chargecloud.features.orders import service_passes
from chargecloud.features.stations import service_assets
from chargecloud.features.stations.service_assets import NewChargePoint, NewStation
from chargecloud.features.tariffs import service as tariffs
from chargecloud.features.tariffs.messages import Basis, PowerTier, TariffKind, TierPractice, TwoWheelPlan
from chargecloud.features.tariffs.service import NewAssignment, NewVersion
from chargecloud.infra.sql.reach import EVERYWHERE
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.sim.dny.board import BoardSpec
from chargecloud.sim.dny.modem import ModemSpec
from chargecloud.sim.dny.temper import HOST_TYPE_CODE, TEMPERS, TYPE_CODES
from chargecloud.sim.faults import Faults
from tests.city.fare import ENERGY, FIRST_MINUTES, PER_INTERVAL, TIME, UPGRADE_ONLY, USE, Plan
from tests.city.options import HOUR_MS, CityOptions
from tests.city.platform import Platform
from tests.city.world import Person, World

FIRST_BOARD, FIRST_HOST, FIRST_CARD = 0x010000, 0x020000, 0xB1CE0000
PORTS = (2, 2, 2, 10, 12)
PROGRESS_S = 300
FLOAT_CONFIRM_S, FLOAT_DURATION_S = 240, 600
BOARD_POWER_W = 1_200
STATIONS_MOST = 50
TIERS = (120, 250, 400, None)
KINDS: dict[str, Plan] = {
    "by hour": Plan(basis=TIME, step_s=60),
    "by energy": Plan(basis=ENERGY, full_hold_fen=400),
    "by use": Plan(basis=USE),
    "by the first minutes' power": Plan(basis=TIME, bounds=TIERS, practice=FIRST_MINUTES),
    "by power that rises": Plan(basis=TIME, bounds=TIERS, practice=UPGRADE_ONLY),
    "by each interval's power": Plan(basis=TIME, bounds=TIERS, practice=PER_INTERVAL),
    "with a free try and a minimum": Plan(basis=TIME, free_s=180, least_fen=30, bill_float=False, kept_under_fen=10),
    "by steps of energy": Plan(basis=ENERGY, step_mwh=100_000, least_fen=20, kept_under_fen=15, full_hold_fen=600),
}
"""A plan of each kind; prices are drawn."""


@dataclass(frozen=True, slots=True)
class PlanList:
    """A version of a two-wheel tariff as the city wrote it."""

    tariff_id: int
    effective_from_ms: int
    plan: Plan


@dataclass(frozen=True, slots=True)
class PassSold:
    """A monthly card or a pack of uses, as it was sold."""

    pass_id: int
    driver_id: int
    station_id: int | None
    max_per_day: int
    uses: int | None
    longest_s: int
    price_fen: int


@dataclass
class Sheds:
    """What was set up for e-bikes, as the city knows it."""

    options: CityOptions
    rng: random.Random
    hosts: list[ModemSpec] = field(default_factory=list)
    habits: dict[str, Faults] = field(default_factory=dict)
    """By the code of a host's first board."""
    station_of: dict[str, int] = field(default_factory=dict)
    tariff_of: dict[int, int] = field(default_factory=dict)
    kind_of: dict[int, str] = field(default_factory=dict)
    """What a tariff is like."""
    price_lists: list[PlanList] = field(default_factory=list)
    riders: list[Person] = field(default_factory=list)
    passes: dict[int, PassSold] = field(default_factory=dict)
    _pass_of: dict[int, PassSold] = field(default_factory=dict)
    """By rider."""

    def plan(self, code: str, at_ms: int) -> Plan:
        """What counted at this board at that moment."""
        valid = [one for one in self.plans_of(code) if one.effective_from_ms <= at_ms]
        return max(valid, key=lambda one: one.effective_from_ms).plan

    def plans_of(self, code: str) -> list[PlanList]:
        """Every version of this board's tariff."""
        tariff_id = self.tariff_of[self.station_of[code]]
        return [one for one in self.price_lists if one.tariff_id == tariff_id]

    def boards(self) -> Iterable[BoardSpec]:
        """Every board, host by host."""
        return (board for host in self.hosts for board in host.boards)

    def pass_of(self, person: Person, code: str) -> PassSold | None:
        """A rider's pass that counts at this board, used up or not."""
        sold = self._pass_of.get(person.driver_id)
        return sold if sold is not None and sold.station_id in (None, self.station_of[code]) else None

    async def furnish(self, platform: Platform, world: World) -> None:
        """Enter everything through the services."""
        self.hosts = [self._host(index) for index in range(self.options.hubs)]
        boards = list(self.boards())
        if not boards:
            return
        kinds = list(KINDS)
        stations = min(len(boards), STATIONS_MOST)
        for number in range(min(len(kinds), stations)):
            await platform.ask(lambda uow, name=kinds[number]: self._tariff(uow, name))
        for number in range(stations):
            share = boards[number * len(boards) // stations : (number + 1) * len(boards) // stations]
            await platform.ask(lambda uow, number=number, share=share: self._station(uow, number, share))
        count = max(16, 2 * len(boards))
        for many in (min(50, count - start) for start in range(0, count, 50)):
            await platform.ask(lambda uow, many=many: self._riders(uow, world, many))

    async def new_version(self, uow: UnitOfWork, tariff_id: int, effective_from_ms: int) -> None:
        """New prices for a tariff from a moment on."""
        plan = self._prices(KINDS[self.kind_of[tariff_id]])
        new = NewVersion(tariff_id=tariff_id, plan=as_entered(plan), effective_from_ms=effective_from_ms)
        await tariffs.create_version(uow, new)
        self.price_lists.append(PlanList(tariff_id, effective_from_ms, plan))

    def _prices(self, shape: Plan) -> Plan:
        rng = self.rng
        if shape.basis == USE:
            return replace(shape, use_fen=rng.randrange(80, 300))
        if shape.basis == ENERGY:
            return replace(shape, energy_si=rng.randrange(30_000, 90_000), service_si=rng.randrange(20_000, 90_000))
        return replace(shape, fen_per_hour=tuple(sorted(rng.randrange(20, 200) for _ in shape.bounds)))

    async def _tariff(self, uow: UnitOfWork, kind: str) -> None:
        tariff_id = await tariffs.create_tariff(uow, operator_id=1, name=f"两轮 {kind}", kind=TariffKind.TWO_WHEEL)
        self.kind_of[tariff_id] = kind
        await self.new_version(uow, tariff_id, self.options.starts_ms - 24 * HOUR_MS)

    async def _station(self, uow: UnitOfWork, number: int, boards: list[BoardSpec]) -> None:
        station = await service_assets.create_station(uow, 1, NewStation(name=f"车棚{number}"))
        tariff_id = list(self.kind_of)[number % len(self.kind_of)]
        self.tariff_of[station.id] = tariff_id
        since_ms = self.options.starts_ms - 24 * HOUR_MS
        await tariffs.assign(uow, NewAssignment(station_id=station.id, tariff_id=tariff_id, effective_from_ms=since_ms))
        for board in boards:
            new = NewChargePoint(
                code=board.code, station_id=station.id, name=board.code, power_type="ac",
                connector_count=board.port_count, rated_power_w=BOARD_POWER_W,
            )  # fmt: skip
            await service_assets.create_charge_point(uow, new, reach=EVERYWHERE)
            self.station_of[board.code] = station.id

    async def _riders(self, uow: UnitOfWork, world: World, count: int) -> None:
        for _ in range(count):
            number = len(self.riders)
            made = await drivers.create_driver(uow, NewDriver(name=f"骑手{number}", operator_id=1))
            person = Person(made.driver_id)
            if self.rng.random() < 0.6:
                person.card = f"{FIRST_CARD + number * 13:016X}"
                card = NewCard(driver_id=made.driver_id, card_id=person.card, card_label=f"{90_000_000 + number}")
                await drivers.add_card(uow, card)
            rich = self.rng.random() < 0.85
            await world.top_up(uow, person, self.rng.randrange(1_500, 6_000) if rich else self.rng.randrange(20, 400))
            self.riders.append(person)
            if rich and self.rng.random() < 0.5:
                await self._sell(uow, person)

    async def _sell(self, uow: UnitOfWork, person: Person) -> None:
        """A monthly card, a pack, a day's pass that ends while the city lives; at one station or at all."""
        rng, now_ms = self.rng, uow.now_ms
        pack = rng.random() < 0.5
        new = service_passes.NewPass(
            driver_id=person.driver_id,
            name="次卡" if pack else "月卡",
            valid_from_ms=now_ms,
            valid_until_ms=now_ms + int(rng.choice((720, 720, self.options.hours * 0.7)) * HOUR_MS),
            max_per_day=0 if pack else rng.randrange(1, 4),
            max_s_per_session=rng.choice((1_800, 14_400, 43_200)),
            uses=rng.randrange(1, 6) if pack else None,
            price_fen=rng.choice((0, rng.randrange(100, 900))),
            station_id=rng.choice((None, None, *self.tariff_of)),
            request_key=f"pass-{person.driver_id}",
            by="staff:1",
        )  # fmt: skip
        sold = await service_passes.sell(uow, new, operator_id=1)
        self.passes[sold.id] = self._pass_of[person.driver_id] = PassSold(
            sold.id, person.driver_id, new.station_id, new.max_per_day, new.uses, new.max_s_per_session, new.price_fen
        )

    def _host(self, index: int) -> ModemSpec:
        options, rng = self.options, self.rng
        tempers = list(TEMPERS.values())
        boards = []
        for place in range(options.slaves):
            number, ports = FIRST_BOARD + index * 0x100 + place, rng.choice(PORTS)
            boards.append(
                BoardSpec(
                    physical_id=TYPE_CODES[ports] << 24 | number, port_count=ports, virtual_id=place + 1,
                    temper=tempers[(index + place) % len(tempers)], progress_s=PROGRESS_S,
                    float_confirm_s=FLOAT_CONFIRM_S, float_duration_s=FLOAT_DURATION_S,
                )
            )  # fmt: skip
        skew_s = (
            rng.choice((90, 900, 7_200, 86_400 * 400)) * rng.choice((-1, 1)) if rng.random() < options.skewed else 0
        )
        spec = ModemSpec(
            boards=tuple(boards),
            host_id=HOST_TYPE_CODE << 24 | FIRST_HOST + index,
            iccid=f"898604{index:014d}",
            skew_ms=skew_s * 1000,
        )
        habitual = {name: getattr(options, name) for name in ("duplicate_record", "late_record") if rng.random() < 0.5}
        if rng.random() < 0.1:
            habitual["unanswered"] = options.unanswered
        if options.unanswered and rng.random() < 0.02:
            habitual["unanswered"] = 1.0
        self.habits[spec.code] = Faults(late_s=600, **habitual)
        return spec


def as_entered(plan: Plan) -> TwoWheelPlan:
    """A plan in the platform's words."""
    tiers = tuple(map(PowerTier, plan.bounds, plan.fen_per_hour)) if plan.basis == TIME else ()
    return TwoWheelPlan(
        basis=Basis(plan.basis),
        tiers=tiers,
        tier_practice=TierPractice(plan.practice),
        energy_si_per_kwh=plan.energy_si,
        service_si_per_kwh=plan.service_si,
        per_use_fen=plan.use_fen,
        full_hold_fen=plan.full_hold_fen,
        min_charge_fen=plan.least_fen,
        billing_step_s=plan.step_s,
        billing_step_mwh=plan.step_mwh,
        free_s=plan.free_s,
        bill_float=plan.bill_float,
        no_refund_under_fen=plan.kept_under_fen,
        max_duration_s=plan.longest_s,
    )
