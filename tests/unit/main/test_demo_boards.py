"""The demo's e-bike stations: one board alone, and a host with three."""

from chargecloud.features.tariffs.messages import Basis
from chargecloud.main.demo_boards import BOARD_STATIONS, GARAGE, SHED, boards_simulation
from chargecloud.main.demo_boards_once import RIDES
from chargecloud.sim.runner import Runner


def test_a_board_alone_and_a_host_with_slaves() -> None:
    assert len(SHED.modem.boards) == 1 and SHED.modem.host_id is None
    assert len(GARAGE.modem.boards) == 3 and GARAGE.modem.host_id is not None
    codes = [board.code for station in BOARD_STATIONS for board in station.modem.boards]
    assert len(set(codes)) == 4 and all(board.port_count == 10 for one in BOARD_STATIONS for board in one.modem.boards)


def test_time_and_energy_are_both_sold() -> None:
    assert {station.plan.basis for station in BOARD_STATIONS} == {Basis.TIME, Basis.ENERGY}


def test_every_board_lives_in_the_simulation() -> None:
    options, modems = boards_simulation(7054)
    runner = Runner(options, specs=modems)
    assert set(runner.actors) == {board.code for station in BOARD_STATIONS for board in station.modem.boards}
    assert all(actor.guests for actor in runner.actors.values())


def test_nobody_comes_by_himself_where_rides_are_shown() -> None:
    options, modems = boards_simulation(7054, anybody=False)
    assert not any(actor.guests for actor in Runner(options, specs=modems).actors.values())
    assert len({(ride.code, ride.connector_no) for ride in RIDES}) == len(RIDES)
