"""What a reader has not read yet is bounded, and a loss is told once."""

from chargecloud.infra.cache.backlog import BEHIND, Backlog


async def test_patches_come_in_order_and_in_portions() -> None:
    backlog = Backlog(10)
    for number in range(5):
        backlog.offer("t", b"%d" % number)
    assert await backlog.take(3) == [("t", b"0"), ("t", b"1"), ("t", b"2")]
    assert await backlog.take(3) == [("t", b"3"), ("t", b"4")]


async def test_a_full_backlog_is_emptied_and_says_so_first() -> None:
    backlog = Backlog(3)
    for number in range(4):
        backlog.offer("t", b"%d" % number)
    assert await backlog.take(10) == [BEHIND, ("t", b"3")]


async def test_a_restart_forgets_what_waits() -> None:
    backlog = Backlog(3)
    backlog.offer("t", b"old")
    backlog.restart()
    backlog.offer("t", b"new")
    follower = backlog.follow()
    assert [await anext(follower), await anext(follower)] == [BEHIND, ("t", b"new")]
