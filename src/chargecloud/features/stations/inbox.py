"""What charge points say that stations listen to."""

from chargecloud.device.events import (
    Beat,
    Booted,
    CameOnline,
    ClockReported,
    CommandEnded,
    GatewayReported,
    HubReported,
    HubSampled,
    LockReported,
    MeterSampled,
    RecordUploaded,
    TariffReported,
    WentOffline,
)
from chargecloud.features.stations import service, service_gateways, service_hubs
from chargecloud.infra.inbox import Subscription
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.message import Envelope


async def on_booted(uow: UnitOfWork, event: Booted, _envelope: Envelope) -> None:
    """Admit it or turn it away."""
    await service.answer_boot(uow, event)


async def on_online(uow: UnitOfWork, event: CameOnline, _envelope: Envelope) -> None:
    """Note its presence."""
    await service.came_online(uow, event)


async def on_offline(uow: UnitOfWork, event: WentOffline, _envelope: Envelope) -> None:
    """Note its absence."""
    await service.went_offline(uow, event)


async def on_sample(uow: UnitOfWork, event: MeterSampled, _envelope: Envelope) -> None:
    """Live state of a connector."""
    await service.see_sample(uow, event)


async def on_beat(uow: UnitOfWork, event: Beat, _envelope: Envelope) -> None:
    """A fault that came or went."""
    await service.see_beat(uow, event)


async def on_record(uow: UnitOfWork, event: RecordUploaded, _envelope: Envelope) -> None:
    """A charge is over, which the next heartbeat may tell only minutes later."""
    if event.usage is not None:
        await service.see_record(uow, event)


async def on_lock(uow: UnitOfWork, event: LockReported, _envelope: Envelope) -> None:
    """State of a parking lock."""
    await service.see_lock(uow, event)


async def on_clock(uow: UnitOfWork, event: ClockReported, _envelope: Envelope) -> None:
    """How far its clock is off."""
    await service.see_clock(uow, event)


async def on_tariff(uow: UnitOfWork, event: TariffReported, _envelope: Envelope) -> None:
    """Which tariff it holds."""
    await service.see_tariff(uow, event)


async def on_command_ended(uow: UnitOfWork, event: CommandEnded, _envelope: Envelope) -> None:
    """Close the line of the command log."""
    await service.command_ended(uow, event)


async def on_gateway(uow: UnitOfWork, event: GatewayReported, _envelope: Envelope) -> None:
    """A gateway lives."""
    await service_gateways.reported(uow, event)


async def on_hub(uow: UnitOfWork, event: HubReported, _envelope: Envelope) -> None:
    """A hub tells of itself and of who is behind it."""
    await service_hubs.reported(uow, event)


async def on_hub_sample(uow: UnitOfWork, event: HubSampled, _envelope: Envelope) -> None:
    """What a hub measures."""
    await service_hubs.sampled(uow, event)


SUBSCRIPTIONS = (
    Subscription(Booted, on_booted),
    Subscription(CameOnline, on_online),
    Subscription(WentOffline, on_offline),
    Subscription(MeterSampled, on_sample),
    Subscription(Beat, on_beat),
    Subscription(RecordUploaded, on_record),
    Subscription(LockReported, on_lock),
    Subscription(ClockReported, on_clock),
    Subscription(TariffReported, on_tariff),
    Subscription(CommandEnded, on_command_ended),
    Subscription(GatewayReported, on_gateway),
    Subscription(HubReported, on_hub),
    Subscription(HubSampled, on_hub_sample),
)
