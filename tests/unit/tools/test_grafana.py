"""Every metric a panel asks for is one that the platform has."""

import json
import re
from pathlib import Path

import pytest
from tools import grafana

from chargecloud.infra import telemetry
from chargecloud.infra.bus.rabbit import RabbitBus
from chargecloud.infra.cache.redis import RedisCache
from chargecloud.kernel.clock import ManualClock
from chargecloud.main.roles import wire
from chargecloud.main.settings import Settings
from tests.tidy.source import ROOT

METRIC = re.compile(r"\b(?:chargecloud|process)_[a-z_0-9]+")
COUNTED = re.compile(r'counts\[f?"([a-z_]+)[."]')


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of a whole platform, of cache and bus on their servers, and of what a gateway counts once it happens."""
    before = dict(telemetry._watched.parts)
    wire(Settings(data_dir=tmp_path_factory.mktemp("data")), ManualClock())
    telemetry.watch("redis", RedisCache("redis://localhost", ManualClock()).counts, states={"held", "down"})
    rabbit = RabbitBus("amqp://localhost", ManualClock())
    telemetry.watch("rabbit", rabbit.counts, states={"queued", "unconfirmed", "down"})
    shown = re.findall(r"^# TYPE (\S+) (\S+)", telemetry.exposition().decode(), re.MULTILINE)
    telemetry._watched.parts.clear()
    telemetry._watched.parts.update(before)
    names = {name for name, _ in shown} | {f"{name}_bucket" for name, kind in shown if kind == "histogram"}
    names |= {name.replace("chargecloud_redis_", "chargecloud_cache_") for name in names}
    names |= {name.replace("chargecloud_rabbit_", "chargecloud_bus_") for name in names}
    sources = (ROOT / "src/chargecloud/gateway").glob("*.py")
    counted = {what for path in sources for what in COUNTED.findall(path.read_text("utf-8"))}
    return names | {f"chargecloud_gateway_{what}_total" for what in counted}


@pytest.mark.parametrize("expression", list(grafana.expressions()))
def test_what_a_panel_asks_for_exists(expression: str, metrics: set[str]) -> None:
    asked = set(METRIC.findall(expression))
    assert asked
    assert asked <= metrics


def test_what_the_pages_for_operators_name_exists(metrics: set[str]) -> None:
    pages = "".join(path.read_text("utf-8") for path in (ROOT / "docs/operating").glob("*.md"))
    named = set(re.findall(r"`(chargecloud_[a-z_0-9]+)`", pages)) - {"chargecloud_process_info"}
    assert named and named <= metrics


def test_a_metric_that_does_not_exist_would_be_found(metrics: set[str]) -> None:
    assert not set(METRIC.findall("rate(chargecloud_gateway_miracles_total[5m])")) <= metrics


def test_the_dashboard_is_what_grafana_reads() -> None:
    ((path, text),) = grafana.outputs().items()
    dashboard = json.loads(text)
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    assert len(panels) == sum(len(panels) for _, panels in grafana.ROWS)
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard["panels"]]
    assert len(set(places)) == len(places)
    assert Path(path).suffix == ".json"
