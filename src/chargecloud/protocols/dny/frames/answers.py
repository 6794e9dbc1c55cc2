"""How DNY boards answer what the platform asks; each echoes the message id of the question.

Nearly all are one byte, 0 for success. A code belongs to one question, so question and answer share it.
"""

from __future__ import annotations

from chargecloud.protocols.dny import tables
from chargecloud.protocols.dny.tables import RESULT
from chargecloud.protocols.wire.columns import raw, raw_rest, uint
from chargecloud.protocols.wire.schema import Direction, Frame

UP = Direction.UP


class HostRebootReply(Frame, code=0x31, identifier="host_reboot", title="重启主机", direction=UP):
    """Outcome of a restart of the host."""

    result: int = uint(1, "执行结果", values=RESULT)


class ModemRebootReply(Frame, code=0x32, identifier="modem_reboot", title="重启通讯模块", direction=UP):
    """Outcome of a restart of the modem."""

    result: int = uint(1, "执行结果", values=RESULT)


class ClearUpgradeReply(Frame, code=0x33, identifier="clear_upgrade", title="清空升级数据", direction=UP):
    """Outcome of dropping half-loaded firmware."""

    result: int = uint(1, "执行结果", values=RESULT)


class SetServerAddressReply(Frame, code=0x34, identifier="set_server_address", title="更改 IP 地址", direction=UP):
    """Outcome of a change of server."""

    result: int = uint(1, "执行结果", values=RESULT)


class SetFskReply(Frame, code=0x3A, identifier="set_fsk", title="设置 FSK 主机参数", direction=UP):
    """Outcome of setting the FSK radio."""

    result: int = uint(1, "执行结果", values=RESULT)


class CabinetStopReply(Frame, code=0x72, identifier="cabinet_stop", title="充电柜停止充电但不开门", direction=UP):
    """Outcome of a stop that leaves the door shut."""

    result: int = uint(1, "执行结果", values=RESULT)
    order_no: bytes = raw(16, "订单编号")


class ChargeControlReply(Frame, code=0x82, identifier="charge_control", title="服务器开始、停止充电操作", direction=UP):
    """Outcome of a start or stop; never answered, or it is repeated for ever. Short forms are failures with a code."""

    result: int = uint(1, "应答", values=tables.CONTROL_RESULT)
    order_no: bytes | None = raw(16, "订单编号", optional=True)
    port_no: int | None = uint(1, "端口号", note="FF 启动时为实际端口", optional=True)
    pending_ports: int | None = uint(2, "待充端口", note="每位一路，仅应答 5 时有效", optional=True)


class SetParamsAReply(Frame, code=0x83, identifier="set_params_a", title="设置运行参数 1.1", direction=UP):
    """Outcome of setting the charging parameters; 1 is a bad value."""

    result: int = uint(1, "执行结果", values=RESULT)


class SetParamsBReply(Frame, code=0x84, identifier="set_params_b", title="设置运行参数 1.2", direction=UP):
    """Outcome of setting the protection parameters."""

    result: int = uint(1, "执行结果", values=RESULT)


class SetMaxTimePowerReply(
    Frame, code=0x85, identifier="set_max_time_power", title="设置最大充电时长、过载功率", direction=UP
):
    """Outcome of setting the limits; 1 is above what the board can do."""

    result: int = uint(1, "执行结果", values=RESULT)


class SetCardKeysReply(Frame, code=0x86, identifier="set_card_keys", title="设置用户卡参数", direction=UP):
    """Outcome of setting the card keys."""

    result: int = uint(1, "执行结果", values=RESULT)


class RebootReply(Frame, code=0x87, identifier="reboot", title="复位重启设备", direction=UP):
    """The last word before a restart; it may get lost."""

    result: int = uint(1, "执行结果", values=RESULT)


class ClearStorageReply(Frame, code=0x88, identifier="clear_storage", title="存储器清零", direction=UP):
    """Outcome of wiping everything but the ids."""

    result: int = uint(1, "执行结果", values=RESULT)


class PlayVoiceReply(Frame, code=0x89, identifier="play_voice", title="播放语音", direction=UP):
    """Outcome of a voice."""

    result: int = uint(1, "执行结果", values=RESULT)


class ModifyChargeReply(Frame, code=0x8A, identifier="modify_charge", title="修改充电时长、电量", direction=UP):
    """Outcome of a new total."""

    result: int = uint(1, "执行结果", values=tables.MODIFY_RESULT)


class EepromReadReply(Frame, code=0x8B, identifier="eeprom_read", title="读 EEPROM", direction=UP):
    """The bytes asked for."""

    result: int = uint(1, "执行结果", values=RESULT)
    data: bytes = raw_rest("数据")


class EepromWriteReply(Frame, code=0x8C, identifier="eeprom_write", title="写 EEPROM", direction=UP):
    """Outcome of a write."""

    result: int = uint(1, "执行结果", values=RESULT)


class SetWorkModeReply(Frame, code=0x8D, identifier="set_work_mode", title="设置工作模式", direction=UP):
    """Outcome of choosing networked or card-only; 1 is unsupported."""

    result: int = uint(1, "执行结果", values=RESULT)


class SetQrUrlReply(Frame, code=0x8E, identifier="set_qr_url", title="修改二维码地址", direction=UP):
    """Outcome of a new QR address."""

    result: int = uint(1, "执行结果", values=RESULT)


class SetTcModeReply(Frame, code=0x8F, identifier="set_tc_mode", title="设置 TC 刷卡模式", direction=UP):
    """Outcome of choosing what a card pays for."""

    result: int = uint(1, "执行结果", values=RESULT)


class GetParamsAReply(Frame, code=0x90, identifier="get_params_a", title="查询运行参数 1.1", direction=UP):
    """The charging parameters in force; older firmware knows fewer."""

    unplug_power_dw: int = uint(2, "拔出判断功率", unit="0.1 W", note="默认 3")
    unplug_confirm_s: int | None = uint(2, "拔出确认时间", unit="s", note="默认 10", optional=True)
    float_percent: int | None = uint(1, "浮充功率百分比", unit="%", note="默认 20", optional=True)
    float_confirm_s: int | None = uint(2, "浮充确认时间", unit="s", note="默认 1800", optional=True)
    float_duration_s: int | None = uint(2, "浮充时间", unit="s", note="默认 3600", optional=True)
    heartbeat_interval_s: int | None = uint(2, "心跳间隔", unit="s", note="默认 180", optional=True)


class GetParamsBReply(Frame, code=0x91, identifier="get_params_b", title="查询运行参数 1.2", direction=UP):
    """The protection parameters in force; older firmware knows fewer."""

    dyn_overload_power_dw: int = uint(2, "动态过载功率", unit="0.1 W", note="默认 800；单位为推断")
    dyn_overload_confirm_s: int | None = uint(2, "动态过载确认时间", unit="s", note="默认 30", optional=True)
    dyn_overload_after_s: int | None = uint(2, "动态过载开始时间", unit="s", note="默认 1800", optional=True)
    unplug_noise_power_dw: int | None = uint(1, "拔出干扰功率", unit="0.1 W", note="默认 10", optional=True)
    unplug_noise_s: int | None = uint(2, "拔出干扰时间", unit="s", note="默认 300", optional=True)
    float2_after_s: int | None = uint(2, "浮充二开始时间", unit="s", note="默认 10800", optional=True)
    float2_confirm_s: int | None = uint(2, "浮充二确认时间", unit="s", note="默认 300", optional=True)
    min_power_dw: int | None = uint(2, "最小功率", unit="0.1 W", note="默认 300", optional=True)
    min_power_at_s: int | None = uint(2, "最小功率判断时间", unit="s", note="默认 1800", optional=True)
    second_max_window_s: int | None = uint(2, "第二最大功率窗口", unit="s", note="默认 300", optional=True)
    env_alarm_c: int | None = uint(1, "环境温度报警值", unit="°C", note="默认 80", optional=True)
    port_alarm_c: int | None = uint(1, "端口温度报警值", unit="°C", note="默认 80", optional=True)
    unplug_detect_off: int | None = uint(1, "关闭拔出检测", note="0 为检测", optional=True)
    qr_light: int | None = uint(1, "二维码灯", values=tables.SWITCH, optional=True)


class GetMaxTimePowerReply(
    Frame, code=0x92, identifier="get_max_time_power", title="查询最大充电时长、过载功率", direction=UP
):
    """The limits in force."""

    max_duration_s: int = uint(2, "最大充电时长", unit="s", note="默认 36000")
    overload_power_dw: int = uint(2, "过载功率", unit="0.1 W")
    over_voltage_dv: int | None = uint(2, "过压值", unit="0.1 V", note="默认 2700", optional=True)
    under_voltage_dv: int | None = uint(2, "欠压值", unit="0.1 V", note="默认 1000", optional=True)


class GetCardKeysReply(Frame, code=0x93, identifier="get_card_keys", title="查询用户卡参数", direction=UP):
    """The card keys in force."""

    card_sector: int = uint(1, "扇区号")
    user_key: bytes = raw(6, "用户卡密钥")
    new_key: bytes = raw(6, "新卡密钥")


class TempQrReply(Frame, code=0x95, identifier="temp_qr", title="显示临时二维码", direction=UP):
    """Outcome of showing another QR code."""

    result: int = uint(1, "执行结果", values=RESULT)


class LocateReply(Frame, code=0x96, identifier="locate", title="声光寻找设备", direction=UP):
    """The board sounds and flashes."""

    result: int = uint(1, "执行结果", values=RESULT)


class SetMuteReply(Frame, code=0x97, identifier="set_mute", title="设置运行参数 1.3（静音）", direction=UP):
    """Outcome of muting."""

    result: int = uint(1, "执行结果", values=RESULT)


class MultiFunctionReply(Frame, code=0x98, identifier="multi_function", title="多功能控制", direction=UP):
    """Outcome of a function, with bytes of its own behind."""

    result: int = uint(1, "执行结果", values=RESULT)
    data: bytes = raw_rest("附加数据")


class OtaReply(Frame, code=0xE0, identifier="ota", title="升级分机", direction=UP):
    """Answers one packet: a board."""

    result: int = uint(1, "执行结果", values=tables.OTA_RESULT)
    packet_index: int = uint(2, "包序号")


class PowerBoardOtaReply(Frame, code=0xE1, identifier="power_board_ota", title="升级电源板", direction=UP):
    """Answers one packet: the power board behind a board."""

    result: int = uint(1, "执行结果", values=tables.OTA_RESULT)
    packet_index: int = uint(2, "包序号")


class HostWideOtaReply(Frame, code=0xE2, identifier="host_wide_ota", title="主机统一升级", direction=UP):
    """Answers one packet: a host that loads for all its slaves."""

    result: int = uint(1, "执行结果", values=tables.OTA_RESULT)
    packet_index: int = uint(2, "包序号")


class OldOtaReply(Frame, code=0xF8, identifier="ota_old", title="升级分机（旧）", direction=UP):
    """Answers one packet: an old board."""

    result: int = uint(1, "执行结果", values=tables.OTA_RESULT)
    packet_index: int = uint(2, "包序号")


class OldHostOtaReply(Frame, code=0xF9, identifier="host_ota_old", title="升级主机（旧）", direction=UP):
    """Answers one packet: an old host."""

    result: int = uint(1, "执行结果", values=tables.OTA_RESULT)
    packet_index: int = uint(2, "包序号")


class HostOtaReply(Frame, code=0xFA, identifier="host_ota", title="升级主机", direction=UP):
    """Answers one packet, or asks again for packet 1: a host."""

    result: int = uint(1, "执行结果", values=tables.OTA_RESULT)
    packet_index: int = uint(2, "包序号")
