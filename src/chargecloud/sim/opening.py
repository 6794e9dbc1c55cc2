"""The opening of every connection: login, tariff, stored records (文档 §4.1), in the order this firmware has."""

from chargecloud.protocols.ykc16.frames import (
    BillingModelRequest,
    BillingModelResponse,
    BillingModelSet,
    BillingModelVerifyRequest,
    BillingModelVerifyResponse,
    LoginResponse,
)
from chargecloud.sim import tariff, uplink
from chargecloud.sim.beats import Heart
from chargecloud.sim.board import Board
from chargecloud.sim.memory import NO_TARIFF
from chargecloud.sim.records import Records
from chargecloud.sim.samples import Samples

RETRY_S = 10
REFUSED_WAIT_S = 30
LOGINS = 6
"""After so many without an answer the link is given up: it may be dead without having said so."""
_OK = 0


class Opening:
    """Brings a fresh connection to the point where samples flow."""

    def __init__(self, board: Board, *, heart: Heart, samples: Samples, records: Records) -> None:
        self._board = board
        self._heart = heart
        self._samples = samples
        self._records = records
        self._verifying = False
        self._unanswered = 0
        self.not_before = 0.0
        """Monotonic time before which no new connection is wanted, after a refusal."""

    def begin(self, now: float) -> None:
        """The socket is open."""
        self._verifying = False
        self._unanswered = 0
        self._board.line.opened()
        self._board.closing = False
        self._log_in(now)

    def abandon(self) -> None:
        """The socket is gone."""
        board = self._board
        board.online = board.ready = self._verifying = False
        board.line.closed()
        board.agenda.cancel("opening")
        self._heart.pause()
        self._samples.pause()
        self._records.pause()

    def answered(self, frame: LoginResponse, now: float) -> None:
        """0x02."""
        board = self._board
        if frame.login_result != _OK:
            board.truth.counts.logins_refused += 1
            self.not_before = now + REFUSED_WAIT_S
            board.closing = True
            return
        self._unanswered = 0
        if board.online:
            return
        board.online = True
        board.truth.counts.logins += 1
        board.agenda.cancel("opening")
        if board.temper.records_before_tariff:
            self._records.upload_stored(now)
        if board.temper.awaits_push:
            board.agenda.at("opening", now + RETRY_S, self._log_in)
        else:
            self._heart.begin(now, first_s=board.temper.first_beat_s)
            self._verify(now)

    def verified(self, frame: BillingModelVerifyResponse, now: float) -> None:
        """0x06: fetch the tariff unless it is the one held."""
        if not self._verifying:
            return
        self._verifying = False
        if not self._board.temper.records_before_tariff:
            self._records.upload_stored(now)
        differs = frame.verify_result != 0 or self._board.memory.tariff is None
        step = self._fetch if differs else self._finish
        self._board.agenda.at("opening", now + self._board.temper.offline_wait_s, step)

    def fetched(self, frame: BillingModelResponse, now: float) -> None:
        """0x0A."""
        held = tariff.from_frame(frame)
        if held is None:
            return
        self._board.memory.tariff = held
        if not self._board.ready:
            self._finish(now)

    def pushed(self, frame: BillingModelSet, now: float) -> bool:
        """0x58: keep the tariff for the next charge; False when it names a band that does not exist."""
        held = tariff.from_frame(frame)
        if held is None:
            return False
        self._board.memory.tariff = held
        return True

    def after_push(self, now: float) -> None:
        """Firmware that waits for a 0x58 is through with its opening when it has answered it."""
        if self._board.temper.awaits_push and not self._board.ready:
            self._heart.begin(now, first_s=self._board.temper.first_beat_s)
            self._finish(now)

    def _log_in(self, now: float) -> None:
        if self._unanswered >= LOGINS:
            self._board.truth.counts.hang_ups += 1
            self._board.closing = True
            return
        self._unanswered += 1
        self._board.line.send(uplink.login(self._board))
        self._board.agenda.at("opening", now + RETRY_S, self._log_in)

    def _verify(self, now: float) -> None:
        self._verifying = True
        held = self._board.memory.tariff
        number = held.number if held else NO_TARIFF
        self._board.send(BillingModelVerifyRequest(pile_code=self._board.code, billing_model_no=number))
        self._board.agenda.at("opening", now + RETRY_S, self._verify)

    def _fetch(self, now: float) -> None:
        self._board.send(BillingModelRequest(pile_code=self._board.code))
        self._board.agenda.at("opening", now + RETRY_S, self._fetch)

    def _finish(self, now: float) -> None:
        board = self._board
        board.agenda.cancel("opening")
        board.ready = True
        self._samples.begin(now)
