"""Frames in both directions reach the log, with whose they are."""

from tests.unit.gateway.fake import house


async def test_frames_of_both_directions_are_logged_in_order() -> None:
    async with house() as home:
        link, _ = await home.log_in("1")
        await home.say(link, "beat")
        home.gateway.sweep(home.clock.monotonic())
        logged = [(frame.charge_point_code, frame.up, frame.raw) for frame in home.frame_log.frames]
        assert logged == [("1", True, b"boot 1"), ("1", False, b"welcome"), ("1", True, b"beat"), ("1", False, b"ok")]
        assert {frame.protocol for frame in home.frame_log.frames} == {"fake"}
        assert home.gateway.stats()["frames"] == 4


async def test_frames_of_a_refused_charge_point_are_logged_too() -> None:
    async with house() as home:
        home.unknown.add("1")
        await home.log_in("1")
        await home.wait(2)
        assert [frame.raw for frame in home.frame_log.frames] == [b"boot 1", b"no"]


async def test_frames_of_the_nameless_are_counted_only() -> None:
    async with house() as home:
        link, _ = home.dial()
        await home.say(link, "bad")
        home.gateway.sweep(home.clock.monotonic())
        assert home.frame_log.frames == []
        assert home.gateway.stats()["frames_nameless"] == 1
