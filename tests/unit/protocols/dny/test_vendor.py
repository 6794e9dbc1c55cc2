"""Commands by their name in the documents."""

from __future__ import annotations

import pytest

from chargecloud.device.commands import VendorCommand
from chargecloud.protocols.dny.frames import DOWNLINKS, UPLINKS, commands
from chargecloud.protocols.dny.uplinks import HANDLERS
from chargecloud.protocols.dny.vendor import ALLOWED, frame
from tests.support import dny


def command(name: str, **values: int | str) -> VendorCommand:
    return VendorCommand(command_id="v", charge_point_code=dny.CODE, expires_at_ms=1, name=name, values=values)


def test_numbers_texts_bytes_and_lists() -> None:
    assert frame(command("set_mute", mute=1)) == commands.SetMute(mute=1)
    assert frame(command("temp_qr", text="https://127.0.0.1/")) == commands.TempQr(text=b"https://127.0.0.1/")
    assert frame(command("eeprom_write", address=1, data="AABB")) == commands.EepromWrite(address=1, data=b"\xaa\xbb")
    fsk = frame(command("set_fsk", frequency_mhz=472, slaves="40AACE04F36CA204"))
    assert fsk == commands.SetFsk(
        frequency_mhz=472,
        reserved=bytes(3),
        slaves=(commands.SlaveId(physical_id=dny.PHYSICAL_ID), commands.SlaveId(physical_id=dny.OTHER_ID)),
    )
    assert frame(command("clear_storage")) == commands.ClearStorage()


@pytest.mark.parametrize(
    ("name", "values", "what"),
    [
        ("charge_control", {}, "no command 'charge_control'; there are cabinet_stop, clear_storage,"),
        ("set_mute", {}, "mute (静音) is missing"),
        ("set_mute", {"mute": "on"}, "is a number, not 'on'"),
        ("set_mute", {"mute": 1, "loud": 2}, "set_mute has no loud"),
        ("temp_qr", {"text": 5}, "is text, not 5"),
        ("temp_qr", {"text": "码"}, "ascii"),
        ("eeprom_write", {"address": 1, "data": "xyz"}, "hexadecimal"),
        ("set_fsk", {"frequency_mhz": 1, "slaves": "40AACE"}, "entries of 4 bytes"),
        ("play_voice", {"voice_count": 1, "interrupt": 0, "voices": "01"}, "has no voice_count"),
    ],
)
def test_what_is_wrong_is_named(name: str, values: dict[str, int | str], what: str) -> None:
    with pytest.raises(ValueError) as caught:
        frame(command(name, **values))
    assert what in str(caught.value)


def test_every_vendor_command_has_an_answer_somebody_takes() -> None:
    for kind in ALLOWED.values():
        assert kind is DOWNLINKS[kind.code] and UPLINKS[kind.code] in HANDLERS
