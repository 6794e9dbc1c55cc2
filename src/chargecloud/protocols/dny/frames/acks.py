"""What the platform says to reports of DNY boards and hosts; each echoes the message id of the report."""

from __future__ import annotations

from chargecloud.protocols.dny import tables
from chargecloud.protocols.dny.tables import RESULT
from chargecloud.protocols.wire.columns import raw, uint
from chargecloud.protocols.wire.schema import Direction, Frame

DOWN = Direction.DOWN


class LegacyHeartbeatAck(Frame, code=0x01, identifier="legacy_heartbeat", title="心跳包应答（旧）", direction=DOWN):
    """Answers 0x01; not sent where 0x21 is answered."""

    result: int = uint(1, "应答", values=RESULT)


class CardSwipeAnswer(Frame, code=0x02, identifier="card_swipe", title="刷卡应答", direction=DOWN):
    """Tells the board what to say to the driver; a start follows as 0x82."""

    card_id: bytes = raw(4, "卡号", note="原样返回")
    account_status: int = uint(1, "账户状态", values=tables.ACCOUNT_STATUS)
    rate_mode: int = uint(1, "费率模式", values=tables.RATE_MODE, note="决定下一字段的播报方式")
    balance_or_expiry: int = uint(4, "余额/有效期", note="分，或到期时间的时间戳")
    port_no: int = uint(1, "端口号", note="原样返回")


class SettlementAck(Frame, code=0x03, identifier="settlement", title="结算应答", direction=DOWN):
    """The settlement is stored; the board deletes its copy."""

    result: int = uint(1, "应答", values=RESULT)


class OrderConfirmAck(Frame, code=0x04, identifier="order_confirm", title="订单确认应答（旧）", direction=DOWN):
    """Answers 0x04."""

    port_no: int = uint(1, "端口号")
    result: int = uint(1, "应答", values=RESULT)


class HostTimeAnswer(Frame, code=0x12, identifier="host_time_sync", title="主机获取时间应答", direction=DOWN):
    """The time, true UTC epoch."""

    timestamp: int = uint(4, "当前时间", unit="s")


class HostUpgradeAnswer(
    Frame, code=0x15, identifier="host_upgrade_request", title="主机请求升级应答（旧）", direction=DOWN
):
    """Whether 0xF9 will follow."""

    result: int = uint(1, "应答", values=RESULT)


class RegisterAck(Frame, code=0x20, identifier="register", title="注册应答", direction=DOWN):
    """Admits a board, or makes it ask again."""

    result: int = uint(1, "应答", values=RESULT)


class HeartbeatAck(Frame, code=0x21, identifier="heartbeat", title="心跳应答", direction=DOWN):
    """Answers a heartbeat; two missing ones make a board think it is offline."""

    result: int = uint(1, "应答", values=RESULT)


class TimeAnswer(Frame, code=0x22, identifier="time_sync", title="获取时间应答", direction=DOWN):
    """The time, true UTC epoch."""

    timestamp: int = uint(4, "当前时间", unit="s")
