"""What a board keeps when the power goes: settings, and settlements nobody has answered yet."""

from dataclasses import dataclass, field

from chargecloud.protocols.dny.frames import commands, uplinks
from chargecloud.protocols.wire.schema import Frame
from chargecloud.sim.dny.timetable import Entry
from chargecloud.sim.truth import SessionTruth

OVERLOAD_DW = 12_000


def charging_parameters(
    *, float_percent: int = 20, float_confirm_s: int = 1_800, float_duration_s: int = 3_600
) -> commands.SetParamsA:
    """0x83 as it comes from the factory, but for this."""
    return commands.SetParamsA(
        unplug_power_dw=3,
        unplug_confirm_s=10,
        float_percent=float_percent,
        float_confirm_s=float_confirm_s,
        float_duration_s=float_duration_s,
        heartbeat_interval_s=180,
    )


CHARGING = charging_parameters()
PROTECTION = commands.SetParamsB(
    dyn_overload_power_dw=800,
    dyn_overload_confirm_s=30,
    dyn_overload_after_s=1_800,
    unplug_noise_power_dw=10,
    unplug_noise_s=300,
    float2_after_s=10_800,
    float2_confirm_s=300,
    min_power_dw=300,
    min_power_at_s=1_800,
    second_max_window_s=300,
    env_alarm_c=80,
    port_alarm_c=80,
    unplug_detect_off=0,
    qr_light=1,
)
"""0x84 as it comes from the factory."""
LIMITS = commands.SetMaxTimePower(
    max_duration_s=36_000, overload_power_dw=OVERLOAD_DW, over_voltage_dv=2_700, under_voltage_dv=1_000
)
"""0x85 as it comes from the factory."""
KEYS = commands.SetCardKeys(card_sector=1, user_key=bytes(6), new_key=b"\xff" * 6)


@dataclass(slots=True)
class StoredSettlement:
    """An 0x03 that waits for its answer."""

    frame: uplinks.Settlement
    truth: SessionTruth
    message_ids: list[int] = field(default_factory=list)
    due: Entry | None = None


@dataclass(slots=True)
class BoardMemory:
    """EEPROM of one board."""

    charging: commands.SetParamsA = CHARGING
    protection: commands.SetParamsB = PROTECTION
    limits: commands.SetMaxTimePower = LIMITS
    keys: commands.SetCardKeys = KEYS
    settlements: list[StoredSettlement] = field(default_factory=list)
    other: dict[int, Frame] = field(default_factory=dict)
    """The last of every other setting, by command."""

    def lose(self) -> None:
        """Everything but the ids is gone (0x88, or a broken memory)."""
        for stored in self.settlements:
            stored.truth.lost = True
            if stored.due is not None:
                stored.due.drop()
        self.settlements.clear()
        self.other.clear()
        self.charging, self.protection, self.limits, self.keys = CHARGING, PROTECTION, LIMITS, KEYS
