"""Many charge points that start at one moment, each in a way of its own, while its driver does something else.

Everything a charge point does follows from its behaviour, the moment and the commands that reach it; what it really
delivered is known to it alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from chargecloud.device.commands import ConfirmRecord, DeviceCommand, ReadSample, StartCharging, StopCharging
from chargecloud.device.events import (
    CameOnline,
    CommandEnded,
    CommandOutcome,
    DeviceEvent,
    StartRefusal,
    StopAnswered,
    WentOffline,
)
from tests.support.world import answered, booted, record, sample

SECOND_MS = 1_000
SAMPLES_EVERY_MS = 15_000
LASTS_MS = 120_000
AWAY_MS = 40_000
UPLOADS_EVERY_MS = 30_000
FLAT = 2
"""The band of a morning."""


class Behaviour(StrEnum):
    """How a charge point takes a start (abuse A13)."""

    PROMPT = "prompt"
    """It says yes and charges after some seconds; a stop before that makes it stay idle."""
    PLUGS_LATE = "plugs_late"
    """It says "not plugged" and charges when the driver has plugged in; a stop before that finds nothing to stop."""
    SILENT = "silent"
    """It never answers and charges all the same; it answers stops late."""


class Act(StrEnum):
    """What happens meanwhile."""

    CANCEL = "cancel"
    REFUND = "refund"
    APP_KILLED = "app_killed"
    NETWORK_LOST = "network_lost"


BEGINS_MS = {Behaviour.PROMPT: 8_000, Behaviour.PLUGS_LATE: 45_000, Behaviour.SILENT: 30_000}
STOPS_AFTER_MS = {Behaviour.PROMPT: 1_000, Behaviour.PLUGS_LATE: 1_000, Behaviour.SILENT: 10_000}


@dataclass
class Point:
    """One charge point with one car, from the start on."""

    code: str
    behaviour: Behaviour
    act: Act
    act_at_ms: int
    driver_id: int = 0
    order_no: str = ""
    session_no: str = ""
    started_ms: int = 0
    on_ms: int | None = None
    off_ms: int | None = None
    begins_ms: int | None = None
    confirmed: bool = False
    next_upload_ms: int | None = None
    next_sample_ms: int = 0
    epoch: int = 1
    away_until_ms: int = 0
    said: list[tuple[int, DeviceEvent]] = field(default_factory=list)

    def energy_mwh(self, now_ms: int) -> int:
        """What has flowed at 60 kW, in the steps of the meter."""
        if self.on_ms is None:
            return 0
        until_ms = min(now_ms, self.off_ms if self.off_ms is not None else now_ms)
        return (until_ms - self.on_ms) * 50 // 3 // 100 * 100

    def lose_network(self, now_ms: int) -> None:
        self.away_until_ms = now_ms + AWAY_MS
        gone = WentOffline(charge_point_code=self.code, gateway_id="g1", epoch=self.epoch, reason="reset")
        self.said.append((now_ms, gone))
        self.epoch += 1
        self.said.append((self.away_until_ms, booted(self.code, link_id=f"g1/{self.code}/{self.epoch}")))
        back = CameOnline(charge_point_code=self.code, gateway_id="g1", epoch=self.epoch)
        self.said.append((self.away_until_ms, back))

    def take(self, command: DeviceCommand, now_ms: int) -> None:
        """A command; what is away hears nothing, and the gateway says so after a while."""
        if now_ms < self.away_until_ms:
            if isinstance(command, StartCharging | StopCharging):
                self.say_later(now_ms + 10_000, self.ended(command, CommandOutcome.UNANSWERED))
            return
        match command:
            case StartCharging():
                self.start(command, now_ms)
            case StopCharging():
                self.stop(command, now_ms)
            case ReadSample():
                self.say_later(now_ms + SECOND_MS, None)
            case ConfirmRecord():
                self.confirmed = True

    def start(self, command: StartCharging, now_ms: int) -> None:
        self.begins_ms = now_ms + BEGINS_MS[self.behaviour]
        if self.behaviour is Behaviour.SILENT:
            self.say_later(now_ms + 10_000, self.ended(command, CommandOutcome.UNANSWERED))
            return
        refusal = StartRefusal.NONE if self.behaviour is Behaviour.PROMPT else StartRefusal.NOT_PLUGGED
        self.say_later(now_ms + SECOND_MS, answered(self.session_no, refusal, charge_point_code=self.code))
        outcome = CommandOutcome.DONE if refusal is StartRefusal.NONE else CommandOutcome.REFUSED
        self.say_later(now_ms + SECOND_MS, self.ended(command, outcome))

    def stop(self, command: StopCharging, now_ms: int) -> None:
        at_ms = now_ms + STOPS_AFTER_MS[self.behaviour]
        charging = self.on_ms is not None and self.off_ms is None
        if charging:
            self.end(at_ms)
        elif self.behaviour is Behaviour.PROMPT:
            self.begins_ms = None
        answer = StopAnswered(
            charge_point_code=self.code, command_id=command.command_id, connector_no=1, accepted=charging,
            reason="none" if charging else "not_charging",
        )  # fmt: skip
        self.say_later(at_ms, answer)
        self.say_later(at_ms, self.ended(command, CommandOutcome.DONE if charging else CommandOutcome.REFUSED))

    def ended(self, command: DeviceCommand, outcome: CommandOutcome) -> CommandEnded:
        kind = type(command).__name__
        return CommandEnded(charge_point_code=self.code, command_id=command.command_id, command=kind, outcome=outcome)

    def say_later(self, at_ms: int, event: DeviceEvent | None) -> None:
        """None: a sample of that moment."""
        if event is None:
            self.next_sample_ms = min(self.next_sample_ms, at_ms)
        else:
            self.said.append((at_ms, event))

    def end(self, at_ms: int) -> None:
        if self.off_ms is None:
            self.off_ms = at_ms
            self.next_upload_ms = at_ms + 3 * SECOND_MS

    def tick(self, now_ms: int) -> Iterator[DeviceEvent]:
        """What is said by now; from where nobody hears it, it is lost, but for records."""
        if self.begins_ms is not None and now_ms >= self.begins_ms:
            self.on_ms, self.begins_ms = self.begins_ms, None
            self.next_sample_ms = now_ms
        if self.on_ms is not None and now_ms >= self.on_ms + LASTS_MS:
            self.end(self.on_ms + LASTS_MS)
        due = [entry for entry in self.said if entry[0] <= now_ms]
        self.said = [entry for entry in self.said if entry[0] > now_ms]
        away = now_ms < self.away_until_ms
        yield from (event for _, event in due if not away or isinstance(event, WentOffline | CommandEnded))
        if now_ms >= self.next_sample_ms:
            self.next_sample_ms = now_ms + SAMPLES_EVERY_MS
            if not away:
                yield self.sample(now_ms)
        if self.next_upload_ms is not None and now_ms >= self.next_upload_ms and not self.confirmed and not away:
            self.next_upload_ms = now_ms + UPLOADS_EVERY_MS
            yield self.record()

    def sample(self, now_ms: int) -> DeviceEvent:
        charging = self.on_ms is not None and (self.off_ms is None or now_ms < self.off_ms)
        energy, charged_s = self.energy_mwh(now_ms), 0
        if charging and self.on_ms is not None:
            charged_s = (now_ms - self.on_ms) // 1000
        return sample(
            self.session_no if charging else "", energy if charging else 0, charge_point_code=self.code,
            charged_s=charged_s,
        )  # fmt: skip

    def record(self) -> DeviceEvent:
        assert self.on_ms is not None and self.off_ms is not None
        bands = [0, 0, 0, 0]
        bands[FLAT] = self.energy_mwh(self.off_ms)
        return record(
            self.session_no, bands, charge_point_code=self.code, started_at_ms=self.on_ms, ended_at_ms=self.off_ms,
            closed_at_ms=self.off_ms,
        )  # fmt: skip
