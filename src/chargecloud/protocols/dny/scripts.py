"""How each command goes over the wire: its words, its limit, its one repeat under the same message id (文档 §2.3)."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar

from chargecloud.device.commands import (
    AnswerStart,
    ChangeLimit,
    DeviceCommand,
    Locate,
    MoveServer,
    ReadParameters,
    ReadSample,
    Reboot,
    SetQrPrefix,
    StartCharging,
    StopCharging,
    VendorCommand,
    WriteParameters,
)
from chargecloud.device.events import CommandOutcome
from chargecloud.protocols.common import pending
from chargecloud.protocols.common.pending import Exchange, Script
from chargecloud.protocols.dny import parameters, vendor
from chargecloud.protocols.dny.board import Board
from chargecloud.protocols.dny.frames import commands
from chargecloud.protocols.dny.mapping import control, settings
from chargecloud.protocols.dny.tables import CHARGING_STATES

ANSWER_LIMIT_S = 15.0
ATTEMPTS = 2
START_LANE, STOP_LANE = 0x8201, 0x8200
"""A stop must not wait behind a start that nobody answers."""
_NEVER_MS = 1 << 62
C = TypeVar("C", bound=DeviceCommand)
Building: TypeAlias = "Exchange[Board, Any]"


def _script(lane: int, **how: Any) -> Script[Board, Any]:
    return Script(lane=lane, limit_s=lambda command: ANSWER_LIMIT_S, attempts=ATTEMPTS, same_number=True, **how)


def ask_state(board: Board) -> None:
    """Ask the board what it does, on our own account and at the board's pace."""
    if not pending.is_busy(board, SAMPLE.lane):
        question = ReadSample(command_id="", charge_point_code=board.code, expires_at_ms=_NEVER_MS, connector_no=0)
        pending.submit(board, SAMPLE, question, reported=False)


def is_for_host(command: DeviceCommand) -> bool:
    """Whether the host obeys this, and not the board it was asked through."""
    if isinstance(command, VendorCommand):
        kind = vendor.ALLOWED.get(command.name)
        return kind is not None and kind.code in vendor.HOST_COMMANDS
    return isinstance(command, MoveServer)


def reboot(board: Board, command: Reboot) -> None:
    """0x87 acts at once, so waiting for idleness is up to us."""
    if command.when_idle and (not board.states or CHARGING_STATES & set(board.states)):
        board.end(command, CommandOutcome.REFUSED, "charging" if board.states else "state_unknown")
    else:
        pending.submit(board, REBOOT, command)


def _start(board: Board, exchange: Building) -> commands.ChargeControl:
    command: StartCharging | AnswerStart = exchange.command
    return control.start(command.session_no, command.connector_no, command.balance_fen, command.limit, board.start_form)


def _stop(board: Board, exchange: Building) -> commands.ChargeControl:
    command: StopCharging = exchange.command
    return control.stop(command.session_no, command.connector_no, board.start_form)


def _lose_sight(board: Board, exchange: Building) -> None:
    """Unknown is not failed: the answer may still come, the state can be asked for, a shorter form may help."""
    if isinstance(exchange.number, int):
        board.remember_late(exchange.number, exchange.command)
    if not board.form_proven:
        board.form_no += 1
    ask_state(board)


START = _script(
    START_LANE, build=_start, connector=lambda command: command.connector_no, queues=False, on_silence=_lose_sight
)
CARD_START = START
"""A start authorised by `AnswerStart` takes the same way."""
STOP = _script(STOP_LANE, build=_stop, connector=lambda command: command.connector_no, on_silence=_lose_sight)
SAMPLE = _script(commands.QueryStatus.code, build=lambda board, exchange: commands.QueryStatus())
CHANGE_LIMIT = _script(
    commands.ModifyCharge.code,
    build=lambda board, exchange: control.modify(exchange.command.connector_no, exchange.command.limit),
    connector=lambda command: command.connector_no,
)
REBOOT = _script(commands.Reboot.code, build=lambda board, exchange: commands.Reboot())
LOCATE = _script(commands.Locate.code, build=lambda board, exchange: settings.locate(exchange.command.duration_s))
MOVE_SERVER = _script(
    commands.SetServerAddress.code, build=lambda board, exchange: settings.server_address(exchange.command)
)
QR_PREFIX = _script(commands.SetQrUrl.code, build=lambda board, exchange: settings.qr_url(exchange.command))
READ = _script(parameters.LANE, build=parameters.build)
WRITE = _script(parameters.LANE, build=parameters.build, steps=lambda command: len(parameters.STEPS))
VENDOR = _script(vendor.LANE, build=lambda board, exchange: vendor.frame(exchange.command))

SCRIPTS: dict[type[DeviceCommand], Script[Board, Any]] = {
    StartCharging: START,
    StopCharging: STOP,
    ReadSample: SAMPLE,
    ChangeLimit: CHANGE_LIMIT,
    Locate: LOCATE,
    MoveServer: MOVE_SERVER,
    SetQrPrefix: QR_PREFIX,
    ReadParameters: READ,
    WriteParameters: WRITE,
    VendorCommand: VENDOR,
}
"""Commands that need nothing but their script."""
