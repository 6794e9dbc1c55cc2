"""Numbers of the vendor by name."""

from __future__ import annotations

from chargecloud.device.events import StopClass
from chargecloud.protocols.wire.parts import Choices, flags

OK = 1
"""BKV says 1 for done and 0 for failed."""

ONLINE, METER_FAULT, LIMIT_REACHED, CHARGING, NO_LOAD = 0x80, 0x40, 0x20, 0x10, 0x08
TOO_HOT, OVER_CURRENT, OVER_POWER = 0x04, 0x02, 0x01
FAULTS = METER_FAULT | TOO_HOT | OVER_CURRENT | OVER_POWER

STATUS_BITS = Choices(
    {
        7: ("online", "在线"),
        6: ("meter_fault", "计量异常"),
        5: ("limit_reached", "到时/到量（仅抓包所见）"),
        4: ("charging", "充电"),
        3: ("no_load", "空载"),
        2: ("too_hot", "温度异常"),
        1: ("over_current", "电流异常"),
        0: ("over_power", "功率异常"),
    }
)
STATUS = (flags("status_flags", "插座状态各位", STATUS_BITS),)
HOLE = Choices({0: ("a", "A 孔"), 1: ("b", "B 孔")})
SWITCH = Choices({0: ("off", "关"), 1: ("on", "开")})
RESULT = Choices({0: ("failed", "失败"), 1: ("ok", "成功")})
BY_ENERGY, BY_TIME, BY_TIER = 0, 1, 3
MODE = Choices({0: ("by_energy", "按量"), 1: ("by_time", "按时"), 3: ("by_tier", "按功率")})

STOPS = (
    (TOO_HOT, "too_hot", StopClass.ABORTED),
    (OVER_CURRENT, "over_current", StopClass.ABORTED),
    (OVER_POWER, "over_power", StopClass.ABORTED),
    (METER_FAULT, "meter_fault", StopClass.ABORTED),
    (NO_LOAD, "no_load", StopClass.COMPLETED),
    (LIMIT_REACHED, "limit_reached", StopClass.COMPLETED),
)
"""Bits of the status in an end report, the worst first. The reason byte of tier reports has no published table."""

PARAMETERS = {
    "full_delay_s": (0x21, 2),
    "idle_delay_s": (0x22, 2),
    "full_power_dw": (0x23, 2),
    "idle_power_dw": (0x24, 2),
    "too_hot_c": (0x25, 1),
    "max_power_dw": (0x11, 2),
    "max_duration_min": (0x59, 2),
}
"""Settings of one socket: name to tag and size."""
