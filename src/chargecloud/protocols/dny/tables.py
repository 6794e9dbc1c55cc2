"""Enumerations of the DNY documents, numbered as on the wire."""

from __future__ import annotations

from chargecloud.protocols.wire.parts import Choices, Part, bits

RESULT = Choices({0: ("ok", "成功"), 1: ("failed", "失败")})
PORT_STATE = Choices(
    {
        0x00: ("idle", "空闲"),
        0x01: ("charging", "充电中"),
        0x02: ("plugged_not_started", "有充电器但未启动"),
        0x03: ("plugged_full", "有充电器且已充满"),
        0x04: ("meter_fault", "该路无法计量"),
        0x05: ("float_charging", "浮充"),
        0x06: ("memory_fault", "存储器损坏"),
        0x07: ("spring_stuck", "插座弹片卡住"),
        0x08: ("bad_contact_or_fuse", "接触不良或保险丝烧断"),
        0x09: ("relay_welded", "继电器粘连"),
        0x0A: ("hall_sensor_fault", "霍尔开关损坏"),
        0x0B: ("precheck_relay_or_fuse", "预检继电器坏或保险丝断"),
        0x0D: ("precheck_load_short", "预检负载短路"),
        0x0E: ("precheck_relay_welded", "预检继电器粘连"),
        0x0F: ("card_reader_fault", "刷卡芯片损坏"),
        0x10: ("detect_circuit_fault", "检测电路故障"),
    }
)
CHARGING_STATES = frozenset({0x01, 0x05})
PLUGGED_STATES = frozenset({0x01, 0x02, 0x03, 0x05})
HEALTHY_STATES = PLUGGED_STATES | {0x00}
START_MODE = Choices(
    {0: ("offline_card", "刷卡离线启动"), 1: ("server", "服务器控制启动"), 3: ("code", "验证码离线启动")}
)
STOP_REASON = Choices(
    {
        0x01: ("full", "充满自停"),
        0x02: ("max_time_reached", "达到最大充电时间"),
        0x03: ("time_reached", "达到预设时间"),
        0x04: ("energy_reached", "达到预设电量"),
        0x05: ("unplugged", "用户拔出"),
        0x06: ("overload", "负载过大"),
        0x07: ("server_stop", "服务器控制停止"),
        0x08: ("dynamic_overload", "动态过载"),
        0x09: ("power_too_low", "功率过小"),
        0x0A: ("env_over_temp", "环境温度过高"),
        0x0B: ("port_over_temp", "端口温度过高"),
        0x0C: ("over_current", "过流"),
        0x0D: ("unplugged_spring", "用户拔出，可能是插座弹片卡住"),
        0x0E: ("no_power_bad_contact", "无功率停止，可能是接触不良或保险丝烧断"),
        0x0F: ("precheck_relay_or_fuse", "预检继电器坏或保险丝断"),
        0x10: ("water", "水浸断电"),
        0x11: ("fire_this_port", "灭火结算（本端口）"),
        0x12: ("fire_other_port", "灭火结算（非本端口）"),
        0x13: ("door_password", "用户密码开柜断电"),
        0x14: ("door_not_closed", "未关好柜门"),
        0x15: ("external_stop", "外部操作停止"),
        0x16: ("card_stop", "刷卡操作停止"),
        0x17: ("server_forced", "服务器强制停止"),
        0x18: ("fire_system", "消防系统触发停止"),
        0x19: ("storage_error", "存储器错误停止"),
        0x1A: ("over_voltage", "过压停止"),
        0x1B: ("under_voltage", "欠压停止"),
        0x1C: ("low_power_cutoff", "低功率断电"),
    }
)
NETWORKED = Choices({0: ("networked", "联网"), 1: ("card_only", "刷卡")})
WORK_MODE: tuple[Part, ...] = (
    bits(0, 1, "card_only", "联网或刷卡", values=NETWORKED),
    bits(1, 1, "meter_chip", "计量芯片", values=Choices({0: ("rn8209", "RN8209"), 1: ("bl0939", "BL0939")})),
    bits(2, 1, "short_precheck", "短路预检", values=Choices({0: ("no", "无"), 1: ("yes", "有")})),
    bits(3, 1, "lamp_board", "光耦或灯板", values=Choices({0: ("optocoupler", "光耦"), 1: ("lamp_board", "灯板")})),
)
CARD_TYPE = Choices(
    {
        0: ("old_card", "旧卡"),
        1: ("new_card", "新卡"),
        2: ("balance_card", "余额卡（已停用）"),
        3: ("uid_only", "仅卡号"),
        4: ("social_card", "社保卡"),
    }
)
ACCOUNT_STATUS = Choices(
    {
        0x00: ("ok", "正常"),
        0x01: ("unregistered_card", "未注册卡"),
        0x02: ("please_bind", "请绑定卡"),
        0x03: ("please_unbind", "请解绑卡"),
        0x04: ("monthly_repeated", "包月用户重复刷卡"),
        0x05: ("monthly_count_exceeded", "包月次数用完"),
        0x06: ("balance_insufficient", "余额不足"),
        0x07: ("monthly_expired", "包月过期"),
        0x08: ("port_fault", "端口故障"),
        0x09: ("clear_balance_card", "余额卡清零并改密钥"),
        0x0A: ("monthly_time_exceeded", "包月时长用完"),
        0x0B: ("wrong_operator_account", "跨公众号"),
        0x0C: ("device_not_registered", "设备未注册"),
        0x0D: ("buy_monthly", "请购买包月"),
        0x0E: ("other_area_balance_insufficient", "跨区域余额不足"),
        0x0F: ("monthly_only", "仅限包月用户"),
        0x10: ("monthly_only_other_area", "仅限包月用户（跨区域）"),
        0x11: ("temporary_device", "临时设备"),
        0x12: ("temporary_device_other_area", "临时设备（跨区域）"),
    }
)
RATE_MODE = Choices({0: ("time", "计时"), 1: ("monthly", "包月"), 2: ("energy", "计量"), 3: ("per_use", "计次")})
ACTION = Choices({0: ("stop", "停止充电"), 1: ("start", "开始充电")})
CONTROL_RESULT = Choices(
    {
        0x00: ("done", "执行成功"),
        0x01: ("not_plugged", "端口未插充电器（不执行）"),
        0x02: ("same_state", "端口状态和充电命令相同（不执行）"),
        0x03: ("port_fault", "端口故障（执行）"),
        0x04: ("no_such_port", "无此端口号"),
        0x05: ("several_ports_waiting", "有多个待充端口"),
        0x06: ("total_power_exceeded", "多路设备功率超标"),
        0x07: ("memory_fault", "存储器损坏"),
        0x08: ("precheck_relay_or_fuse", "预检继电器坏或保险丝断"),
        0x09: ("precheck_relay_welded", "预检继电器粘连（执行）"),
        0x0A: ("precheck_load_short", "预检负载短路"),
        0x0B: ("smoke", "烟感报警"),
        0x0C: ("over_voltage", "过压"),
        0x0D: ("under_voltage", "欠压"),
        0x0E: ("no_response", "未响应"),
    }
)
MODIFY_MODE = Choices(
    {0: ("time", "计时，充满不停"), 1: ("time_full_stop", "计时，充满自停"), 2: ("energy", "计量，充满自停")}
)
MODIFY_RESULT = Choices(
    {
        0: ("ok", "成功"),
        1: ("not_charging", "端口未在充电"),
        2: ("below_current", "值小于当前值"),
        3: ("no_such_mode_or_port", "无此模式或端口"),
    }
)
ALARM_TYPE = Choices(
    {
        1: ("power_cut", "停电"),
        2: ("water", "水浸"),
        3: ("hot_melt", "热熔触发"),
        4: ("smoke", "烟感"),
        5: ("heat", "温感"),
        6: ("water_level", "水位"),
        7: ("door_sprang_open", "柜门弹开"),
    }
)
FIRE_ALARMS = frozenset({3, 4, 5})
NOTICE_TYPE = Choices({1: ("door_not_closed", "柜门未关")})
RTC_TYPE = Choices({0: ("none", "无"), 1: ("sd2068", "SD2068"), 2: ("bm8563", "BM8563")})
MODULE_TYPE = Choices(
    {
        1: ("wifi", "WIFI"),
        2: ("gprs_gm3", "2G GM3"),
        3: ("lte", "4G"),
        4: ("gprs_gm35", "2G GM35"),
        5: ("nb_m5311", "NB M5311"),
        6: ("cat1_gm5", "CAT1 GM5"),
        7: ("cat1_gm5_opencpu", "OpenCPU CAT1 GM5"),
        8: ("cat1_gm6", "CAT1 GM6"),
    }
)
HOST_TYPE = Choices(
    {
        0x01: ("old_485", "旧款 485 主机"),
        0x02: ("old_lora", "旧款 LORA 主机"),
        0x03: ("new_lora", "新款 LORA 主机"),
        0x04: ("mhz_433", "433 MHz 主机"),
        0x05: ("ap262_lora", "AP262 LORA 主机"),
        0x50: ("ap262_combined", "AP262 合装主机"),
        0x51: ("earth_leakage", "漏保主机"),
    }
)
DEVICE_TYPE = Choices(
    {
        0x10: ("new_485", "新款 485"),
        0x14: ("new_nb", "新款 NB"),
        0x20: ("new_10_16", "新款 10/16 路"),
        0x21: ("dual_485", "485 双模"),
        0x22: ("dual_nb", "NB 双模"),
        0x23: ("dual_gm35", "GM35 双模"),
        0x24: ("dual_wifi", "WIFI 双模"),
        0x25: ("dual_lora", "LORA 双模"),
        0x26: ("dual_hw3000", "HW3000 双模"),
        0x27: ("dual_gm5", "GM5 双模"),
        0x28: ("dual_485_f460", "485 双模 F460"),
        0x29: ("f460_10_16", "10/16 路 F460"),
        0x30: ("f460_12", "12 路 F460"),
        0x31: ("two_sockets_31", "双路（表外，6.38–6.40 版固件）"),
    }
)
TYPE_CODE = Choices(
    {
        0x03: ("one_socket", "单路"),
        0x04: ("two_sockets", "双路"),
        0x05: ("ten_sockets", "10 路"),
        0x06: ("sixteen_sockets", "16 路"),
        0x07: ("twelve_sockets", "12 路"),
        0x09: ("host", "主机"),
        0x0A: ("earth_leakage_host", "漏保主机"),
    }
)
HOST_TYPE_CODES = frozenset({0x09, 0x0A})
SWITCH = Choices({0: ("off", "关"), 1: ("on", "开")})
SHORT_CHECK = Choices({0: ("skip", "跳过"), 1: ("skip", "跳过"), 2: ("check", "正常检测")})
NETWORK = Choices({1: ("wifi", "WIFI"), 2: ("gprs", "2G"), 3: ("lte", "4G")})
TC_MODE = Choices(
    {
        0: ("time", "计时"),
        1: ("per_use", "计次"),
        3: ("energy", "计量"),
        4: ("fixed_fee", "固定费用"),
        5: ("home", "家用"),
        6: ("free", "免费"),
    }
)
OTA_RESULT = Choices(
    {
        0: ("next", "请求下一包"),
        1: ("resend", "重发指定包"),
        2: ("sum_error", "校验和错误"),
        3: ("wrong_device_type", "设备类型错误"),
        4: ("no_check_packet", "无校验包"),
        5: ("wrong_type_in_packet_0", "第 0 包类型错误"),
    }
)
