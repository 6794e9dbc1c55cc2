"""A charge point with drivers and misfortunes, without a socket."""

from chargecloud.protocols.ykc16 import frames
from chargecloud.sim.actor import Actor, own_card, play
from chargecloud.sim.asking import card_bytes
from chargecloud.sim.faults import Faults
from tests.unit.sim.bench import Bench


def actor(bench: Bench, **faults: float) -> Actor:
    return Actor(bench.point, now=bench.now, seed=bench.seed, faults=Faults(**faults))


def test_a_cut_link_may_come_back_before_its_time() -> None:
    bench = Bench()
    someone = actor(bench)
    assert someone.restore_link() is False
    someone.cut_link(30)
    assert not someone.wants_link(bench.now + 1)
    assert someone.restore_link() is True
    assert someone.wants_link(bench.now + 1)


def test_a_cut_link_closes_and_comes_back_when_its_time_is_over() -> None:
    bench = Bench()
    someone = actor(bench)
    someone.connected(bench.now)
    assert not someone.closing
    someone.cut_link(30)
    assert someone.closing
    someone.disconnected(bench.now + 1)
    assert not someone.closing
    assert not someone.wants_link(bench.now + 29)
    assert someone.wants_link(someone.link_wanted_at())


def test_accidents_happen_on_tick() -> None:
    bench = Bench()
    someone = actor(bench, reboot=60, memory_loss=1)
    someone.connected(bench.now)
    while not bench.point.closing:
        bench.now = someone.deadline()
        someone.tick(bench.now)
        assert bench.now < 10_000
    assert bench.point.board.memory.tariff is None


def test_drivers_come_to_every_connector_and_go() -> None:
    bench = Bench().ready()
    someone = actor(bench)
    play(someone, "plug,wait:3s,unplug", seed=1, cards=["0A0B"])
    assert len(someone.visits) == 2
    for _ in range(10):
        bench.now += 1
        someone.tick(bench.now)
        bench.pump()
    assert someone.over
    assert {sample.gun_plugged for sample in bench.all(frames.RealtimeData)} == {0, 1}


def test_an_endless_life_is_never_over() -> None:
    bench = Bench().ready()
    someone = actor(bench)
    play(someone, "life:vin", seed=1, repeat=0, speed=1_000)
    for _ in range(200):
        bench.now += 1
        someone.tick(bench.now)
        bench.pump()
    assert not someone.over
    assert bench.all(frames.StartChargeRequest)


def test_writes_go_through_the_faulty_link() -> None:
    bench = Bench()
    someone = actor(bench, glue=1)
    someone.connected(bench.now)
    assert someone.take_writes(bench.now) == []
    assert someone.deadline() <= bench.now + 2
    held = someone.take_writes(bench.now + 2)
    assert held and held[0][5] == 0x01


def test_own_cards_are_valid_and_differ() -> None:
    cards = {own_card(f"{code:014d}", number) for code in range(0, 100_000, 999) for number in (1, 2)}
    assert len(cards) == 2 * len(range(0, 100_000, 999))
    assert all(card_bytes(card) for card in cards)


def test_a_half_open_link_is_told_once() -> None:
    bench = Bench()
    someone = actor(bench, link_loss=3_600, half_open=1)
    someone.connected(bench.now)
    while not someone.closing:
        bench.now = someone.deadline()
        someone.tick(bench.now)
    assert someone.half_open
    someone.disconnected(bench.now)
    assert not someone.half_open
