"""A port that our own platform holds is no fault; a stranger's is, whatever it answers."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chargecloud.main.doctor_finding import Level
from chargecloud.main.doctor_ports import listener_port, role_at, web_ports
from chargecloud.main.metrics_port import MetricsPort
from chargecloud.main.settings import Settings

QUIET = {"gateway_port": 0, "api_port": 0, "worker_port": 0}


@contextmanager
def answering(**facts: object) -> Iterator[int]:
    """Something that answers /healthz in a thread of its own, as another process would."""
    serving, loop, ready = MetricsPort("127.0.0.1", 0, facts), asyncio.new_event_loop(), threading.Event()

    async def begin() -> None:
        await serving.start()
        ready.set()

    def work() -> None:
        loop.run_until_complete(begin())
        loop.run_forever()
        loop.run_until_complete(serving.stop())
        loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    ready.wait(20)
    try:
        yield serving.port
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


@contextmanager
def held() -> Iterator[int]:
    """A port that somebody holds and never answers on."""
    with socket.socket() as holding:
        holding.bind(("127.0.0.1", 0))
        holding.listen()
        yield int(holding.getsockname()[1])


def settings(http: int = 0, **metrics: int) -> Settings:
    return Settings.model_validate(
        {"http": {"port": http}, "https": {"enabled": False}, "metrics": QUIET | metrics, "listeners": []}
    )


@pytest.mark.parametrize(
    ("facts", "level"),
    [
        ({"service": "chargecloud", "role": "api"}, Level.FINE),
        ({"service": "something else", "role": "api"}, Level.WRONG),
        ({}, Level.WRONG),
    ],
)
def test_a_web_port_is_ours_when_it_says_so(facts: dict[str, object], level: Level) -> None:
    with answering(**facts) as port:
        (found,) = web_ports(settings(port))
    assert found.level is level
    assert found.subject == f"http 127.0.0.1:{port}"


def test_a_port_of_metrics_is_looked_at_like_a_web_port() -> None:
    with answering(service="chargecloud", role="worker") as ours, held() as strange:
        found = list(web_ports(settings(worker_port=ours, gateway_port=strange)))
    assert [finding.level for finding in found] == [Level.FINE, Level.WRONG, Level.FINE]


def test_a_port_for_charge_points_is_ours_when_a_gateway_of_ours_runs_here() -> None:
    with held() as port:
        alone = listener_port(settings(), "listener", "127.0.0.1", port)
        with answering(service="chargecloud", role="up") as web:
            beside_up = listener_port(settings(web), "listener", "127.0.0.1", port)
        with answering(service="chargecloud", role="api") as web:
            beside_api = listener_port(settings(web), "listener", "127.0.0.1", port)
        with answering(service="chargecloud", role="gateway") as metrics:
            beside_gateway = listener_port(settings(gateway_port=metrics), "listener", "127.0.0.1", port)
    levels = [finding.level for finding in (alone, beside_up, beside_api, beside_gateway)]
    assert levels == [Level.WRONG, Level.FINE, Level.WRONG, Level.FINE]


def test_every_address_is_asked_at_this_machine() -> None:
    with answering(service="chargecloud", role="gateway") as port:
        assert role_at("0.0.0.0", port) == "gateway"
        assert role_at("127.0.0.1", port, tls=True) == "", "it does not speak TLS"
    assert role_at("127.0.0.1", 0) == ""
