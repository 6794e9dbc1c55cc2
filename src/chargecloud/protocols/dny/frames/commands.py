"""What the platform asks DNY boards and hosts on its own account."""

from __future__ import annotations

from chargecloud.protocols.dny import tables
from chargecloud.protocols.wire.columns import ascii_text, count, counted_raw, raw, repeat, uint
from chargecloud.protocols.wire.schema import Direction, Frame, Record, Reply

DOWN = Direction.DOWN
OTA_PACKET, OLD_OTA_PACKET = 200, 256


class HostReboot(
    Frame, code=0x31, identifier="host_reboot", title="重启主机", direction=DOWN, reply=Reply.AWAIT, answered_by=0x31
):
    """Restarts the host."""


class ModemReboot(
    Frame,
    code=0x32,
    identifier="modem_reboot",
    title="重启通讯模块",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0x32,
):
    """Restarts the modem."""


class ClearUpgrade(
    Frame,
    code=0x33,
    identifier="clear_upgrade",
    title="清空升级数据",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0x33,
):
    """Drops half-loaded firmware."""


class SetServerAddress(
    Frame,
    code=0x34,
    identifier="set_server_address",
    title="更改 IP 地址",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0x34,
):
    """Sends the modem to another server."""

    server_port: int = uint(2, "端口")
    module_type: int = uint(1, "模块类型", values=tables.NETWORK)
    socket_b: int = uint(1, "SOCKET B", values=tables.SWITCH, note="对接其他平台必须打开")
    host: bytes = ascii_text(46, "IP 或域名", note="最多 45 字符")


class SlaveId(Record):
    """One slave of an FSK host."""

    physical_id: int = uint(4, "物理ID")


class SetFsk(
    Frame,
    code=0x3A,
    identifier="set_fsk",
    title="设置 FSK 主机参数",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0x3A,
):
    """Frequency and slaves of a host with FSK radio."""

    frequency_mhz: int = uint(2, "频率", unit="MHz")
    reserved: bytes = raw(3, "保留")
    slave_count: int = count("分机数量", of="slaves")
    slaves: tuple[SlaveId, ...] = repeat(SlaveId, "分机物理ID")


class CabinetStop(
    Frame,
    code=0x72,
    identifier="cabinet_stop",
    title="充电柜停止充电但不开门",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0x72,
):
    """Stops a charge in a cabinet and leaves the door shut."""

    port_no: int = uint(1, "端口号")
    order_no: bytes = raw(16, "订单编号")


class QueryStatus(Frame, code=0x81, identifier="query_status", title="查询设备联网状态", direction=DOWN):
    """Makes a board send 0x20 and 0x21 (or 0x01); has no answer of its own."""


class ChargeControl(
    Frame,
    code=0x82,
    identifier="charge_control",
    title="服务器开始、停止充电操作",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0x82,
):
    """Starts or stops one port; 29 to 38 bytes, as the firmware knows."""

    rate_mode: int = uint(1, "费率模式", values=tables.RATE_MODE, note="1、3 充满必停")
    balance_or_expiry: int = uint(4, "余额/有效期", note="分，仅用于播报；大于 100000000 按日期播报")
    port_no: int = uint(1, "端口号", note="0 为第 1 路，FF 由设备选择")
    action: int = uint(1, "充电命令", values=tables.ACTION)
    amount: int = uint(2, "充电时长/电量", note="计时为秒，计量为 0.01 kWh，0 为充满自停")
    order_no: bytes = raw(16, "订单编号", note="原样返回；停止时必须与开始时相同")
    max_duration_s: int = uint(2, "最大充电时长", unit="s", note="0 为设备设置")
    overload_power_dw: int = uint(2, "过载功率", unit="0.1 W", note="0 为设备设置")
    qr_light: int | None = uint(1, "二维码灯", note="0 打开，1 关闭", optional=True)
    long_charge_mode: int | None = uint(1, "长充模式", note="1 为浮充后不断电", optional=True)
    extra_float_s: int | None = uint(2, "额外浮充时间", unit="s", note="FFFF 为无浮充", optional=True)
    skip_short_check: int | None = uint(1, "是否跳过短路检测", values=tables.SHORT_CHECK, optional=True)
    ignore_unplug: int | None = uint(1, "不判断用户拔出", note="1 为不判断", optional=True)
    force_full_stop: int | None = uint(1, "强制带充满自停", note="1 为计时模式也充满自停", optional=True)
    full_power_w: int | None = uint(1, "充满功率", unit="W", note="0 或 FF 为关闭", optional=True)
    full_power_judge_min: int | None = uint(1, "充满功率最长判断时间", unit="min", note="默认 60", optional=True)


class SetParamsA(
    Frame,
    code=0x83,
    identifier="set_params_a",
    title="设置运行参数 1.1",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0x83,
):
    """Charging parameters."""

    unplug_power_dw: int = uint(2, "拔出判断功率", unit="0.1 W", note="默认 3")
    unplug_confirm_s: int = uint(2, "拔出确认时间", unit="s", note="默认 10")
    float_percent: int = uint(1, "浮充功率百分比", unit="%", note="默认 20")
    float_confirm_s: int = uint(2, "浮充确认时间", unit="s", note="默认 1800")
    float_duration_s: int = uint(2, "浮充时间", unit="s", note="默认 3600")
    heartbeat_interval_s: int = uint(2, "心跳间隔", unit="s", note="默认 180")


class SetParamsB(
    Frame,
    code=0x84,
    identifier="set_params_b",
    title="设置运行参数 1.2",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0x84,
):
    """Protection parameters."""

    dyn_overload_power_dw: int = uint(2, "动态过载功率", unit="0.1 W", note="默认 800；单位为推断")
    dyn_overload_confirm_s: int = uint(2, "动态过载确认时间", unit="s", note="默认 30")
    dyn_overload_after_s: int = uint(2, "动态过载开始时间", unit="s", note="默认 1800")
    unplug_noise_power_dw: int = uint(1, "拔出干扰功率", unit="0.1 W", note="默认 10")
    unplug_noise_s: int = uint(2, "拔出干扰时间", unit="s", note="默认 300")
    float2_after_s: int = uint(2, "浮充二开始时间", unit="s", note="默认 10800")
    float2_confirm_s: int = uint(2, "浮充二确认时间", unit="s", note="默认 300")
    min_power_dw: int = uint(2, "最小功率", unit="0.1 W", note="默认 300")
    min_power_at_s: int = uint(2, "最小功率判断时间", unit="s", note="默认 1800")
    second_max_window_s: int = uint(2, "第二最大功率窗口", unit="s", note="默认 300")
    env_alarm_c: int = uint(1, "环境温度报警值", unit="°C", note="默认 80")
    port_alarm_c: int = uint(1, "端口温度报警值", unit="°C", note="默认 80")
    unplug_detect_off: int = uint(1, "关闭拔出检测", note="0 为检测")
    qr_light: int = uint(1, "二维码灯", values=tables.SWITCH)


class SetMaxTimePower(
    Frame,
    code=0x85,
    identifier="set_max_time_power",
    title="设置最大充电时长、过载功率",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0x85,
):
    """Limits of every port; voltages since 2024."""

    max_duration_s: int = uint(2, "最大充电时长", unit="s", note="默认 36000")
    overload_power_dw: int = uint(2, "过载功率", unit="0.1 W")
    over_voltage_dv: int | None = uint(2, "过压值", unit="0.1 V", note="默认 2700", optional=True)
    under_voltage_dv: int | None = uint(2, "欠压值", unit="0.1 V", note="默认 1000", optional=True)


class SetCardKeys(
    Frame,
    code=0x86,
    identifier="set_card_keys",
    title="设置用户卡参数",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0x86,
):
    """Sector and keys of the cards."""

    card_sector: int = uint(1, "扇区号")
    user_key: bytes = raw(6, "用户卡密钥")
    new_key: bytes = raw(6, "新卡密钥")


class Reboot(
    Frame, code=0x87, identifier="reboot", title="复位重启设备", direction=DOWN, reply=Reply.AWAIT, answered_by=0x87
):
    """Restarts a board at once."""


class ClearStorage(
    Frame,
    code=0x88,
    identifier="clear_storage",
    title="存储器清零",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0x88,
):
    """Wipes everything but the ids."""


class PlayVoice(
    Frame, code=0x89, identifier="play_voice", title="播放语音", direction=DOWN, reply=Reply.AWAIT, answered_by=0x89
):
    """Plays pieces of speech; reserved by the vendor."""

    interrupt: int = uint(1, "是否打断")
    voice_count: int = count("语音数量", of="voices")
    voices: bytes = counted_raw("语音编号")


class ModifyCharge(
    Frame,
    code=0x8A,
    identifier="modify_charge",
    title="修改充电时长、电量",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0x8A,
):
    """A new total of a running charge, not an increment."""

    rate_mode: int = uint(1, "模式", values=tables.MODIFY_MODE)
    port_no: int = uint(1, "端口号")
    amount: int = uint(2, "充电时长/电量", note="新的总值：秒或 0.01 kWh")


class EepromRead(
    Frame, code=0x8B, identifier="eeprom_read", title="读 EEPROM", direction=DOWN, reply=Reply.AWAIT, answered_by=0x8B
):
    """Reads up to 32 bytes."""

    address: int = uint(2, "地址")
    data_length: int = uint(1, "长度", note="最多 32")


class EepromWrite(
    Frame, code=0x8C, identifier="eeprom_write", title="写 EEPROM", direction=DOWN, reply=Reply.AWAIT, answered_by=0x8C
):
    """Writes up to 32 bytes."""

    address: int = uint(2, "地址")
    data_length: int = count("长度", of="data")
    data: bytes = counted_raw("数据")


class SetWorkMode(
    Frame,
    code=0x8D,
    identifier="set_work_mode",
    title="设置工作模式",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0x8D,
):
    """Networked or card-only."""

    work_mode: int = uint(1, "工作模式", values=tables.NETWORKED)


class SetQrUrl(
    Frame,
    code=0x8E,
    identifier="set_qr_url",
    title="修改二维码地址",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0x8E,
):
    """What the QR codes on the screen begin with; the board adds id and port."""

    main_screen: int = uint(1, "主界面", note="0 端口，1 二维码")
    reserved: bytes = raw(3, "保留")
    url: bytes = ascii_text(72, "二维码地址", note="最多 71 字符")


class SetTcMode(
    Frame,
    code=0x8F,
    identifier="set_tc_mode",
    title="设置 TC 刷卡模式",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0x8F,
):
    """What a card pays for."""

    tc_mode: int = uint(1, "TC 模式", values=tables.TC_MODE)


class GetParamsA(
    Frame,
    code=0x90,
    identifier="get_params_a",
    title="查询运行参数 1.1",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0x90,
):
    """Reads what 0x83 sets."""


class GetParamsB(
    Frame,
    code=0x91,
    identifier="get_params_b",
    title="查询运行参数 1.2",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0x91,
):
    """Reads what 0x84 sets."""


class GetMaxTimePower(
    Frame,
    code=0x92,
    identifier="get_max_time_power",
    title="查询最大充电时长、过载功率",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0x92,
):
    """Reads what 0x85 sets."""


class GetCardKeys(
    Frame,
    code=0x93,
    identifier="get_card_keys",
    title="查询用户卡参数",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0x93,
):
    """Reads what 0x86 sets."""


class TempQr(
    Frame, code=0x95, identifier="temp_qr", title="显示临时二维码", direction=DOWN, reply=Reply.AWAIT, answered_by=0x95
):
    """Shows another QR code for once."""

    text: bytes = ascii_text(200, "二维码内容")


class Locate(
    Frame, code=0x96, identifier="locate", title="声光寻找设备", direction=DOWN, reply=Reply.AWAIT, answered_by=0x96
):
    """Makes a board sound and flash."""

    locate_s: int = uint(1, "时长", unit="s")


class SetMute(
    Frame,
    code=0x97,
    identifier="set_mute",
    title="设置运行参数 1.3（静音）",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0x97,
):
    """Mutes a board."""

    mute: int = uint(1, "静音", values=tables.SWITCH)


class MultiFunction(
    Frame,
    code=0x98,
    identifier="multi_function",
    title="多功能控制",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0x98,
):
    """Function 0 forces a cabinet door open."""

    function: int = uint(1, "功能", note="0 强制开柜门")
    port_no: int = uint(1, "端口号")


class Ota(Frame, code=0xE0, identifier="ota", title="升级分机", direction=DOWN, reply=Reply.AWAIT, answered_by=0xE0):
    """One packet for a board."""

    total_packets: int = uint(2, "总包数")
    packet_index: int = uint(2, "包序号", note="从 1 开始")
    data: bytes = raw(OTA_PACKET, "数据")


class PowerBoardOta(
    Frame,
    code=0xE1,
    identifier="power_board_ota",
    title="升级电源板",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0xE1,
):
    """One packet for the power board behind a board."""

    total_packets: int = uint(2, "总包数")
    packet_index: int = uint(2, "包序号", note="从 1 开始")
    data: bytes = raw(OTA_PACKET, "数据")


class HostWideOta(
    Frame,
    code=0xE2,
    identifier="host_wide_ota",
    title="主机统一升级",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0xE2,
):
    """One packet for a host that loads for all its slaves."""

    total_packets: int = uint(2, "总包数")
    packet_index: int = uint(2, "包序号", note="从 1 开始")
    data: bytes = raw(OTA_PACKET, "数据")


class SelfUpgrade(Frame, code=0xE4, identifier="self_upgrade", title="触发设备自升级", direction=DOWN):
    """Makes a board fetch its firmware."""


class OldOta(
    Frame, code=0xF8, identifier="ota_old", title="升级分机（旧）", direction=DOWN, reply=Reply.AWAIT, answered_by=0xF8
):
    """One packet for an old board."""

    total_packets: int = uint(2, "总包数")
    packet_index: int = uint(2, "包序号", note="从 1 开始")
    data: bytes = raw(OLD_OTA_PACKET, "数据")


class OldHostOta(
    Frame,
    code=0xF9,
    identifier="host_ota_old",
    title="升级主机（旧）",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0xF9,
):
    """One packet for an old host."""

    total_packets: int = uint(2, "总包数")
    packet_index: int = uint(2, "包序号", note="从 1 开始")
    data: bytes = raw(OLD_OTA_PACKET, "数据")


class HostOta(
    Frame, code=0xFA, identifier="host_ota", title="升级主机", direction=DOWN, reply=Reply.AWAIT, answered_by=0xFA
):
    """One packet for a host; an empty one puts it into upgrade state."""

    total_packets: int | None = uint(2, "总包数", optional=True)
    packet_index: int | None = uint(2, "包序号", note="从 1 开始", optional=True)
    data: bytes | None = raw(OTA_PACKET, "数据", optional=True)
