"""What each kind of alarm means to people, and when it ends by itself."""

from dataclasses import dataclass

from chargecloud.features.alarms.messages import AlarmAbout, AlarmKind, AlarmLevel, Cause

MAX_SKEW_MS = 120_000
"""Beyond this a charge point's own times are not to be trusted (abuse A07)."""
HOUR_MS = 3_600_000
CLOSED_KEPT_MS = 365 * 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Kind:
    """How an alarm of a kind is shown. `quiet_ms`: closes by itself when it does not come again for so long."""

    title: str
    level: AlarmLevel
    advice: str
    quiet_ms: int | None = None
    about: AlarmAbout = AlarmAbout.DEVICES


def _money(title: str, level: AlarmLevel, advice: str) -> Kind:
    return Kind(title, level, advice, about=AlarmAbout.MONEY)


KINDS = {
    AlarmKind.LOGIN_CONTESTED: Kind(
        "桩编号被另一连接占用", AlarmLevel.CRITICAL, "核对来源地址；若非换卡换网，可能有人冒用桩编号", 24 * HOUR_MS
    ),
    AlarmKind.WIRE_FAULTED: Kind("报文异常", AlarmLevel.NOTICE, "查看报文日志；检查信号、固件与协议版本", HOUR_MS),
    AlarmKind.CONNECTOR_FAULTED: Kind("充电枪故障", AlarmLevel.WARNING, "按故障位检修，修复后自动关闭"),
    AlarmKind.TARIFF_MISMATCH: Kind("桩内电价与平台不一致", AlarmLevel.WARNING, "重新下发电价，并查看下发结果"),
    AlarmKind.CLOCK_SKEW: Kind("桩时钟偏差过大", AlarmLevel.WARNING, "下发对时；反复出现时检查桩的时钟电池"),
    AlarmKind.PORT_OVER_POWER: Kind(
        "端口功率超限，已断电", AlarmLevel.CRITICAL, "现场查看端口与车辆；确认安全后人工关闭", 24 * HOUR_MS
    ),
    AlarmKind.PORT_NO_TAPER: Kind(
        "充电久不降流，已断电", AlarmLevel.CRITICAL, "电池可能失控或充电器异常，请现场查看", 24 * HOUR_MS
    ),
    AlarmKind.PORT_RISE_AFTER_FULL: Kind(
        "充满后功率回升，已断电", AlarmLevel.CRITICAL, "电池可能异常，请现场查看并联系车主", 24 * HOUR_MS
    ),
    AlarmKind.PORT_OVER_TIME: Kind(
        "充电超时，已断电", AlarmLevel.WARNING, "联系车主取车；反复出现时检查充满判断", 24 * HOUR_MS
    ),
    AlarmKind.PORT_OVER_TEMP: Kind("端口温度过高，已断电", AlarmLevel.CRITICAL, "立即现场查看端口与车辆", 24 * HOUR_MS),
    AlarmKind.HAZARD: Kind("充电桩传感器报警", AlarmLevel.WARNING, "按报警种类现场查看", 24 * HOUR_MS),
    AlarmKind.FIRE: Kind("烟雾或火警，整桩已断电", AlarmLevel.CRITICAL, "立即到场并按消防预案处置"),
    AlarmKind.ORDER_DISPUTED: Kind("订单金额有争议", AlarmLevel.WARNING, "核对交易记录与平台计费后处理订单"),
    AlarmKind.PAYMENT_QUARANTINED: _money(
        "付款与约定不符，未入账", AlarmLevel.WARNING, "核对渠道流水后决定入账或关闭；处理后自动关闭"
    ),
    AlarmKind.PAYMENT_LATE: _money(
        "支付单关闭后又到账", AlarmLevel.NOTICE, "已记入余额；必要时联系车主，处理该差异后自动关闭"
    ),
    AlarmKind.PAYMENT_TWICE: _money(
        "同一支付单付了两次", AlarmLevel.WARNING, "在渠道后台核对两笔流水并退回一笔，再处理该差异"
    ),
    AlarmKind.REFUND_ABNORMAL: _money(
        "退款未到账", AlarmLevel.WARNING, "联系车主，改由其他方式退款或退回余额；处理后自动关闭"
    ),
    AlarmKind.REFUND_STUCK: _money(
        "退款超过一天没有结果", AlarmLevel.WARNING, "查看渠道返回的错误，多为商户余额不足；有结果后自动关闭"
    ),
    AlarmKind.REFUND_AFTER_CLOSE: _money(
        "已作废的退款又到账", AlarmLevel.CRITICAL, "款项可能付了两次：核对渠道流水与车主余额，再处理该差异"
    ),
    AlarmKind.REFUND_DIFFERS: _money(
        "渠道退款金额与申请不符", AlarmLevel.CRITICAL, "核对渠道流水与退款单，再处理该差异"
    ),
    AlarmKind.DELIVERY_REFUSED: _money(
        "微信未接受发货信息", AlarmLevel.WARNING, "货款可能被冻结：在小程序后台查看原因并补录，再处理该差异"
    ),
    AlarmKind.BILL_DIFFERS: _money(
        "渠道账单与账簿不一致", AlarmLevel.WARNING, "逐条处理该日的对账差异；全部处理后自动关闭"
    ),
}
MONEY_KINDS = frozenset(kind for kind, rules in KINDS.items() if rules.about is AlarmAbout.MONEY)


def open_key(cause: Cause) -> str:
    """What two reports of one cause share; unique among alarms that are not closed."""
    place = cause.charge_point_code if cause.operator_id is None else f"operator {cause.operator_id}"
    return f"{cause.kind}:{place}:{cause.connector_no}:{cause.subject}"


def is_skewed(skew_ms: int) -> bool:
    """Whether a clock is too far from ours."""
    return abs(skew_ms) > MAX_SKEW_MS
