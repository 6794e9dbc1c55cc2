"""What the options make, and what the control line does to it."""

import pytest

from chargecloud.features.drivers import model
from chargecloud.sim import control
from chargecloud.sim.actor import Actor
from chargecloud.sim.dny import population
from chargecloud.sim.dny.modem import VirtualModem
from chargecloud.sim.options import SimOptions

WALL_MS = 1_767_240_000_000


def made(**options: object) -> Actor[VirtualModem]:
    chosen = SimOptions(protocol="dny", count=1, **options)  # type: ignore[arg-type]
    return population.actor(chosen, next(population.specs(chosen)), now=0, wall_ms=WALL_MS)


def test_stand_alone_boards_of_every_size() -> None:
    specs = list(population.specs(SimOptions(protocol="dny", count=12, first_code=100)))
    assert {spec.boards[0].port_count for spec in specs} == {10, 12, 16}
    assert all(spec.host_id is None and len(spec.boards) == 1 for spec in specs)
    assert specs[0].boards[0].code == "07000064" and specs[0].boards[0].port_count == 12
    assert {spec.boards[0].temper.name for spec in specs} == {"standard", "f640", "old", "cabinet"}


def test_hosts_with_slaves_have_ids_that_never_meet() -> None:
    specs = list(population.specs(SimOptions(protocol="dny", count=3, slaves=10, ports=10)))
    ids = [board.physical_id for spec in specs for board in spec.boards] + [spec.host_id for spec in specs]
    assert len(set(ids)) == 33
    assert [board.virtual_id for board in specs[0].boards] == list(range(1, 11))


def test_there_is_a_rider_at_every_port_where_somebody_comes() -> None:
    assert len(made(slaves=2, ports=10).guests) == 20
    assert made(slaves=2, ports=10, scenario="").guests == []


def say(actor: Actor[VirtualModem], line: str) -> control.Answer:
    actors = dict.fromkeys(actor.point.codes, actor)
    return control.execute(actors, line, 1.0, controls=population.CONTROLS)


def test_the_control_line_knows_every_board_by_its_code() -> None:
    actor = made(slaves=2, ports=10, scenario="")
    second = actor.point.codes[1]
    assert say(actor, f"plug {second} 3 no_taper") == {"ok": True, "done": True}
    assert say(actor, f"plug {second} 3")["done"] is False
    assert say(actor, f"card {second} 3")["done"] is False
    assert say(actor, f"fault {second} 4 9")["done"] is True
    state = say(actor, "state")["charge_points"]
    assert isinstance(state, list) and len(state) == 2
    ports = state[1]["connectors"]
    assert [port["state"] for port in ports[:5]] == [0, 0, 2, 9, 0]
    assert say(actor, f"repair {second} 4")["done"] and say(actor, f"unplug {second} 3")["done"]


@pytest.mark.parametrize("line", ["plug 0700FFFF 1", "plug {} 99", "plug {} 1 huge", "vin {} 1", "fault {} 1 flood"])
def test_what_makes_no_sense_is_said(line: str) -> None:
    actor = made(ports=10, scenario="")
    answer = say(actor, line.format(actor.code))
    assert answer["ok"] is False and answer["error"]


def test_cards_differ_from_port_to_port() -> None:
    actor = made(slaves=3, ports=16, scenario="")
    cards = [population.own_card(b, port.connector_no) for b in actor.point.boards.values() for port in b.ports]
    assert len(set(cards)) == 48


def test_no_two_of_10_000_boards_share_a_card_even_when_a_reader_turns_its_bytes_round() -> None:
    keys = {
        model.card_key(population.card_of(0x0A << 24 | number, port)) for number in range(10_000) for port in (1, 16)
    }
    assert len(keys) == 20_000
