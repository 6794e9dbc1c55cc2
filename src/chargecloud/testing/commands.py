"""One of every command a charge point can be asked."""

from __future__ import annotations

from typing import Any

from chargecloud.device import commands
from chargecloud.device.commands import (
    AnswerBalance,
    AnswerBoot,
    AnswerStart,
    ApplyTariff,
    ChangeLimit,
    ChargeLimit,
    ChargeMode,
    ConfirmRecord,
    DeviceCommand,
    DeviceTariff,
    Locate,
    MoveLock,
    MoveServer,
    OfflineCard,
    QueryCards,
    ReadParameters,
    ReadSample,
    Reboot,
    RemoveCards,
    ReplyRefusal,
    SetQrPrefix,
    SetWorkParameters,
    StartCharging,
    StopCharging,
    StoreCards,
    SyncClock,
    TariffBand,
    UpdateBalance,
    UpdateFirmware,
    VendorCommand,
    WriteParameters,
)

NO_CARD = "0" * 16
CARD = "00000000D14B0A54"
TARIFF = DeviceTariff(
    tariff_no="0062",
    bands=(
        TariffBand(energy_si_per_kwh=120_000, service_si_per_kwh=40_000),
        TariffBand(energy_si_per_kwh=100_000, service_si_per_kwh=40_000),
        TariffBand(energy_si_per_kwh=70_000, service_si_per_kwh=40_000),
        TariffBand(energy_si_per_kwh=40_000, service_si_per_kwh=40_000),
    ),
    half_hours=bytes([3] * 16 + [2] * 12 + [1] * 8 + [0] * 4 + [1] * 8),
)

HOUR = ChargeLimit(mode=ChargeMode.BY_TIME, duration_s=3_600)

ALL_COMMANDS: tuple[type[DeviceCommand], ...] = tuple(
    value
    for value in vars(commands).values()
    if isinstance(value, type) and issubclass(value, DeviceCommand) and value is not DeviceCommand
)


def session_no(code: str, connector_no: int = 1, counter: int = 1) -> str:
    """A session number as the platform makes them."""
    return f"{code:0>14}{connector_no:02d}260101080000{counter:04d}"


def start(code: str, expires_at_ms: int, **changes: object) -> StartCharging:
    """A start of connector 1."""
    fields: dict[str, Any] = {
        "command_id": "start",
        "charge_point_code": code,
        "expires_at_ms": expires_at_ms,
        "connector_no": 1,
        "session_no": session_no(code),
        "card_label": "573",
        "card_id": CARD,
        "balance_fen": 100_000,
    }
    return StartCharging(**(fields | changes))


def stop(code: str, expires_at_ms: int, *, command_id: str = "stop", connector_no: int = 1) -> StopCharging:
    """A stop of one connector."""
    return StopCharging(
        command_id=command_id,
        charge_point_code=code,
        expires_at_ms=expires_at_ms,
        connector_no=connector_no,
        session_no=session_no(code, connector_no),
    )


def one_of_each(code: str, expires_at_ms: int) -> list[DeviceCommand]:
    """A well-formed command of every kind, each with an id of its own: its class name."""

    def base(kind: type[DeviceCommand]) -> dict[str, Any]:
        return {"command_id": kind.__name__, "charge_point_code": code, "expires_at_ms": expires_at_ms}

    def make(kind: type[DeviceCommand], **fields: object) -> DeviceCommand:
        return kind(**(base(kind) | fields))

    session = session_no(code)
    return [
        make(AnswerBoot, link_id="link", accepted=True),
        make(StartCharging, connector_no=1, session_no=session, card_label="573", card_id=CARD, balance_fen=100_000),
        make(StopCharging, connector_no=1, session_no=session),
        make(ConfirmRecord, connector_no=1, session_no=session),
        make(
            AnswerStart,
            request_id="none",
            connector_no=1,
            accepted=True,
            refusal=ReplyRefusal.NONE,
            session_no=session,
            card_label="573",
            balance_fen=100_000,
        ),
        make(ReadSample, connector_no=1),
        make(UpdateBalance, connector_no=1, card_id=CARD, balance_fen=5_000),
        make(StoreCards, cards=tuple(OfflineCard(card_label=str(n), card_id=f"{n:016X}") for n in range(1, 13))),
        make(RemoveCards, card_ids=tuple(f"{n:016X}" for n in range(1, 20))),
        make(QueryCards, card_ids=tuple(f"{n:016X}" for n in range(1, 23))),
        make(SetWorkParameters, in_service=True, power_limit_pct=80),
        make(SyncClock),
        make(ApplyTariff, tariff=TARIFF),
        make(MoveLock, connector_no=1, up=True),
        make(Reboot),
        make(
            UpdateFirmware,
            is_dc=True,
            power_kw=120,
            host="127.0.0.1",
            port=2121,
            username="fw",
            password="once",
            path="fw/DC120.bin",
            when_idle=True,
            timeout_s=120,
        ),
        make(AnswerBalance, request_id="none", refusal=ReplyRefusal.NONE, balance_fen=5_000),
        make(ChangeLimit, connector_no=1, session_no=session, limit=HOUR),
        make(Locate, duration_s=10),
        make(MoveServer, host="127.0.0.1", port=7054, network_type=3),
        make(ReadParameters, group="charging"),
        make(WriteParameters, group="limits", values={"max_duration_s": 36_000, "overload_power_dw": 8_000}),
        make(VendorCommand, name="set_mute", values={"mute": 1}),
        make(SetQrPrefix, prefix="https://127.0.0.1/c?no=", with_connector=True),
    ]
