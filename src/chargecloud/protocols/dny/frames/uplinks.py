"""What DNY boards and hosts report by themselves, as the vendor's tables print it.

Attribute names are the identifiers of `docs/protocols/dny.md`; values are raw, see `wire/columns.py`. Suffixes: `_dv`
0.1 V, `_dw` 0.1 W, `_001kwh` 0.01 kWh, `_ma` 0.001 A, temperatures are raw − 65 °C with 0 for no sensor.
"""

from __future__ import annotations

from chargecloud.protocols.dny import tables
from chargecloud.protocols.wire.columns import (
    ascii_text,
    count,
    counted_numbers,
    counted_raw,
    counted_words,
    raw,
    repeat,
    uint,
)
from chargecloud.protocols.wire.schema import Direction, Frame, Record, Reply

UP = Direction.UP
TEMPERATURE_NOTE = "实际温度 = 原始值 − 65 °C，0 表示无传感器"


class LegacyHeartbeat(Frame, code=0x01, title="心跳包（旧）", direction=UP):
    """The old heartbeat with powers; read in silence, because 0x21 is answered and both must not be."""

    firmware_version: int = uint(2, "固件版本", note="640 = V6.40")
    voltage_dv: int = uint(2, "实时电压", unit="0.1 V")
    port_count: int = count("端口数量", of="port_states")
    port_states: bytes = counted_numbers("各端口状态", values=tables.PORT_STATE)
    port_powers_dw: tuple[int, ...] = counted_words("各端口功率", unit="0.1 W")
    port_peak_powers_dw: tuple[int, ...] = counted_words("各端口峰值功率", unit="0.1 W")
    virtual_id: int = uint(1, "虚拟ID")
    signal: int = uint(1, "信号强度", note="主机与分机之间，0 为有线或无")
    device_type: int = uint(1, "设备类型", values=tables.DEVICE_TYPE)
    temperature_raw: int | None = uint(1, "当前环境温度", note=TEMPERATURE_NOTE, optional=True)
    work_mode: int | None = uint(1, "工作模式", parts=tables.WORK_MODE, optional=True)


class CardSwipe(Frame, code=0x02, title="刷卡", direction=UP, reply=Reply.ASK, answered_by=0x02):
    """A card at the reader: port FF asks for the balance, any other port asks to start there."""

    card_id: bytes = raw(4, "卡号", note="按读出顺序；十进制为大端")
    card_type: int = uint(1, "卡类型", values=tables.CARD_TYPE)
    port_no: int = uint(1, "端口号", note="FF 为查询余额")
    card_balance_fen: int = uint(2, "卡余额", unit="分")
    timestamp: int | None = uint(4, "时间戳", unit="s", note="调试用", optional=True)
    card_no2_len: int | None = count("卡号2字节数", of="card_no2", optional=True)
    card_no2: bytes | None = counted_raw("卡号2", optional=True)


class Settlement(Frame, code=0x03, title="结算消费信息上传", direction=UP, reply=Reply.AFTER_COMMIT, answered_by=0x03):
    """One finished charge, without start time and without money; every 30 min until it is answered."""

    duration_s: int = uint(2, "充电时长", unit="s")
    max_power_dw: int = uint(2, "最大功率", unit="0.1 W")
    energy_001kwh: int = uint(2, "耗电量", unit="0.01 kWh")
    port_no: int = uint(1, "端口号", note="0 为第 1 路")
    start_mode: int = uint(1, "启动方式", values=tables.START_MODE)
    card_or_code: bytes = raw(4, "卡号/验证码", note="服务器启动时为 0")
    stop_reason: int = uint(1, "停止原因", values=tables.STOP_REASON)
    order_no: bytes = raw(16, "订单编号", note="82 指令下发的原样，离线时由设备生成")
    second_max_power_dw: int | None = uint(2, "第二最大功率", unit="0.1 W", note="前 5 min 内的最大值", optional=True)
    timestamp: int | None = uint(4, "时间戳", unit="s", note="记录时间", optional=True)
    occupy_min: int | None = uint(2, "占位时长", unit="min", note="仅充电柜", optional=True)


class OrderConfirm(Frame, code=0x04, title="订单确认（旧）", direction=UP, reply=Reply.AUTO, answered_by=0x04):
    """Firmware before June 2019 confirms a start with this until it is answered."""

    port_no: int = uint(1, "端口号")
    start_mode: int = uint(1, "启动方式", values=tables.START_MODE)
    card_id: bytes = raw(4, "卡号")
    duration_s: int = uint(2, "充电时长", unit="s")
    order_no: bytes = raw(16, "订单编号")


class UpgradeRequest(Frame, code=0x05, title="设备主动请求升级", direction=UP):
    """An old board asks for firmware."""

    device_type: int = uint(1, "设备类型", values=tables.DEVICE_TYPE)
    firmware_version: int = uint(2, "固件版本")
    package_kind: bytes = raw(4, "升级包类型")


class PowerHeartbeat(Frame, code=0x06, title="端口充电时功率心跳包", direction=UP):
    """Progress of one port, about every 5 min and once at the end; wants no answer."""

    port_no: int = uint(1, "端口号")
    port_state: int = uint(1, "端口状态", values=tables.PORT_STATE, note="仅 1、2、3、5 有意义")
    duration_s: int = uint(2, "充电时长", unit="s")
    energy_001kwh: int = uint(2, "当前订单累计电量", unit="0.01 kWh")
    start_mode: int = uint(1, "启动方式", values=tables.START_MODE)
    power_dw: int = uint(2, "实时功率", unit="0.1 W")
    max_power_dw: int = uint(2, "心跳期间最大功率", unit="0.1 W")
    min_power_dw: int = uint(2, "心跳期间最小功率", unit="0.1 W")
    avg_power_dw: int = uint(2, "心跳期间平均功率", unit="0.1 W")
    order_no: bytes = raw(16, "订单编号")
    period_energy_raw: int | None = uint(2, "该时间段内消耗电量", note="÷ 4800，调试用", optional=True)
    peak_power_dw: int | None = uint(2, "峰值功率", unit="0.1 W", note="整个充电过程", optional=True)
    voltage_dv: int | None = uint(2, "电压", unit="0.1 V", optional=True)
    current_ma: int | None = uint(2, "电流", unit="0.001 A", optional=True)
    env_temp_raw: int | None = uint(1, "环境温度", note=TEMPERATURE_NOTE, optional=True)
    port_temp_raw: int | None = uint(1, "端口温度", note=TEMPERATURE_NOTE, optional=True)
    timestamp: int | None = uint(4, "时间戳", unit="s", note="调试用", optional=True)
    occupy_min: int | None = uint(2, "占位时长", unit="min", note="仅充电柜", optional=True)


class HostHeartbeat(Frame, code=0x11, title="主机状态心跳包", direction=UP):
    """The host about itself and its modem, every 30 min; wants no answer."""

    firmware_version: int = uint(2, "固件版本")
    rtc_type: int = uint(1, "RTC 模块类型", values=tables.RTC_TYPE)
    host_time: int = uint(4, "主机当前时间", unit="s", note="无时钟为 0")
    signal: int = uint(1, "信号强度", note="0–31，99 为无效，大于 100 时减 100 后按 0–97")
    module_type: int = uint(1, "通讯模块类型", values=tables.MODULE_TYPE)
    iccid: bytes = ascii_text(20, "SIM 卡号")
    host_type: int = uint(1, "主机类型", values=tables.HOST_TYPE)
    lora_freq: int = uint(2, "LORA 中心频率", unit="MHz", note="0 为无")
    imei: bytes | None = ascii_text(15, "IMEI", optional=True)
    module_version: bytes | None = ascii_text(24, "模块版本号", optional=True)


class HostTimeSync(Frame, code=0x12, title="主机获取服务器时间", direction=UP, reply=Reply.AUTO, answered_by=0x12):
    """A host with a clock asks for the time."""


class HostUpgradeRequest(
    Frame, code=0x15, title="主机请求升级（旧）", direction=UP, reply=Reply.AUTO, answered_by=0x15
):
    """An old host asks for firmware; its body is not published."""


class HostStatus(Frame, code=0x17, title="主机状态包", direction=UP):
    """Breaker, meter and sensors of an earth-leakage host; of plain hosts only five values count."""

    breaker_closed: int = uint(1, "合闸状态", values=tables.SWITCH)
    temperature_raw: int = uint(1, "温度", note=TEMPERATURE_NOTE)
    voltage_dv: int = uint(2, "电压", unit="0.1 V")
    current_001a: int = uint(2, "电流", unit="0.01 A")
    energy_001kwh: int = uint(4, "总电量", unit="0.01 kWh")
    meter_current_001a: int = uint(2, "电表电流", unit="0.01 A")
    meter_energy_001kwh: int = uint(4, "电表电量", unit="0.01 kWh")
    smoke: int = uint(1, "烟感")
    alarm_relay: int = uint(1, "报警继电器")
    leakage_ma: int = uint(1, "漏电流", unit="mA")
    live_temp_raw: int = uint(1, "火线温度")
    neutral_temp_raw: int = uint(1, "零线温度")
    lockout: int = uint(1, "锁定状态")
    breaker_model: int = uint(1, "断路器型号", note="0 短款，1 长款，2 带屏")


class Register(Frame, code=0x20, title="设备注册包", direction=UP, reply=Reply.ASK, answered_by=0x20):
    """Introduces one board after power-on, repeated until answered, and again when a field changes."""

    firmware_version: int = uint(2, "固件版本", note="640 = V6.40")
    port_count: int = uint(1, "端口数量")
    virtual_id: int = uint(1, "虚拟ID", note="本地网络地址，0 为无")
    device_type: int = uint(1, "设备类型", values=tables.DEVICE_TYPE)
    work_mode: int = uint(1, "工作模式", parts=tables.WORK_MODE)
    power_board_version: int | None = uint(2, "电源板版本号", note="0 为无", optional=True)


class Heartbeat(Frame, code=0x21, title="设备心跳包", direction=UP, reply=Reply.AUTO, answered_by=0x21):
    """Voltage and all ports of one board, every 180 s."""

    voltage_dv: int = uint(2, "实时电压", unit="0.1 V")
    port_count: int = count("端口数量", of="port_states")
    port_states: bytes = counted_numbers("各端口状态", values=tables.PORT_STATE)
    signal: int = uint(1, "信号强度", note="主机与分机之间，0 为有线或无")
    temperature_raw: int | None = uint(1, "当前环境温度", note=TEMPERATURE_NOTE, optional=True)


class TimeSync(Frame, code=0x22, title="设备获取服务器时间", direction=UP, reply=Reply.AUTO, answered_by=0x22):
    """A board asks for the time, at power-on and every 12 h."""


class SlaveVersion(Record):
    """Lowest firmware of one kind of slave."""

    device_type: int = uint(1, "设备类型", values=tables.DEVICE_TYPE)
    reserved: int = uint(1, "保留")
    firmware_version: int = uint(2, "最低固件版本")
    physical_id: int = uint(4, "物理ID")


class SlaveVersions(Frame, code=0x35, title="上传分机版本号与设备类型", direction=UP):
    """Which kinds of slaves a host has; sent after 0x11."""

    slave_count: int = count("类型数量", of="slaves")
    slaves: tuple[SlaveVersion, ...] = repeat(SlaveVersion, "分机版本表")


class FskRequest(Frame, code=0x3B, title="请求 FSK 主机参数", direction=UP):
    """A host with FSK radio asks for its parameters (0x3A)."""

    frequency_mhz: int = uint(2, "频率", unit="MHz", note="0 为默认")


class CabinetHeartbeat(Frame, code=0x41, title="充电柜专用心跳包", direction=UP):
    """Doors and fans of a cabinet."""

    port_count: int = uint(1, "端口数量")
    door_bits: int = uint(4, "柜门状态", note="每位一门，1 为开")
    fan_bits: int = uint(4, "风扇状态")


class Alarm(Frame, code=0x42, title="报警推送", direction=UP):
    """An alarm of a sensor; never repeated, so it may be lost."""

    alarm_type: int = uint(1, "报警类型", values=tables.ALARM_TYPE)
    port_no: int = uint(1, "端口号或传感器地址", note="0 为设备本身；停电时无意义")
    trigger_bits: int | None = uint(1, "触发输入", note="输入 1–8", optional=True)


class FullNotice(Frame, code=0x43, title="充电完成通知", direction=UP):
    """A cabinet tells that a battery is full; not a settlement."""

    duration_s: int = uint(2, "充电时长", unit="s")
    max_power_dw: int = uint(2, "最大功率", unit="0.1 W")
    energy_001kwh: int = uint(2, "耗电量", unit="0.01 kWh")
    port_no: int = uint(1, "端口号")
    start_mode: int = uint(1, "启动方式", values=tables.START_MODE)
    card_or_code: bytes = raw(4, "卡号/验证码")
    stop_reason: int = uint(1, "停止原因", values=tables.STOP_REASON)
    order_no: bytes = raw(16, "订单编号")


class PortNotice(Frame, code=0x44, title="端口推送", direction=UP):
    """A cabinet tells something about one port."""

    notice_type: int = uint(1, "通知类型", values=tables.NOTICE_TYPE)
    port_no: int = uint(1, "端口号")
    order_no: bytes = raw(16, "订单编号")
