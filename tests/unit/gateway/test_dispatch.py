"""The mailbox: each command reaches its link once or ends with the reason."""

from chargecloud.device.commands import Reboot, SyncClock
from chargecloud.device.events import CommandEnded, CommandOutcome, DeviceEvent
from chargecloud.gateway.limits import GatewayLimits
from chargecloud.kernel.message import Envelope
from tests.unit.gateway.fake import NEVER_MS, House, house


def ends(home: House) -> list[tuple[str, CommandOutcome, str]]:
    told: list[DeviceEvent] = home.told(CommandEnded)
    return [(event.command_id, event.outcome, event.reason) for event in told if event.command != "AnswerBoot"]


async def test_nobody_there() -> None:
    async with house() as home:
        await home.reboot("1", "c1")
        await home.settle()
        assert ends(home) == [("c1", CommandOutcome.OFFLINE, "not_connected")]


async def test_what_the_protocol_cannot_do() -> None:
    async with house() as home:
        await home.log_in("1")
        await home.command(SyncClock(command_id="c1", charge_point_code="1", expires_at_ms=NEVER_MS))
        await home.settle()
        assert ends(home) == [("c1", CommandOutcome.UNSUPPORTED, "command_unsupported")]


async def test_too_late_at_the_bus_and_too_late_at_the_door() -> None:
    async with house() as home:
        _, wire = await home.log_in("1")
        body = Reboot(command_id="c1", charge_point_code="1", expires_at_ms=home.clock.now_ms())
        await home.command(body)
        late = Reboot(command_id="c2", charge_point_code="1", expires_at_ms=home.clock.now_ms())
        await home.bus.send("g1", Envelope("1", late, home.clock.now_ms()))
        await home.settle()
        assert ends(home) == [("c1", CommandOutcome.EXPIRED, "expired"), ("c2", CommandOutcome.EXPIRED, "expired")]
        assert b"reboot" not in wire.sent


async def test_a_command_delivered_twice_acts_once() -> None:
    async with house() as home:
        link, wire = await home.log_in("1")
        await home.reboot("1", "c1")
        await home.reboot("1", "c1")
        await home.say(link, "done")
        assert wire.sent.count(b"reboot") == 1
        assert ends(home) == [("c1", CommandOutcome.DONE, "")]
        assert home.gateway.stats()["commands_repeated"] == 1


async def test_only_so_many_command_ids_are_remembered() -> None:
    async with house(GatewayLimits(remembered=10)) as home:
        for number in range(100):
            await home.reboot("1", f"c{number}")
        assert len(home.gateway._dispatcher._seen) == 10


async def test_strange_messages_are_counted_and_ignored() -> None:
    async with house() as home:
        strange = DeviceEvent(charge_point_code="1")
        await home.bus.send("g1", Envelope("1", strange, 0))
        await home.bus.send("g1", Envelope("1", strange, 0, expires_at_ms=1))
        assert home.gateway.stats()["strange_messages"] == 1
