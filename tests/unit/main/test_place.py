"""Names of gateways, and where several processes can share a port."""

import re
import sys

import pytest

from chargecloud.kernel.errors import Unsupported
from chargecloud.main import place
from chargecloud.main.place import Place
from chargecloud.main.settings import Settings


def test_a_gateway_keeps_its_name_and_no_two_share_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place.socket, "gethostname", lambda: "充电 host/7" + "x" * 60)
    settings = Settings()
    names = [Place(number).gateway_id(settings) for number in (1, 2, 1)]
    assert names[0] == names[2] != names[1]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{1,48}", name) for name in names)
    assert Place(3).gateway_id(Settings.model_validate({"gateway": {"id": "east"}})) == "east-3"


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_a_shared_port_is_refused_where_connections_are_not_spread(
    monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    with pytest.raises(Unsupported, match="Linux"):
        Place.shared(1)


def test_several_processes_share_their_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert Place.shared(2) == Place(2, shared_ports=True)
    assert not Place().shared_ports
