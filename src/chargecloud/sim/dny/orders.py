"""What the platform says to a board, and what the board does about it."""

from collections.abc import Callable
from typing import cast

from chargecloud.protocols.dny.frames import acks, answers, commands
from chargecloud.protocols.wire.schema import Frame
from chargecloud.sim.dny.board import ANY_PORT, VirtualBoard
from chargecloud.sim.dny.port import Mode, Stop, Terms, VirtualPort

START = 1
NO_ORDER = bytes(16)
_DONE, _NOT_PLUGGED, _SAME_STATE, _NO_PORT, _SEVERAL, _FUSE, _SMOKE = 0, 1, 2, 4, 5, 8, 0x0B
_NOT_CHARGING, _BELOW, _NO_SUCH = 1, 2, 3
_MODIFY_TIME, _MODIFY_TIME_FULL, _MODIFY_ENERGY = 0, 1, 2

Handler = Callable[[VirtualBoard, Frame, int, float], None]
"""(board, frame, message id, now)."""


def control(board: VirtualBoard, frame: commands.ChargeControl, message_id: int, now: float) -> None:
    """0x82; an edition that knows fewer columns does not understand it and stays silent."""
    if len(frame.pack()) > board.spec.temper.start_bytes:
        return
    (_start if frame.action == START else _stop)(board, frame, message_id, now)


def modify(board: VirtualBoard, frame: commands.ModifyCharge, message_id: int, now: float) -> None:
    """0x8A: a new total; smaller than what has flowed cuts at once."""
    known = frame.rate_mode in (_MODIFY_TIME, _MODIFY_TIME_FULL, _MODIFY_ENERGY)
    port = board.ports[frame.port_no] if known and frame.port_no < len(board.ports) else None
    session = port.session if port is not None else None
    if port is None:
        result = _NO_SUCH
    elif session is None:
        result = _NOT_CHARGING
    else:
        result = _DONE
        terms = session.terms
        terms.mode = Mode.ENERGY if frame.rate_mode == _MODIFY_ENERGY else Mode.TIME
        terms.amount = frame.amount
        terms.force_full_stop = frame.rate_mode != _MODIFY_TIME
    board.answer(answers.ModifyChargeReply(result=result), message_id)
    if port is not None and session is not None:
        board.replan(port, session, now)


def registered(board: VirtualBoard, frame: acks.RegisterAck, message_id: int, now: float) -> None:
    """0x20 was answered; anything but 0 is a refusal, and it asks again with the next heartbeat."""
    board.registered = frame.result == 0


def card_answered(board: VirtualBoard, frame: acks.CardSwipeAnswer, message_id: int, now: float) -> None:
    """0x02 was answered: with 0 it waits for 0x82, else it says why not."""
    if frame.account_status and frame.port_no < len(board.ports):
        board.ports[frame.port_no].asked = b""
        board.ports[frame.port_no].changed(now)


def settled(board: VirtualBoard, frame: acks.SettlementAck, message_id: int, now: float) -> None:
    """0x03 was answered."""
    if frame.result == 0:
        board.settled(message_id, now)


def told_time(board: VirtualBoard, frame: acks.TimeAnswer, message_id: int, now: float) -> None:
    """0x22 was answered."""
    board.told_time()


def queried(board: VirtualBoard, frame: commands.QueryStatus, message_id: int, now: float) -> None:
    """0x81."""
    board.introduce(now)


def set_charging(board: VirtualBoard, frame: commands.SetParamsA, message_id: int, now: float) -> None:
    """0x83; a share of more than all is refused."""
    fits = 1 <= frame.float_percent <= 100 and frame.heartbeat_interval_s > 0
    if fits:
        board.memory.charging = frame
    board.answer(answers.SetParamsAReply(result=int(not fits)), message_id)


def set_protection(board: VirtualBoard, frame: commands.SetParamsB, message_id: int, now: float) -> None:
    """0x84."""
    board.memory.protection = frame
    board.answer(answers.SetParamsBReply(result=0), message_id)


def set_limits(board: VirtualBoard, frame: commands.SetMaxTimePower, message_id: int, now: float) -> None:
    """0x85: counts for charges that run as well; above what the sockets bear is refused."""
    fits = frame.overload_power_dw <= 35_000
    if fits:
        board.memory.limits = frame
    board.answer(answers.SetMaxTimePowerReply(result=int(not fits)), message_id)
    for port in board.ports if fits else []:
        if port.session is not None:
            board.replan(port, port.session, now)


def set_keys(board: VirtualBoard, frame: commands.SetCardKeys, message_id: int, now: float) -> None:
    """0x86."""
    board.memory.keys = frame
    board.answer(answers.SetCardKeysReply(result=0), message_id)


def get_charging(board: VirtualBoard, frame: commands.GetParamsA, message_id: int, now: float) -> None:
    """0x90."""
    board.answer(_same(answers.GetParamsAReply, board.memory.charging), message_id)


def get_protection(board: VirtualBoard, frame: commands.GetParamsB, message_id: int, now: float) -> None:
    """0x91."""
    board.answer(_same(answers.GetParamsBReply, board.memory.protection), message_id)


def get_limits(board: VirtualBoard, frame: commands.GetMaxTimePower, message_id: int, now: float) -> None:
    """0x92."""
    board.answer(_same(answers.GetMaxTimePowerReply, board.memory.limits), message_id)


def get_keys(board: VirtualBoard, frame: commands.GetCardKeys, message_id: int, now: float) -> None:
    """0x93."""
    board.answer(_same(answers.GetCardKeysReply, board.memory.keys), message_id)


def clear_storage(board: VirtualBoard, frame: commands.ClearStorage, message_id: int, now: float) -> None:
    """0x88: settlements nobody has answered are gone for ever."""
    board.answer(answers.ClearStorageReply(result=0), message_id)
    board.memory.lose()


def _acknowledging(reply: type[Frame]) -> Handler:
    """A setting that changes nothing here: kept, and answered with 0."""

    def obey(board: VirtualBoard, frame: Frame, message_id: int, now: float) -> None:
        board.memory.other[frame.code] = frame
        board.answer(reply(result=0), message_id)

    return obey


def _same(kind: type[Frame], values: Frame) -> Frame:
    """The answer to a question for what was set: the same body under another command."""
    body = values.pack()
    answer: Frame = kind.layout.decode(body, 0, len(body))
    return answer


def _start(board: VirtualBoard, frame: commands.ChargeControl, message_id: int, now: float) -> None:
    asked = (frame.order_no, message_id)
    again = next((port for port in board.ports if port.obeyed == asked), None)
    port, result, waiting = (again, _DONE, 0) if again is not None else _chosen(board, frame.port_no)
    if again is None and port is not None:
        result = _SAME_STATE if port.session is not None else _fitness(board, port)
        if result == _DONE:
            port.obeyed = asked
            board.begin(port, _terms(frame), frame.order_no, message_id, now)
    _answer_control(board, frame, message_id, port=port, result=result, waiting=waiting)


def _stop(board: VirtualBoard, frame: commands.ChargeControl, message_id: int, now: float) -> None:
    port = board.ports[frame.port_no] if frame.port_no < len(board.ports) else None
    running = port is not None and port.session is not None and port.session.order_no == frame.order_no
    result = _DONE if running else _NO_PORT if port is None else _SAME_STATE
    _answer_control(board, frame, message_id, port=port, result=result, waiting=0)
    if running and port is not None:
        board.cut(port, Stop.SERVER, now)


def _chosen(board: VirtualBoard, port_no: int) -> tuple[VirtualPort | None, int, int]:
    """The port a start means; FF is the only one that waits, or none with the bits of all that do."""
    if port_no < len(board.ports):
        return board.ports[port_no], _DONE, 0
    if port_no != ANY_PORT:
        return None, _NO_PORT, 0
    waiting = [port for port in board.ports if port.charger is not None and port.session is None and not port.full]
    if len(waiting) == 1:
        return waiting[0], _DONE, 0
    return None, _SEVERAL if waiting else _NOT_PLUGGED, sum(1 << port.port_no for port in waiting)


def _fitness(board: VirtualBoard, port: VirtualPort) -> int:
    if board.smoky:
        return _SMOKE
    if port.fault_state:
        return _FUSE
    return _NOT_PLUGGED if port.charger is None else _DONE


def _terms(frame: commands.ChargeControl) -> Terms:
    return Terms(
        mode=frame.rate_mode,
        amount=frame.amount,
        max_duration_s=frame.max_duration_s,
        overload_dw=frame.overload_power_dw,
        force_full_stop=bool(frame.force_full_stop),
        extra_float_s=frame.extra_float_s or 0,
        full_power_w=frame.full_power_w or 0,
        full_judge_min=frame.full_power_judge_min or 60,
    )


def _answer_control(  # each value is a column of the answer
    board: VirtualBoard,
    frame: commands.ChargeControl,
    message_id: int,
    *,
    port: VirtualPort | None,
    result: int,
    waiting: int,
) -> None:
    reply = answers.ChargeControlReply(
        result=result,
        order_no=frame.order_no,
        port_no=port.port_no if port is not None else frame.port_no,
        pending_ports=waiting,
    )
    board.answer(reply, message_id)


_TAKEN: dict[type[Frame], Callable[..., None]] = {
    acks.RegisterAck: registered,
    acks.CardSwipeAnswer: card_answered,
    acks.SettlementAck: settled,
    acks.TimeAnswer: told_time,
    commands.QueryStatus: queried,
    commands.ChargeControl: control,
    commands.ModifyCharge: modify,
    commands.SetParamsA: set_charging,
    commands.SetParamsB: set_protection,
    commands.SetMaxTimePower: set_limits,
    commands.SetCardKeys: set_keys,
    commands.GetParamsA: get_charging,
    commands.GetParamsB: get_protection,
    commands.GetMaxTimePower: get_limits,
    commands.GetCardKeys: get_keys,
    commands.ClearStorage: clear_storage,
    commands.PlayVoice: _acknowledging(answers.PlayVoiceReply),
    commands.SetWorkMode: _acknowledging(answers.SetWorkModeReply),
    commands.SetQrUrl: _acknowledging(answers.SetQrUrlReply),
    commands.SetTcMode: _acknowledging(answers.SetTcModeReply),
    commands.TempQr: _acknowledging(answers.TempQrReply),
    commands.Locate: _acknowledging(answers.LocateReply),
    commands.SetMute: _acknowledging(answers.SetMuteReply),
}
HANDLERS: dict[type[Frame], Handler] = {kind: cast("Handler", take) for kind, take in _TAKEN.items()}
COMMANDS = frozenset(kind for kind in HANDLERS if kind.code >= 0x80)
"""What may be overheard, unlike answers."""
