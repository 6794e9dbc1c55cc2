"""Commands about the board itself."""

from __future__ import annotations

from chargecloud.device.commands import MoveServer, SetQrPrefix
from chargecloud.protocols.dny.mapping import settings
from tests.support import dny
from tests.support.golden import golden_entries

GOLDEN = {entry["id"]: bytes.fromhex(entry["hex"]) for _, entry in golden_entries("dny")}


def test_the_vendors_server_change() -> None:
    command = MoveServer(
        command_id="m", charge_point_code=dny.CODE, expires_at_ms=0, host="baidu.com", port=8888, network_type=3
    )
    assert settings.server_address(command).pack() == GOLDEN["P032"][12:-2]


def test_the_captured_location() -> None:
    assert settings.locate(10).pack() == GOLDEN["P040"][12:-2]


def test_texts_fill_their_column_and_end_in_nul() -> None:
    for length in (1, 71):
        command = SetQrPrefix(
            command_id="q", charge_point_code=dny.CODE, expires_at_ms=0, prefix="x" * length, with_connector=True
        )
        body = settings.qr_url(command).pack()
        assert len(body) == 76 and body[4:] == b"x" * length + bytes(72 - length)
