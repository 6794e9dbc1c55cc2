"""Live values."""

from chargecloud.device.events import PowerType
from chargecloud.protocols.ykc16 import frames
from chargecloud.sim.temper import OPENUC, STANDARD
from tests.unit.sim.bench import CODE, Bench


def test_realtime_is_read_with_the_sequence_of_the_request() -> None:
    bench = Bench().charging()
    bench.pass_time(7)
    bench.forget()
    bench.say(frames.ReadRealtimeData(pile_code=CODE, gun_no="01"), b"\x12\x34")
    assert bench.kinds() == [0x13]
    assert bench.sequences == [b"\x12\x34"]
    assert bench.heard[0].charged_energy > 0


def test_idle_connectors_speak_every_five_minutes() -> None:
    bench = Bench().ready()
    bench.pass_time(299)
    assert 0x13 not in bench.kinds()
    bench.pass_time(1)
    assert bench.kinds().count(0x13) == 2


def test_charging_connectors_speak_every_fifteen_seconds_with_their_battery() -> None:
    bench = Bench().charging()
    bench.forget()
    bench.pass_time(45)
    assert [kind for kind in bench.kinds() if kind != 0x03] == [0x13, 0x23, 0x25] * 3
    energies = [sample.charged_energy for sample in bench.all(frames.RealtimeData)]
    assert energies == sorted(energies) and energies[0] > 0


def test_ac_has_no_battery_to_tell_of() -> None:
    bench = Bench(power_type=PowerType.AC).charging()
    bench.pass_time(30)
    assert not {0x15, 0x17, 0x23, 0x25} & set(bench.kinds())
    sample = bench.last(frames.RealtimeData)
    assert (sample.soc, sample.battery_max_temp, sample.remaining_minutes, sample.gun_homed) == (0, 0, 0, 2)
    assert (sample.output_voltage, sample.output_current) == (2_200, 318)
    bench.stop()
    bench.pass_time(10)
    assert not {0x19, 0x1D, 0x21} & set(bench.kinds())
    assert bench.last(frames.TransactionRecord).vin == b""


def test_what_happened_offline_is_told_after_login_by_firmware_that_keeps_it() -> None:
    bench = Bench(STANDARD).charging()
    bench.drop()
    bench.pass_time(60)
    bench.forget()
    bench.connect()
    bench.pass_time(1)
    samples = [sample for sample in bench.all(frames.RealtimeData) if sample.gun_no == "01"]
    energies = [sample.charged_energy for sample in samples]
    assert len(samples) == 5
    assert energies == sorted(energies)


def test_openuc_lets_the_connectors_speak_in_turn() -> None:
    bench = Bench(OPENUC).connect()
    bench.push_tariff()
    bench.forget()
    bench.pass_time(60)
    assert [sample.gun_no for sample in bench.all(frames.RealtimeData)] == ["01", "02", "01", "02"]
