"""Enumerations and bit tables of the YKC V1.6 document, numbered as on the wire."""

from __future__ import annotations

from chargecloud.protocols.wire.parts import Choices, Part, bits, derived, flags

PILE_TYPE = Choices({0: ("dc", "直流桩"), 1: ("ac", "交流桩")})
# 0x94 numbers the same two kinds from 1: the vendor has two enumerations (D29).
PILE_MODEL = Choices({1: ("dc", "直流"), 2: ("ac", "交流")})
NETWORK_TYPE = Choices({0: ("sim", "SIM 卡"), 1: ("lan", "LAN"), 2: ("wan", "WAN"), 3: ("other", "其他")})
OPERATOR = Choices(
    {
        0: ("china_mobile", "移动"),
        2: ("china_telecom", "电信"),
        3: ("china_unicom", "联通"),
        4: ("other", "其他"),
    }
)
LOGIN_RESULT = Choices({0: ("success", "登录成功"), 1: ("failure", "登录失败")})
GUN_STATUS = Choices({0: ("normal", "正常"), 1: ("fault", "故障")})
HEARTBEAT_RESULT = Choices({0: ("received", "心跳应答")})
VERIFY_RESULT = Choices({0: ("same", "桩计费模型与平台一致"), 1: ("differs", "桩计费模型与平台不一致")})
PERIOD_RATE = Choices({0: ("sharp", "尖"), 1: ("peak", "峰"), 2: ("flat", "平"), 3: ("valley", "谷")})
STATUS = Choices({0: ("offline", "离线"), 1: ("fault", "故障"), 2: ("idle", "空闲"), 3: ("charging", "充电")})
GUN_HOMED = Choices({0: ("no", "否"), 1: ("yes", "是"), 2: ("unknown", "未知")})
YES_NO = Choices({0: ("no", "否"), 1: ("yes", "是")})
FAILED_SUCCESS = Choices({0: ("failed", "失败"), 1: ("success", "成功")})
BATTERY_TYPE = Choices(
    {
        0x01: ("lead_acid", "铅酸电池"),
        0x02: ("nimh", "镍氢电池"),
        0x03: ("lfp", "磷酸铁锂电池"),
        0x04: ("lmo", "锰酸锂电池"),
        0x05: ("lco", "钴酸锂电池"),
        0x06: ("ternary", "三元材料电池"),
        0x07: ("lipo", "聚合物锂离子电池"),
        0x08: ("lto", "钛酸锂电池"),
        0xFF: ("other", "其他"),
    }
)
BATTERY_OWNERSHIP = Choices({0: ("leased", "租赁"), 1: ("owned", "车自有")})
BMS_CHARGE_MODE = Choices({1: ("constant_voltage", "恒压充电"), 2: ("constant_current", "恒流充电")})
START_MODE = Choices({1: ("card", "刷卡启动"), 2: ("account", "帐号启动"), 3: ("vin", "VIN 码启动")})
AUTH_FAIL_REASON = Choices(
    {
        0x00: ("none", "无"),
        0x01: ("account_unknown", "账户不存在"),
        0x02: ("account_frozen", "账户冻结"),
        0x03: ("balance_too_low", "账户余额不足"),
        0x04: ("card_unsettled", "该卡存在未结账记录"),
        0x05: ("pile_out_of_service", "桩停用"),
        0x06: ("account_not_allowed_here", "该账户不能在此桩上充电"),
        0x07: ("wrong_password", "密码错误"),
        0x08: ("station_capacity_insufficient", "电站电容不足"),
        0x09: ("vin_unknown", "系统中 VIN 码不存在"),
        0x0A: ("pile_unsettled", "该桩存在未结账记录"),
        0x0B: ("card_not_supported", "该桩不支持刷卡"),
    }
)
START_FAIL_REASON = Choices(
    {
        0: ("none", "无"),
        1: ("pile_code_mismatch", "设备编号不匹配"),
        2: ("already_charging", "枪已在充电"),
        3: ("device_fault", "设备故障"),
        4: ("device_offline", "设备离线"),
        5: ("not_plugged", "未插枪"),
    }
)
STOP_FAIL_REASON = Choices(
    {
        0: ("none", "无"),
        1: ("pile_code_mismatch", "设备编号不匹配"),
        2: ("not_charging", "枪未处于充电状态"),
        3: ("other", "其他"),
    }
)
TRADE_MARK = Choices(
    {
        1: ("app", "APP 启动"),
        2: ("card", "卡启动"),
        4: ("offline_card", "离线卡启动"),
        5: ("vin", "VIN 码启动"),
    }
)
CONFIRM_RESULT = Choices({0: ("stored", "上传成功"), 1: ("illegal", "非法账单")})
BALANCE_UPDATE_RESULT = Choices(
    {0: ("updated", "修改成功"), 1: ("pile_code_wrong", "设备编号错误"), 2: ("card_wrong", "卡号错误")}
)
SAVE_FAIL_REASON = Choices({0: ("none", "无"), 1: ("card_format", "卡号格式错误"), 2: ("storage_full", "储存空间不足")})
CLEAR_RESULT = Choices({0: ("failed", "清除失败"), 1: ("cleared", "清除成功")})
# The vendor's table prints both 0x00 and 0x02 for "no error".
CLEAR_FAIL_REASON = Choices({0: ("none", "无"), 1: ("card_format", "卡号格式错误"), 2: ("none", "无")})
QUERY_RESULT = Choices({0: ("absent", "不存在"), 1: ("present", "存在")})
# 0 means that work is allowed, against the vendor's column title 是否允许工作.
WORK_DISABLED = Choices({0: ("allowed", "允许正常工作"), 1: ("stopped", "停止使用，锁定充电桩")})
LOCK_STATUS = Choices(
    {0x00: ("not_in_position", "未到位"), 0x55: ("raised", "升锁到位"), 0xFF: ("lowered", "降锁到位")}
)
PARKING_STATUS = Choices({0x00: ("free", "无车辆"), 0xFF: ("occupied", "停放车辆")})
LOCK_ALARM = Choices(
    {
        0x00: ("none", "正常无报警"),
        0x55: ("arm_not_in_position", "摇臂升降异常（未到位）"),
        0xFF: ("arm_damaged", "待机状态摇臂破坏"),
    }
)
LOCK_ACTION = Choices({0x55: ("raise", "升锁"), 0xFF: ("lower", "降锁")})
LOCK_CONTROL_RESULT = Choices({0: ("refused", "鉴权失败"), 1: ("accepted", "鉴权成功")})
EXECUTE_MODE = Choices({1: ("now", "立即执行"), 2: ("when_idle", "空闲执行")})
UPDATE_STATUS = Choices(
    {
        0: ("success", "成功"),
        1: ("pile_code_wrong", "编号错误"),
        2: ("model_mismatch", "程序与桩型号不符"),
        3: ("download_timeout", "下载更新文件超时"),
    }
)
GUN_ROLE = Choices({0: ("main", "主枪"), 1: ("auxiliary", "辅枪")})
QR_FORMAT = Choices({0: ("pile", "前缀 + 桩编号"), 1: ("pile_and_gun", "前缀 + 桩编号 + 枪编号")})

# Numbered by bit, mask 1 << bit (D8); bits 14 and 15 belong to the vendors.
HARDWARE_FAULT = Choices(
    {
        0: ("reserved", "预留"),
        1: ("emergency_stop", "急停按钮动作故障"),
        2: ("no_rectifier_module", "无可用整流模块"),
        3: ("outlet_over_temp", "出风口温度过高"),
        4: ("ac_surge_protector", "交流防雷故障"),
        5: ("dc20_comm_lost", "交直流模块 DC20 通信中断"),
        6: ("fc08_comm_lost", "绝缘检测模块 FC08 通信中断"),
        7: ("meter_comm_lost", "电度表通信中断"),
        8: ("card_reader_comm_lost", "读卡器通信中断"),
        9: ("rc10_comm_lost", "RC10 通信中断"),
        10: ("fan_board", "风扇调速板故障"),
        11: ("dc_fuse", "直流熔断器故障"),
        12: ("hv_contactor", "高压接触器故障"),
        13: ("door_open", "门打开"),
        14: ("vendor_14", "厂商自定义 14"),
        15: ("vendor_15", "厂商自定义 15"),
    }
)
HARDWARE_FAULT_BITS = (flags("hardware_fault_bits", "硬件故障位", HARDWARE_FAULT),)

TIMEOUT = Choices({0: ("normal", "正常"), 1: ("timeout", "超时"), 2: ("untrusted", "不可信状态")})
REACHED = Choices({0: ("no", "未达到"), 1: ("yes", "达到"), 2: ("untrusted", "不可信状态")})
FAULT = Choices({0: ("normal", "正常"), 1: ("fault", "故障"), 2: ("untrusted", "不可信状态")})
HIGH_LOW = Choices({0: ("normal", "正常"), 1: ("high", "过高"), 2: ("low", "过低")})
OVER = Choices({0: ("normal", "正常"), 1: ("over", "超限"), 2: ("untrusted", "不可信状态")})
PERMISSION = Choices({0: ("forbidden", "禁止"), 1: ("allowed", "允许")})


def _timeout(byte: int, shift: int, name: str, label: str) -> Part:
    return bits(8 * byte + shift, 2, name, label, values=TIMEOUT)


ERROR_ITEMS = (
    _timeout(0, 0, "spn2560_00_timeout", "接收 SPN2560=0x00 的充电机辨识报文超时"),
    _timeout(0, 2, "spn2560_aa_timeout", "接收 SPN2560=0xAA 的充电机辨识报文超时"),
    _timeout(1, 0, "charger_time_sync_max_output_timeout", "接收充电机的时间同步和最大输出能力报文超时"),
    _timeout(1, 2, "charger_ready_timeout", "接收充电机完成充电准备报文超时"),
    _timeout(2, 0, "charger_status_timeout", "接收充电机充电状态报文超时"),
    _timeout(2, 2, "charger_abort_timeout", "接收充电机中止充电报文超时"),
    _timeout(3, 0, "charger_statistics_timeout", "接收充电机充电统计报文超时"),
    bits(26, 6, "bms_other", "BMS 其他"),
    _timeout(4, 0, "bms_identification_timeout", "接收 BMS 和车辆的辨识报文超时"),
    _timeout(5, 0, "battery_param_timeout", "接收电池充电参数报文超时"),
    _timeout(5, 2, "bms_ready_timeout", "接收 BMS 完成充电准备报文超时"),
    _timeout(6, 0, "battery_status_timeout", "接收电池充电总状态报文超时"),
    _timeout(6, 2, "battery_demand_timeout", "接收电池充电要求报文超时"),
    _timeout(6, 4, "bms_abort_timeout", "接收 BMS 中止充电报文超时"),
    _timeout(7, 0, "bms_statistics_timeout", "接收 BMS 充电统计报文超时"),
    bits(58, 6, "charger_other", "充电机其他"),
)
BMS_ABORT_REASON = (
    bits(0, 2, "soc_target_reached", "所需求的 SOC 目标值", values=REACHED),
    bits(2, 2, "total_voltage_reached", "达到总电压的设定值", values=REACHED),
    bits(4, 2, "cell_voltage_reached", "达到单体电压设定值", values=REACHED),
    bits(6, 2, "charger_initiated", "充电机主动中止", values=REACHED),
)
BMS_ABORT_FAULT = (
    bits(0, 2, "insulation_fault", "绝缘故障", values=FAULT),
    bits(2, 2, "connector_over_temp", "输出连接器过温故障", values=FAULT),
    bits(4, 2, "bms_element_over_temp", "BMS 元件、输出连接器过温", values=FAULT),
    bits(6, 2, "charge_connector_fault", "充电连接器故障", values=FAULT),
    bits(8, 2, "battery_pack_over_temp", "电池组温度过高故障", values=FAULT),
    bits(10, 2, "hv_relay_fault", "高压继电器故障", values=FAULT),
    bits(12, 2, "detection_point_2_fault", "检测点 2 电压检测故障", values=FAULT),
    bits(14, 2, "other_fault", "其他故障", values=FAULT),
)
BMS_ABORT_ERROR = (
    bits(0, 2, "over_current", "电流过大", values=FAULT),
    bits(2, 2, "voltage_abnormal", "电压异常", values=FAULT),
)
CHARGER_ABORT_REASON = (
    bits(0, 2, "charger_condition_reached", "达到充电机设定的条件中止", values=REACHED),
    bits(2, 2, "manual_abort", "人工中止", values=REACHED),
    bits(4, 2, "abnormal_abort", "异常中止", values=REACHED),
    bits(6, 2, "bms_initiated", "BMS 主动中止", values=REACHED),
)
CHARGER_ABORT_FAULT = (
    bits(0, 2, "charger_over_temp", "充电机过温故障", values=FAULT),
    bits(2, 2, "charge_connector_fault", "充电连接器故障", values=FAULT),
    bits(4, 2, "charger_internal_over_temp", "充电机内部过温故障", values=FAULT),
    bits(6, 2, "energy_transfer_failed", "所需电量不能传送", values=FAULT),
    bits(8, 2, "emergency_stop_fault", "充电机急停故障", values=FAULT),
    bits(10, 2, "other_fault", "其他故障", values=FAULT),
)
CHARGER_ABORT_ERROR = (
    bits(0, 2, "current_mismatch", "电流不匹配", values=FAULT),
    bits(2, 2, "voltage_abnormal", "电压异常", values=FAULT),
)
BMS_STATUS_ITEMS = (
    bits(0, 2, "cell_voltage_state", "单体电压过高/过低", values=HIGH_LOW),
    bits(2, 2, "soc_state", "SOC 过高/过低", values=HIGH_LOW),
    bits(4, 2, "over_current_state", "充电过电流", values=OVER),
    bits(6, 2, "over_temp_state", "温度过高", values=OVER),
    bits(8, 2, "insulation_state", "绝缘状态", values=FAULT),
    bits(10, 2, "connector_state", "输出连接器连接状态", values=FAULT),
    bits(12, 2, "charge_permission", "充电禁止", values=PERMISSION),
)
CELL_MAX_VOLTAGE_AND_GROUP = (
    bits(0, 12, "cell_max_voltage", "最高单体动力蓄电池电压（V）", scale=2),
    bits(12, 4, "cell_max_voltage_group", "最高单体动力蓄电池电压组号"),
)


def _version_text(packed: int) -> str:
    """Major number in the two high bytes, minor in the low one: 01 01 00 is 1.1."""
    return f"{packed >> 8}.{packed & 0xFF}"


BMS_PROTOCOL_VERSION = (derived("bms_protocol_version_text", "BMS 通信协议版本", "byte3·byte2 . byte1", _version_text),)
BMS_SOFTWARE_VERSION = (
    bits(0, 8, "bms_software_serial", "BMS 软件版本流水号"),
    bits(8, 8, "bms_software_day", "BMS 软件版本日"),
    bits(16, 8, "bms_software_month", "BMS 软件版本月"),
    bits(24, 16, "bms_software_year", "BMS 软件版本年"),
)
