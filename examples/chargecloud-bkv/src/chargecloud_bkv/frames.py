"""Every frame of the guide and the captures. `code` is the command and behind it the sub-command, 16 bits each.

Values are raw: voltage 0.1 V, power 0.1 W, current 1 mA, energy 1 Wh, durations whole minutes.
"""

from __future__ import annotations

from chargecloud.protocols.wire.columns import ascii_text, bcd, count, counted_words, raw, raw_rest, repeat, uint
from chargecloud.protocols.wire.schema import Direction, Frame, Record, Reply
from chargecloud_bkv import tables

UP, DOWN = Direction.UP, Direction.DOWN


class BkvFrame(Frame, byte_order="big"):
    """Integers have their high byte first."""


class BkvRecord(Record, byte_order="big"):
    """Likewise within lists."""


class Heartbeat(BkvFrame, code=0x0000_0000, title="心跳", direction=UP, reply=Reply.AUTO, answered_by=0x0000_0000):
    """Every minute; the first one introduces the gateway."""

    iccid: bytes = ascii_text(20, "ICCID")
    firmware: bytes = ascii_text(8, "固件版本")
    signal: int = uint(1, "信号强度")


class HoleState(BkvRecord):
    """One hole of a socket."""

    hole: int = uint(1, "插孔号", values=tables.HOLE)
    status: int = uint(1, "插座状态", parts=tables.STATUS)
    business_no: int = uint(2, "业务号")
    voltage_dv: int = uint(2, "电压", unit="0.1 V")
    power_dw: int = uint(2, "瞬时功率", unit="0.1 W")
    current_ma: int = uint(2, "瞬时电流", unit="0.001 A")
    energy_wh: int = uint(2, "用电量", unit="Wh")
    minutes: int = uint(2, "充电时间", unit="min")


class SocketState(BkvFrame, code=0x0015_001C, title="插座状态", direction=UP):
    """The answer to a question for the state of one socket."""

    socket: int = uint(1, "插座号")
    firmware: bytes = raw(2, "插座软件版本")
    temperature_c: int = uint(1, "温度", unit="°C")
    rssi: int = uint(1, "RSSI")
    holes: tuple[HoleState, ...] = repeat(HoleState, "插孔")


class ControlReply(BkvFrame, code=0x0015_0007, title="控制应答", direction=UP):
    """The answer to a start or stop; a start gets the number its charge will be called by."""

    result: int = uint(1, "结果", values=tables.RESULT)
    socket: int = uint(1, "插座号")
    hole: int = uint(1, "插孔号", values=tables.HOLE)
    business_no: int = uint(2, "业务号")


class TierControlReply(BkvFrame, code=0x0015_0017, title="按功率控制应答", direction=UP):
    """The guide leaves it out and says only that a number comes back; taken to look like the other."""

    result: int = uint(1, "结果", values=tables.RESULT)
    socket: int = uint(1, "插座号")
    hole: int = uint(1, "插孔号", values=tables.HOLE)
    business_no: int = uint(2, "业务号")


class ChargeEnd(BkvFrame, code=0x0015_0002, title="充电结束", direction=UP, reply=Reply.AFTER_COMMIT):
    """A charge by time or energy is over."""

    socket: int = uint(1, "插座号")
    firmware: bytes = raw(2, "插座软件版本")
    temperature_c: int = uint(1, "温度", unit="°C")
    rssi: int = uint(1, "RSSI")
    hole: int = uint(1, "插孔号", values=tables.HOLE)
    status: int = uint(1, "插座状态", parts=tables.STATUS)
    business_no: int = uint(2, "业务号")
    power_dw: int = uint(2, "瞬时功率", unit="0.1 W")
    current_ma: int = uint(2, "瞬时电流", unit="0.001 A")
    energy_wh: int = uint(2, "用电量", unit="Wh")
    minutes: int = uint(2, "充电时间", unit="min")


class TierEnd(BkvFrame, code=0x0015_0018, title="按功率充电结束", direction=UP, reply=Reply.AFTER_COMMIT):
    """A charge by tiers of power is over, with the minutes in each tier."""

    socket: int = uint(1, "插座号")
    firmware: bytes = raw(2, "插座软件版本")
    temperature_c: int = uint(1, "温度", unit="°C")
    rssi: int = uint(1, "RSSI")
    hole: int = uint(1, "插孔号", values=tables.HOLE)
    status: int = uint(1, "插座状态", parts=tables.STATUS)
    business_no: int = uint(2, "业务号")
    power_dw: int = uint(2, "瞬时功率", unit="0.1 W")
    current_ma: int = uint(2, "瞬时电流", unit="0.001 A")
    energy_wh: int = uint(2, "用电量", unit="Wh")
    minutes: int = uint(2, "充电时间", unit="min")
    ended_at: bytes = raw(7, "结束时间", note="年两字节，月日时分秒各一")
    reason: int = uint(1, "结束原因")
    cost_fen: int = uint(2, "花费金额", unit="分")
    settled_power_dw: int = uint(2, "结算功率", unit="0.1 W")
    tier_count: int = count("挡位数", of="tier_minutes")
    tier_minutes: tuple[int, ...] = counted_words("每挡充电时间", unit="min")


class CardEnd(BkvFrame, code=0x0015_000C, title="刷卡充电结束", direction=UP, reply=Reply.AFTER_COMMIT):
    """A charge begun by card is over."""

    socket: int = uint(1, "插座号")
    firmware: bytes = raw(2, "插座软件版本")
    temperature_c: int = uint(1, "温度", unit="°C")
    rssi: int = uint(1, "RSSI")
    hole: int = uint(1, "插孔号", values=tables.HOLE)
    status: int = uint(1, "插座状态", parts=tables.STATUS)
    business_no: int = uint(2, "业务号")
    power_dw: int = uint(2, "瞬时功率", unit="0.1 W")
    current_ma: int = uint(2, "瞬时电流", unit="0.001 A")
    energy_wh: int = uint(2, "用电量", unit="Wh")
    minutes: int = uint(2, "充电时间", unit="min")
    card_id: bytes = raw(6, "卡号")
    offline_card: int = uint(1, "卡类型", note="0 为在线卡")
    mode: int = uint(1, "计费模式", note="1 按时，2 按量，3 按功率")
    cost_fen: int = uint(2, "花费金额", unit="分")
    settled_power_dw: int = uint(2, "结算功率", unit="0.1 W")
    tier_count: int = count("挡位数", of="tier_minutes")
    tier_minutes: tuple[int, ...] = counted_words("每挡充电时间", unit="min")


class CardSwipe(BkvFrame, code=0x0015_000B, title="刷卡", direction=UP, reply=Reply.ASK, answered_by=0x0015_000B):
    """A card at the reader wants to charge; the charge already has its number."""

    socket: int = uint(1, "插座号")
    hole: int = uint(1, "插孔号", values=tables.HOLE)
    business_no: int = uint(2, "业务号")
    status: int = uint(1, "插座状态", parts=tables.STATUS)
    card_id: bytes = raw(6, "卡号")
    offline: bytes = raw(20, "离线卡参数")


class CardOrderReply(BkvFrame, code=0x0015_000F, title="刷卡订单应答", direction=UP):
    """The socket has taken the order of a card."""

    socket: int = uint(1, "插座号")
    hole: int = uint(1, "插孔号", values=tables.HOLE)
    result: int = uint(1, "结果", values=tables.RESULT)


class BalanceQuestion(BkvFrame, code=0x0015_001A, title="查询余额", direction=UP, reply=Reply.ASK):
    """A card at the reader wants to hear its balance."""

    socket: int = uint(1, "插座号")
    hole: int = uint(1, "插孔号", values=tables.HOLE)
    card_id: bytes = raw(6, "卡号")


class VoiceReply(BkvFrame, code=0x0015_001B, title="语音时段应答", direction=UP):
    """The hours in which a socket may speak are set, or not."""

    socket: int = uint(1, "插座号")
    hole: int = uint(1, "插孔号", values=tables.HOLE)
    result: int = uint(1, "结果", values=tables.RESULT)


class SocketListReply(BkvFrame, code=0x0005_0008, title="刷新列表应答", direction=UP):
    """The list of sockets has been taken."""

    result: int = uint(1, "结果", values=tables.RESULT)


class AddSocketReply(BkvFrame, code=0x0005_0009, title="添加插座应答", direction=UP):
    """A socket has been added to the list."""

    result: int = uint(1, "结果", values=tables.RESULT)


class StateReport(BkvFrame, code=0x1000_1017, title="插座状态上报", direction=UP, reply=Reply.AUTO):
    """Every five minutes and at every change, as tagged values."""

    entries: bytes = raw_rest("标签数据")


class FeeEnd(BkvFrame, code=0x1000_1004, title="充电结束（电费+服务费）", direction=UP, reply=Reply.AFTER_COMMIT):
    """A charge by energy and service fee is over."""

    entries: bytes = raw_rest("标签数据")


class Trouble(BkvFrame, code=0x1000_1010, title="异常事件", direction=UP, reply=Reply.AUTO):
    """Something is wrong with a socket."""

    entries: bytes = raw_rest("标签数据")


class WriteReply(BkvFrame, code=0x1000_1011, title="设置参数应答", direction=UP):
    """Settings have been taken."""

    entries: bytes = raw_rest("标签数据")


class ReadReply(BkvFrame, code=0x1000_1012, title="查询参数应答", direction=UP):
    """Settings of a socket."""

    entries: bytes = raw_rest("标签数据")


class HeartbeatAnswer(BkvFrame, code=0x0000_0000, title="心跳应答", direction=DOWN):
    """The time, local, as digits."""

    server_time: str = bcd(7, "时间")


class SocketMac(BkvRecord):
    """One socket of the list."""

    socket: int = uint(1, "插座号")
    mac: str = bcd(6, "插座 MAC")


class SocketList(BkvFrame, code=0x0005_0008, title="刷新列表", direction=DOWN, reply=Reply.AWAIT):
    """Which sockets the gateway has to talk to; nothing works before."""

    channel: int = uint(1, "信道", note="1 至 15")
    sockets: tuple[SocketMac, ...] = repeat(SocketMac, "插座")


class AddSocket(BkvFrame, code=0x0005_0009, title="添加插座", direction=DOWN, reply=Reply.AWAIT):
    """One socket more."""

    socket: int = uint(1, "插座号")
    mac: str = bcd(6, "插座 MAC")


class Control(BkvFrame, code=0x0015_0007, title="控制", direction=DOWN, reply=Reply.AWAIT):
    """Start by time or energy, or stop."""

    socket: int = uint(1, "插座号")
    hole: int = uint(1, "插孔号", values=tables.HOLE)
    switch: int = uint(1, "开关", values=tables.SWITCH)
    mode: int = uint(1, "模式", values=tables.MODE)
    minutes: int = uint(2, "充电时长", unit="min", note="1 至 900")
    energy_wh: int = uint(2, "充电电量", unit="Wh")


class Tier(BkvRecord):
    """One tier of power and its price."""

    up_to_dw: int = uint(2, "功率上限", unit="0.1 W")
    price_fen: int = uint(2, "价格", unit="分")
    minutes: int = uint(2, "时长", unit="min")


class TierControl(BkvFrame, code=0x0015_0017, title="按功率控制", direction=DOWN, reply=Reply.AWAIT):
    """Start by tiers of power, for an amount."""

    socket: int = uint(1, "插座号")
    hole: int = uint(1, "插孔号", values=tables.HOLE)
    switch: int = uint(1, "开关", values=tables.SWITCH)
    amount_fen: int = uint(2, "金额", unit="分")
    tier_count: int = count("挡位数", of="tiers")
    tiers: tuple[Tier, ...] = repeat(Tier, "挡位")


class StateQuestion(BkvFrame, code=0x0015_001D, title="查询插座状态", direction=DOWN, reply=Reply.AWAIT):
    """What is a socket doing?"""

    socket: int = uint(1, "插座号")


class CardAnswer(BkvFrame, code=0x0015_000B, title="刷卡应答", direction=DOWN, reply=Reply.AWAIT):
    """The order for a card by time or energy, or none (switch off); with tiers more follows, kept as it is."""

    socket: int = uint(1, "插座号")
    hole: int = uint(1, "插孔号", values=tables.HOLE)
    business_no: int = uint(2, "业务号")
    switch: int = uint(1, "开关", values=tables.SWITCH)
    mode: int = uint(1, "模式", values=tables.MODE)
    minutes: int = uint(2, "时长", unit="min")
    energy_wh: int = uint(2, "电量", unit="Wh")
    tiers: bytes = raw_rest("金额与挡位", note="仅按功率")


class EndAnswer(BkvFrame, code=0x0015_000C, title="充电结束应答", direction=DOWN):
    """The record of a socket is durable."""

    socket: int = uint(1, "插座号")
    result: int = uint(1, "结果", values=tables.RESULT)


class ChargeEndAnswer(BkvFrame, code=0x0015_0002, title="充电结束应答（原命令）", direction=DOWN):
    """The same under the report's own number; the guide leaves the answer out."""

    socket: int = uint(1, "插座号")
    result: int = uint(1, "结果", values=tables.RESULT)


class TierEndAnswer(BkvFrame, code=0x0015_0018, title="按功率充电结束应答（原命令）", direction=DOWN):
    """Likewise."""

    socket: int = uint(1, "插座号")
    result: int = uint(1, "结果", values=tables.RESULT)


class BalanceAnswer(BkvFrame, code=0x0015_001A, title="余额应答", direction=DOWN):
    """What is on the card's account."""

    socket: int = uint(1, "插座号")
    hole: int = uint(1, "插孔号", values=tables.HOLE)
    card_id: bytes = raw(6, "卡号")
    balance_fen: int = uint(4, "卡余额", unit="分")


class Period(BkvRecord):
    """From and until, hours and minutes as bytes."""

    begins: bytes = raw(2, "起始时间")
    ends: bytes = raw(2, "结束时间")


class Voice(BkvFrame, code=0x0015_001B, title="语音时段", direction=DOWN, reply=Reply.AWAIT):
    """When a socket may speak; socket 254 is all of them."""

    socket: int = uint(1, "插座号")
    hole: int = uint(1, "插孔号", values=tables.HOLE)
    buzzer: int = uint(1, "蜂鸣器", values=tables.SWITCH)
    voice: int = uint(1, "语音", values=tables.SWITCH)
    period_count: int = count("时段个数", of="periods")
    periods: tuple[Period, ...] = repeat(Period, "时段")


class StateAnswer(BkvFrame, code=0x1000_1017, title="状态应答", direction=DOWN):
    """Taken note of."""

    entries: bytes = raw_rest("标签数据")


class FeeEndAnswer(BkvFrame, code=0x1000_1004, title="结束应答", direction=DOWN):
    """The record is durable."""

    entries: bytes = raw_rest("标签数据")


class FeeControl(BkvFrame, code=0x1000_1007, title="按电费+服务费控制", direction=DOWN):
    """Start by fees; read for people, never said: the price is ours."""

    entries: bytes = raw_rest("标签数据")


class TroubleAnswer(BkvFrame, code=0x1000_1010, title="异常应答", direction=DOWN):
    """Taken note of."""

    entries: bytes = raw_rest("标签数据")


class WriteParameters(BkvFrame, code=0x1000_1011, title="设置参数", direction=DOWN, reply=Reply.AWAIT):
    """Settings of one socket, those that are to change."""

    entries: bytes = raw_rest("标签数据")


class ReadParameters(BkvFrame, code=0x1000_1012, title="查询参数", direction=DOWN, reply=Reply.AWAIT):
    """Tell the settings of one socket."""

    entries: bytes = raw_rest("标签数据")


def _of(direction: Direction) -> dict[int, type[BkvFrame]]:
    kinds = [value for value in globals().values() if isinstance(value, type) and issubclass(value, BkvFrame)]
    return {kind.code: kind for kind in kinds if kind is not BkvFrame and kind.direction is direction}


UPLINKS = _of(UP)
DOWNLINKS = _of(DOWN)
