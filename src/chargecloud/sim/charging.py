"""From an order to start to the record of it: the machine every connector runs (文档 §4.4)."""

from enum import IntEnum

from chargecloud.device.events import PowerType
from chargecloud.sim import stops, uplink
from chargecloud.sim.board import Board
from chargecloud.sim.connector import Order, Phase, Session, VirtualConnector
from chargecloud.sim.records import Records
from chargecloud.sim.samples import Samples
from chargecloud.sim.stops import Stop

_FEN_HAO = 100


class Refusal(IntEnum):
    """0x33 start_fail_reason."""

    NONE = 0
    WRONG_CODE = 1
    BUSY = 2
    FAULTED = 3
    NOT_PLUGGED = 5


class Charging:
    """Starts, watches and ends the charges of one charge point."""

    def __init__(self, board: Board, *, samples: Samples, records: Records) -> None:
        self._board = board
        self._samples = samples
        self._records = records

    def refusal(self, connector: VirtualConnector) -> Refusal:
        """Why this connector cannot start now."""
        memory = self._board.memory
        if connector.phase is not Phase.IDLE:
            return Refusal.BUSY
        if connector.fault or not memory.in_service or memory.tariff is None or memory.full:
            return Refusal.FAULTED
        return Refusal.NONE if connector.plugged else Refusal.NOT_PLUGGED

    def begin(self, connector: VirtualConnector, order: Order, now: float) -> None:
        """Execute a start: lock, talk to the car, then let the current flow."""
        self._open_session(connector, order, now)
        connector.phase = Phase.STARTING
        dc = self._board.spec.power_type is PowerType.DC
        pause = self._board.rng.uniform(2, 5) if dc else self._board.rng.uniform(0.5, 2)
        self._board.agenda.at(("start", connector.number), now + pause, lambda then: self._introduce(connector, then))
        self._samples.changed(connector, now)

    def fail(self, connector: VirtualConnector, order: Order, stop: Stop, now: float) -> None:
        """A start that was granted but cannot be: it has a record as well."""
        self._open_session(connector, order, now)
        connector.phase = Phase.STARTING
        self.stop(connector, stop, now)

    def stop(self, connector: VirtualConnector, stop: Stop, now: float) -> bool:
        """End the charge, also while it is only starting; False when there is none."""
        board, session = self._board, connector.session
        if session is None or connector.phase not in (Phase.STARTING, Phase.CHARGING):
            return session is not None
        never_flowed = connector.phase is Phase.STARTING
        self._cancel(connector)
        connector.open_contactor(now, board.limits())
        session.stop = stops.NEVER_CONNECTED if never_flowed and stop is stops.UNPLUGGED else stop
        session.ended_ms = board.clock.local_ms(now)
        session.meter_end = connector.meter.units
        session.truth.ended_at_ms = board.clock.true_ms(now)
        connector.phase = Phase.STOPPING
        self._records.keep(uplink.record(board, connector, session), session.truth)
        if stop is stops.UNPLUGGED or never_flowed or board.temper.ends_in_one_burst:
            self._finish(connector, session, now)
        else:
            pause = board.rng.uniform(0.5, 2)
            board.agenda.at(
                ("start", connector.number), now + pause, lambda then: self._finish(connector, session, then)
            )
        return True

    def cut(self, connector: VirtualConnector, now: float) -> None:
        """The power fails: the last thing done is to write the record, which is uploaded after the next login."""
        if connector.phase in (Phase.STARTING, Phase.CHARGING):
            self.stop(connector, stops.POWER_LOSS, now)
        self._cancel(connector)
        connector.last = connector.session or connector.last
        connector.session = None
        connector.phase = Phase.IDLE
        connector.asked = None

    def limits_changed(self, now: float) -> None:
        """A new power limit counts at once."""
        for connector in self._board.connectors:
            connector.look_again(now, self._board.limits())

    def _open_session(self, connector: VirtualConnector, order: Order, now: float) -> None:
        board = self._board
        if board.memory.tariff is None:
            raise RuntimeError(f"charge point {board.code} was started without a tariff")
        connector.session = Session(
            order,
            board.memory.tariff,
            board.session_truth(connector.number, order.session_no, now),
            started_ms=board.clock.local_ms(now),
            meter_start=connector.meter.units,
            car=connector.car,
            balance_fen=order.balance_fen,
        )
        connector.asked = None

    def _introduce(self, connector: VirtualConnector, now: float) -> None:
        board, session = self._board, connector.session
        if session and session.car and board.spec.power_type is PowerType.DC:
            board.send(uplink.handshake(board, connector, session, session.car))
            board.send(uplink.parameters(board, connector, session, session.car))
        pause = board.rng.uniform(0.5, 2)
        board.agenda.at(("start", connector.number), now + pause, lambda then: self._energise(connector, then))

    def _energise(self, connector: VirtualConnector, now: float) -> None:
        connector.phase = Phase.CHARGING
        connector.close_contactor(now)
        connector.look_again(now, self._board.limits())
        self._samples.changed(connector, now)
        self._watch(connector)

    def _watch(self, connector: VirtualConnector) -> None:
        self._board.agenda.at(("step", connector.number), connector.next_step_s, lambda now: self._step(connector, now))

    def _step(self, connector: VirtualConnector, now: float) -> None:
        connector.advance(now, self._board.limits())
        session = connector.session
        if session and session.car and session.car.full:
            self.stop(connector, stops.FULL, now)
        elif session and self._spent(session):
            self.stop(connector, stops.BALANCE, now)
        else:
            self._watch(connector)

    def _spent(self, session: Session) -> bool:
        limit_hao = session.balance_fen * _FEN_HAO
        enforced = self._board.temper.stops_at_balance and limit_hao > 0
        return enforced and sum(uplink.amounts(self._board, session)) >= limit_hao

    def _cancel(self, connector: VirtualConnector) -> None:
        self._board.agenda.cancel(("start", connector.number))
        self._board.agenda.cancel(("step", connector.number))

    def _finish(self, connector: VirtualConnector, session: Session, now: float) -> None:
        """Standstill: summary, record, idle."""
        board = self._board
        if session.car and board.spec.power_type is PowerType.DC:
            self._summarise(connector, session, now)
        connector.session = None
        connector.last = session
        connector.phase = Phase.IDLE
        if board.temper.ends_in_one_burst:
            self._records.upload(session.order.session_no, now)
            self._samples.changed(connector, now)
        else:
            self._samples.changed(connector, now)
            pause = 0.0 if session.stop is stops.UNPLUGGED else board.rng.uniform(0.2, 3)
            self._records.upload(session.order.session_no, now, after_s=pause)

    def _summarise(self, connector: VirtualConnector, session: Session, now: float) -> None:
        board, stop = self._board, session.stop
        board.send(uplink.charge_end(board, connector, session, now))
        if stop and stop.bms_errors:
            board.send(uplink.charge_error(board, connector, session, stop.bms_errors))
        if stop and (stop.by_car or board.temper.ends_in_one_burst):
            board.send(uplink.bms_abort(board, connector, session, stops.TARGET_REACHED if stop.by_car else 0))
        if stop and (not stop.by_car or board.temper.ends_in_one_burst):
            board.send(uplink.charger_abort(board, connector, session))
