"""Frames DNY boards send, made by our own encoder; the golden files are the independent evidence."""

from __future__ import annotations

from hypothesis import strategies as st

from chargecloud.protocols.dny.codec import decode, encode
from chargecloud.protocols.dny.frames import DOWNLINKS, UPLINKS, answers, uplinks
from chargecloud.protocols.wire.schema import Direction, Frame
from tests.support.wire_strategies import records

PHYSICAL_ID = 0x04CEAA40
CODE = "04CEAA40"
OTHER_ID = 0x04A26CF3
OTHER_CODE = "04A26CF3"
HOST_ID = 0x09D62684
ICCID = b"898604D9162390488297"
ORDER = bytes.fromhex("45323032363131323330303030303031")
CARD = bytes.fromhex("7A8D05DD")


def up(frame: Frame, *, physical_id: int = PHYSICAL_ID, message_id: int = 1) -> bytes:
    """The bytes of a frame."""
    return encode(frame, physical_id, message_id)


def register(
    *, physical_id: int = PHYSICAL_ID, message_id: int = 1, ports: int = 2, firmware: int = 640, work_mode: int = 6
) -> bytes:
    """0x20, the six-byte form of real firmware."""
    frame = uplinks.Register(
        firmware_version=firmware,
        port_count=ports,
        virtual_id=10,
        device_type=0x31,
        work_mode=work_mode,
        power_board_version=None,
    )
    return up(frame, physical_id=physical_id, message_id=message_id)


def heartbeat(
    *, physical_id: int = PHYSICAL_ID, message_id: int = 2, states: bytes = b"\x00\x00", temperature: int = 90
) -> bytes:
    """0x21."""
    frame = uplinks.Heartbeat(voltage_dv=2251, port_states=states, signal=0, temperature_raw=temperature)
    return up(frame, physical_id=physical_id, message_id=message_id)


def legacy_heartbeat(*, physical_id: int = PHYSICAL_ID, message_id: int = 6, states: bytes = b"\x00\x00") -> bytes:
    """0x01."""
    frame = uplinks.LegacyHeartbeat(
        firmware_version=640,
        voltage_dv=2347,
        port_states=states,
        port_powers_dw=(0,) * len(states),
        port_peak_powers_dw=(0,) * len(states),
        virtual_id=10,
        signal=0,
        device_type=0x31,
        temperature_raw=93,
        work_mode=0,
    )
    return up(frame, physical_id=physical_id, message_id=message_id)


def settlement(
    *, physical_id: int = PHYSICAL_ID, message_id: int = 3, order: bytes = ORDER, **changes: object
) -> bytes:
    """0x03, the 35-byte form of real firmware."""
    fields: dict[str, object] = {
        "duration_s": 3600,
        "max_power_dw": 2480,
        "energy_001kwh": 61,
        "port_no": 0,
        "start_mode": 1,
        "card_or_code": bytes(4),
        "stop_reason": 1,
        "order_no": order,
        "second_max_power_dw": 2310,
        "timestamp": 1_767_229_200,
        "occupy_min": None,
    }
    frame = uplinks.Settlement(**(fields | changes))  # type: ignore[arg-type]
    return up(frame, physical_id=physical_id, message_id=message_id)


def progress(session: str = "", *, physical_id: int = PHYSICAL_ID, message_id: int = 4, **changes: object) -> bytes:
    """0x06, the 45-byte form of real firmware; idle without a session."""
    fields: dict[str, object] = {
        "port_no": 0,
        "port_state": 1 if session else 2,
        "duration_s": 600,
        "energy_001kwh": 3,
        "start_mode": 1,
        "power_dw": 1875,
        "max_power_dw": 1902,
        "min_power_dw": 1840,
        "avg_power_dw": 1871,
        "order_no": bytes.fromhex(session) if session else bytes(16),
        "period_energy_raw": 160,
        "peak_power_dw": 1902,
        "voltage_dv": 2231,
        "current_ma": 841,
        "env_temp_raw": 88,
        "port_temp_raw": 96,
        "timestamp": 1_767_226_200,
        "occupy_min": None,
    }
    frame = uplinks.PowerHeartbeat(**(fields | changes))  # type: ignore[arg-type]
    return up(frame, physical_id=physical_id, message_id=message_id)


def control_reply(
    session: str, *, physical_id: int = PHYSICAL_ID, message_id: int = 1, result: int = 0, port: int = 0, ports: int = 0
) -> bytes:
    """0x82 from the board."""
    frame = answers.ChargeControlReply(
        result=result, order_no=bytes.fromhex(session), port_no=port, pending_ports=ports
    )
    return up(frame, physical_id=physical_id, message_id=message_id)


def swipe(*, port: int = 0, card: bytes = CARD, physical_id: int = PHYSICAL_ID, message_id: int = 5) -> bytes:
    """0x02."""
    frame = uplinks.CardSwipe(
        card_id=card, card_type=0, port_no=port, card_balance_fen=0, timestamp=None, card_no2=None
    )
    return up(frame, physical_id=physical_id, message_id=message_id)


def down(raw: bytes) -> Frame:
    """The typed form of bytes we sent."""
    frame = decode(raw, Direction.DOWN).frame
    assert frame is not None
    return frame


def downs(sent: list[bytes]) -> list[int]:
    """Commands of what we sent."""
    return [raw[11] for raw in sent]


def message_ids(sent: list[bytes]) -> list[int]:
    """Message ids of what we sent."""
    return [raw[9] | raw[10] << 8 for raw in sent]


def frames_of_either_side() -> st.SearchStrategy[Frame]:
    """Every frame of the protocol."""
    kinds = [*UPLINKS.values(), *DOWNLINKS.values()]
    return st.sampled_from(kinds).flatmap(records)  # type: ignore[arg-type]


def any_frame() -> st.SearchStrategy[bytes]:
    """The bytes of every frame, from any device."""
    ids = st.integers(0, 0xFFFFFFFF)
    return st.builds(encode, frames_of_either_side(), ids, st.integers(0, 0xFFFF))
