"""Reboot and update on command."""

from chargecloud.protocols.ykc16 import frames
from tests.unit.sim.bench import CODE, TRADE_NO, Bench


def reboot(bench: Bench, mode: int) -> int:
    bench.say(frames.RemoteReboot(pile_code=CODE, execute_mode=mode))
    return bench.last(frames.RemoteRebootReply).set_result


def update(bench: Bench, *, model: int = 1, path: bytes = b"/fw/V2.bin") -> None:
    bench.say(
        frames.RemoteUpdate(
            pile_code=CODE,
            pile_model=model,
            pile_power=120,
            server_host=b"192.0.2.1",
            server_port=21,
            username=b"once",
            password=b"only",
            file_path=path,
            execute_mode=1,
            download_timeout=2,
        )
    )


def test_reboot_now_cuts_a_charge() -> None:
    bench = Bench().charging()
    bench.pass_time(30)
    assert reboot(bench, 1) == 1
    bench.pass_time(2)
    assert bench.point.closing
    assert bench.point.truth.of(1, TRADE_NO).stop_code == 0x83


def test_reboot_when_idle_waits_for_the_charge() -> None:
    bench = Bench().charging()
    assert reboot(bench, 2) == 1
    bench.pass_time(30)
    assert not bench.point.closing
    bench.stop()
    bench.pass_time(20)
    assert bench.point.closing
    assert bench.point.truth.of(1, TRADE_NO).stop_code == 0x40


def test_an_unknown_mode_is_refused() -> None:
    assert reboot(Bench().ready(), 7) == 0


def test_update_is_answered_when_installed_and_shows_after_the_reboot() -> None:
    bench = Bench().ready()
    update(bench)
    assert not bench.all(frames.RemoteUpdateReply)
    bench.pass_time(60)
    assert bench.last(frames.RemoteUpdateReply).update_status == 0
    assert bench.point.closing
    bench.drop()
    bench.pass_time(20)
    bench.connect()
    assert bench.last(frames.LoginRequest).program_version == b"V2"


def test_update_for_another_model_and_a_file_that_is_not_there() -> None:
    bench = Bench().ready()
    update(bench, model=2)
    assert bench.last(frames.RemoteUpdateReply).update_status == 2
    bench.forget()
    update(bench, path=b"/fw/gone.missing")
    bench.pass_time(119)
    assert not bench.all(frames.RemoteUpdateReply)
    bench.pass_time(3)
    assert bench.last(frames.RemoteUpdateReply).update_status == 3
