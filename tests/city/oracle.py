"""The judge. Shares no code with the product's features: plain SQL on one side, the simulator's truth on the other."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from tests.city import oracle_boards, oracle_commands, oracle_money, oracle_passes
from tests.city.evidence import Books, Evidence
from tests.city.oracle_boards import Boards
from tests.city.oracle_energy import Energy, online_again

OVERDRAFT_FEN, OFFLINE_FEN = 2_000, 20_000
"""What an installation takes without people beyond a hold, and without one from an offline card, by default."""


class Oracle:
    """One look at everything; `running` holds at any moment, `final` after the rest."""

    def __init__(self, path: Path, evidence: Evidence, *, now_ms: int) -> None:
        self.suspects: set[str] = set()
        self.facts: dict[str, int] = {}
        self._path = path
        self._evidence = evidence
        self._now_ms = now_ms

    def running(self) -> list[str]:
        """Complaints that are justified at any time."""
        return self._judge(self._at_any_time)

    def final(self) -> list[str]:
        """Complaints that are justified once everything has had its time."""
        return self._judge(self._at_the_end)

    def _judge(self, judgement: Callable[[Books], Iterator[str]]) -> list[str]:
        books = Books(self._path, self._now_ms)
        with closing(books):
            complaints = list(judgement(books))
        self.suspects |= books.suspects
        return complaints

    def _at_any_time(self, books: Books) -> Iterator[str]:
        yield from oracle_money.ledger(books)
        yield from oracle_money.holds(books)
        yield from oracle_money.payments(books)
        yield from oracle_money.revenue(books)
        yield from oracle_money.settlements(books)
        yield from oracle_money.debits(books, overdraft_fen=OVERDRAFT_FEN, offline_fen=OFFLINE_FEN)
        yield from oracle_money.occupation(books)
        yield from oracle_money.stuck(books, self._evidence.options.estimate_after_s)
        yield from oracle_commands.one_holder(self._evidence, books)
        yield from oracle_commands.in_time(self._evidence, books)
        yield from oracle_commands.once(self._evidence, books)
        yield from oracle_passes.quotas(self._evidence, books)
        yield from oracle_boards.broken_memories(books, set(self._evidence.sheds.station_of))
        yield from Energy(self._evidence, books).kept()
        boards = Boards(self._evidence, books)
        yield from boards.kept()
        yield from boards.told()

    def _at_the_end(self, books: Books) -> Iterator[str]:
        yield from oracle_money.at_rest(books)
        yield from online_again(self._evidence, books)
        yield from oracle_boards.boards_again(self._evidence, books)
        yield from oracle_passes.given_back(books)
        energy = Energy(self._evidence, books)
        yield from energy.accounted()
        yield from energy.priced()
        boards = Boards(self._evidence, books)
        yield from boards.accounted()
        yield from boards.priced()
        self.facts |= energy.facts | boards.facts
        for state, count in books.rows("SELECT state, COUNT(*) FROM orders GROUP BY state"):
            self.facts[f"orders.{state}"] = count
        for table in ("sessions", "session_records", "settlements", "order_corrections", "wallet_transfers"):
            self.facts[table] = books.value(f"SELECT COUNT(*) FROM {table}")
