"""A modem with one board, or a host with many: one connection, one timetable, no task and no timer of its own."""

import random
from dataclasses import dataclass

from chargecloud.protocols.dny.codec import decode, encode
from chargecloud.protocols.dny.frames import acks, answers, commands, uplinks
from chargecloud.protocols.dny.framing import FRAMING, LINK, MAGIC
from chargecloud.protocols.wire.schema import Direction, Frame
from chargecloud.protocols.wire.stream import StreamCutter, UnitKind
from chargecloud.sim.dny.board import BoardSpec, VirtualBoard
from chargecloud.sim.dny.orders import COMMANDS, HANDLERS
from chargecloud.sim.dny.timetable import Action, Entry, Timetable
from chargecloud.sim.faults import NO_FAULTS, Faults, Mischief
from chargecloud.sim.local_clock import LocalClock
from chargecloud.sim.truth import CommandSeen, Standing, Truth

LINK_EVERY_S = 30.0
DEAD_AFTER_S = 450.0
"""Without a word from the platform for two and a half heartbeats the modem dials anew."""
BOOT_S = (3.0, 10.0)
HOST_STEP_S = 10.0
HOST_EVERY_S = 1_800.0
HOST_TYPE_485 = 0x01
HOST_FIRMWARE, HOST_SIGNAL, MODULE_LTE, NO_RTC = 290, 21, 3, 0
HOST_TIME_ID, HOST_BEAT_ID, HOST_VERSIONS_ID = 2, 3, 4
"""A host numbers apart from its slaves, and anew in each round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModemSpec:
    """One connection: the boards behind it, and the host's own id where it is a box of its own."""

    boards: tuple[BoardSpec, ...]
    host_id: int | None = None
    iccid: str = "89860400000000000000"
    skew_ms: int = 0

    @property
    def code(self) -> str:
        """The first board's code names it."""
        return self.boards[0].code


_ONE_BYTE: dict[type[Frame], type[Frame]] = {
    commands.HostReboot: answers.HostRebootReply,
    commands.ModemReboot: answers.ModemRebootReply,
    commands.ClearUpgrade: answers.ClearUpgradeReply,
    commands.SetServerAddress: answers.SetServerAddressReply,
    commands.SetFsk: answers.SetFskReply,
}


class VirtualModem:
    """Driven from outside like a `VirtualChargePoint`; see there. `now` is monotonic seconds."""

    def __init__(self, spec: ModemSpec, *, seed: int, now: float, wall_ms: int, faults: Faults = NO_FAULTS) -> None:
        self.spec = spec
        self.code = spec.code
        self.rng = random.Random(f"{seed}/{spec.code}")
        skew_ms = spec.skew_ms + int(self.rng.uniform(-1, 1) * faults.skew_s * 1000)
        self.clock = LocalClock(now, wall_ms, skew_ms=skew_ms)
        self.mischief = Mischief(faults, random.Random(f"{seed}/{spec.code}/mischief"))
        self.truth = Truth()
        self.timetable = Timetable()
        self.boards = {board.physical_id: VirtualBoard(board, self) for board in spec.boards}
        self.codes = tuple(board.code for board in spec.boards)
        self.linked = False
        self.closing = False
        self._output: list[bytes] = []
        self._cutter = StreamCutter(FRAMING)
        self._booted_at = now
        self._powered = False
        self._now = self._wrote_at = self._heard_at = now
        self._watching: Entry | None = None
        self._host_next: Entry | None = None

    @property
    def online(self) -> bool:
        """Whether the platform has taken any of its boards."""
        return self.linked and any(board.registered for board in self.boards.values())

    @property
    def unsettled(self) -> bool:
        """Whether a settlement waits for its answer."""
        return any(board.memory.settlements for board in self.boards.values())

    def board_of(self, code: str) -> VirtualBoard:
        """The board with that code; ValueError when it is not here."""
        for board in self.boards.values():
            if board.code == code:
                return board
        raise ValueError(f"no board {code!r} on this modem")

    # ── the link ────────────────────────────────────────────────────────────────────────────────────────────────────

    def wants_link(self, now: float) -> bool:
        """Whether it would dial now: not while it boots."""
        return not self.linked and now >= self._booted_at

    def link_wanted_at(self) -> float:
        """From when on it wants a link."""
        return self._booted_at

    def connected(self, now: float) -> None:
        """A link is there: the card's number, then the host, then every board."""
        self._now = now
        self.linked, self.closing = True, False
        self._cutter = StreamCutter(FRAMING)
        self._output.clear()
        self._heard_at = self._wrote_at = now
        if self.spec.boards[0].temper.iccid:
            self._output.append(self.spec.iccid.encode("ascii"))
        if not self._powered:
            self._powered = True
            for board in self.boards.values():
                board.power_on(now)
        if self.spec.host_id is not None:
            self._host_round(now)
        for board in self.boards.values():
            board.linked(now)
        self._watching = self.timetable.at(now + LINK_EVERY_S, self._watch, instead_of=self._watching)
        self.truth.counts.logins += 1

    def disconnected(self, now: float) -> None:
        """The link is gone; charging goes on."""
        self.linked = self.closing = False
        self._output.clear()

    def receive(self, data: bytes, now: float) -> None:
        """Bytes from the platform; never raises, whatever they are."""
        self._now = now
        for unit in self._cutter.feed(data):
            whole = unit.kind is UnitKind.FRAME and unit.data.startswith(MAGIC)
            decoded = decode(unit.data, Direction.DOWN) if whole else None
            if decoded is None or decoded.frame is None:
                self.truth.counts.bad_down += 1
                continue
            self._heard_at = now
            self.truth.counts.frames_down += 1
            self._obey(decoded.frame, decoded.physical_id, decoded.message_id, now)

    def tick(self, now: float) -> None:
        """Do what is due."""
        self._now = now
        self.timetable.run(now)

    def deadline(self) -> float:
        """When `tick` next has something to do; infinity when never."""
        return self.timetable.next_at()

    def take_output(self) -> list[bytes]:
        """Units to send, in order; hands them over and forgets them."""
        output, self._output = self._output, []
        return output

    def send(self, frame: Frame, physical_id: int, message_id: int) -> None:
        """Put a frame of a board or of the host on the line; without a link it is lost."""
        if self.linked:
            self.truth.counts.frames_up += 1
            self._wrote_at = self._now
            self._output.append(encode(frame, physical_id, message_id))

    def reboot(self, now: float, *, lose_memory: bool = False) -> None:
        """The power fails and comes back: charges go on where the plug stayed (文档: 断电续充)."""
        self._powered = False
        for board in self.boards.values():
            board.power_off(now)
            if lose_memory:
                board.memory.lose()
        self._output.clear()
        self.closing = self.linked
        self._booted_at = now + self.rng.uniform(*BOOT_S)

    def standing(self) -> Standing:
        """How everything behind it stands."""
        boards = self.boards.values()
        return Standing(
            charge_points=len(boards),
            online=sum(board.registered for board in boards) if self.linked else 0,
            charging=sum(port.session is not None for board in boards for port in board.ports),
            records_waiting=sum(len(board.memory.settlements) for board in boards),
        )

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _obey(self, frame: Frame, physical_id: int, message_id: int, now: float) -> None:
        board = self.boards.get(physical_id)
        if isinstance(frame, commands.Reboot) and board is not None:
            board.answer(answers.RebootReply(result=0), message_id)
            board.power_off(now)
            board.power_on(now)
            board.linked(now)
        elif isinstance(frame, acks.HostTimeAnswer):
            self._host_knows_time(now)
        elif type(frame) in _ONE_BYTE:
            self.send(_ONE_BYTE[type(frame)](result=0), physical_id, message_id)
        elif board is not None and type(frame) in HANDLERS:
            if type(frame) in COMMANDS:
                ignored = self.mischief.ignores_command()
                self._saw(board, frame, now, ignored=ignored)
                if ignored:
                    return
            HANDLERS[type(frame)](board, frame, message_id, now)

    def _saw(self, board: VirtualBoard, frame: Frame, now: float, *, ignored: bool) -> None:
        port_no = getattr(frame, "port_no", -1)
        order_no = getattr(frame, "order_no", b"").hex().upper()
        self.truth.commands.append(CommandSeen(self.clock.true_ms(now), frame.code, port_no + 1, order_no, ignored))

    def _watch(self, now: float) -> None:
        """After half a minute without traffic a word from the modem; and whether anybody is there."""
        if not self.linked:
            return
        if now >= self._wrote_at + LINK_EVERY_S:
            self._output.append(LINK)
            self._wrote_at = now
        if now - self._heard_at > DEAD_AFTER_S:
            self.truth.counts.hang_ups += 1
            self.closing = True
        self._watching = self.timetable.at(self._wrote_at + LINK_EVERY_S, self._watch)

    def _host_round(self, now: float) -> None:
        if self.linked and self.spec.host_id is not None:
            self.send(uplinks.HostTimeSync(), self.spec.host_id, HOST_TIME_ID)

    def _host_knows_time(self, now: float) -> None:
        self._host_at(now + HOST_STEP_S, self._host_beat)

    def _host_beat(self, now: float) -> None:
        if not self.linked or self.spec.host_id is None:
            return
        self.send(
            uplinks.HostHeartbeat(
                firmware_version=HOST_FIRMWARE,
                rtc_type=NO_RTC,
                host_time=0,
                signal=HOST_SIGNAL,
                module_type=MODULE_LTE,
                iccid=self.spec.iccid.encode("ascii"),
                host_type=HOST_TYPE_485,
                lora_freq=0,
                imei=None,
                module_version=None,
            ),
            self.spec.host_id,
            HOST_BEAT_ID,
        )
        self._host_at(now + HOST_STEP_S, self._host_versions)

    def _host_versions(self, now: float) -> None:
        if self.spec.host_id is None:
            return
        newest = {board.spec.temper.device_type: board.spec for board in self.boards.values()}
        slaves = tuple(
            uplinks.SlaveVersion(
                device_type=device_type,
                reserved=0,
                firmware_version=spec.temper.firmware_version,
                physical_id=spec.physical_id,
            )
            for device_type, spec in sorted(newest.items())
        )
        self.send(uplinks.SlaveVersions(slaves=slaves), self.spec.host_id, HOST_VERSIONS_ID)
        self._host_at(now + HOST_EVERY_S - 2 * HOST_STEP_S, self._host_round)

    def _host_at(self, when: float, step: Action) -> None:
        self._host_next = self.timetable.at(when, step, instead_of=self._host_next)
