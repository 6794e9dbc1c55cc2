"""Pricing and the rules of versions: exact integers, no database, no clock."""

from collections.abc import Iterable, Sequence, Set

from chargecloud.device.commands import DeviceTariff, TariffBand
from chargecloud.features.tariffs.messages import (
    BandPrice,
    Bill,
    BillLine,
    EnergySegment,
    TariffVersion,
    TouBand,
    VersionState,
)
from chargecloud.kernel.errors import Invalid, Refused
from chargecloud.kernel.money import BilledAmount, Rate, fee_half_up, to_fen_half_up

HALF_HOURS = 48
HALF_HOUR_MS = 1_800_000
_BEIJING_OFFSET_MS = 8 * 3_600_000
_DAY_MS = HALF_HOURS * HALF_HOUR_MS

MAX_PRICE_SI_PER_KWH = 10_000_000
"""100 yuan a kWh: nobody charges that, and every product of it fits 64 bits."""
MAX_PENDING = 5
MAX_NAME_LENGTH = 80
TARIFF_NUMBERS = 9999
"""0001…9999; 0000 is what a charge point says that has no tariff yet (文档 §0x05)."""


def half_hour_of(at_ms: int) -> int:
    """Which of the 48 half hours of the Beijing day a moment lies in."""
    return (at_ms + _BEIJING_OFFSET_MS) % _DAY_MS // HALF_HOUR_MS


def band_at(version: TariffVersion, at_ms: int) -> TouBand:
    """The band that counts at a moment."""
    return TouBand(version.half_hours[half_hour_of(at_ms)])


def price_segments(version: TariffVersion, segments: Iterable[EnergySegment]) -> Bill:
    """The bill of energy measured half hour by half hour."""
    energy_mwh = [0, 0, 0, 0]
    for segment in segments:
        energy_mwh[band_at(version, segment.start_ms)] += segment.energy_mwh
    return price_bands(version, energy_mwh)


def price_bands(version: TariffVersion, energy_mwh: Sequence[int]) -> Bill:
    """The bill of energy already sorted into sharp, peak, flat and valley."""
    if len(energy_mwh) != len(TouBand) or min(energy_mwh) < 0:
        raise Invalid("需要尖峰平谷四段电量，且不能为负", "invalid_energy", energy_mwh=list(energy_mwh))
    return _bill([_line(version, band, energy_mwh[band]) for band in TouBand if energy_mwh[band]])


def _line(version: TariffVersion, band: TouBand, energy_mwh: int) -> BillLine:
    price = version.bands[band]
    return BillLine(
        band=band,
        energy_mwh=energy_mwh,
        price=price,
        energy_fee_hao=fee_half_up(energy_mwh, Rate(price.energy_si_per_kwh)).hao,
        service_fee_hao=fee_half_up(energy_mwh, Rate(price.service_si_per_kwh)).hao,
    )


def _bill(lines: Sequence[BillLine]) -> Bill:
    energy_fee_hao = sum(line.energy_fee_hao for line in lines)
    service_fee_hao = sum(line.service_fee_hao for line in lines)
    total_hao = energy_fee_hao + service_fee_hao
    total_fen = to_fen_half_up(BilledAmount(total_hao)).fen
    energy_fee_fen = to_fen_half_up(BilledAmount(energy_fee_hao)).fen
    return Bill(
        lines=tuple(lines),
        energy_fee_hao=energy_fee_hao,
        service_fee_hao=service_fee_hao,
        total_hao=total_hao,
        total_fen=total_fen,
        rounding_hao=total_fen * 100 - total_hao,
        energy_fee_fen=energy_fee_fen,
        service_fee_fen=total_fen - energy_fee_fen,
    )


def normal_name(text: str) -> str:
    """A name without blanks around it and without control characters."""
    name = text.strip()
    if not 0 < len(name) <= MAX_NAME_LENGTH or not name.isprintable():
        raise Invalid(f"名称为 1 至 {MAX_NAME_LENGTH} 个可见字符", "invalid_name", field="name")
    return name


def check_prices(bands: Sequence[BandPrice | None], half_hours: Sequence[int]) -> tuple[BandPrice, ...]:
    """Four prices and 48 half hours that fit each other; an unused band may go without a price and gets zero."""
    if len(half_hours) != HALF_HOURS:
        raise Invalid(f"需要 48 个半小时时段，收到 {len(half_hours)} 个", "invalid_half_hours", field="half_hours")
    strange = sorted(set(half_hours) - set(TouBand))
    if strange:
        raise Invalid("时段只能是 0 尖、1 峰、2 平、3 谷", "invalid_half_hours", values=strange)
    missing = sorted(TouBand(number).name.lower() for number in set(half_hours) if bands[number] is None)
    if missing:
        raise Invalid("时段用到的费率没有填写单价", "price_missing", bands=missing)
    for band, price in zip(TouBand, bands, strict=True):
        if price and not _in_range(price):
            raise Invalid(f"单价须在 0 至 {MAX_PRICE_SI_PER_KWH} 丝/kWh 之间", "invalid_price", band=band.name.lower())
    return tuple(price or BandPrice(0, 0) for price in bands)


def _in_range(price: BandPrice) -> bool:
    return all(0 <= si <= MAX_PRICE_SI_PER_KWH for si in (price.energy_si_per_kwh, price.service_si_per_kwh))


def check_effective(effective_from_ms: int, *, now_ms: int, others_ms: Sequence[int]) -> None:
    """A version may not rewrite the past (the first one may), nor share its moment; few may wait at a time."""
    if others_ms and effective_from_ms < now_ms:
        raise Invalid("生效时间不能早于现在", "effective_in_the_past", field="effective_from")
    if effective_from_ms in others_ms:
        raise Refused("该时刻已有另一个生效项，请先取消它", "effective_taken")
    if sum(other > now_ms for other in others_ms) >= MAX_PENDING and effective_from_ms > now_ms:
        raise Refused(f"最多 {MAX_PENDING} 个待生效项，请先取消一个", "too_many_pending")


def states(effective_ms: Sequence[tuple[int, bool]], now_ms: int) -> list[VersionState]:
    """The state of each version of one tariff, given (effective from, cancelled)."""
    started = [moment for moment, cancelled in effective_ms if not cancelled and moment <= now_ms]
    active = max(started, default=None)
    return [_state(moment, cancelled, active, now_ms) for moment, cancelled in effective_ms]


def _state(effective_from_ms: int, cancelled: bool, active_from_ms: int | None, now_ms: int) -> VersionState:
    if cancelled:
        return VersionState.CANCELLED
    if effective_from_ms > now_ms:
        return VersionState.PENDING
    return VersionState.ACTIVE if effective_from_ms == active_from_ms else VersionState.EXPIRED


def next_tariff_no(last_no: str, in_use: Set[str]) -> str:
    """The number after the last one given, round and round, that nobody uses.

    A number whose bytes read the other way round are in use counts as used: some charge points swap them (文档 D15).
    """
    taken = in_use | {number[2:] + number[:2] for number in in_use}
    start = int(last_no or "0")
    for step in range(1, TARIFF_NUMBERS + 1):
        number = f"{(start + step - 1) % TARIFF_NUMBERS + 1:04d}"
        if number not in taken:
            return number
    raise Refused("计费模型编号已用完，请取消待生效的版本", "tariff_numbers_exhausted")


def device_tariff(version: TariffVersion) -> DeviceTariff:
    """The version as charge points hold it."""
    sharp, peak, flat, valley = (TariffBand(b.energy_si_per_kwh, b.service_si_per_kwh) for b in version.bands)
    return DeviceTariff(tariff_no=version.tariff_no, bands=(sharp, peak, flat, valley), half_hours=version.half_hours)
