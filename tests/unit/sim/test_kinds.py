"""The table of kinds."""

import pytest

from chargecloud.protocols.catalog import protocols
from chargecloud.sim.kinds import KINDS, Moment
from chargecloud.sim.options import PROTOCOLS, SimOptions


def test_every_protocol_that_can_be_asked_for_has_its_kind() -> None:
    assert set(KINDS) == set(PROTOCOLS) <= set(protocols())


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_kind_makes_actors_that_wait_for_a_link(protocol: str) -> None:
    options, kind = SimOptions(protocol=protocol, count=2), KINDS[protocol]
    actors = [kind.actor(options, spec, Moment(0.0, 1_767_240_000_000)) for spec in kind.specs(options)]
    assert len(actors) == 2
    assert all(actor.wants_link(30.0) and not actor.over for actor in actors)
    assert all(actor.code in kind.codes(actor) for actor in actors)
    assert all(described for actor in actors for described in kind.controls.describe(actor))
