"""Every frame of 云快充 V1.6 (2020-10-29) with F0/F1 of later documents, as the vendor's tables print them.

Attribute names are the identifiers of `docs/protocols/ykc16.md`; values are raw, see `wire/columns.py`.
"""

from __future__ import annotations

from chargecloud.protocols.wire.columns import (
    ascii_rest,
    ascii_text,
    bcd,
    count,
    cp56time2a,
    numbers,
    raw,
    repeat,
    uint,
)
from chargecloud.protocols.wire.schema import Direction, Frame, Record, Reply, Variant
from chargecloud.protocols.ykc16.stop_reasons import STOP_REASON
from chargecloud.protocols.ykc16.tables import (
    AUTH_FAIL_REASON,
    BALANCE_UPDATE_RESULT,
    BATTERY_OWNERSHIP,
    BATTERY_TYPE,
    BMS_ABORT_ERROR,
    BMS_ABORT_FAULT,
    BMS_ABORT_REASON,
    BMS_CHARGE_MODE,
    BMS_PROTOCOL_VERSION,
    BMS_SOFTWARE_VERSION,
    BMS_STATUS_ITEMS,
    CELL_MAX_VOLTAGE_AND_GROUP,
    CHARGER_ABORT_ERROR,
    CHARGER_ABORT_FAULT,
    CHARGER_ABORT_REASON,
    CLEAR_FAIL_REASON,
    CLEAR_RESULT,
    CONFIRM_RESULT,
    ERROR_ITEMS,
    EXECUTE_MODE,
    FAILED_SUCCESS,
    GUN_HOMED,
    GUN_ROLE,
    GUN_STATUS,
    HARDWARE_FAULT_BITS,
    HEARTBEAT_RESULT,
    LOCK_ACTION,
    LOCK_ALARM,
    LOCK_CONTROL_RESULT,
    LOCK_STATUS,
    LOGIN_RESULT,
    NETWORK_TYPE,
    OPERATOR,
    PARKING_STATUS,
    PERIOD_RATE,
    PILE_MODEL,
    PILE_TYPE,
    QR_FORMAT,
    QUERY_RESULT,
    SAVE_FAIL_REASON,
    START_FAIL_REASON,
    START_MODE,
    STATUS,
    STOP_FAIL_REASON,
    TRADE_MARK,
    UPDATE_STATUS,
    VERIFY_RESULT,
    WORK_DISABLED,
    YES_NO,
)

UP = Direction.UP
DOWN = Direction.DOWN


class LoginRequest(
    Frame,
    code=0x01,
    title="充电桩登录认证",
    direction=UP,
    reply=Reply.ASK,
    answered_by=0x02,
    variants=(Variant(sizes=(("program_version", 9),)),),
):
    """Opens every connection; nothing else is accepted before it succeeded, and it may be repeated afterwards."""

    pile_code: str = bcd(7, "桩编码")
    pile_type: int = uint(1, "桩类型", values=PILE_TYPE)
    gun_count: int = uint(1, "充电枪数量")
    protocol_version: int = uint(1, "通信协议版本", scale=1, note="版本 × 10；不可靠，V1.6 桩也会发送 1.0、1.3（D13）")
    program_version: bytes = ascii_text(8, "程序版本")
    network_type: int = uint(1, "网络链接类型", values=NETWORK_TYPE)
    sim_card: str = bcd(10, "SIM 卡", note="ICCID；真实数据含 A–F")
    operator: int = uint(1, "运营商", values=OPERATOR)


class LoginResponse(Frame, code=0x02, title="登录认证应答", direction=DOWN):
    """Admits the charge point or turns it away; a refusal carries no reason."""

    pile_code: str = bcd(7, "桩编码")
    login_result: int = uint(1, "登陆结果", values=LOGIN_RESULT)


class Heartbeat(Frame, code=0x03, title="充电桩心跳包", direction=UP, reply=Reply.AUTO, answered_by=0x04):
    """Sign of life every 10 s, for one gun, for all in turn, or for all at once, as the firmware likes (D11)."""

    pile_code: str = bcd(7, "桩编号")
    gun_no: str = bcd(1, "枪号")
    gun_status: int = uint(1, "枪状态", values=GUN_STATUS)


class HeartbeatAck(Frame, code=0x04, title="心跳包应答", direction=DOWN):
    """Answers a heartbeat; three missing ones make the charge point log in again."""

    pile_code: str = bcd(7, "桩编号")
    gun_no: str = bcd(1, "枪号")
    heartbeat_result: int = uint(1, "心跳应答", values=HEARTBEAT_RESULT)


class BillingModelVerifyRequest(
    Frame,
    code=0x05,
    title="计费模型验证请求",
    direction=UP,
    reply=Reply.ASK,
    answered_by=0x06,
):
    """Names the tariff the charge point has stored and asks whether it still holds."""

    pile_code: str = bcd(7, "桩编号")
    billing_model_no: str = bcd(2, "计费模型编号", note="两个不透明字节（D15）")


class BillingModelVerifyResponse(Frame, code=0x06, title="计费模型验证请求应答", direction=DOWN):
    """Says whether the stored tariff holds; when it does not, 0x09 follows."""

    pile_code: str = bcd(7, "桩编号")
    billing_model_no: str = bcd(2, "计费模型编号", note="两个不透明字节（D15）")
    verify_result: int = uint(1, "验证结果", values=VERIFY_RESULT)


class BillingModelRequest(
    Frame,
    code=0x09,
    title="充电桩计费模型请求",
    direction=UP,
    reply=Reply.ASK,
    answered_by=0x0A,
):
    """Asks for the tariff; without one the charge point must not charge."""

    pile_code: str = bcd(7, "桩编号")


class BillingModelResponse(Frame, code=0x0A, title="计费模型请求应答", direction=DOWN):
    """Carries the tariff: energy and service price of four bands, and the band of each half hour."""

    pile_code: str = bcd(7, "桩编号")
    billing_model_no: str = bcd(2, "计费模型编号", note="两个不透明字节（D15）")
    sharp_energy_price: int = uint(4, "尖电费费率", unit="元/kWh", scale=5)
    sharp_service_price: int = uint(4, "尖服务费费率", unit="元/kWh", scale=5)
    peak_energy_price: int = uint(4, "峰电费费率", unit="元/kWh", scale=5)
    peak_service_price: int = uint(4, "峰服务费费率", unit="元/kWh", scale=5)
    flat_energy_price: int = uint(4, "平电费费率", unit="元/kWh", scale=5)
    flat_service_price: int = uint(4, "平服务费费率", unit="元/kWh", scale=5)
    valley_energy_price: int = uint(4, "谷电费费率", unit="元/kWh", scale=5)
    valley_service_price: int = uint(4, "谷服务费费率", unit="元/kWh", scale=5)
    loss_ratio: int = uint(1, "计损比例", note="平台不支持，固定为 0")
    period_rates: bytes = numbers(
        48, "48个时段费率号", values=PERIOD_RATE, note="第 k 字节对应 [k·30 min, (k+1)·30 min)"
    )


class ReadRealtimeData(
    Frame,
    code=0x12,
    title="读取实时监测数据",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0x13,
):
    """Asks one gun for its 0x13 now."""

    pile_code: str = bcd(7, "桩编号")
    gun_no: str = bcd(1, "枪号")


class RealtimeData(Frame, code=0x13, title="上传实时监测数据", direction=UP):
    """Live state of one gun: every 5 min idle, every 15 s charging, and at once on a change (文档 §7.2)."""

    trade_no: str = bcd(16, "交易流水号", note="空闲时为 0")
    pile_code: str = bcd(7, "桩编号")
    gun_no: str = bcd(1, "枪号")
    status: int = uint(1, "状态", values=STATUS)
    gun_homed: int = uint(1, "枪是否归位", values=GUN_HOMED)
    gun_plugged: int = uint(1, "是否插枪", values=YES_NO)
    output_voltage: int = uint(2, "输出电压", unit="V", scale=1)
    output_current: int = uint(2, "输出电流", unit="A", scale=1)
    gun_cable_temp: int = uint(1, "枪线温度", unit="°C", offset=-50, note="原始值 0 表示无值（D10）")
    gun_cable_code: bytes = raw(8, "枪线编码")
    soc: int = uint(1, "SOC", unit="%")
    battery_max_temp: int = uint(1, "电池组最高温度", unit="°C", offset=-50, note="原始值 0 表示无值（D10）")
    charged_minutes: int = uint(2, "累计充电时间", unit="min")
    remaining_minutes: int = uint(2, "剩余时间", unit="min")
    charged_energy: int = uint(4, "充电度数", unit="kWh", scale=4)
    loss_charged_energy: int = uint(4, "计损充电度数", unit="kWh", scale=4, note="部分桩恒为 0（D19）")
    charged_amount: int = uint(4, "已充金额", unit="元", scale=4)
    hardware_fault: int = uint(2, "硬件故障", parts=HARDWARE_FAULT_BITS)


class BmsHandshake(Frame, code=0x15, title="充电握手", direction=UP):
    """What the car said about its battery at the handshake; DC only."""

    trade_no: str = bcd(16, "交易流水号")
    pile_code: str = bcd(7, "桩编号")
    gun_no: str = bcd(1, "枪号")
    bms_protocol_version: bytes = raw(3, "BMS通信协议版本号", parts=BMS_PROTOCOL_VERSION)
    battery_type: int = uint(1, "BMS电池类型", values=BATTERY_TYPE)
    battery_rated_capacity: int = uint(2, "BMS整车动力蓄电池系统额定容量", unit="Ah", scale=1)
    battery_rated_voltage: int = uint(2, "BMS整车动力蓄电池系统额定总电压", unit="V", scale=1)
    battery_manufacturer: bytes = ascii_text(4, "BMS电池生产厂商名称")
    battery_pack_serial: int = uint(4, "BMS电池组序号")
    battery_prod_year: int = uint(1, "BMS电池组生产日期年", offset=1985)
    battery_prod_month: int = uint(1, "BMS电池组生产日期月")
    battery_prod_day: int = uint(1, "BMS电池组生产日期日")
    battery_charge_count: int = uint(3, "BMS电池组充电次数")
    battery_ownership: int = uint(1, "BMS电池组产权标识", values=BATTERY_OWNERSHIP)
    reserved: int = uint(1, "预留位")
    vin: bytes = ascii_text(17, "BMS车辆识别码", note="正序")
    bms_software_version: bytes = raw(8, "BMS软件版本号", parts=BMS_SOFTWARE_VERSION)


class BmsParamConfig(Frame, code=0x17, title="参数配置", direction=UP):
    """Limits the car and the charge point agreed on; DC only. Signs of currents differ by maker (D7)."""

    trade_no: str = bcd(16, "交易流水号")
    pile_code: str = bcd(7, "桩编号")
    gun_no: str = bcd(1, "枪号")
    cell_max_voltage: int = uint(2, "BMS单体动力蓄电池最高允许充电电压", unit="V", scale=2)
    bms_max_current: int = uint(2, "BMS最高允许充电电流", unit="A", scale=1, offset=-400)
    battery_nominal_energy: int = uint(2, "BMS动力蓄电池标称总能量", unit="kWh", scale=1)
    bms_max_voltage: int = uint(2, "BMS最高允许充电总电压", unit="V", scale=1)
    bms_max_temp: int = uint(1, "BMS最高允许温度", unit="°C", offset=-50)
    battery_soc: int = uint(2, "BMS整车动力蓄电池荷电状态(soc)", unit="%", scale=1)
    battery_voltage: int = uint(2, "BMS整车动力蓄电池当前电池电压", unit="V", scale=1)
    pile_max_voltage: int = uint(2, "电桩最高输出电压", unit="V", scale=1)
    pile_min_voltage: int = uint(2, "电桩最低输出电压", unit="V", scale=1)
    pile_max_current: int = uint(2, "电桩最大输出电流", unit="A", scale=1, offset=-400)
    pile_min_current: int = uint(2, "电桩最小输出电流", unit="A", scale=1, offset=-400)


class ChargeEnd(Frame, code=0x19, title="充电结束", direction=UP):
    """State of the battery when a DC charge ended, sent before the record."""

    trade_no: str = bcd(16, "交易流水号")
    pile_code: str = bcd(7, "桩编号")
    gun_no: str = bcd(1, "枪号")
    end_soc: int = uint(1, "BMS中止荷电状态SOC", unit="%")
    cell_min_voltage: int = uint(2, "BMS动力蓄电池单体最低电压", unit="V", scale=2)
    cell_max_voltage: int = uint(2, "BMS动力蓄电池单体最高电压", unit="V", scale=2)
    battery_min_temp: int = uint(1, "BMS动力蓄电池最低温度", unit="°C", offset=-50)
    battery_max_temp: int = uint(1, "BMS动力蓄电池最高温度", unit="°C", offset=-50)
    charged_minutes: int = uint(2, "电桩累计充电时间", unit="min")
    output_energy: int = uint(2, "电桩输出能量", unit="kWh", scale=1)
    charger_no: int = uint(4, "电桩充电机编号", note="从 1 开始")


class ChargeError(Frame, code=0x1B, title="错误报文", direction=UP):
    """Timeouts between car and charge point, two bits an item."""

    trade_no: str = bcd(16, "交易流水号")
    pile_code: str = bcd(7, "桩编号")
    gun_no: str = bcd(1, "枪号")
    error_bytes: bytes = raw(8, "错误位图(序号4-25)", parts=ERROR_ITEMS)


class BmsAbort(Frame, code=0x1D, title="充电阶段BMS中止", direction=UP):
    """Why the car ended the charge (BST), two bits an item."""

    trade_no: str = bcd(16, "交易流水号")
    pile_code: str = bcd(7, "桩编号")
    gun_no: str = bcd(1, "枪号")
    bms_abort_reason: int = uint(1, "BMS中止充电原因", parts=BMS_ABORT_REASON)
    bms_abort_fault: int = uint(2, "BMS中止充电故障原因", parts=BMS_ABORT_FAULT)
    bms_abort_error: int = uint(1, "BMS中止充电错误原因", parts=BMS_ABORT_ERROR)


class ChargerAbort(Frame, code=0x21, title="充电阶段充电机中止", direction=UP):
    """Why the charge point ended the charge (CST), two bits an item."""

    trade_no: str = bcd(16, "交易流水号")
    pile_code: str = bcd(7, "桩编号")
    gun_no: str = bcd(1, "枪号")
    charger_abort_reason: int = uint(1, "充电机中止充电原因", parts=CHARGER_ABORT_REASON)
    charger_abort_fault: int = uint(2, "充电机中止充电故障原因", parts=CHARGER_ABORT_FAULT)
    charger_abort_error: int = uint(1, "充电机中止充电错误原因", parts=CHARGER_ABORT_ERROR)


class BmsDemandChargerOutput(Frame, code=0x23, title="充电过程BMS需求与充电机输出", direction=UP):
    """What the car demands and what it gets, every 15 s of a DC charge. Signs of currents differ by maker (D7)."""

    trade_no: str = bcd(16, "交易流水号")
    pile_code: str = bcd(7, "桩编号")
    gun_no: str = bcd(1, "枪号")
    bms_voltage_demand: int = uint(2, "BMS电压需求", unit="V", scale=1)
    bms_current_demand: int = uint(2, "BMS电流需求", unit="A", scale=1, offset=-400)
    bms_charge_mode: int = uint(1, "BMS充电模式", values=BMS_CHARGE_MODE)
    bms_measured_voltage: int = uint(2, "BMS充电电压测量值", unit="V", scale=1)
    bms_measured_current: int = uint(2, "BMS充电电流测量值", unit="A", scale=1, offset=-400)
    cell_max_voltage_and_group: int = uint(2, "BMS最高单体动力蓄电池电压及组号", parts=CELL_MAX_VOLTAGE_AND_GROUP)
    soc: int = uint(1, "BMS当前荷电状态SOC", unit="%")
    remaining_minutes: int = uint(2, "BMS估算剩余充电时间", unit="min")
    pile_output_voltage: int = uint(2, "电桩电压输出值", unit="V", scale=1)
    pile_output_current: int = uint(2, "电桩电流输出值", unit="A", scale=1, offset=-400)
    charged_minutes: int = uint(2, "累计充电时间", unit="min")


class BmsChargingInfo(Frame, code=0x25, title="充电过程BMS信息", direction=UP):
    """Extremes of the battery's cells and temperatures, every 15 s of a DC charge."""

    trade_no: str = bcd(16, "交易流水号")
    pile_code: str = bcd(7, "桩编号")
    gun_no: str = bcd(1, "枪号")
    cell_max_voltage_no: int = uint(1, "BMS最高单体动力蓄电池电压所在编号", offset=1)
    battery_max_temp: int = uint(1, "BMS最高动力蓄电池温度", unit="°C", offset=-50)
    max_temp_point_no: int = uint(1, "最高温度检测点编号", offset=1)
    battery_min_temp: int = uint(1, "最低动力蓄电池温度", unit="°C", offset=-50)
    min_temp_point_no: int = uint(1, "最低动力蓄电池温度检测点编号", offset=1)
    bms_status_bits: int = uint(2, "状态位(序号9-16)", parts=BMS_STATUS_ITEMS)


class StartChargeRequest(
    Frame,
    code=0x31,
    title="充电桩主动申请启动充电",
    direction=UP,
    reply=Reply.ASK,
    answered_by=0x32,
):
    """A driver at the charge point asks to start, with card, account or VIN."""

    pile_code: str = bcd(7, "桩编号")
    gun_no: str = bcd(1, "枪号")
    start_mode: int = uint(1, "启动方式", values=START_MODE)
    password_required: int = uint(1, "是否需要密码", values=YES_NO)
    account_or_card: bytes = raw(8, "账号或者物理卡号", note="不透明字节（D16）")
    password_md5: bytes = raw(16, "输入密码", note="MD5 中间 16 个小写字符，或 16 字节摘要（D23）")
    vin: bytes = ascii_text(17, "VIN码", note="反序，仅启动方式为 VIN 时有效")


class StartChargeResponse(Frame, code=0x32, title="运营平台确认启动充电", direction=DOWN):
    """Authorises or refuses a start asked for at the charge point."""

    trade_no: str = bcd(16, "交易流水号")
    pile_code: str = bcd(7, "桩编号")
    gun_no: str = bcd(1, "枪号")
    logical_card_no: str = bcd(8, "逻辑卡号")
    account_balance: int = uint(4, "账户余额", unit="元", scale=2)
    auth_result: int = uint(1, "鉴权成功标志", values=FAILED_SUCCESS)
    auth_fail_reason: int = uint(1, "失败原因", values=AUTH_FAIL_REASON)


class RemoteStartReply(Frame, code=0x33, title="远程启动充电命令回复", direction=UP):
    """Outcome of a remote start; a success may follow a 'not plugged' within 60 s under a new sequence number (D21)."""

    trade_no: str = bcd(16, "交易流水号")
    pile_code: str = bcd(7, "桩编号")
    gun_no: str = bcd(1, "枪号")
    start_result: int = uint(1, "启动结果", values=FAILED_SUCCESS)
    start_fail_reason: int = uint(1, "失败原因", values=START_FAIL_REASON)


class RemoteStart(
    Frame,
    code=0x34,
    title="运营平台远程控制启机",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0x33,
):
    """Starts a charge for a driver who is not known to the charge point."""

    trade_no: str = bcd(16, "交易流水号")
    pile_code: str = bcd(7, "桩编号")
    gun_no: str = bcd(1, "枪号")
    logical_card_no: str = bcd(8, "逻辑卡号")
    physical_card_no: bytes = raw(8, "物理卡号", note="8 个不透明字节（D16）")
    account_balance: int = uint(4, "账户余额", unit="元", scale=2)


class RemoteStopReply(
    Frame,
    code=0x35,
    title="远程停机命令回复",
    direction=UP,
    variants=(Variant(only=("stop_result", "stop_fail_reason")),),
):
    """Outcome of a remote stop; one SDK sends the two result bytes alone (D20)."""

    pile_code: str = bcd(7, "桩编号")
    gun_no: str = bcd(1, "枪号")
    stop_result: int = uint(1, "停止结果", values=FAILED_SUCCESS)
    stop_fail_reason: int = uint(1, "失败原因", values=STOP_FAIL_REASON)


class RemoteStop(Frame, code=0x36, title="运营平台远程停机", direction=DOWN, reply=Reply.AWAIT, answered_by=0x35):
    """Stops whatever the gun charges."""

    pile_code: str = bcd(7, "桩编号")
    gun_no: str = bcd(1, "枪号")


class TransactionRecord(Frame, code=0x3B, title="交易记录", direction=UP, reply=Reply.AFTER_COMMIT, answered_by=0x40):
    """The bill data of one executed start, resent until confirmed; trailing bytes are tolerated (D25)."""

    trade_no: str = bcd(16, "交易流水号", note="离线时由桩生成（D22）")
    pile_code: str = bcd(7, "桩编号")
    gun_no: str = bcd(1, "枪号")
    start_time: bytes = cp56time2a("开始时间")
    end_time: bytes = cp56time2a("结束时间")
    sharp_price: int = uint(4, "尖单价", unit="元/kWh", scale=5)
    sharp_energy: int = uint(4, "尖电量", unit="kWh", scale=4)
    sharp_loss_energy: int = uint(4, "计损尖电量", unit="kWh", scale=4)
    sharp_amount: int = uint(4, "尖金额", unit="元", scale=4)
    peak_price: int = uint(4, "峰单价", unit="元/kWh", scale=5)
    peak_energy: int = uint(4, "峰电量", unit="kWh", scale=4)
    peak_loss_energy: int = uint(4, "计损峰电量", unit="kWh", scale=4)
    peak_amount: int = uint(4, "峰金额", unit="元", scale=4)
    flat_price: int = uint(4, "平单价", unit="元/kWh", scale=5)
    flat_energy: int = uint(4, "平电量", unit="kWh", scale=4)
    flat_loss_energy: int = uint(4, "计损平电量", unit="kWh", scale=4)
    flat_amount: int = uint(4, "平金额", unit="元", scale=4)
    valley_price: int = uint(4, "谷单价", unit="元/kWh", scale=5)
    valley_energy: int = uint(4, "谷电量", unit="kWh", scale=4)
    valley_loss_energy: int = uint(4, "计损谷电量", unit="kWh", scale=4)
    valley_amount: int = uint(4, "谷金额", unit="元", scale=4)
    meter_start: int = uint(5, "电表总起值", unit="kWh", scale=4)
    meter_end: int = uint(5, "电表总止值", unit="kWh", scale=4)
    total_energy: int = uint(4, "总电量", unit="kWh", scale=4)
    total_loss_energy: int = uint(4, "计损总电量", unit="kWh", scale=4)
    total_amount: int = uint(4, "消费金额", unit="元", scale=4)
    vin: bytes = ascii_text(17, "电动汽车唯一标识", note="正序；全 00 或全 FF 表示未知")
    trade_mark: int = uint(1, "交易标识", values=TRADE_MARK)
    trade_time: bytes = cp56time2a("交易日期、时间")
    stop_reason: int = uint(1, "停止原因", values=STOP_REASON)
    physical_card_no: bytes = raw(8, "物理卡号", note="8 个不透明字节（D16）")


class TransactionRecordConfirm(Frame, code=0x40, title="交易记录确认", direction=DOWN):
    """Tells the charge point that it may delete its record; sent only once the record is durable."""

    trade_no: str = bcd(16, "交易流水号")
    confirm_result: int = uint(1, "确认结果", values=CONFIRM_RESULT)


class BalanceUpdateReply(Frame, code=0x41, title="余额更新应答", direction=UP):
    """Outcome of a balance update."""

    pile_code: str = bcd(7, "桩编号")
    physical_card_no: bytes = raw(8, "物理卡号", note="8 个不透明字节（D16）")
    update_result: int = uint(1, "修改结果", values=BALANCE_UPDATE_RESULT)


class BalanceUpdate(Frame, code=0x42, title="远程账户余额更新", direction=DOWN, reply=Reply.AWAIT, answered_by=0x41):
    """New balance of a driver who topped up while charging."""

    pile_code: str = bcd(7, "桩编号")
    gun_no: str = bcd(1, "枪号")
    physical_card_no: bytes = raw(8, "物理卡号", note="8 个不透明字节（D16）")
    account_balance: int = uint(4, "修改后账户金额", unit="元", scale=2)


class OfflineCard(Record):
    """One card in 0x44."""

    logical_card_no: str = bcd(8, "逻辑卡号")
    physical_card_no: bytes = raw(8, "物理卡号", note="8 个不透明字节（D16）")


class CardNo(Record):
    """One card in 0x46 and 0x48."""

    physical_card_no: bytes = raw(8, "物理卡号", note="8 个不透明字节（D16）")


class ClearedCard(Record):
    """One result in 0x45."""

    physical_card_no: bytes = raw(8, "物理卡号", note="8 个不透明字节（D16）")
    clear_result: int = uint(1, "清除标记", values=CLEAR_RESULT)
    fail_reason: int = uint(1, "失败原因", values=CLEAR_FAIL_REASON)


class QueriedCard(Record):
    """One result in 0x47."""

    physical_card_no: bytes = raw(8, "物理卡号", note="8 个不透明字节（D16）")
    query_result: int = uint(1, "查询结果", values=QUERY_RESULT)


class OfflineCardSyncReply(Frame, code=0x43, title="离线卡数据同步应答", direction=UP):
    """Outcome of storing offline cards."""

    pile_code: str = bcd(7, "桩编号")
    save_result: int = uint(1, "保存结果", values=FAILED_SUCCESS)
    save_fail_reason: int = uint(1, "失败原因", values=SAVE_FAIL_REASON)


class OfflineCardSync(Frame, code=0x44, title="离线卡数据同步", direction=DOWN, reply=Reply.AWAIT, answered_by=0x43):
    """Stores cards that may charge while the link is down; at most 11 fit a frame of 200 bytes (D3)."""

    pile_code: str = bcd(7, "桩编号")
    card_count: int = count("下发卡个数", of="cards")
    cards: tuple[OfflineCard, ...] = repeat(OfflineCard, "卡列表")


class OfflineCardClearReply(Frame, code=0x45, title="离线卡数据清除应答", direction=UP):
    """Outcome for each card that was to be removed; no count, as many entries as fit."""

    pile_code: str = bcd(7, "桩编号")
    results: tuple[ClearedCard, ...] = repeat(ClearedCard, "清除结果列表")


class OfflineCardClear(Frame, code=0x46, title="离线卡数据清除", direction=DOWN, reply=Reply.AWAIT, answered_by=0x45):
    """Removes offline cards; at most 18, because the answer takes 10 bytes a card (D3)."""

    pile_code: str = bcd(7, "桩编号")
    card_count: int = count("清除离线卡的个数", of="cards")
    cards: tuple[CardNo, ...] = repeat(CardNo, "卡列表")


class OfflineCardQueryReply(Frame, code=0x47, title="离线卡数据查询应答", direction=UP):
    """Whether each asked card is stored; no count, as many entries as fit."""

    pile_code: str = bcd(7, "桩编号")
    results: tuple[QueriedCard, ...] = repeat(QueriedCard, "查询结果列表")


class OfflineCardQuery(Frame, code=0x48, title="离线卡数据查询", direction=DOWN, reply=Reply.AWAIT, answered_by=0x47):
    """Asks whether cards are stored; at most 21, because the answer takes 9 bytes a card (D3)."""

    pile_code: str = bcd(7, "桩编号")
    card_count: int = count("查询的离线卡个数", of="cards")
    cards: tuple[CardNo, ...] = repeat(CardNo, "卡列表")


class WorkParamSetReply(Frame, code=0x51, title="充电桩工作参数设置应答", direction=UP):
    """Outcome of setting the working parameters."""

    pile_code: str = bcd(7, "桩编号")
    set_result: int = uint(1, "设置结果", values=FAILED_SUCCESS)


class WorkParamSet(Frame, code=0x52, title="充电桩工作参数设置", direction=DOWN, reply=Reply.AWAIT, answered_by=0x51):
    """Takes the charge point out of service or back, and limits its power."""

    pile_code: str = bcd(7, "桩编号")
    work_disabled: int = uint(1, "是否允许工作", values=WORK_DISABLED)
    max_power_percent: int = uint(1, "充电桩最大允许输出功率", unit="%")


class TimeSyncReply(Frame, code=0x55, title="对时设置应答", direction=UP):
    """Clock of the charge point after setting; all zero from one SDK (D5)."""

    pile_code: str = bcd(7, "桩编号")
    current_time: bytes = cp56time2a("当前时间")


class TimeSync(Frame, code=0x56, title="对时设置", direction=DOWN, reply=Reply.AWAIT, answered_by=0x55):
    """Sets the clock of the charge point."""

    pile_code: str = bcd(7, "桩编号")
    current_time: bytes = cp56time2a("当前时间")


class BillingModelSetReply(Frame, code=0x57, title="计费模型应答", direction=UP):
    """Outcome of a tariff push."""

    pile_code: str = bcd(7, "桩编号")
    set_result: int = uint(1, "设置结果", values=FAILED_SUCCESS)


class BillingModelSet(Frame, code=0x58, title="计费模型设置", direction=DOWN, reply=Reply.AWAIT, answered_by=0x57):
    """Pushes a tariff; same body as 0x0A."""

    pile_code: str = bcd(7, "桩编号")
    billing_model_no: str = bcd(2, "计费模型编号", note="两个不透明字节（D15）")
    sharp_energy_price: int = uint(4, "尖电费费率", unit="元/kWh", scale=5)
    sharp_service_price: int = uint(4, "尖服务费费率", unit="元/kWh", scale=5)
    peak_energy_price: int = uint(4, "峰电费费率", unit="元/kWh", scale=5)
    peak_service_price: int = uint(4, "峰服务费费率", unit="元/kWh", scale=5)
    flat_energy_price: int = uint(4, "平电费费率", unit="元/kWh", scale=5)
    flat_service_price: int = uint(4, "平服务费费率", unit="元/kWh", scale=5)
    valley_energy_price: int = uint(4, "谷电费费率", unit="元/kWh", scale=5)
    valley_service_price: int = uint(4, "谷服务费费率", unit="元/kWh", scale=5)
    loss_ratio: int = uint(1, "计损比例", note="平台不支持，固定为 0")
    period_rates: bytes = numbers(
        48, "48个时段费率号", values=PERIOD_RATE, note="第 k 字节对应 [k·30 min, (k+1)·30 min)"
    )


class GroundLockStatus(Frame, code=0x61, title="地锁数据上送", direction=UP):
    """State of a parking lock, on change and every 5 min."""

    pile_code: str = bcd(7, "桩编号")
    gun_no: int = uint(1, "枪号")
    lock_status: int = uint(1, "车位锁状态", values=LOCK_STATUS)
    parking_status: int = uint(1, "车位状态", values=PARKING_STATUS)
    lock_battery: int = uint(1, "地锁电量状态", unit="%")
    alarm_status: int = uint(1, "报警状态", values=LOCK_ALARM)
    reserved: bytes = raw(4, "预留位")


class GroundLockControl(
    Frame,
    code=0x62,
    title="遥控地锁升锁与降锁命令",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0x63,
):
    """Raises or lowers a parking lock."""

    pile_code: str = bcd(7, "桩编号")
    gun_no: int = uint(1, "枪号")
    lock_action: bytes = raw(1, "升/降地锁", values=LOCK_ACTION)
    reserved: bytes = raw(4, "预留位")


class GroundLockControlReply(Frame, code=0x63, title="地锁控制应答(充电桩返回数据)", direction=UP):
    """Whether the lock command was authorised; the movement itself is told by 0x61."""

    pile_code: str = bcd(7, "桩编号")
    gun_no: int = uint(1, "枪号")
    control_result: int = uint(1, "地锁控制返回标志", values=LOCK_CONTROL_RESULT)
    reserved: bytes = raw(4, "预留位")


class RemoteRebootReply(Frame, code=0x91, title="远程重启应答", direction=UP):
    """Says that the charge point will restart; a new login follows."""

    pile_code: str = bcd(7, "桩编号")
    set_result: int = uint(1, "设置结果", values=FAILED_SUCCESS)


class RemoteReboot(Frame, code=0x92, title="远程重启", direction=DOWN, reply=Reply.AWAIT, answered_by=0x91):
    """Restarts the charge point."""

    pile_code: str = bcd(7, "桩编号")
    execute_mode: int = uint(1, "执行控制", values=EXECUTE_MODE)


class RemoteUpdateReply(Frame, code=0x93, title="远程更新应答", direction=UP):
    """Outcome of a firmware update, possibly long after the command."""

    pile_code: str = bcd(7, "桩编号")
    update_status: int = uint(1, "升级状态", values=UPDATE_STATUS)


class RemoteUpdate(Frame, code=0x94, title="远程更新", direction=DOWN, reply=Reply.AWAIT, answered_by=0x93):
    """Has the charge point fetch firmware over FTP; the password travels in clear text."""

    pile_code: str = bcd(7, "桩编号")
    pile_model: int = uint(1, "桩型号", values=PILE_MODEL)
    pile_power: int = uint(2, "桩功率", note="kW")
    server_host: bytes = ascii_text(16, "升级服务器地址")
    server_port: int = uint(2, "升级服务器端口")
    username: bytes = ascii_text(16, "用户名")
    password: bytes = ascii_text(16, "密码")
    file_path: bytes = ascii_text(32, "文件路径")
    execute_mode: int = uint(1, "执行控制", values=EXECUTE_MODE)
    download_timeout: int = uint(1, "下载超时时间", unit="min")


class ParallelStartRequest(
    Frame,
    code=0xA1,
    title="充电桩主动申请并充充电",
    direction=UP,
    reply=Reply.ASK,
    answered_by=0xA2,
):
    """A driver asks to charge one car with two guns; one frame a gun."""

    pile_code: str = bcd(7, "桩编号")
    gun_no: str = bcd(1, "枪号")
    start_mode: int = uint(1, "启动方式", values=START_MODE)
    password_required: int = uint(1, "是否需要密码", values=YES_NO)
    account_or_card: bytes = raw(8, "账号或者物理卡号", note="不透明字节（D16）")
    password_md5: bytes = raw(16, "输入密码", note="MD5 中间 16 个小写字符，或 16 字节摘要（D23）")
    vin: bytes = ascii_text(17, "VIN码", note="反序，仅启动方式为 VIN 时有效")
    gun_role: int = uint(1, "主辅枪标记", values=GUN_ROLE)
    parallel_seq: str = bcd(6, "并充序号", note="YYMMDDhhmmss，同一次并充的各枪相同")


class ParallelStartResponse(Frame, code=0xA2, title="运营平台确认并充启动充电", direction=DOWN):
    """Authorises or refuses one gun of a parallel start; all must be authorised."""

    trade_no: str = bcd(16, "交易流水号")
    pile_code: str = bcd(7, "桩编号")
    gun_no: str = bcd(1, "枪号")
    logical_card_no: str = bcd(8, "逻辑卡号")
    account_balance: int = uint(4, "账户余额", unit="元", scale=2)
    auth_result: int = uint(1, "鉴权成功标志", values=FAILED_SUCCESS)
    auth_fail_reason: int = uint(1, "失败原因", values=AUTH_FAIL_REASON)
    parallel_seq: str = bcd(6, "并充序号", note="YYMMDDhhmmss，同一次并充的各枪相同")


class ParallelRemoteStartReply(Frame, code=0xA3, title="远程并充启机命令回复", direction=UP):
    """Outcome of a parallel start for one gun (D6: the direction is that of the chapter)."""

    trade_no: str = bcd(16, "交易流水号")
    pile_code: str = bcd(7, "桩编号")
    gun_no: str = bcd(1, "枪号")
    start_result: int = uint(1, "启动结果", values=FAILED_SUCCESS)
    start_fail_reason: int = uint(1, "失败原因", values=START_FAIL_REASON)
    gun_role: int = uint(1, "主辅枪标记", values=GUN_ROLE)
    parallel_seq: str = bcd(6, "并充序号", note="YYMMDDhhmmss，同一次并充的各枪相同")


class ParallelRemoteStart(
    Frame,
    code=0xA4,
    title="运营平台远程控制并充启机",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0xA3,
):
    """Starts one gun of a parallel charge."""

    trade_no: str = bcd(16, "交易流水号")
    pile_code: str = bcd(7, "桩编号")
    gun_no: str = bcd(1, "枪号")
    logical_card_no: str = bcd(8, "逻辑卡号")
    physical_card_no: bytes = raw(8, "物理卡号", note="8 个不透明字节（D16）")
    account_balance: int = uint(4, "账户余额", unit="元", scale=2)
    parallel_seq: str = bcd(6, "并充序号", note="YYMMDDhhmmss，同一次并充的各枪相同")


class QrPrefixSet(
    Frame,
    code=0xF0,
    title="后台远程下发二维码前缀指令",
    direction=DOWN,
    reply=Reply.AWAIT,
    answered_by=0xF1,
):
    """Sets the text in front of the number in the QR code on the screen; lost at power-off (D9)."""

    pile_code: str = bcd(7, "桩编号")
    qr_format: int = uint(1, "二维码格式", values=QR_FORMAT)
    qr_prefix_length: int = count("二维码前缀长度", of="qr_prefix")
    qr_prefix: bytes = ascii_rest("二维码前缀内容")


class QrPrefixSetReply(Frame, code=0xF1, title="桩应答远程下发二维码前缀指令", direction=UP):
    """Answers a QR prefix; makers disagree about the numbers, so any answer counts (D9)."""

    pile_code: str = bcd(7, "桩编号")
    set_result: int = uint(1, "下发结果", values=FAILED_SUCCESS, note="各厂家取值相反（D9）")


FRAMES: dict[int, type[Frame]] = {
    frame.code: frame
    for frame in list(globals().values())
    if isinstance(frame, type) and issubclass(frame, Frame) and frame is not Frame
}
"""Every frame type by its code, both directions."""
