"""Reboot 0x92/0x91 and firmware update 0x94/0x93 (文档 §4.13)."""

from collections.abc import Callable

from chargecloud.device.events import PowerType
from chargecloud.protocols.ykc16.frames import RemoteReboot, RemoteRebootReply, RemoteUpdate, RemoteUpdateReply
from chargecloud.sim.board import Board

ANSWER_FIRST_S = 1
LOOK_AGAIN_S = 5
INSTALL_S = (10, 40)
PROGRAM_BYTES = 8
_NOW, _WHEN_IDLE = 1, 2
_INSTALLED, _WRONG_CODE, _WRONG_MODEL, _TIMED_OUT = 0, 1, 2, 3
_MODEL = {PowerType.DC: 1, PowerType.AC: 2}


class Upkeep:
    """Restarts and updates, at once or when nobody charges. `reboot` cuts the power."""

    def __init__(self, board: Board, reboot: Callable[[float], None]) -> None:
        self._board = board
        self._reboot = reboot

    def reboot(self, frame: RemoteReboot, sequence: bytes, now: float) -> None:
        """0x92: answer, then go."""
        known = frame.execute_mode in (_NOW, _WHEN_IDLE) and frame.pile_code == self._board.code
        self._board.send(RemoteRebootReply(pile_code=self._board.code, set_result=int(known)), sequence)
        if known:
            self._when_free("reboot", frame.execute_mode == _WHEN_IDLE, self._reboot, now + ANSWER_FIRST_S)

    def update(self, frame: RemoteUpdate, sequence: bytes, now: float) -> None:
        """0x94: refuse at once, or answer when the program is in place."""
        if frame.pile_code != self._board.code:
            self._report(_WRONG_CODE, sequence)
        elif frame.pile_model != _MODEL[self._board.spec.power_type]:
            self._report(_WRONG_MODEL, sequence)
        else:
            self._when_free(
                "update",
                frame.execute_mode == _WHEN_IDLE,
                lambda then: self._download(frame, sequence, then),
                now + ANSWER_FIRST_S,
            )

    def _when_free(self, name: str, idle_only: bool, action: Callable[[float], None], when: float) -> None:
        def attempt(now: float) -> None:
            if idle_only and self._board.busy():
                self._board.agenda.at(name, now + LOOK_AGAIN_S, attempt)
            else:
                action(now)

        self._board.agenda.at(name, when, attempt)

    def _download(self, frame: RemoteUpdate, sequence: bytes, now: float) -> None:
        """No byte is fetched: the path decides. One that ends in `.missing` is never found."""
        program = frame.file_path.rsplit(b"/", 1)[-1].split(b".", 1)[0][:PROGRAM_BYTES]
        if not program or frame.file_path.endswith(b".missing"):
            limit = now + 60 * frame.download_timeout
            self._board.agenda.at("update", limit, lambda _: self._report(_TIMED_OUT, sequence))
            return
        ready = now + self._board.rng.uniform(*INSTALL_S)
        self._board.agenda.at("update", ready, lambda then: self._install(program, sequence, then))

    def _install(self, program: bytes, sequence: bytes, now: float) -> None:
        self._board.memory.program = program
        self._report(_INSTALLED, sequence)
        self._when_free("reboot", True, self._reboot, now + ANSWER_FIRST_S)

    def _report(self, status: int, sequence: bytes) -> None:
        self._board.send(RemoteUpdateReply(pile_code=self._board.code, update_status=status), sequence)
