"""One virtual board: it introduces itself, beats, charges at its ports, and keeps settlements until answered."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from chargecloud.protocols.dny.frames import uplinks
from chargecloud.protocols.wire.schema import Frame
from chargecloud.sim.dny import reports
from chargecloud.sim.dny.ebike import Charger, ChargerFault
from chargecloud.sim.dny.memory import BoardMemory, StoredSettlement, charging_parameters
from chargecloud.sim.dny.port import Session, Stop, Terms, VirtualPort
from chargecloud.sim.dny.temper import STANDARD, BoardTemper
from chargecloud.sim.dny.timetable import Entry, Timetable
from chargecloud.sim.truth import SessionTruth, Truth

if TYPE_CHECKING:
    from chargecloud.sim.faults import Mischief
    from chargecloud.sim.local_clock import LocalClock

FIRST_PROGRESS_S = 10.0
SETTLES_AFTER_S = 2.0
RESENDS_AFTER_S = 1_800.0
NEXT_STORED_S = 60.0
CARD_ANSWER_S = 15.0
GREETS_WITHIN_S = 3.0
ORDER_SIZE = 16
ANY_PORT = 0xFF
SERVER_STARTED, CARD_STARTED = 1, 0
SMOKE_ALARM = 4
MAX_PORTS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardSpec:
    """What one board is."""

    physical_id: int
    port_count: int = 10
    virtual_id: int = 0
    """Its address behind a host; 0 for a stand-alone board."""
    temper: BoardTemper = STANDARD
    progress_s: float = 180.0
    float_confirm_s: int = 1_800
    float_duration_s: int = 3_600

    def __post_init__(self) -> None:
        """Refuse what cannot go onto the wire."""
        if not 0 < self.physical_id <= 0xFFFFFFFF:
            raise ValueError(f"physical id {self.physical_id:#x} does not have 32 bits")
        if not 1 <= self.port_count <= MAX_PORTS:
            raise ValueError(f"{self.port_count} ports: a board has 1 to {MAX_PORTS}")

    @property
    def code(self) -> str:
        """The charge point code: the eight digits of the id."""
        return f"{self.physical_id:08X}"


class Shared(Protocol):
    """What boards find on their modem."""

    rng: random.Random
    clock: LocalClock
    mischief: Mischief
    truth: Truth
    timetable: Timetable

    @property
    def linked(self) -> bool: ...
    def send(self, frame: Frame, physical_id: int, message_id: int) -> None: ...


class VirtualBoard:
    """State of one board. `now` is monotonic seconds."""

    def __init__(self, spec: BoardSpec, modem: Shared) -> None:
        self.spec = spec
        self.code = spec.code
        self.ports = [VirtualPort(number) for number in range(1, spec.port_count + 1)]
        self.memory = BoardMemory()
        self.memory.charging = charging_parameters(
            float_confirm_s=spec.float_confirm_s, float_duration_s=spec.float_duration_s
        )
        self.modem = modem
        self.registered = False
        self.smoky = False
        self._time_known = not spec.temper.asks_time
        self._message_id = 0
        self._beats = 0
        self._beat: Entry | None = None

    # ── people ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def port(self, connector_no: int) -> VirtualPort:
        """The port of that connector."""
        if not 1 <= connector_no <= len(self.ports):
            raise ValueError(f"board {self.code} has connectors 1 to {len(self.ports)}, not {connector_no}")
        return self.ports[connector_no - 1]

    def plug(self, connector_no: int, charger: Charger, now: float) -> bool:
        """A charger is plugged in; False when there is one."""
        port = self.port(connector_no)
        if port.charger is not None:
            return False
        port.charger, port.full = charger, False
        return True

    def unplug(self, connector_no: int, now: float) -> bool:
        """The charger is pulled out, in mid-charge as well; False when there is none."""
        port = self.port(connector_no)
        if port.charger is None:
            return False
        if port.session is not None:
            self.cut(port, Stop.UNPLUGGED, now)
        port.charger, port.full, port.asked = None, False, b""
        return True

    def swipe(self, connector_no: int, card: str, now: float) -> bool:
        """Hold a card (eight hex digits) to the reader for a port: starts there, or stops what it started."""
        port, held = self.port(connector_no), bytes.fromhex(card)
        if port.session is not None:
            own = port.session.card == held
            if own:
                self.cut(port, Stop.CARD, now)
            return own
        if port.charger is None or port.fault_state:
            return False
        if not self.modem.linked:
            return self.spec.temper.offline_cards and self._start_offline(port, held, now)
        port.asked = held
        self.modem.timetable.at(now + CARD_ANSWER_S + 30, lambda _: self._forget_card(port, held))
        self.say(
            uplinks.CardSwipe(
                card_id=held,
                card_type=3,
                port_no=port.port_no,
                card_balance_fen=0,
                timestamp=self.clock_s(now),
                card_no2=None,
            )
        )
        return True

    def break_down(self, connector_no: int, kind: str, now: float) -> None:
        """`kind` is smoke, or the number of a port state such as 9 (relay welded)."""
        if kind == ChargerFault.SMOKE:
            self.smoke(self.port(connector_no), now)
        elif kind.isdecimal() and int(kind) in (4, *range(6, 17)):
            port = self.port(connector_no)
            port.fault_state = int(kind)
            if port.session is not None:
                self.cut(port, Stop.OVERLOAD, now)
            self.say(reports.heartbeat(self.ports, self.spec.temper, now))
        else:
            raise ValueError(f"unknown fault {kind!r}; known are smoke and the port states 4 and 6 to 16")

    def repair(self, connector_no: int, now: float) -> None:
        """It works again."""
        self.port(connector_no).fault_state = 0
        self.smoky = False

    def smoke(self, port: VirtualPort, now: float) -> None:
        """The detector above the board sees smoke: told once, and nothing starts any more."""
        self.smoky = True
        self.say(uplinks.Alarm(alarm_type=SMOKE_ALARM, port_no=port.port_no, trigger_bits=1))

    # ── what the board says by itself ───────────────────────────────────────────────────────────────────────────────

    def power_on(self, now: float) -> None:
        """Everything is introduced anew; charges go on where the plug stayed."""
        self.registered = False
        self._time_known = not self.spec.temper.asks_time
        self._message_id = 0
        for port in self.ports:
            if port.session is not None and port.session.flowing_since is None:
                self._flow(port, port.session, now)

    def power_off(self, now: float) -> None:
        """No current, no word."""
        if self._beat is not None:
            self._beat.drop()
        for port in self.ports:
            session = port.session
            if session is not None and session.flowing_since is not None:
                session.flowed_s, session.flowing_since = session.flow_s(now), None
                for entry in (session.ends, session.progress, session.floats):
                    if entry is not None:
                        entry.drop()

    def linked(self, now: float) -> None:
        """The modem has a connection: beat soon, and send what is stored, one a minute."""
        pause_s = self.modem.rng.uniform(0.2, GREETS_WITHIN_S) + self.spec.virtual_id * 0.3
        self._beat = self.modem.timetable.at(now + pause_s, self._on_beat, instead_of=self._beat)
        for index, stored in enumerate(self.memory.settlements):
            self._upload_at(now + pause_s + 2 + index * NEXT_STORED_S, stored)

    def introduce(self, now: float) -> None:
        """0x20 and a heartbeat, as asked by 0x81."""
        self.say(reports.register(len(self.ports), self.spec.temper, self.spec.virtual_id))
        self._say_beat(now)

    def say(self, frame: Frame) -> int:
        """Something of its own, under the next message id."""
        self._message_id = self._message_id % 0xFFFF + 1
        self.modem.send(frame, self.spec.physical_id, self._message_id)
        return self._message_id

    def answer(self, frame: Frame, message_id: int) -> None:
        """An answer, under the id of the question."""
        self.modem.send(frame, self.spec.physical_id, message_id)

    def clock_s(self, now: float) -> int:
        """The board's own idea of the time; the seconds since some power-on in 1970 until it was told."""
        known = self._time_known and self.spec.temper.asks_time
        return max(0, self.modem.clock.local_ms(now) // 1000) if known else int(now) & 0xFFFFFFFF

    def told_time(self) -> None:
        """0x22 was answered."""
        self._time_known = True

    # ── charges ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def begin(self, port: VirtualPort, terms: Terms, order_no: bytes, message_id: int, now: float) -> None:
        """Close the relay."""
        if port.charger is None:
            raise RuntimeError(f"{self.code}: no charger at connector {port.connector_no}")
        card, port.asked = port.asked, b""
        self._run(port, Session(
            order_no=order_no, start_mode=SERVER_STARTED, card=card, message_id=message_id, terms=terms,
            charger=port.charger, truth=self._truth(port, order_no, now), used_s=port.charger.used_s,
        ), now)  # fmt: skip

    def replan(self, port: VirtualPort, session: Session, now: float) -> None:
        """Terms or settings have changed: when it ends is found out anew."""
        flow_s = session.flow_s(now)
        session.plan(self.memory.charging, self.memory.limits)
        if session.end_s <= flow_s:
            session.end_s = flow_s
        if session.flowing_since is not None:
            session.flowed_s, session.flowing_since = flow_s, now
            self._set_timers(port, session, now)

    def cut(self, port: VirtualPort, reason: int, now: float) -> None:
        """Open the relay, tell the last progress, write the settlement, send it two seconds later."""
        session = port.session
        if session is None:
            return
        flow_s = session.flow_s(now)
        session.flowed_s, session.flowing_since, session.end_s = flow_s, None, flow_s
        for entry in (session.ends, session.progress, session.floats):
            if entry is not None:
                entry.drop()
        session.charger.used_s = session.used_s + flow_s * session.charger.speed
        port.session, port.full = None, reason == Stop.FULL
        self._say_progress(port, session, now)
        stored = self._settle(port, session, reason, now)
        late_s = self.modem.mischief.record_delay_s()
        self._upload_at(now + SETTLES_AFTER_S + late_s, stored)
        port.changed(now)

    def settled(self, message_id: int, now: float) -> None:
        """0x03 was answered: forget that record; the next stored one follows a minute later."""
        for stored in self.memory.settlements:
            if message_id in stored.message_ids:
                self.memory.settlements.remove(stored)
                if stored.due is not None:
                    stored.due.drop()
                self.modem.truth.confirmed(stored.truth, now)
                return

    def _settle(self, port: VirtualPort, session: Session, reason: int, now: float) -> StoredSettlement:
        frame = reports.settlement(port, session, self.spec.temper, reason=reason, now=now, at_s=self.clock_s(now))
        truth = session.truth
        truth.energy_mwh = reports.flowed_mwh(session, session.flowed_s)
        truth.charged_s = int(session.flowed_s)
        truth.ended_at_ms = self.modem.clock.true_ms(now)
        truth.stop_code = reason
        truth.record = frame.pack()
        stored = StoredSettlement(frame, truth)
        self.memory.settlements.append(stored)
        return stored

    def _truth(self, port: VirtualPort, order_no: bytes, now: float) -> SessionTruth:
        entry = SessionTruth(self.code, port.connector_no, order_no.hex().upper(), self.modem.clock.true_ms(now))
        self.modem.truth.began(entry)
        return entry

    def _run(self, port: VirtualPort, session: Session, now: float) -> None:
        port.session, port.full = session, False
        session.plan(self.memory.charging, self.memory.limits)
        self._flow(port, session, now)
        port.changed(now)

    def _flow(self, port: VirtualPort, session: Session, now: float) -> None:
        session.flowing_since = now
        self._set_timers(port, session, now)
        first_s = now + FIRST_PROGRESS_S
        session.progress = self.modem.timetable.at(
            first_s, lambda at: self._on_progress(port, session, at), instead_of=session.progress
        )

    def _set_timers(self, port: VirtualPort, session: Session, now: float) -> None:
        timetable, begun = self.modem.timetable, now - session.flowed_s
        session.ends = timetable.at(
            begun + session.end_s, lambda at: self.cut(port, session.end_reason, at), instead_of=session.ends
        )
        if session.floats is not None:
            session.floats.drop()
        if session.flowed_s < session.float_from_s < session.end_s:
            session.floats = timetable.at(begun + session.float_from_s, lambda at: self._on_float(port, session, at))
        charger = session.charger
        if charger.fault is ChargerFault.SMOKE and session.used_s < charger.fault_after_s:
            smokes_s = (charger.fault_after_s - session.used_s) / charger.speed
            timetable.at(begun + smokes_s, lambda at: self._on_smoke(port, session, at))

    def _start_offline(self, port: VirtualPort, card: bytes, now: float) -> bool:
        """Without a link the board trusts the card, and makes the order number itself."""
        digits = f"{self.spec.physical_id & 0xFFFFFF:08d}"
        when = self.modem.clock.local_ms(now).to_bytes(7, "big")
        order_no = when + card + bytes.fromhex(digits) + bytes((30 + port.port_no,))
        if port.charger is None:
            return False
        session = Session(
            order_no=order_no, start_mode=CARD_STARTED, card=card, message_id=0, terms=Terms(),
            charger=port.charger, truth=self._truth(port, order_no, now), used_s=port.charger.used_s,
        )  # fmt: skip
        self._run(port, session, now)
        return True

    # ── timers ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _on_beat(self, now: float) -> None:
        if not self.registered:
            self.say(reports.register(len(self.ports), self.spec.temper, self.spec.virtual_id))
        if not self._time_known:
            self.say(uplinks.TimeSync())
        self._say_beat(now)
        interval_s = self.memory.charging.heartbeat_interval_s
        self._beat = self.modem.timetable.at(now + interval_s, self._on_beat)

    def _say_beat(self, now: float) -> None:
        self._beats += 1
        temper = self.spec.temper
        if temper.legacy_beats and self._beats % 2 == 0:
            self.say(reports.legacy_heartbeat(self.ports, temper, self.spec.virtual_id, now))
        else:
            self.say(reports.heartbeat(self.ports, temper, now))

    def _on_progress(self, port: VirtualPort, session: Session, now: float) -> None:
        self._say_progress(port, session, now)
        session.progress = self.modem.timetable.at(
            now + self.spec.progress_s, lambda at: self._on_progress(port, session, at)
        )

    def _on_float(self, port: VirtualPort, session: Session, now: float) -> None:
        self._say_progress(port, session, now)
        if self.spec.temper.full_notices:
            at_s = self.clock_s(now)
            told = reports.settlement(port, session, self.spec.temper, reason=Stop.FULL, now=now, at_s=at_s)
            self.say(reports.full_notice(told))

    def _on_smoke(self, port: VirtualPort, session: Session, now: float) -> None:
        if port.session is session and not self.smoky:
            self.smoke(port, now)

    def _say_progress(self, port: VirtualPort, session: Session, now: float) -> None:
        self.say(reports.progress(port, session, self.spec.temper, now=now, at_s=self.clock_s(now)))
        session.reported_s = session.flow_s(now)

    def _upload_at(self, when: float, stored: StoredSettlement) -> None:
        stored.due = self.modem.timetable.at(when, lambda now: self._upload(stored, now), instead_of=stored.due)

    def _upload(self, stored: StoredSettlement, now: float) -> None:
        if self.modem.linked:
            for _ in range(self.modem.mischief.record_copies()):
                stored.message_ids = [*stored.message_ids[-7:], self.say(stored.frame)]
            self.modem.truth.uploaded(stored.truth, now)
        self._upload_at(now + RESENDS_AFTER_S, stored)

    def _forget_card(self, port: VirtualPort, card: bytes) -> None:
        if port.asked == card:
            port.asked = b""
