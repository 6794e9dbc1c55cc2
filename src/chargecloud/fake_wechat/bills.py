"""The bills of a day in WeChat Pay's own form, and their links. Rows can be hidden, altered or added."""

import gzip
import hashlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from chargecloud.fake_wechat.refusal import Refusal
from chargecloud.fake_wechat.world import World
from chargecloud.infra.wechat.pay_bill import fen_of, yuan_of
from chargecloud.kernel.clock import local_time

HEADER = (
    "交易时间", "公众账号ID", "商户号", "特约商户号", "设备号", "微信订单号", "商户订单号", "用户标识", "交易类型",
    "交易状态", "付款银行", "货币种类", "应结订单金额", "代金券金额", "微信退款单号", "商户退款单号", "退款金额",
    "充值券退款金额", "退款类型", "退款状态", "商品名称", "商户数据包", "手续费", "费率", "订单金额", "申请退款金额",
    "费率备注",
)  # fmt: skip
TOTALS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
FLOW_HEADER = (
    "记账时间", "微信支付业务单号", "资金流水单号", "业务名称", "业务类型", "收支类型", "收支金额(元)",
    "账户结余(元)", "资金变更提交申请人", "备注", "业务凭证号",
)  # fmt: skip
FLOW_TOTALS = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"
KINDS = ("ALL", "SUCCESS", "REFUND")
ACCOUNTS = ("BASIC", "OPERATION", "FEES")
READY_HOUR = 10
LINK_FOR_MS = 5 * 60_000
MONTHS_BACK_DAYS = 92
Cells = dict[str, str]


@dataclass(slots=True)
class Planted:
    """Differences for tests of reconciliation."""

    hidden: set[str] = field(default_factory=set)
    """Payment or refund numbers that do not appear."""
    altered: dict[str, Cells] = field(default_factory=dict)
    """Payment or refund number to cells that differ."""
    added: list[tuple[date, Cells]] = field(default_factory=list)


@dataclass(slots=True)
class Bills:
    """Bills and the links handed out for them."""

    world: World
    planted: Planted = field(default_factory=Planted)
    _links: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    def payments_link(self, day_text: str, kind: str, packed: str) -> dict[str, object]:
        """GET /v3/bill/tradebill."""
        if kind not in KINDS:
            raise Refusal(400, "PARAM_ERROR", f"bill_type 须为 {'、'.join(KINDS)}")
        day = self._day(day_text)
        rows = [row for row in self._rows(day) if kind in ("ALL", row["交易状态"])]
        if not rows:
            raise Refusal(400, "NO_STATEMENT_EXIST", "账单文件不存在")
        return self._link(_text(HEADER, rows, TOTALS, _totals(rows)), packed)

    def flow_link(self, day_text: str, account: str, packed: str) -> dict[str, object]:
        """GET /v3/bill/fundflowbill."""
        if account not in ACCOUNTS:
            raise Refusal(400, "PARAM_ERROR", f"account_type 须为 {'、'.join(ACCOUNTS)}")
        day = self._day(day_text)
        rows = list(self._flow(day)) if account == "BASIC" else []
        if not rows:
            raise Refusal(400, "NO_STATEMENT_EXIST", "账单文件不存在")
        sums = {
            way: [fen_of(row["收支金额(元)"]) for row in rows if row["收支类型"] == way] for way in ("收入", "支出")
        }
        totals = [str(len(rows))]
        for way in ("收入", "支出"):
            totals += [str(len(sums[way])), yuan_of(sum(sums[way]))]
        return self._link(_text(FLOW_HEADER, rows, FLOW_TOTALS, totals), packed)

    def fetch(self, token: str) -> bytes:
        """GET /v3/billdownload/file: the file of a link that is not older than five minutes."""
        made_at_ms, content = self._links.get(token, (0, b""))
        if self.world.now_ms() - made_at_ms > LINK_FOR_MS:
            raise Refusal(400, "INVALID_REQUEST", "下载链接无效或已过期")
        return content

    def _day(self, text: str) -> date:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise Refusal(400, "PARAM_ERROR", "bill_date 须为 YYYY-MM-DD") from None
        now = local_time(self.world.now_ms())
        ready = day < now.date() - timedelta(days=1) or (day < now.date() and now.hour >= READY_HOUR)
        if not ready and not self.world.bills_at_once:
            raise Refusal(400, "STATEMENT_CREATING", "账单生成中，次日 10 点后可下载")
        if day < now.date() - timedelta(days=MONTHS_BACK_DAYS) or day > now.date():
            raise Refusal(400, "PARAM_ERROR", "bill_date 超出三个月")
        return day

    def _rows(self, day: date) -> Iterator[Cells]:
        for number, row in self._true_rows(day):
            if number not in self.planted.hidden:
                yield row | self.planted.altered.get(number, {})
        yield from (_blank() | cells for when, cells in self.planted.added if when == day)

    def _true_rows(self, day: date) -> Iterator[tuple[str, Cells]]:
        for order in self.world.paid():
            payment = self._payment(order.payment_no)
            if local_time(order.paid_at_ms or 0).date() == day:
                yield order.payment_no, payment
            for refund in order.refunds:
                if refund.state == "CLOSED" or local_time(refund.created_at_ms).date() != day:
                    continue
                yield (
                    refund.refund_no,
                    payment
                    | {
                        "交易时间": f"{local_time(refund.created_at_ms):%Y-%m-%d %H:%M:%S}",
                        "交易状态": "REFUND",
                        "应结订单金额": "0.00",
                        "订单金额": "0.00",
                        "手续费": f"-{_fee(refund.amount_fen)}",
                        "微信退款单号": refund.refund_id,
                        "商户退款单号": refund.refund_no,
                        "退款金额": yuan_of(refund.amount_fen),
                        "申请退款金额": yuan_of(refund.amount_fen),
                        "退款类型": "ORIGINAL",
                        "退款状态": refund.state,
                    },
                )

    def _payment(self, payment_no: str) -> Cells:
        order, keys = self.world.orders[payment_no], self.world.keys
        return _blank() | {
            "交易时间": f"{local_time(order.paid_at_ms or 0):%Y-%m-%d %H:%M:%S}",
            "公众账号ID": order.appid,
            "商户号": keys.mchid,
            "微信订单号": order.transaction_id,
            "商户订单号": order.payment_no,
            "用户标识": order.openid,
            "交易状态": "SUCCESS",
            "应结订单金额": yuan_of(order.amount_fen),
            "订单金额": yuan_of(order.amount_fen),
            "商品名称": order.description.replace("`", "'").replace("\n", " "),
            "商户数据包": order.attach.replace("`", "'").replace("\n", " "),
            "手续费": _fee(order.amount_fen),
        }

    def _flow(self, day: date) -> Iterator[Cells]:
        balance_fen = 0
        for row in self._rows(day):
            refund = row["交易状态"] == "REFUND"
            amount = row["退款金额" if refund else "应结订单金额"]
            balance_fen += -fen_of(amount) if refund else fen_of(amount)
            yield {
                "记账时间": row["交易时间"],
                "微信支付业务单号": row["微信退款单号" if refund else "微信订单号"],
                "资金流水单号": row["微信退款单号" if refund else "微信订单号"],
                "业务名称": "退款" if refund else "交易",
                "业务类型": "退款" if refund else "交易",
                "收支类型": "支出" if refund else "收入",
                "收支金额(元)": amount,
                "账户结余(元)": yuan_of(balance_fen),
                "资金变更提交申请人": "system",
                "备注": "",
                "业务凭证号": row["商户退款单号" if refund else "商户订单号"],
            }

    def _link(self, text: str, packed: str) -> dict[str, object]:
        if packed not in ("", "GZIP"):
            raise Refusal(400, "PARAM_ERROR", "tar_type 须为 GZIP")
        plain = text.encode()
        token = secrets.token_urlsafe(24)
        self._links[token] = (self.world.now_ms(), gzip.compress(plain) if packed else plain)
        return {
            "hash_type": "SHA1",
            "hash_value": hashlib.sha1(plain, usedforsecurity=False).hexdigest(),
            "download_url": f"{self.world.base_url}/v3/billdownload/file?token={token}",
        }


def _blank() -> Cells:
    return dict.fromkeys(HEADER, "") | {
        "特约商户号": "0",
        "交易类型": "JSAPI",
        "付款银行": "OTHERS",
        "货币种类": "CNY",
        "应结订单金额": "0.00",
        "代金券金额": "0.00",
        "微信退款单号": "0",
        "商户退款单号": "0",
        "退款金额": "0.00",
        "充值券退款金额": "0.00",
        "手续费": "0.00000",
        "费率": "0.54%",
        "订单金额": "0.00",
        "申请退款金额": "0.00",
    }


def _fee(amount_fen: int) -> str:
    """0.54 percent, to the fen, with the five decimals WeChat Pay writes."""
    return f"{yuan_of((amount_fen * 54 + 5_000) // 10_000)}000"


def _totals(rows: list[Cells]) -> list[str]:
    def total(column: str) -> str:
        return yuan_of(sum(fen_of(row[column]) for row in rows))

    fee_fen = sum(fen_of(row["手续费"][:-3]) for row in rows)
    return [
        str(len(rows)),
        total("应结订单金额"),
        total("退款金额"),
        total("充值券退款金额"),
        f"{yuan_of(fee_fen)}000",
        total("订单金额"),
        total("申请退款金额"),
    ]


def _text(header: Sequence[str], rows: list[Cells], totals_header: str, totals: list[str]) -> str:
    lines = [",".join(header)]
    lines += [",".join(f"`{row[name]}" for name in header) for row in rows]
    lines += [totals_header, ",".join(f"`{cell}" for cell in totals)]
    return "\ufeff" + "\r\n".join(lines) + "\r\n"
