"""A berth is a link to everybody but the socket."""

from __future__ import annotations

import pytest

from chargecloud.gateway.berth import Berth
from chargecloud.gateway.link import LinkState
from tests.support import dny
from tests.unit.gateway.test_line import Home, home

__all__ = ["home"]


async def test_it_shares_connection_wire_and_source_and_has_an_address_of_its_own(home: Home) -> None:
    link, _ = await home.boards(dny.PHYSICAL_ID, dny.OTHER_ID)
    assert link.berths is not None
    berth = link.berths[dny.OTHER_CODE]
    assert isinstance(berth, Berth) and berth.state is LinkState.ONLINE
    assert (berth.connection, berth.wire, berth.source) == (link.connection, link.wire, link.source)
    assert berth.link_id != link.link_id and berth.epoch != link.epoch and not berth.calm
    assert berth.last_words("x") == ()


@pytest.mark.parametrize("gently", [True, False])
async def test_dropping_it_closes_no_socket(home: Home, gently: bool) -> None:
    link, wire = await home.boards(dny.PHYSICAL_ID, dny.OTHER_ID)
    assert link.berths is not None
    berth = link.berths[dny.OTHER_CODE]
    berth.drop("fenced", gently=gently)
    berth.drop("again")
    await home.settle()
    assert link.berths == {} and wire.ended == "" and link.state is LinkState.ONLINE
    assert [(event.charge_point_code, event.reason) for event in home.offline()] == [(dny.OTHER_CODE, "fenced")]
    assert home.gateway.stats()["berths_closed.fenced"] == 1 and home.gateway.stats()["berths"] == 0


async def test_pausing_it_pauses_the_line(home: Home) -> None:
    link, wire = await home.boards(dny.PHYSICAL_ID, dny.OTHER_ID)
    assert link.berths is not None
    link.berths[dny.OTHER_CODE].pause()
    assert link.paused and not wire.reading
