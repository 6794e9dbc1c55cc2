"""What survives a power cycle, and what does not survive a lost memory."""

from chargecloud.sim.memory import RECORD_ROOM, Memory
from tests.unit.sim.bench import TRADE_NO, Bench


def test_losing_the_memory_marks_unconfirmed_records_as_lost() -> None:
    bench = Bench(confirms=False).charging()
    bench.stop()
    bench.pass_time(10)
    memory = bench.point.board.memory
    assert TRADE_NO in memory.records
    memory.lose()
    assert bench.point.truth.of(1, TRADE_NO).lost
    assert not memory.records and memory.tariff is None


def test_room_is_limited() -> None:
    memory = Memory()
    assert not memory.full
    memory.records.update({str(number): None for number in range(RECORD_ROOM)})  # type: ignore[dict-item]
    assert memory.full
