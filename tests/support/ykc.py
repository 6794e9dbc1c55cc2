"""Frames a YKC charge point sends, made by our own encoder; the golden files are the independent evidence."""

from __future__ import annotations

from chargecloud.kernel.clock import local_time
from chargecloud.protocols.wire.schema import Frame
from chargecloud.protocols.wire.values import write_cp56
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.codec import decode, encode
from chargecloud.testing.harness import START_MS

CODE = "32010600019236"
OTHER_CODE = "32010600019999"
IDLE = "0" * 32


def up(frame: Frame, sequence: int = 0) -> bytes:
    """The bytes of a frame, numbered little-endian as real charge points do."""
    return encode(frame, sequence.to_bytes(2, "little"), limit=255)


def down(raw: bytes) -> Frame:
    """The typed form of bytes we sent."""
    frame = decode(raw).frame
    assert frame is not None
    return frame


def downs(sent: list[bytes]) -> list[int]:
    """Type codes of what we sent."""
    return [raw[5] for raw in sent]


def login(code: str = CODE, *, firmware: bytes = b"V1.6.3", pile_type: int = 0, sequence: int = 0) -> bytes:
    """0x01."""
    return up(
        frames.LoginRequest(
            pile_code=code,
            pile_type=pile_type,
            gun_count=2,
            protocol_version=0x10,
            program_version=firmware,
            network_type=0,
            sim_card="898604D11722D0348606",
            operator=2,
        ),
        sequence,
    )


def heartbeat(code: str = CODE, *, gun: str = "01", status: int = 0, sequence: int = 1) -> bytes:
    """0x03."""
    return up(frames.Heartbeat(pile_code=code, gun_no=gun, gun_status=status), sequence)


def realtime(trade: str = "", **changes: object) -> frames.RealtimeData:
    """0x13, charging when it has a trade number."""
    charging = bool(trade)
    fields: dict[str, object] = {
        "trade_no": trade or IDLE,
        "pile_code": CODE,
        "gun_no": "01",
        "status": 3 if charging else 2,
        "gun_homed": 0 if charging else 1,
        "gun_plugged": int(charging),
        "output_voltage": 3815 if charging else 0,
        "output_current": 1203 if charging else 0,
        "gun_cable_temp": 83 if charging else 0,
        "gun_cable_code": bytes(8),
        "soc": 43 if charging else 0,
        "battery_max_temp": 79 if charging else 0,
        "charged_minutes": 4 if charging else 0,
        "remaining_minutes": 41 if charging else 0,
        "charged_energy": 30_600 if charging else 0,
        "loss_charged_energy": 0,
        "charged_amount": 42_840 if charging else 0,
        "hardware_fault": 0,
    }
    return frames.RealtimeData(**(fields | changes))  # type: ignore[arg-type]


def start_reply(trade: str, *, result: int = 1, reason: int = 0, code: str = CODE, gun: str = "01") -> bytes:
    """0x33."""
    frame = frames.RemoteStartReply(
        trade_no=trade, pile_code=code, gun_no=gun, start_result=result, start_fail_reason=reason
    )
    return up(frame, 0x0909)


def stop_reply(*, result: int = 1, reason: int = 0, gun: str = "01") -> bytes:
    """0x35."""
    return up(frames.RemoteStopReply(pile_code=CODE, gun_no=gun, stop_result=result, stop_fail_reason=reason))


def wire_time(offset_s: int = 0) -> bytes:
    """A time on the wire, so many seconds after the tests begin."""
    return write_cp56(local_time(START_MS + offset_s * 1000).replace(tzinfo=None))


def record(trade: str, **changes: object) -> frames.TransactionRecord:
    """0x3B with energy in the peak and flat periods only."""
    fields: dict[str, object] = dict.fromkeys(frames.TransactionRecord.__struct_fields__, 0)
    fields |= {
        "trade_no": trade,
        "pile_code": CODE,
        "gun_no": "01",
        "start_time": wire_time(0),
        "end_time": wire_time(1800),
        "peak_price": 140_000,
        "peak_energy": 101_310,
        "peak_loss_energy": 101_310,
        "peak_amount": 141_800,
        "flat_price": 110_000,
        "flat_energy": 50_000,
        "flat_loss_energy": 0,
        "flat_amount": 55_000,
        "meter_start": 12_345_678,
        "meter_end": 12_496_988,
        "total_energy": 151_310,
        "total_loss_energy": 151_310,
        "total_amount": 196_800,
        "vin": b"LDC000000T0000001",
        "trade_mark": 1,
        "trade_time": wire_time(1801),
        "stop_reason": 0x40,
        "physical_card_no": bytes.fromhex("00000000D14B0A54"),
    }
    return frames.TransactionRecord(**(fields | changes))  # type: ignore[arg-type]
