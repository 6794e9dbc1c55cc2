"""A record is told as stored when the platform says so or the journal has it, and in no other case."""

from collections.abc import Callable

from chargecloud.device.commands import ConfirmRecord
from chargecloud.device.events import RecordUploaded, digest_of
from chargecloud.gateway.limits import GatewayLimits
from chargecloud.kernel.message import Envelope
from tests.unit.gateway.fake import NEVER_MS, FakeWire, House, house

WAIT_S = 3.0
LIMITS = GatewayLimits(confirm_within_s=WAIT_S)


class HandJournal:
    """A journal that is durable when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Envelope, Callable[[bool], None]]] = []
        self.had: list[tuple[str, str]] = []

    def keep(self, envelope: Envelope, kept: Callable[[bool], None]) -> None:
        self.waiting.append((envelope, kept))

    def confirmed(self, charge_point_code: str, digest: str) -> None:
        self.had.append((charge_point_code, digest))

    def numbers(self) -> list[str]:
        return [envelope.body.session_no for envelope, _ in self.waiting]

    def decide(self, durable: bool = True) -> None:
        waiting, self.waiting = self.waiting, []
        for _, kept in waiting:
            kept(durable)


async def confirm(home: House, session_no: str, code: str = "1", *, digest: str = "") -> None:
    await home.command(
        ConfirmRecord(
            command_id=f"c{session_no}{digest}", charge_point_code=code, expires_at_ms=NEVER_MS, connector_no=1,
            session_no=session_no, digest=digest,
        )
    )  # fmt: skip
    await home.settle()


def stored(wire: FakeWire) -> list[bytes]:
    return [line for line in wire.sent.split(b"\n") if line.startswith(b"stored")]


async def test_the_platform_confirms_and_the_journal_hears_nothing() -> None:
    journal = HandJournal()
    async with house(LIMITS, journal=journal) as home:
        link, wire = await home.log_in("1")
        await home.say(link, "record 7")
        await confirm(home, "7")
        await home.wait(WAIT_S + 1)
        assert stored(wire) == [b"stored 7"]
        assert journal.numbers() == []
        assert home.gateway.stats()["records_waiting"] == 0


async def test_a_record_the_platform_is_late_with_is_kept_and_then_confirmed() -> None:
    journal = HandJournal()
    async with house(LIMITS, journal=journal) as home:
        link, wire = await home.log_in("1")
        await home.say(link, "record 7", "record 8")
        await confirm(home, "8")
        await home.wait(WAIT_S - 1)
        assert journal.numbers() == []
        await home.wait(1)
        assert journal.numbers() == ["7"]
        assert stored(wire) == [b"stored 8"], "not before it is durable"
        journal.decide()
        assert stored(wire) == [b"stored 8", b"stored 7"]
        await confirm(home, "7")
        assert home.gateway.stats()["records_kept"] == 1
        assert [event.session_no for event in home.told(RecordUploaded)] == ["7", "8"], "told once by the gateway"


async def test_while_the_bus_is_away_records_are_kept_at_once_and_the_journal_hands_them_over() -> None:
    journal = HandJournal()
    async with house(LIMITS, journal=journal) as home:
        link, wire = await home.log_in("1")
        home.bus.away = True
        await home.say(link, "record 7")
        assert journal.numbers() == ["7"]
        journal.decide()
        assert stored(wire) == [b"stored 7"]
        home.bus.away = False


async def test_what_the_journal_does_not_take_is_not_confirmed() -> None:
    journal = HandJournal()
    async with house(LIMITS, journal=journal) as home:
        link, wire = await home.log_in("1")
        home.bus.away = True
        await home.say(link, "record 7")
        journal.decide(False)
        assert stored(wire) == []
        assert home.gateway.stats()["records_not_kept"] == 1
        await home.say(link, "record 7")
        journal.decide()
        assert stored(wire) == [b"stored 7"]
        home.bus.away = False


async def test_a_platform_that_is_quicker_than_the_disk_confirms_alone() -> None:
    journal = HandJournal()
    async with house(LIMITS, journal=journal) as home:
        link, wire = await home.log_in("1")
        await home.say(link, "record 7")
        await home.wait(WAIT_S)
        await confirm(home, "7")
        journal.decide()
        assert stored(wire) == [b"stored 7"]


async def test_who_has_hung_up_is_told_after_it_has_dialled_again() -> None:
    journal = HandJournal()
    async with house(LIMITS, journal=journal) as home:
        link, wire = await home.log_in("1")
        home.bus.away = True
        await home.say(link, "record 7")
        home.bus.away = False
        link.connection_lost(None)
        await home.settle()
        _, again = await home.log_in("1")
        journal.decide()
        assert (stored(wire), stored(again)) == ([], [b"stored 7"])


async def test_a_record_of_a_lost_link_is_not_kept_because_it_will_be_sent_again() -> None:
    journal = HandJournal()
    async with house(LIMITS, journal=journal) as home:
        link, _ = await home.log_in("1")
        await home.say(link, "record 7")
        link.connection_lost(None)
        await home.wait(WAIT_S + 1)
        assert journal.numbers() == []
        assert home.gateway.stats()["records_waiting"] == 0


async def test_without_a_journal_nothing_is_confirmed_but_by_the_platform() -> None:
    async with house(LIMITS) as home:
        link, wire = await home.log_in("1")
        await home.say(link, "record 7")
        await home.wait(WAIT_S + 1)
        assert stored(wire) == []
        await confirm(home, "7")
        assert stored(wire) == [b"stored 7"]


async def test_a_newer_upload_under_the_same_number_is_confirmed_for_itself() -> None:
    journal = HandJournal()
    async with house(LIMITS, journal=journal) as home:
        link, wire = await home.log_in("1")
        home.bus.away = True
        await home.say(link, "record 7", "record 7")
        (_, first), (_, second) = journal.waiting
        first(True)
        assert stored(wire) == []
        second(True)
        assert stored(wire) == [b"stored 7"]
        home.bus.away = False


async def test_a_confirmation_of_other_bytes_under_the_same_number_confirms_nothing_here() -> None:
    journal = HandJournal()
    async with house(LIMITS, journal=journal) as home:
        link, _ = await home.log_in("1")
        await home.say(link, "record 7")
        await confirm(home, "7", digest="of another record")
        await home.wait(WAIT_S)
        assert journal.numbers() == ["7"], "this one has not been stored yet"
        await confirm(home, "7", digest=digest_of(b""))
        assert journal.had[-1] == ("1", digest_of(b"")), "the journal need not hand it over"
