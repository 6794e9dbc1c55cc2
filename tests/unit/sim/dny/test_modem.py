"""A modem with one board or many: how it introduces itself, stays alive, dials anew."""

from chargecloud.device import commands as do
from chargecloud.device import events as told
from chargecloud.protocols.dny.frames import uplinks
from chargecloud.protocols.dny.framing import LINK
from chargecloud.sim.dny.board import BoardSpec
from chargecloud.sim.dny.modem import VirtualModem
from chargecloud.sim.dny.temper import OLD
from tests.unit.sim.dny.bench import ID, Bench, charger

HOST = 0x09000001
SLAVES = tuple(BoardSpec(physical_id=ID + number, virtual_id=number + 1) for number in range(5))


def test_a_host_brings_all_its_slaves_and_itself() -> None:
    bench = Bench(*SLAVES, host_id=HOST).admitted()
    assert {booted.charge_point_code for booted in bench.told(told.Booted)} == set(bench.modem.codes)
    assert bench.told(told.HubReported)[0].hub_code == f"{HOST:08X}"
    assert len(bench.sent(uplinks.SlaveVersions)) == 1
    assert bench.modem.standing().online == 5


def test_the_first_unit_is_the_card_s_number_where_the_firmware_knows_it() -> None:
    bench = Bench()
    bench.modem.connected(bench.now)
    assert bench.modem.take_output()[0] == bench.modem.spec.iccid.encode()
    silent = Bench(BoardSpec(physical_id=ID, temper=OLD))
    silent.modem.connected(silent.now)
    assert silent.modem.take_output() == []


def test_a_word_every_half_minute_of_silence() -> None:
    bench = Bench().admitted()
    words = []
    for _ in range(170):
        bench.now += 1
        bench.modem.tick(bench.now)
        words += bench.modem.take_output()
    assert 4 <= words.count(LINK) <= 6


def test_heartbeats_every_three_minutes() -> None:
    bench = Bench().admitted()
    before = len(bench.sent(uplinks.Heartbeat))
    bench.pass_time(1_800)
    assert len(bench.sent(uplinks.Heartbeat)) - before == 10


def test_it_dials_anew_when_nobody_is_there() -> None:
    bench = Bench().admitted()
    bench.now += 500
    for _ in range(20):
        bench.now += 30
        bench.modem.tick(bench.now)
    assert bench.modem.closing and bench.modem.truth.counts.hang_ups >= 1
    bench.modem.disconnected(bench.now)
    assert not bench.modem.closing and bench.modem.wants_link(bench.now)


def test_after_a_lost_link_the_platform_asks_who_is_there() -> None:
    """Boards register at power-on only; the new connection gets to know them all the same, and charges went on."""
    bench = Bench(*SLAVES, host_id=HOST).admitted()
    bench.board.plug(1, charger(), bench.now)
    bench.start()
    bench.away(30).admitted()
    assert bench.board.port(1).session is not None


def test_any_bytes_do_no_harm() -> None:
    bench = Bench().admitted()
    bench.modem.receive(b"DNY\xff\xff" + bytes(range(256)) * 3, bench.now)
    assert bench.modem.online


def test_a_restart_by_command_keeps_the_charge() -> None:
    bench = Bench().admitted()
    bench.board.plug(1, charger(), bench.now)
    bench.start(mode="by_time", duration_s=600)
    bench.order(do.Reboot)
    bench.pass_time(700)
    assert bench.told(told.RecordUploaded)[0].usage.charged_s == 600


def test_equal_seeds_send_equal_bytes() -> None:
    def bytes_of(modem: VirtualModem) -> list[bytes]:
        modem.connected(0)
        modem.tick(20)
        return modem.take_output()

    assert bytes_of(Bench(*SLAVES).modem) == bytes_of(Bench(*SLAVES).modem)
