"""A modem with its boards against the platform's own DNY connection, on one clock; the business answers."""

from collections.abc import Sequence
from typing import Any, TypeVar

from chargecloud.device import commands as do
from chargecloud.device import events as told
from chargecloud.protocols.dny.codec import decode
from chargecloud.protocols.dny.connection import Connection
from chargecloud.protocols.dny.framing import MAGIC
from chargecloud.protocols.wire.schema import Frame
from chargecloud.sim.dny.board import BoardSpec, VirtualBoard
from chargecloud.sim.dny.ebike import Charger, ChargerFault, broken, healthy
from chargecloud.sim.dny.modem import ModemSpec, VirtualModem
from chargecloud.sim.faults import NO_FAULTS, Faults

NOON_MS = 1_767_240_000_000
ID = 0x05000065
CODE = "05000065"
CARD = "7A8D05DD"
E = TypeVar("E", bound=told.DeviceEvent)
F = TypeVar("F", bound=Frame)


def charger(power_w: float = 120, missing_wh: float = 60, fault: ChargerFault | None = None) -> Charger:
    """120 W for half an hour, then the taper."""
    curve = healthy(power_w, missing_wh)
    return Charger(broken(curve, fault, 600) if fault else curve, fault=fault)


def order(number: int = 1) -> str:
    """A session number."""
    return f"{CODE:0>14}01{number:016d}"


class Bench:
    """Both ends. `heard` is every frame the boards sent."""

    def __init__(self, *boards: BoardSpec, host_id: int | None = None, faults: Faults = NO_FAULTS) -> None:
        self.now = 50.0
        specs = boards or (BoardSpec(physical_id=ID),)
        self.modem = VirtualModem(
            ModemSpec(boards=specs, host_id=host_id), seed=1, now=self.now, wall_ms=NOON_MS, faults=faults
        )
        self.board: VirtualBoard = next(iter(self.modem.boards.values()))
        self.platform = Connection(self.now)
        self.events: list[told.DeviceEvent] = []
        self.heard: list[Frame] = []
        self.confirms = True
        self._issued = 0

    @property
    def wall_ms(self) -> int:
        return NOON_MS + int((self.now - 50) * 1000)

    def admitted(self) -> "Bench":
        """Connected, and every board is in service."""
        self.modem.connected(self.now)
        self.pass_time(40)
        assert set(self.platform.charge_point_codes) == set(self.modem.codes)
        return self

    def away(self, seconds: float) -> "Bench":
        """The link is cut for so long; the next one meets a connection that knows nothing."""
        self.modem.disconnected(self.now)
        end = self.now + seconds
        while (due := self.modem.deadline()) <= end:
            self.now = max(self.now, due)
            self.modem.tick(self.now)
            assert self.modem.take_output() == []
        self.now = end
        self.platform = Connection(self.now)
        return self

    def exchange(self) -> None:
        while units := self.modem.take_output():
            for unit in units:
                frame = decode(unit).frame if unit.startswith(MAGIC) else None
                if frame is not None:
                    self.heard.append(frame)
            self._hear(self.platform.receive(b"".join(units), self.now, self.wall_ms))
        while output := self.platform.take_output():
            self.modem.receive(b"".join(output), self.now)
            self.exchange()

    def _hear(self, events: Sequence[told.DeviceEvent]) -> None:
        for event in list(events):
            self.events.append(event)
            match event:
                case told.Booted():
                    self.order(do.AnswerBoot, code=event.charge_point_code, link_id="g/1", accepted=True)
                case told.RecordUploaded() if self.confirms:
                    self.order(
                        do.ConfirmRecord, code=event.charge_point_code,
                        connector_no=event.connector_no, session_no=event.session_no,
                    )  # fmt: skip

    def order(self, kind: type[do.DeviceCommand], *, code: str = CODE, **fields: Any) -> str:
        self._issued += 1
        command = kind(
            command_id=f"c{self._issued}", charge_point_code=code, expires_at_ms=self.wall_ms + 90_000, **fields
        )
        self._hear(self.platform.submit(command, self.now, self.wall_ms))
        self.exchange()
        return command.command_id

    def start(self, number: int = 1, *, connector_no: int = 1, mode: str = "until_full", **limit: Any) -> None:
        """The platform starts a charge there."""
        chosen = do.ChargeLimit(mode=do.ChargeMode(mode), **limit)
        self.order(
            do.StartCharging, connector_no=connector_no, session_no=order(number), limit=chosen, card_label="",
            card_id="0" * 16, balance_fen=0,
        )  # fmt: skip
        self.pass_time(1)

    def pass_time(self, seconds: float) -> "Bench":
        end = self.now + seconds
        while True:
            self.exchange()
            due = min(self.modem.deadline(), self.platform.deadline())
            if due > end:
                break
            self.now = max(self.now, due)
            self.modem.tick(self.now)
            self._hear(self.platform.tick(self.now, self.wall_ms))
        self.now = end
        return self

    def sent(self, kind: type[F]) -> list[F]:
        return [frame for frame in self.heard if isinstance(frame, kind)]

    def outcome(self, command_id: str) -> told.CommandEnded:
        return next(event for event in self.told(told.CommandEnded) if event.command_id == command_id)

    def told(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]
