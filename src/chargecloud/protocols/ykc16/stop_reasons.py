"""Why a charge ended: the stop reasons of the transaction record 0x3B (文档 §13.1)."""

from __future__ import annotations

from chargecloud.device.events import StopClass
from chargecloud.protocols.wire.parts import Choices

# The document gives one contiguous range of numbers to each class, reserved numbers included.
_CLASS_RANGES = (
    (range(0x40, 0x4A), StopClass.COMPLETED),
    (range(0x4A, 0x6A), StopClass.START_FAILED),
    (range(0x6A, 0x90), StopClass.ABORTED),
)


def stop_class(number: int) -> StopClass:
    """Return the class of a stop reason; 0x90 and everything the document does not list is unknown."""
    return next((name for numbers, name in _CLASS_RANGES if number in numbers), StopClass.UNKNOWN)


STOP_REASON = Choices(
    {
        0x40: ("ended_app_remote_stop", "结束充电，APP 远程停止"),
        0x41: ("ended_soc_full", "结束充电，SOC 达到 100%"),
        0x42: ("ended_energy_limit", "结束充电，充电电量满足设定条件"),
        0x43: ("ended_amount_limit", "结束充电，充电金额满足设定条件"),
        0x44: ("ended_time_limit", "结束充电，充电时间满足设定条件"),
        0x45: ("ended_manual_stop", "结束充电，手动停止充电"),
        0x46: ("ended_reserved", "其他方式（预留）"),
        0x47: ("ended_reserved", "其他方式（预留）"),
        0x48: ("ended_reserved", "其他方式（预留）"),
        0x49: ("ended_reserved", "其他方式（预留）"),
        0x4A: ("start_failed_control_system", "充电启动失败，充电桩控制系统故障（需要重启或自动恢复）"),
        0x4B: ("start_failed_control_pilot_open", "充电启动失败，控制导引断开"),
        0x4C: ("start_failed_breaker_tripped", "充电启动失败，断路器跳位"),
        0x4D: ("start_failed_meter_comm", "充电启动失败，电表通信中断"),
        0x4E: ("start_failed_low_balance", "充电启动失败，余额不足"),
        0x4F: ("start_failed_module_fault", "充电启动失败，充电模块故障"),
        0x50: ("start_failed_emergency_stop", "充电启动失败，急停开入"),
        0x51: ("start_failed_surge_protector", "充电启动失败，防雷器异常"),
        0x52: ("start_failed_bms_not_ready", "充电启动失败，BMS 未就绪"),
        0x53: ("start_failed_temperature", "充电启动失败，温度异常"),
        0x54: ("start_failed_battery_reversed", "充电启动失败，电池反接故障"),
        0x55: ("start_failed_electronic_lock", "充电启动失败，电子锁异常"),
        0x56: ("start_failed_switch_on", "充电启动失败，合闸失败"),
        0x57: ("start_failed_insulation", "充电启动失败，绝缘异常"),
        0x58: ("reserved_58", "预留"),
        0x59: ("start_failed_bhm_timeout", "充电启动失败，接收 BMS 握手报文 BHM 超时"),
        0x5A: ("start_failed_brm_timeout", "充电启动失败，接收 BMS 和车辆的辨识报文超时 BRM"),
        0x5B: ("start_failed_bcp_timeout", "充电启动失败，接收电池充电参数报文超时 BCP"),
        0x5C: ("start_failed_bro_aa_timeout", "充电启动失败，接收 BMS 完成充电准备报文超时 BRO AA"),
        0x5D: ("start_failed_bcs_timeout", "充电启动失败，接收电池充电总状态报文超时 BCS"),
        0x5E: ("start_failed_bcl_timeout", "充电启动失败，接收电池充电要求报文超时 BCL"),
        0x5F: ("start_failed_bsm_timeout", "充电启动失败，接收电池状态信息报文超时 BSM"),
        0x60: ("start_failed_bhm_voltage_present", "充电启动失败，GB2015 电池在 BHM 阶段有电压不允许充电"),
        0x61: (
            "start_failed_voltage_mismatch",
            "充电启动失败，GB2015 辨识阶段在 BRO_AA 时候电池实际电压与 BCP 报文电池电压差距大于 5%",
        ),
        0x62: ("start_failed_bro_dropped", "充电启动失败，GB2015 充电机在预充电阶段从 BRO_AA 变成 BRO_00 状态"),
        0x63: ("start_failed_host_config_timeout", "充电启动失败，接收主机配置报文超时"),
        0x64: ("start_failed_charger_not_ready", "充电启动失败，充电机未准备就绪，我们没有回 CRO AA，对应老国标"),
        0x65: ("start_failed_reserved", "（其他原因）预留"),
        0x66: ("start_failed_reserved", "（其他原因）预留"),
        0x67: ("start_failed_reserved", "（其他原因）预留"),
        0x68: ("start_failed_reserved", "（其他原因）预留"),
        0x69: ("start_failed_reserved", "（其他原因）预留"),
        0x6A: ("aborted_system_locked", "充电异常中止，系统闭锁"),
        0x6B: ("aborted_control_pilot_open", "充电异常中止，导引断开"),
        0x6C: ("aborted_breaker_tripped", "充电异常中止，断路器跳位"),
        0x6D: ("aborted_meter_comm", "充电异常中止，电表通信中断"),
        0x6E: ("aborted_low_balance", "充电异常中止，余额不足"),
        0x6F: ("aborted_ac_protection", "充电异常中止，交流保护动作"),
        0x70: ("aborted_dc_protection", "充电异常中止，直流保护动作"),
        0x71: ("aborted_module_fault", "充电异常中止，充电模块故障"),
        0x72: ("aborted_emergency_stop", "充电异常中止，急停开入"),
        0x73: ("aborted_surge_protector", "充电异常中止，防雷器异常"),
        0x74: ("aborted_temperature", "充电异常中止，温度异常"),
        0x75: ("aborted_output_abnormal", "充电异常中止，输出异常"),
        0x76: ("aborted_no_current", "充电异常中止，充电无流"),
        0x77: ("aborted_electronic_lock", "充电异常中止，电子锁异常"),
        0x78: ("reserved_78", "预留"),
        0x79: ("aborted_total_voltage", "充电异常中止，总充电电压异常"),
        0x7A: ("aborted_total_current", "充电异常中止，总充电电流异常"),
        0x7B: ("aborted_cell_voltage", "充电异常中止，单体充电电压异常"),
        0x7C: ("aborted_battery_over_temp", "充电异常中止，电池组过温"),
        0x7D: ("aborted_max_cell_voltage", "充电异常中止，最高单体充电电压异常"),
        0x7E: ("aborted_max_battery_over_temp", "充电异常中止，最高电池组过温"),
        0x7F: ("aborted_bmv_cell_voltage", "充电异常中止，BMV 单体充电电压异常"),
        0x80: ("aborted_bmt_over_temp", "充电异常中止，BMT 电池组过温"),
        0x81: ("aborted_battery_state", "充电异常中止，电池状态异常停止充电"),
        0x82: ("aborted_vehicle_forbids", "充电异常中止，车辆发报文禁止充电"),
        0x83: ("aborted_pile_power_loss", "充电异常中止，充电桩断电"),
        0x84: ("aborted_bcs_timeout", "充电异常中止，接收电池充电总状态报文超时"),
        0x85: ("aborted_bcl_timeout", "充电异常中止，接收电池充电要求报文超时"),
        0x86: ("aborted_bsm_timeout", "充电异常中止，接收电池状态信息报文超时"),
        0x87: ("aborted_bst_timeout", "充电异常中止，接收 BMS 中止充电报文超时"),
        0x88: ("aborted_bsd_timeout", "充电异常中止，接收 BMS 充电统计报文超时"),
        0x89: ("aborted_ccs_timeout", "充电异常中止，接收对侧 CCS 报文超时"),
        0x8A: ("aborted_reserved", "（其他原因）预留"),
        0x8B: ("aborted_reserved", "（其他原因）预留"),
        0x8C: ("aborted_reserved", "（其他原因）预留"),
        0x8D: ("aborted_reserved", "（其他原因）预留"),
        0x8E: ("aborted_reserved", "（其他原因）预留"),
        0x8F: ("aborted_reserved", "（其他原因）预留"),
        0x90: ("unknown", "未知原因停止"),
    }
)
