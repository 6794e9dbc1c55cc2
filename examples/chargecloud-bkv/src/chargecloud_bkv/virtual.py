"""What a gateway with its sockets says, made by the same declarations: for tests, fuzzing and simulators."""

from __future__ import annotations

from chargecloud.protocols.wire.schema import Frame
from chargecloud_bkv import frames, tables
from chargecloud_bkv.codec import encode

GATEWAY = "82241218000382"
ICCID = b"898608551024D1988196"
FIRMWARE = b"200.1.17"
CARD = bytes.fromhex("000000298352")
IDLE, BUSY, ENDED = 0x80, 0x90, 0x98


def up(frame: Frame, serial: int = 0, gateway: str = GATEWAY) -> bytes:
    """The bytes of a frame; 0 is the serial of what a gateway begins."""
    return encode(frame, serial, gateway)


def heartbeat(gateway: str = GATEWAY) -> bytes:
    """Every minute."""
    return up(frames.Heartbeat(iccid=ICCID, firmware=FIRMWARE, signal=17), gateway=gateway)


def hole(number: int = 0, *, status: int = IDLE, business_no: int = 0, energy_wh: int = 0) -> frames.HoleState:
    """One hole of a socket."""
    busy = status & tables.CHARGING
    return frames.HoleState(
        hole=number,
        status=status,
        business_no=business_no,
        voltage_dv=2297,
        power_dw=1500 if busy else 0,
        current_ma=653 if busy else 0,
        energy_wh=energy_wh,
        minutes=energy_wh * 60 // 150,
    )


def state(*holes: frames.HoleState, socket: int = 1, serial: int = 0) -> bytes:
    """The answer to a question for the state of a socket."""
    frame = frames.SocketState(socket=socket, firmware=b"\xff\xff", temperature_c=29, rssi=30, holes=holes)
    return up(frame, serial)


def control_reply(serial: int, business_no: int, *, result: int = tables.OK, socket: int = 1, hole: int = 0) -> bytes:
    """The answer to a start or stop."""
    return up(frames.ControlReply(result=result, socket=socket, hole=hole, business_no=business_no), serial)


def charge_end(business_no: int, *, energy_wh: int = 80, minutes: int = 45, status: int = ENDED) -> bytes:
    """A charge by time is over."""
    return up(
        frames.ChargeEnd(
            socket=1,
            firmware=b"\xff\xff",
            temperature_c=29,
            rssi=30,
            hole=0,
            status=status,
            business_no=business_no,
            power_dw=404,
            current_ma=345,
            energy_wh=energy_wh,
            minutes=minutes,
        )
    )


def tier_end(business_no: int, tier_minutes: tuple[int, ...] = (17, 19, 0, 0, 0)) -> bytes:
    """A charge by tiers is over."""
    return up(
        frames.TierEnd(
            socket=1,
            firmware=b"\x51\x36",
            temperature_c=45,
            rssi=32,
            hole=0,
            status=ENDED,
            business_no=business_no,
            power_dw=0,
            current_ma=2,
            energy_wh=120,
            minutes=sum(tier_minutes),
            ended_at=bytes.fromhex("07e406080e1507"),
            reason=2,
            cost_fen=15,
            settled_power_dw=3000,
            tier_minutes=tier_minutes,
        )
    )


def card_end(business_no: int) -> bytes:
    """A charge begun by card is over."""
    return up(
        frames.CardEnd(
            socket=1,
            firmware=b"\x51\x36",
            temperature_c=45,
            rssi=32,
            hole=0,
            status=ENDED,
            business_no=business_no,
            power_dw=0,
            current_ma=2,
            energy_wh=2,
            minutes=31,
            card_id=CARD,
            offline_card=0,
            mode=1,
            cost_fen=0,
            settled_power_dw=0,
            tier_minutes=(),
        )
    )


def swipe(business_no: int = 26, *, card: bytes = CARD, hole: int = 0) -> bytes:
    """A card wants to charge."""
    frame = frames.CardSwipe(socket=1, hole=hole, business_no=business_no, status=BUSY, card_id=card, offline=bytes(20))
    return up(frame)


def balance_question(card: bytes = CARD) -> bytes:
    """A card wants to hear its balance."""
    return up(frames.BalanceQuestion(socket=2, hole=0, card_id=card))


def damaged() -> bytes:
    """A heartbeat whose sum is wrong."""
    raw = heartbeat()
    return raw[:-3] + bytes((raw[-3] ^ 0x55,)) + raw[-2:]
