"""The city at the beginning: stations, tariffs, charge points of every temper, drivers with cards and cars."""

import random
from dataclasses import dataclass, field, replace
from itertools import pairwise

from chargecloud.device.commands import OfflineCard, StoreCards
from chargecloud.features.drivers import service as drivers
from chargecloud.features.drivers.service import NewCard, NewDriver
from chargecloud.features.stations import service as stations
from chargecloud.features.stations import service_assets
from chargecloud.features.stations.service_assets import NewChargePoint, NewStation
from chargecloud.features.tariffs import service as tariffs
from chargecloud.features.tariffs.messages import BandPrice
from chargecloud.features.tariffs.service import NewAssignment, NewVersion
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import TopUp
from chargecloud.infra.sql.reach import EVERYWHERE
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.sim.board import ChargePointSpec
from chargecloud.sim.car import random_vin
from chargecloud.sim.charge_point import default_spec
from chargecloud.sim.faults import Faults
from chargecloud.sim.temper import TEMPERS, Beats
from tests.city.options import CityOptions
from tests.city.platform import Platform

FIRST_CODE = 32010600000001
TARIFFS = 3
CARDS_AT_ONCE = 12


@dataclass(frozen=True, slots=True)
class PriceList:
    """A tariff version as the city wrote it: the oracle prices by this, not by what the platform stored."""

    tariff_id: int
    effective_from_ms: int
    prices_si: tuple[tuple[int, int], ...]
    """Energy and service price of sharp, peak, flat and valley, in 0.00001 yuan a kWh."""
    half_hours: tuple[int, ...]


@dataclass(slots=True)
class Person:
    """A driver."""

    driver_id: int
    card: str = ""
    vin: str = ""
    busy: int = 0


@dataclass
class World:
    """What was set up, as the city knows it."""

    options: CityOptions
    rng: random.Random
    specs: list[ChargePointSpec] = field(default_factory=list)
    habits: dict[str, Faults] = field(default_factory=dict)
    station_of: dict[str, int] = field(default_factory=dict)
    tariff_of: dict[int, int] = field(default_factory=dict)
    price_lists: list[PriceList] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    top_ups: int = 0

    def price_list(self, code: str, at_ms: int) -> PriceList:
        """What counted at this charge point at that moment."""
        valid = [one for one in self.price_lists_of(code) if one.effective_from_ms <= at_ms]
        return max(valid, key=lambda one: one.effective_from_ms)

    def price_lists_of(self, code: str) -> list[PriceList]:
        """Every version of this charge point's tariff."""
        tariff_id = self.tariff_of[self.station_of[code]]
        return [one for one in self.price_lists if one.tariff_id == tariff_id]

    async def furnish(self, platform: Platform) -> None:
        """Enter everything through the services."""
        for number in range(TARIFFS):
            await platform.ask(lambda uow, number=number: self._tariff(uow, number))
        self.specs = [self._spec(index) for index in range(self.options.charge_points)]
        for start in range(0, len(self.specs), 10):
            await platform.ask(lambda uow, start=start: self._station(uow, start))
        connectors = sum(spec.connector_count for spec in self.specs)
        for start in range(0, max(6, connectors), 50):
            count = min(50, max(6, connectors) - start)
            await platform.ask(lambda uow, count=count: self._drivers(uow, count))

    async def new_version(self, uow: UnitOfWork, tariff_id: int, effective_from_ms: int) -> None:
        """New prices for a tariff from a moment on."""
        prices = tuple((self.rng.randrange(30_000, 150_000), self.rng.randrange(10_000, 80_000)) for _ in range(4))
        cuts = sorted(self.rng.sample(range(1, 48), 7))
        edges = [0, *cuts, 48]
        halves: list[int] = []
        for start, end in pairwise(edges):
            halves += [self.rng.randrange(4)] * (end - start)
        bands = tuple(BandPrice(energy, service) for energy, service in prices)
        new = NewVersion(
            tariff_id=tariff_id,
            bands=bands,
            half_hours=tuple(halves),
            effective_from_ms=effective_from_ms,
        )
        await tariffs.create_version(uow, new)
        self.price_lists.append(PriceList(tariff_id, effective_from_ms, prices, tuple(halves)))

    async def top_up(self, uow: UnitOfWork, person: Person, amount_fen: int) -> None:
        """Money over the counter."""
        self.top_ups += 1
        command = TopUp(
            driver_id=person.driver_id, transfer_id=f"top-up-{self.top_ups}", amount_fen=amount_fen, source="counter"
        )
        await wallet.top_up(uow, command)

    async def store_cards(self, uow: UnitOfWork, code: str, request: str) -> None:
        """Let a charge point know some cards, so that it starts them when it is offline."""
        with_card = [person for person in self.people if person.card][:CARDS_AT_ONCE]
        cards = tuple(OfflineCard(card_label=f"{person.driver_id:08d}", card_id=person.card) for person in with_card)
        command = StoreCards(command_id=request, charge_point_code=code, expires_at_ms=uow.now_ms + 60_000, cards=cards)
        await stations.ask(uow, command, requested_by="city")

    async def _tariff(self, uow: UnitOfWork, number: int) -> None:
        tariff_id = await tariffs.create_tariff(uow, operator_id=1, name=f"电价{number}")
        await self.new_version(uow, tariff_id, self.options.starts_ms - 86_400_000)

    async def _station(self, uow: UnitOfWork, start: int) -> None:
        station = await service_assets.create_station(uow, 1, NewStation(name=f"城市站{start // 10}"))
        tariff_id = self.price_lists[start // 10 % TARIFFS].tariff_id
        self.tariff_of[station.id] = tariff_id
        since_ms = self.options.starts_ms - 86_400_000
        await tariffs.assign(uow, NewAssignment(station_id=station.id, tariff_id=tariff_id, effective_from_ms=since_ms))
        for spec in self.specs[start : start + 10]:
            new = NewChargePoint(
                code=spec.code, station_id=station.id, name=spec.code, power_type=spec.power_type.value,
                connector_count=spec.connector_count, rated_power_w=spec.rated_power_w,
            )  # fmt: skip
            await service_assets.create_charge_point(uow, new, reach=EVERYWHERE)
            self.station_of[spec.code] = station.id

    async def _drivers(self, uow: UnitOfWork, count: int) -> None:
        for _ in range(count):
            number = len(self.people)
            made = await drivers.create_driver(uow, NewDriver(name=f"车主{number}", operator_id=1))
            person = Person(made.driver_id)
            if self.rng.random() < 0.6:
                person.card = f"{0xC0FFEE00000000 + number * 7919:016X}"
                await drivers.add_card(
                    uow, NewCard(driver_id=made.driver_id, card_id=person.card, card_label=f"{number:08d}")
                )
            if self.rng.random() < 0.4:
                person.vin = random_vin(self.rng)
                await drivers.add_vehicle(uow, made.driver_id, vin=person.vin)
            rich = self.rng.random() < 0.85
            await self.top_up(uow, person, self.rng.randrange(5_000, 60_000) if rich else self.rng.randrange(50, 900))
            self.people.append(person)

    def _spec(self, index: int) -> ChargePointSpec:
        options, rng = self.options, self.rng
        tempers = list(TEMPERS.values())
        spec = default_spec(
            f"{FIRST_CODE + index * 37:014d}", index, temper=tempers[(index + index // 4) % len(tempers)]
        )
        habitual = {name: getattr(options, name) for name in ("duplicate_record", "late_record") if rng.random() < 0.5}
        if rng.random() < 0.1:
            habitual["unanswered"] = options.unanswered
        if options.unanswered and rng.random() < 0.02:
            habitual["unanswered"] = 1.0
        if options.single_beats:
            spec = replace(spec, temper=replace(spec.temper, beats=Beats.ONE))
        self.habits[spec.code] = Faults(late_s=600, **habitual)
        if rng.random() < options.skewed:
            skew_s = rng.choice((90, 900, 7_200, 86_400 * 400)) * rng.choice((-1, 1))
            spec = replace(spec, skew_ms=skew_s * 1000, keeps_own_clock=rng.random() < 0.5)
        if rng.random() < options.drifting:
            spec = replace(spec, drift_ppm=rng.randrange(-500, 500))
        return spec
