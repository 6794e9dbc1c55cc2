"""What survives a power cut, and what does not survive losing the memory."""

from chargecloud.sim.dny.memory import CHARGING, BoardMemory, charging_parameters
from tests.unit.sim.dny.bench import Bench, charger


def test_factory_settings_come_back_when_the_memory_is_lost() -> None:
    memory = BoardMemory()
    memory.charging = charging_parameters(float_percent=50)
    memory.lose()
    assert memory.charging == CHARGING


def test_a_settlement_nobody_answered_is_lost_with_the_memory() -> None:
    bench = Bench().admitted()
    bench.confirms = False
    bench.board.plug(1, charger(), bench.now)
    bench.start()
    bench.board.unplug(1, bench.now)
    bench.pass_time(5)
    bench.modem.reboot(bench.now, lose_memory=True)
    truth = bench.modem.truth.sessions[0]
    assert truth.lost and not truth.confirmed and not bench.modem.unsettled
