"""How each command looks on the wire."""

from __future__ import annotations

import pytest

from chargecloud.device.commands import Reboot, SetWorkParameters, StartCharging, UpdateFirmware
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.scripts import batch, batches
from chargecloud.testing.commands import CARD, one_of_each, session_no
from tests.support import ykc
from tests.support.ykc_harness import admitted, expiry

TYPES = {
    "StartCharging": 0x34,
    "StopCharging": 0x36,
    "ReadSample": 0x12,
    "UpdateBalance": 0x42,
    "StoreCards": 0x44,
    "RemoveCards": 0x46,
    "QueryCards": 0x48,
    "SetWorkParameters": 0x52,
    "SyncClock": 0x56,
    "ApplyTariff": 0x58,
    "MoveLock": 0x62,
    "Reboot": 0x92,
    "UpdateFirmware": 0x94,
    "SetQrPrefix": 0xF0,
}


@pytest.mark.parametrize("name", TYPES)
def test_each_command_is_one_frame_of_its_type(name: str) -> None:
    harness = admitted()
    (command,) = [each for each in one_of_each(ykc.CODE, expiry(harness)) if type(each).__name__ == name]
    harness.submit(command)
    (raw,) = harness.take_sent()
    assert raw[5] == TYPES[name] and raw[1] <= 200
    assert getattr(ykc.down(raw), "pile_code", None) == ykc.CODE


def said(kind: type, **changes: object) -> frames.Frame:
    import msgspec

    harness = admitted()
    (command,) = [each for each in one_of_each(ykc.CODE, expiry(harness)) if type(each) is kind]
    harness.submit(msgspec.structs.replace(command, **changes))
    (raw,) = harness.take_sent()
    return ykc.down(raw)


def test_a_remote_start_in_full() -> None:
    assert said(StartCharging) == frames.RemoteStart(
        trade_no=session_no(ykc.CODE),
        pile_code=ykc.CODE,
        gun_no="01",
        logical_card_no="0000000000000573",
        physical_card_no=bytes.fromhex(CARD),
        account_balance=100_000,
    )


def test_debts_are_shown_as_nothing_left() -> None:
    frame = said(StartCharging, balance_fen=-5)
    assert isinstance(frame, frames.RemoteStart) and frame.account_balance == 0


def test_work_parameters_are_zero_when_in_service() -> None:
    frame = said(SetWorkParameters, in_service=True, power_limit_pct=30)
    assert frame == frames.WorkParamSet(pile_code=ykc.CODE, work_disabled=0, max_power_percent=30)
    assert said(SetWorkParameters, in_service=False) == frames.WorkParamSet(
        pile_code=ykc.CODE, work_disabled=1, max_power_percent=80
    )


def test_d29_the_kind_is_numbered_from_one_in_an_update() -> None:
    for is_dc, model in ((True, 1), (False, 2)):
        frame = said(UpdateFirmware, is_dc=is_dc, timeout_s=61)
        assert isinstance(frame, frames.RemoteUpdate)
        assert (frame.pile_model, frame.download_timeout, frame.server_host) == (model, 2, b"127.0.0.1")


def test_a_reboot_now_or_when_idle() -> None:
    assert said(Reboot, when_idle=True) == frames.RemoteReboot(pile_code=ykc.CODE, execute_mode=2)
    assert said(Reboot, when_idle=False) == frames.RemoteReboot(pile_code=ykc.CODE, execute_mode=1)


@pytest.mark.parametrize(
    ("count", "size", "frames_needed"), [(0, 11, 1), (1, 11, 1), (11, 11, 1), (12, 11, 2), (23, 11, 3)]
)
def test_batches(count: int, size: int, frames_needed: int) -> None:
    items = list(range(count))
    assert batches(count, size) == frames_needed
    assert [item for step in range(frames_needed) for item in batch(items, step, size)] == items
