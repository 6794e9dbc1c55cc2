"""Two connectors on one car."""

from chargecloud.protocols.ykc16 import frames
from chargecloud.sim.connector import Phase
from chargecloud.sim.temper import YKC16
from tests.unit.sim.bench import CODE, Bench, car


def numbers(connector_no: int) -> str:
    return f"{CODE}{connector_no:02d}2601011200000001"


def two_cables(bench: Bench) -> Bench:
    bench.ready()
    vehicle = car()
    for connector_no in (1, 2):
        bench.point.plug(connector_no, vehicle, bench.now)
    bench.pump()
    return bench


def command(bench: Bench, connector_no: int, *, number: str = "260101120000") -> None:
    bench.say(
        frames.ParallelRemoteStart(
            trade_no=numbers(connector_no),
            pile_code=CODE,
            gun_no=f"{connector_no:02d}",
            logical_card_no="0" * 16,
            physical_card_no=bytes(8),
            account_balance=0,
            parallel_seq=number,
        )
    )


def grant(bench: Bench, connector_no: int, *, result: int = 1) -> None:
    request = bench.last(frames.ParallelStartRequest)
    bench.say(
        frames.ParallelStartResponse(
            trade_no=numbers(connector_no),
            pile_code=CODE,
            gun_no=f"{connector_no:02d}",
            logical_card_no="0" * 16,
            account_balance=0,
            auth_result=result,
            auth_fail_reason=0 if result else 1,
            parallel_seq=request.parallel_seq,
        )
    )


def test_remote_parallel_charge_ends_in_two_records() -> None:
    bench = two_cables(Bench())
    command(bench, 1)
    assert not bench.all(frames.ParallelRemoteStartReply)
    command(bench, 2)
    replies = bench.all(frames.ParallelRemoteStartReply)
    assert [(reply.gun_no, reply.start_result, reply.gun_role) for reply in replies] == [("01", 1, 0), ("02", 1, 1)]
    bench.pass_time(120)
    assert all(connector.phase is Phase.CHARGING for connector in bench.point.connectors)
    for gun_no in ("01", "02"):
        bench.stop(gun_no)
    bench.pass_time(10)
    assert {record.trade_no for record in bench.all(frames.TransactionRecord)} == {numbers(1), numbers(2)}


def test_one_that_cannot_stops_both() -> None:
    bench = Bench().ready()
    bench.plug()
    command(bench, 1)
    command(bench, 2)
    replies = bench.all(frames.ParallelRemoteStartReply)
    assert [(reply.start_result, reply.start_fail_reason) for reply in replies] == [(0, 3), (0, 5)]
    assert not bench.point.truth.sessions


def test_a_partner_that_never_comes_is_waited_for_ten_seconds() -> None:
    bench = two_cables(Bench())
    command(bench, 1)
    bench.pass_time(10)
    reply = bench.last(frames.ParallelRemoteStartReply)
    assert (reply.gun_no, reply.start_result) == ("01", 0)


def test_a_new_operation_ends_one_that_lacks_its_partner() -> None:
    bench = two_cables(Bench())
    command(bench, 1)
    command(bench, 1, number="260101120001")
    reply = bench.last(frames.ParallelRemoteStartReply)
    assert (reply.parallel_seq, reply.start_result) == ("260101120000", 0)
    command(bench, 2, number="260101120001")
    assert len(bench.point.truth.sessions) == 2


def test_card_for_both_starts_when_both_are_granted() -> None:
    bench = two_cables(Bench())
    assert bench.point.swipe_parallel(1, 2, "0A0B", bench.now)
    bench.pump()
    requests = bench.all(frames.ParallelStartRequest)
    assert [(request.gun_no, request.gun_role) for request in requests] == [("01", 0), ("02", 1)]
    assert requests[0].parallel_seq == requests[1].parallel_seq
    grant(bench, 1)
    assert not bench.point.truth.sessions
    grant(bench, 2)
    assert len(bench.point.truth.sessions) == 2


def test_one_refusal_ends_the_operation() -> None:
    bench = two_cables(Bench())
    bench.point.swipe_parallel(1, 2, "0A0B", bench.now)
    bench.pump()
    grant(bench, 1)
    grant(bench, 2, result=0)
    assert not bench.point.truth.sessions
    assert all(connector.phase is Phase.IDLE for connector in bench.point.connectors)


def test_firmware_without_parallel_charging_stays_silent() -> None:
    bench = two_cables(Bench(YKC16))
    assert not bench.point.swipe_parallel(1, 2, "0A0B", bench.now)
    command(bench, 1)
    command(bench, 2)
    bench.pass_time(20)
    assert not bench.all(frames.ParallelRemoteStartReply)
