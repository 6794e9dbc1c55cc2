"""The dashboard for Grafana: what is charging, what is late, what is lost; written by `make docs`.

One line a panel, so that a metric that is renamed is found by the test that looks for every name.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

PATH = "deploy/grafana/chargecloud.json"
WIDTH, HEIGHT, COLUMNS = 8, 7, 3
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
EACH = "{{instance}}"


@dataclass(frozen=True)
class Panel:
    """A graph: title, unit (Grafana's id), and expressions with their legends."""

    title: str
    unit: str
    lines: Sequence[tuple[str, str]]


def rate(metric: str, by: str = "") -> str:
    """So many a second, summed over processes."""
    return f"sum by ({by}) (rate({metric}[$__rate_interval]))" if by else f"sum(rate({metric}[$__rate_interval]))"


def quantiles(metric: str, of: str = "") -> Sequence[tuple[str, str]]:
    """p50 and p99 of a histogram; `of` selects labels."""
    inner = f"sum by (le) (rate({metric}_bucket{of}[$__rate_interval]))"
    return [(f"histogram_quantile({q}, {inner})", name) for q, name in ((0.5, "p50"), (0.99, "p99"))]


ROWS: Sequence[tuple[str, Sequence[Panel]]] = (
    (
        "桩与网关",
        (
            Panel("在线充电桩", "none", [("chargecloud_gateway_online", EACH)]),
            Panel("连接", "none", [("chargecloud_gateway_connections", EACH)]),
            Panel("报文", "ops", [(rate("chargecloud_gateway_frames_total", "instance"), EACH)]),
            Panel("接入与断开", "ops", [
                (rate("chargecloud_gateway_opened_total"), "opened"),
                (rate("chargecloud_gateway_admitted_total"), "admitted"),
                (rate("chargecloud_gateway_closed_total", "kind"), "closed {{kind}}"),
            ]),
            Panel("拒绝", "ops", [
                (rate("chargecloud_gateway_refused_total", "kind"), "{{kind}}"),
                (rate("chargecloud_gateway_failed_logins_total"), "failed logins"),
            ]),
            Panel("指令结果", "ops", [(rate("chargecloud_gateway_commands_total", "kind"), "{{kind}}")]),
        ),
    ),
    (
        "总线与发件箱",
        (
            Panel("总线排队", "none", [("chargecloud_bus_queued", EACH)]),
            Panel("发件箱行数", "none", [("max(chargecloud_database_outbox_rows)", "rows")]),
            Panel("发件箱最早一行", "ms", [("max(chargecloud_database_outbox_oldest_ms)", "age")]),
            Panel("死信", "none", [("max(chargecloud_database_dead_messages)", "messages")]),
            Panel("处理失败", "ops", [
                (rate("chargecloud_bus_handler_failures_total", "instance"), "handlers " + EACH),
                (rate("chargecloud_relay_failures_total", "instance"), "relay " + EACH),
            ]),
            Panel("转发在途", "none", [("chargecloud_relay_in_hand", EACH)]),
            Panel("网关待交记录", "none", [
                ("chargecloud_journal_waiting", "journal " + EACH),
                ("chargecloud_gateway_records_waiting", "unconfirmed " + EACH),
            ]),
            Panel("总线断开", "none", [
                ("chargecloud_gateway_bus_away", "away " + EACH),
                ("chargecloud_gateway_events_held", "events held " + EACH),
            ]),
            Panel("记录日志剩余空间", "bytes", [("chargecloud_journal_room_bytes", EACH)]),
        ),
    ),
    (
        "多久处理完",
        (
            Panel("充电记录落库", "s", quantiles("chargecloud_event_age_seconds", '{event="RecordUploaded"}')),
            Panel("订单结算", "s", quantiles("chargecloud_event_age_seconds", '{event="SessionRecorded"}')),
            Panel("事务", "s", quantiles("chargecloud_unit_seconds")),
            Panel("事务失败", "ops", [(rate("chargecloud_unit_failures_total", "instance"), EACH)]),
            Panel("HTTP 时延", "s", quantiles("chargecloud_http_seconds")),
            Panel("HTTP 请求", "reqps", [(rate("chargecloud_http_requests_total", "status"), "{{status}}")]),
        ),
    ),
    (
        "进程",
        (
            Panel("事件循环延迟 p99", "s", [
                ("histogram_quantile(0.99, sum by (le, instance) "
                 "(rate(chargecloud_loop_lag_seconds_bucket[$__rate_interval])))", EACH),
            ]),
            Panel("CPU", "percentunit", [("rate(process_cpu_seconds_total[$__rate_interval])", EACH)]),
            Panel("内存", "bytes", [("process_resident_memory_bytes", EACH)]),
            Panel("Redis", "none", [
                ("max(chargecloud_cache_down)", "down"),
                (rate("chargecloud_cache_fenced_total"), "fenced a second"),
            ]),
            Panel("实时推送", "none", [("chargecloud_live_watchers", EACH)]),
            Panel("定时任务失败", "ops", [(rate('chargecloud_job_runs_total{outcome="failed"}', "job"), "{{job}}")]),
        ),
    ),
)  # fmt: skip


def expressions() -> Iterator[str]:
    """Every expression of every panel."""
    for _, panels in ROWS:
        for panel in panels:
            yield from (expression for expression, _ in panel.lines)


def outputs() -> dict[str, str]:
    """Path and text of the dashboard."""
    return {PATH: json.dumps(_dashboard(), ensure_ascii=False, indent=1) + "\n"}


def _dashboard() -> dict[str, object]:
    drawn: list[dict[str, object]] = []
    top = 0
    for title, panels in ROWS:
        drawn.append({"type": "row", "title": title, "id": len(drawn) + 1, "gridPos": _place(0, top, 24, 1)})
        top += 1
        for number, panel in enumerate(panels):
            line, column = divmod(number, COLUMNS)
            drawn.append(_drawn(panel, len(drawn) + 1, _place(column * WIDTH, top + line * HEIGHT, WIDTH, HEIGHT)))
        top += -(-len(panels) // COLUMNS) * HEIGHT
    return {
        "title": "chargecloud",
        "uid": "chargecloud",
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]},
        "panels": drawn,
    }


def _place(left: int, top: int, width: int, height: int) -> dict[str, int]:
    return {"x": left, "y": top, "w": width, "h": height}


def _drawn(panel: Panel, number: int, place: dict[str, int]) -> dict[str, object]:
    targets = [
        {"refId": chr(ord("A") + index), "datasource": SOURCE, "expr": expression, "legendFormat": legend}
        for index, (expression, legend) in enumerate(panel.lines)
    ]
    return {
        "type": "timeseries",
        "title": panel.title,
        "id": number,
        "gridPos": place,
        "datasource": SOURCE,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": targets,
    }
