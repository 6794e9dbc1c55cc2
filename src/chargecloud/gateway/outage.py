"""What a gateway does with events while the bus is away: the latest of what replaces itself, the rest up to a bound."""

from chargecloud.device.commands import AnswerBalance, AnswerStart, DeviceCommand, ReplyRefusal
from chargecloud.device.events import (
    BalanceAsked,
    BatteryDemand,
    BatteryStatus,
    Beat,
    DeviceEvent,
    HubSampled,
    MeterSampled,
    StartRequested,
)
from chargecloud.infra.bus.contract import Bus
from chargecloud.kernel.message import Envelope

RELEASED_AT_ONCE = 2_000
_REPLACED = (Beat, MeterSampled, BatteryDemand, BatteryStatus)
"""Only the last one counts, for each connector."""
_NEVER_MS = 1 << 62


class Outage:
    """Bounded; the oldest goes first and is counted. Once told, the platform sees every connector as it is now."""

    def __init__(self, most: int) -> None:
        self.dropped = 0
        self._most = most
        self._held: dict[object, Envelope] = {}
        self._number = 0

    def __len__(self) -> int:
        return len(self._held)

    def hold(self, envelope: Envelope) -> None:
        """Keep an event until the bus is back."""
        body, held = envelope.body, self._held
        if isinstance(body, _REPLACED):
            key: object = (type(body), body.charge_point_code, body.connector_no)
            held.pop(key, None)
        elif isinstance(body, HubSampled):
            key = (HubSampled, body.charge_point_code)
            held.pop(key, None)
        else:
            self._number += 1
            key = self._number
        held[key] = envelope
        if len(held) > self._most:
            del held[next(iter(held))]
            self.dropped += 1

    def release(self, bus: Bus) -> bool:
        """Publish some of what was held, in order; True when nothing is held any more."""
        held = self._held
        for _ in range(RELEASED_AT_ONCE):
            if not held or bus.congested:
                break
            bus.publish(held.pop(next(iter(held))))
        return not held


def refusal_of(event: DeviceEvent) -> DeviceCommand | None:
    """What a driver at the charge point is told at once, because nobody can decide; None when nobody asked."""
    if isinstance(event, StartRequested):
        return AnswerStart(
            command_id="",
            charge_point_code=event.charge_point_code,
            expires_at_ms=_NEVER_MS,
            request_id=event.request_id,
            connector_no=event.connector_no,
            accepted=False,
            refusal=ReplyRefusal.OUT_OF_SERVICE,
            session_no="",
            card_label="",
            balance_fen=0,
        )
    if isinstance(event, BalanceAsked):
        return AnswerBalance(
            command_id="",
            charge_point_code=event.charge_point_code,
            expires_at_ms=_NEVER_MS,
            request_id=event.request_id,
            refusal=ReplyRefusal.OUT_OF_SERVICE,
            balance_fen=0,
        )
    return None
