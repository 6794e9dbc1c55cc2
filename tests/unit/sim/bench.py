"""A platform played by hand: frames out, frames in, time moved by the test."""

from collections.abc import Callable
from dataclasses import dataclass, field

from chargecloud.device.events import PowerType
from chargecloud.kernel.clock import local_time
from chargecloud.protocols.wire.schema import Frame
from chargecloud.protocols.wire.stream import StreamCutter, UnitKind
from chargecloud.protocols.wire.values import write_cp56
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.codec import decode, encode
from chargecloud.protocols.ykc16.framing import FRAMING
from chargecloud.sim.battery import NCM, Battery
from chargecloud.sim.board import ChargePointSpec
from chargecloud.sim.car import Car
from chargecloud.sim.charge_point import VirtualChargePoint
from chargecloud.sim.connector import Phase
from chargecloud.sim.faults import NO_FAULTS, Faults
from chargecloud.sim.temper import STANDARD, Temper

CODE = "32010600000001"
NOON_MS = 1_767_240_000_000
"""2026-01-01 12:00 Beijing."""
TRADE_NO = CODE + "01" + "260101120000" + "0001"
HALF_HOURS = bytes([3] * 16 + [2] * 8 + [1] * 12 + [0] * 8 + [3] * 4)
"""Valley to 8, flat to 12, peak to 18, sharp to 22, valley."""


def car(*, soc: float = 0.3, target: float = 1.0, speed: float = 1.0) -> Car:
    return Car("LZZS1MTEST0000001", Battery(NCM, 96, 210, soc=soc), 7_000, target_soc=target, speed=speed)


def tariff_fields(number: str = "0042") -> dict[str, object]:
    return {
        "pile_code": CODE,
        "billing_model_no": number,
        "sharp_energy_price": 120_000,
        "sharp_service_price": 80_000,
        "peak_energy_price": 100_000,
        "peak_service_price": 60_001,
        "flat_energy_price": 70_000,
        "flat_service_price": 50_000,
        "valley_energy_price": 30_000,
        "valley_service_price": 40_000,
        "loss_ratio": 0,
        "period_rates": HALF_HOURS,
    }


@dataclass
class Bench:
    """One charge point and the hand that plays the platform."""

    temper: Temper = STANDARD
    power_type: PowerType = PowerType.DC
    faults: Faults = NO_FAULTS
    seed: int = 1
    wall_ms: int = NOON_MS
    skew_ms: int = 0
    keeps_own_clock: bool = False
    now: float = 100.0
    auto: bool = True
    """Answer 0x01, 0x03, 0x05, 0x09 by itself."""
    confirms: bool = True
    """Answer 0x3B with 0x40."""
    heard: list[Frame] = field(default_factory=list)
    sequences: list[bytes] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    _sequence: int = 0

    def __post_init__(self) -> None:
        spec = ChargePointSpec(
            code=CODE,
            temper=self.temper,
            power_type=self.power_type,
            skew_ms=self.skew_ms,
            keeps_own_clock=self.keeps_own_clock,
        )
        self.point = VirtualChargePoint(spec, seed=self.seed, now=self.now, wall_ms=self.wall_ms, faults=self.faults)
        self._cutter = StreamCutter(FRAMING)

    def connect(self) -> "Bench":
        self.point.connected(self.now)
        self.pump()
        return self

    def ready(self) -> "Bench":
        """Connected and through with the opening, the opening's frames forgotten."""
        self.connect()
        self.wait_for(lambda: self.point.board.ready, 60)
        self.forget()
        return self

    def drop(self) -> None:
        self.point.disconnected(self.now)
        self._cutter = StreamCutter(FRAMING)

    def forget(self) -> None:
        self.heard.clear()
        self.sequences.clear()
        self.raw.clear()

    def pass_time(self, seconds: float) -> None:
        """Let time pass, ticking exactly when asked to."""
        end = self.now + seconds
        while self.point.deadline() <= end:
            self.now = max(self.now, self.point.deadline())
            self.point.tick(self.now)
            self.pump()
        self.now = end

    def wait_for(self, condition: Callable[[], bool], limit_s: float) -> None:
        end = self.now + limit_s
        while not condition():
            assert self.point.deadline() <= end, f"did not happen within {limit_s} s"
            self.pass_time(max(0.0, self.point.deadline() - self.now))

    def say(self, frame: Frame, sequence: bytes | None = None) -> None:
        if sequence is None:
            self._sequence += 1
            sequence = self._sequence.to_bytes(2, "little")
        self.point.receive(encode(frame, sequence), self.now)
        self.pump()

    def pump(self) -> None:
        """Read what the charge point says, and answer it."""
        while output := self.point.take_output():
            for chunk in output:
                self.raw.append(chunk)
                for unit in self._cutter.feed(chunk):
                    assert unit.kind is UnitKind.FRAME, unit
                    decoded = decode(unit.data)
                    assert decoded.frame is not None, unit
                    self.heard.append(decoded.frame)
                    self.sequences.append(decoded.sequence)
                    self._answer(decoded.frame, decoded.sequence)

    def kinds(self) -> list[int]:
        return [frame.code for frame in self.heard]

    def last(self, kind: type[Frame]) -> Frame:
        return next(frame for frame in reversed(self.heard) if isinstance(frame, kind))

    def all(self, kind: type[Frame]) -> list[Frame]:
        return [frame for frame in self.heard if isinstance(frame, kind)]

    def start(self, trade_no: str = TRADE_NO, gun_no: str = "01", balance: int = 0, card: bytes = bytes(8)) -> None:
        self.say(
            frames.RemoteStart(
                trade_no=trade_no,
                pile_code=CODE,
                gun_no=gun_no,
                logical_card_no="0" * 16,
                physical_card_no=card,
                account_balance=balance,
            )
        )

    def stop(self, gun_no: str = "01") -> None:
        self.say(frames.RemoteStop(pile_code=CODE, gun_no=gun_no))

    def charging(self, **about: object) -> "Bench":
        """Ready, plugged in, and charging at connector 1."""
        self.ready()
        self.plug(**about)
        self.start()
        self.wait_for(lambda: self.point.connectors[0].phase is Phase.CHARGING, 20)
        return self

    def plug(self, connector_no: int = 1, **about: object) -> None:
        self.point.plug(connector_no, car(**about), self.now)  # type: ignore[arg-type]
        self.pump()

    def push_tariff(self) -> None:
        self.say(frames.BillingModelSet(**tariff_fields()))

    def sync_clock(self) -> None:
        self.say(frames.TimeSync(pile_code=CODE, current_time=self.wire_now()))

    def wire_now(self) -> bytes:
        at_ms = self.point.board.clock.true_ms(self.now)
        return write_cp56(local_time(at_ms).replace(tzinfo=None))

    def confirm(self, trade_no: str, result: int = 0) -> None:
        self.say(frames.TransactionRecordConfirm(trade_no=trade_no, confirm_result=result))

    def _answer(self, frame: Frame, sequence: bytes) -> None:
        reply: Frame | None = None
        if isinstance(frame, frames.TransactionRecord) and self.confirms:
            reply = frames.TransactionRecordConfirm(trade_no=frame.trade_no, confirm_result=0)
        elif self.auto:
            reply = self._auto_reply(frame)
        if reply is not None:
            self.point.receive(encode(reply, sequence), self.now)

    def _auto_reply(self, frame: Frame) -> Frame | None:
        match frame:
            case frames.LoginRequest():
                return frames.LoginResponse(pile_code=CODE, login_result=0)
            case frames.Heartbeat():
                return frames.HeartbeatAck(pile_code=CODE, gun_no=frame.gun_no, heartbeat_result=0)
            case frames.BillingModelVerifyRequest():
                same = frame.billing_model_no == "0042"
                return frames.BillingModelVerifyResponse(
                    pile_code=CODE, billing_model_no=frame.billing_model_no, verify_result=int(not same)
                )
            case frames.BillingModelRequest():
                return frames.BillingModelResponse(**tariff_fields())
        return None
