"""A virtual charge point of 云快充 V1.6: bytes and time in, bytes out; no socket, no clock, equal for equal seeds."""

import random
from collections.abc import Callable
from typing import cast

from chargecloud.device.events import PowerType
from chargecloud.protocols.wire.schema import Frame, Reply
from chargecloud.protocols.ykc16 import frames
from chargecloud.sim import stops
from chargecloud.sim.asking import Asking
from chargecloud.sim.beats import Heart
from chargecloud.sim.board import Board, ChargePointSpec
from chargecloud.sim.car import Car
from chargecloud.sim.charging import Charging
from chargecloud.sim.connector import Phase, VirtualConnector
from chargecloud.sim.faults import NO_FAULTS, Faults, Mischief
from chargecloud.sim.line import Line
from chargecloud.sim.local_clock import LocalClock
from chargecloud.sim.locks import Locks
from chargecloud.sim.meter import Meter
from chargecloud.sim.opening import Opening
from chargecloud.sim.parallel import Parallel
from chargecloud.sim.records import Records
from chargecloud.sim.remote import Remote
from chargecloud.sim.samples import Samples
from chargecloud.sim.settings import Settings
from chargecloud.sim.temper import STANDARD, Temper
from chargecloud.sim.truth import Standing, Truth
from chargecloud.sim.upkeep import Upkeep

Handler = Callable[[Frame, bytes, float], None]
BOOT_S = (5, 15)
REFUSES_FOREIGN_CODE = {0x34, 0x36, 0x42, 0x92, 0x94, 0xA4}
"""Commands whose answer can say "not my code"; other frames for another charge point are ignored and counted."""
WRONG_YEAR_MS = 1_577_808_000_000
"""2020-01-01 Beijing: where the clock stands after its memory was lost."""


class VirtualChargePoint:
    """One charge point with its connectors, driven from outside.

    `now` is monotonic seconds everywhere. Whoever drives the object opens a link when `wants_link(now)`, tells it with
    `connected` and `disconnected`, feeds `receive`, calls `tick` at `deadline()`, sends `take_output()` after each
    call, and closes the link when `closing` is set.
    """

    def __init__(
        self, spec: ChargePointSpec, *, seed: int, now: float, wall_ms: int, faults: Faults = NO_FAULTS
    ) -> None:
        rng = random.Random(f"{seed}/{spec.code}")
        skew_ms = spec.skew_ms + int(rng.uniform(-1, 1) * faults.skew_s * 1000)
        clock = LocalClock(now, wall_ms, skew_ms=skew_ms, drift_ppm=spec.drift_ppm)
        connectors = tuple(
            VirtualConnector(number, spec.power_type, clock.local_ms, Meter(rng.randrange(10_000, 50_000_000)))
            for number in range(1, spec.connector_count + 1)
        )
        mischief = Mischief(faults, random.Random(f"{seed}/{spec.code}/mischief"))
        truth = Truth()
        self.board = Board(spec, rng, clock, mischief, connectors, truth, Line(spec.temper, truth.counts))
        self.truth = truth
        self._booted_at = now
        self._samples = Samples(self.board)
        self._records = Records(self.board)
        self._heart = Heart(self.board)
        self._charging = Charging(self.board, samples=self._samples, records=self._records)
        self._opening = Opening(self.board, heart=self._heart, samples=self._samples, records=self._records)
        self._asking = Asking(self.board, self._charging)
        self._remote = Remote(self.board, self._charging)
        self._parallel = Parallel(self.board, self._charging)
        self._settings = Settings(self.board, charging=self._charging, opening=self._opening)
        self._locks = Locks(self.board)
        self._upkeep = Upkeep(self.board, self.reboot)
        self._handlers = self._table()

    # ── the link ────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def closing(self) -> bool:
        """It wants its link closed: refused, unanswered, or going down."""
        return self.board.closing

    @property
    def online(self) -> bool:
        """Logged in."""
        return self.board.online

    @property
    def code(self) -> str:
        """The charge point code."""
        return self.board.code

    @property
    def linked(self) -> bool:
        """Whether its end of a link is open."""
        return self.board.line.open

    @property
    def unsettled(self) -> bool:
        """Whether a record waits that nobody has confirmed or refused."""
        return not all(record.refused for record in self.board.memory.records.values())

    def standing(self) -> Standing:
        """How it stands at this moment."""
        return Standing(
            online=int(self.online),
            without_tariff=int(self.online and self.board.memory.tariff is None),
            charging=sum(connector.phase is Phase.CHARGING for connector in self.connectors),
            records_waiting=sum(not record.refused for record in self.board.memory.records.values()),
        )

    def wants_link(self, now: float) -> bool:
        """Whether it would connect now: not while it boots, nor soon after a refusal."""
        return not self.board.line.open and now >= self.link_wanted_at()

    def link_wanted_at(self) -> float:
        """From when on it wants a link."""
        return max(self._booted_at, self._opening.not_before)

    def connected(self, now: float) -> None:
        """A link is there."""
        self._opening.begin(now)

    def disconnected(self, now: float) -> None:
        """The link is gone; charging goes on."""
        self._opening.abandon()
        self._locks.pause()
        self._parallel.forget()
        self.board.closing = False

    def receive(self, data: bytes, now: float) -> None:
        """Bytes from the platform; never raises, whatever they are."""
        for frame, sequence in self.board.line.receive(data):
            self._obey(frame, sequence, now)

    def tick(self, now: float) -> None:
        """Do what is due."""
        self.board.agenda.run(now)

    def deadline(self) -> float:
        """When `tick` next has something to do; infinity when never."""
        return self.board.agenda.next_at()

    def take_output(self) -> list[bytes]:
        """Frames to send, in order; hands them over and forgets them."""
        return self.board.line.take_output()

    # ── people ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def connectors(self) -> tuple[VirtualConnector, ...]:
        """All connectors, in the order of their numbers."""
        return self.board.connectors

    def plug(self, connector_no: int, car: Car, now: float) -> bool:
        """A car is plugged in; False when another one hangs there."""
        connector = self.board.connector(connector_no)
        if connector.car is not None:
            return False
        connector.car = car
        self._samples.changed(connector, now)
        self._remote.plugged(connector, now)
        return True

    def unplug(self, connector_no: int, now: float) -> bool:
        """The cable is pulled, in mid-charge as well; False when there is none."""
        connector = self.board.connector(connector_no)
        if connector.car is None:
            return False
        connector.car = None
        self._asking.give_up(connector)
        if not self._charging.stop(connector, stops.UNPLUGGED, now):
            self._samples.changed(connector, now)
        return True

    def swipe(self, connector_no: int, card: str, now: float, *, password: bytes = b"") -> bool:
        """Hold a card (hex digits) to the reader: starts, or stops the charge it started. False: nothing happens."""
        return self._asking.swipe(self.board.connector(connector_no), card, now, password=password)

    def swipe_parallel(self, main_no: int, auxiliary_no: int, card: str, now: float) -> bool:
        """Ask for both connectors, on which one car hangs. False: nothing happens."""
        return self._parallel.swipe(self.board.connector(main_no), self.board.connector(auxiliary_no), card, now)

    def present_vin(self, connector_no: int, now: float) -> bool:
        """The car asks to charge by its VIN. False: nothing happens."""
        return self._asking.present_vin(self.board.connector(connector_no), now)

    def press_stop(self, connector_no: int, now: float) -> bool:
        """The driver stops at the screen. False: nothing charges."""
        return self._charging.stop(self.board.connector(connector_no), stops.SCREEN, now)

    def break_down(self, connector_no: int, kind: str, now: float) -> None:
        """Something breaks; `kind` is a key of `stops.FAULTS`."""
        if kind not in stops.FAULTS:
            raise ValueError(f"unknown fault {kind!r}; known are {', '.join(stops.FAULTS)}")
        connector = self.board.connector(connector_no)
        connector.fault = stops.FAULTS[kind]
        self._asking.give_up(connector)
        self._remote.give_up(connector)
        self._charging.stop(connector, connector.fault.stop, now)
        self._samples.changed(connector, now)

    def repair(self, connector_no: int, now: float) -> None:
        """It works again."""
        connector = self.board.connector(connector_no)
        connector.fault = None
        self._samples.changed(connector, now)

    def reboot(self, now: float, *, lose_memory: bool = False) -> None:
        """The power fails and comes back: records of what charged are in the memory, unless that is lost."""
        board = self.board
        board.online = board.ready = False
        for connector in board.connectors:
            self._charging.cut(connector, now)
        if lose_memory:
            board.memory.lose()
            board.clock.set(now, WRONG_YEAR_MS)
        self._settings.qr_prefix = ""
        self._parallel.forget()
        board.agenda.clear()
        board.line.take_output()
        board.closing = board.line.open
        self._booted_at = now + board.rng.uniform(*BOOT_S)

    # ── the platform ────────────────────────────────────────────────────────────────────────────────────────────────

    def _obey(self, frame: Frame, sequence: bytes, now: float) -> None:
        handler = self._handlers.get(type(frame))
        if handler is None or frame.code in self.board.temper.ignores:
            return
        if frame.code not in REFUSES_FOREIGN_CODE and getattr(frame, "pile_code", self.board.code) != self.board.code:
            self.truth.counts.bad_down += 1
            return
        if frame.reply is Reply.AWAIT:
            ignored = self.board.mischief.ignores_command()
            self.board.saw(frame, now, ignored=ignored)
            if ignored:
                return
        if self.board.online or isinstance(frame, frames.LoginResponse):
            handler(frame, sequence, now)

    def _table(self) -> dict[type[Frame], Handler]:
        opening, asking = self._opening, self._asking
        answers: dict[type[Frame], Callable[..., None]] = {
            frames.LoginResponse: lambda frame, _, now: self._logged_in(frame, now),
            frames.HeartbeatAck: lambda *_: self._heart.answered(),
            frames.BillingModelVerifyResponse: lambda frame, _, now: opening.verified(frame, now),
            frames.BillingModelResponse: lambda frame, _, now: opening.fetched(frame, now),
            frames.StartChargeResponse: lambda frame, _, now: asking.answered(frame, now),
            frames.ParallelStartResponse: lambda frame, _, now: self._parallel.answered(frame, now),
            frames.TransactionRecordConfirm: lambda frame, _, now: self._records.confirmed(frame, now),
        }
        commands: dict[type[Frame], Callable[..., None]] = {
            frames.ReadRealtimeData: self._read,
            frames.RemoteStart: self._remote.start,
            frames.RemoteStop: self._remote.stop,
            frames.ParallelRemoteStart: self._parallel.commanded,
            frames.BalanceUpdate: self._settings.set_balance,
            frames.OfflineCardSync: self._settings.store_cards,
            frames.OfflineCardClear: self._settings.remove_cards,
            frames.OfflineCardQuery: self._settings.query_cards,
            frames.WorkParamSet: self._settings.set_work,
            frames.TimeSync: self._settings.set_clock,
            frames.BillingModelSet: self._settings.set_tariff,
            frames.QrPrefixSet: self._settings.set_qr_prefix,
            frames.GroundLockControl: self._locks.command,
            frames.RemoteReboot: self._upkeep.reboot,
            frames.RemoteUpdate: self._upkeep.update,
        }
        return {kind: cast("Handler", handler) for kind, handler in (answers | commands).items()}

    def _logged_in(self, frame: frames.LoginResponse, now: float) -> None:
        before = self.board.online
        self._opening.answered(frame, now)
        if self.board.online and not before:
            self._locks.begin(now)

    def _read(self, frame: frames.ReadRealtimeData, sequence: bytes, now: float) -> None:
        connector = self.board.addressed(frame.gun_no)
        if connector is not None:
            self._samples.answer(connector, sequence, now)


def default_spec(
    code: str, number: int, *, temper: Temper = STANDARD, power_type: PowerType | None = None
) -> ChargePointSpec:
    """A plausible mix: DC of three sizes and, every fourth, AC with one connector; or only the kind asked for."""
    kind = power_type or (PowerType.AC if number % 4 == 3 else PowerType.DC)
    size = number % 3
    if kind is PowerType.DC:
        return ChargePointSpec(code=code, temper=temper, rated_power_w=(60_000, 120_000, 160_000)[size])
    return ChargePointSpec(
        code=code,
        temper=temper,
        power_type=kind,
        connector_count=1,
        rated_power_w=(7_000, 11_000, 22_000)[size],
        max_voltage_mv=420_000,
        min_voltage_mv=0,
        max_current_ma=33_000,
    )
