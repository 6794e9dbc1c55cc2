"""Transaction records on their way to the platform: kept, uploaded, repeated until confirmed (文档 §8.7, §8.8)."""

from chargecloud.protocols.ykc16.frames import TransactionRecord, TransactionRecordConfirm
from chargecloud.sim.board import Board
from chargecloud.sim.memory import StoredRecord
from chargecloud.sim.truth import SessionTruth

BETWEEN_STORED_S = 0.2
"""Pause between two stored records uploaded after a login."""
_STORED = 0


class Records:
    """Uploads what the memory holds."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def keep(self, frame: TransactionRecord, truth: SessionTruth) -> None:
        """Write a record into the memory before anybody hears of it."""
        truth.record = frame.pack() + self._board.temper.record_trailer
        truth.stop_code = frame.stop_reason
        self._board.memory.records[frame.trade_no] = StoredRecord(frame, truth)

    def upload(self, session_no: str, now: float, *, after_s: float = 0) -> None:
        """Send a new record, a little later or late if mischief wants it so."""
        delay = after_s + self._board.mischief.record_delay_s()
        if delay > 0:
            self._later(session_no, now + delay)
        else:
            self._send(session_no, now)

    def upload_stored(self, now: float) -> None:
        """Send everything the memory holds, one after the other, after a login."""
        waiting = [record for record in self._board.memory.records.values() if not record.refused]
        for number, record in enumerate(waiting):
            record.sent = 0
            self._later(record.frame.trade_no, now + number * BETWEEN_STORED_S)

    def pause(self) -> None:
        """The link is gone; the next login begins anew."""
        self._board.agenda.cancel_all("record")

    def confirmed(self, frame: TransactionRecordConfirm, now: float) -> None:
        """0x40: forget the record, or keep it for the museum when it is called illegal."""
        record = self._board.memory.records.get(frame.trade_no)
        if record is None:
            return
        if frame.confirm_result == _STORED:
            del self._board.memory.records[frame.trade_no]
            self._board.truth.confirmed(record.truth, now)
            self._board.agenda.cancel(("record", frame.trade_no))
        elif self._board.temper.obeys_illegal:
            record.refused = record.truth.refused = True
            self._board.agenda.cancel(("record", frame.trade_no))

    def _later(self, session_no: str, when: float) -> None:
        self._board.agenda.at(("record", session_no), when, lambda now: self._send(session_no, now))

    def _send(self, session_no: str, now: float) -> None:
        board = self._board
        record = board.memory.records.get(session_no)
        if record is None or not board.online:
            return
        if record.sent == 0:
            record.first_sent = now
        body = record.frame.pack() + board.temper.record_trailer
        for _ in range(board.mischief.record_copies() if record.sent == 0 else 1):
            same = board.temper.resends_same_bytes and record.sent > 0
            record.sequence = board.line.send_body(record.frame.code, body, record.sequence if same else None)
            board.truth.uploaded(record.truth, now)
        self._schedule_repeat(record)

    def _schedule_repeat(self, record: StoredRecord) -> None:
        offsets = self._board.temper.resend_after_s
        if record.sent < len(offsets):
            self._later(record.frame.trade_no, record.first_sent + offsets[record.sent])
        record.sent += 1
