"""What befalls boards for e-bikes besides accidents: torn cables, unheard answers, twins, forgers, broken memories."""

import random
from collections.abc import Sequence
from dataclasses import replace

from chargecloud.sim.dny.board import BoardSpec, VirtualBoard
from chargecloud.sim.dny.modem import ModemSpec
from tests.city.accidents import Accidents, Act
from tests.city.hub import Hub
from tests.city.journal import Journal
from tests.city.network import Network
from tests.city.options import CityOptions
from tests.city.platform import Platform
from tests.city.settlement import altered

BROKEN_NUMBERS = (10_011_001, 12_000_000, 13_000_001)
"""What boards with a broken memory call themselves, under any type code."""
TYPE_CODES = (0x04, 0x05, 0x06, 0x07)
OF_THE_CARS = 0.3
"""Boards have so many impostors and forgers for each that charge points for cars have."""


class BoardChaos(Accidents[Hub]):
    """Accidents, and what comes over lines that are not theirs."""

    def __init__(
        self, options: CityOptions, platform: Platform, network: Network, journal: Journal, hubs: Sequence[Hub]
    ) -> None:
        super().__init__(options, network, journal, hubs, name="chaos/boards")
        self._platform = platform

    def rates(self) -> list[tuple[float, Act]]:
        options, count = self._options, len(self._diallers)
        return [
            *super().rates(),
            (options.torn_cables * count, self._tear_cable),
            (options.unheard_answers * count, self._lose_answers),
            (options.conflicts * count, self._conflict),
            (options.orphans * count, self._orphan),
            (options.impostors * OF_THE_CARS, self._twin),
            (options.forgeries * OF_THE_CARS, self._forge),
            (options.broken_ids, self._break_ids),
        ]

    async def _tear_cable(self) -> None:
        """One board is cut off from its host, which goes on for the others."""
        hub, seconds = self._somebody(), self._away_s()
        board = self._rng.choice(hub.boards)
        hub.torn[board.code] = self._network.loop.time() + seconds
        self._note("torn_cable", hub, board.code, away_s=int(seconds))

    async def _lose_answers(self) -> None:
        """No board of a host hears that its settlements were taken: they are sent every half hour, for hours."""
        hub, seconds = self._somebody(), self._rng.uniform(1_800, 5 * 3_600)
        hub.unheard_until = self._network.loop.time() + seconds
        self._note("unheard_answers", hub, for_s=int(seconds))

    async def _conflict(self) -> None:
        """A board sends an old settlement again, with another time or another energy."""
        hub = self._somebody()
        done = [session for session in hub.point.truth.sessions if session.confirmed]
        if not done or hub.connection is None:
            return
        session = self._rng.choice(done[-5:])
        board = hub.point.board_of(session.charge_point_code)
        self.tampered.add(session.session_no)
        self._note("conflicting_record", hub, board.code, session=session.session_no)
        hub.upload(board, altered(session.record, **self._lie(self._rng)))

    async def _orphan(self) -> None:
        """A settlement of an order that nobody ever gave out, of any bytes."""
        hub = self._somebody()
        done = [session for session in hub.point.truth.sessions if session.record]
        if not done or hub.connection is None:
            return
        session_no = (
            self._rng.choice((self._rng.randbytes(16), bytes(16), b"DNY" + self._rng.randbytes(13))).hex().upper()
        )
        board = hub.point.board_of(done[-1].charge_point_code)
        self.invented.add(session_no)
        self._note("orphan_record", hub, board.code, session=session_no)
        hub.upload(board, altered(done[-1].record, session_no=session_no, **self._lie(self._rng)))

    async def _twin(self) -> None:
        """A board with the id of another dials from elsewhere, says that nothing charges, and leaves again."""
        victim = self._somebody()
        board = self._rng.choice(victim.boards)
        stay_s = self._rng.choice((self._rng.uniform(5, 90), self._rng.uniform(90, 1_800)))
        self._note("twin", victim, board.code, stays_s=int(stay_s))
        hub = self._stranger(replace(board.spec, virtual_id=0))
        self._network.loop.call_later(stay_s, hub.leave)

    async def _forge(self) -> None:
        """Somebody settles an order that runs over a line of their own, to end it cheaply or to keep the deposit."""
        found = self._running()
        if found is None:
            return
        victim, board, session_no, sample = found
        self.tampered.add(session_no)
        self._note("forged_record", victim, board.code, session=session_no)
        hub = self._stranger(replace(board.spec, virtual_id=0))
        body = altered(sample, session_no=session_no, **self._lie(self._rng))
        self._network.loop.call_later(self._rng.uniform(5, 15), hub.upload, hub.boards[0], body)
        self._network.loop.call_later(self._rng.uniform(20, 60), hub.leave)

    async def _break_ids(self) -> None:
        """Boards with a broken memory, two of them with one id at times, settle orders that run elsewhere."""
        found, number = self._running(), self._rng.choice(BROKEN_NUMBERS)
        self._journal.note("fault.broken_id", number=number)
        for _ in range(self._rng.randint(1, 2)):
            hub = self._stranger(BoardSpec(physical_id=self._rng.choice(TYPE_CODES) << 24 | number, port_count=2))
            if found is not None:
                body = altered(found[3], session_no=found[2])
                self._network.loop.call_later(self._rng.uniform(5, 40), hub.upload, hub.boards[0], body)
            self._network.loop.call_later(self._rng.uniform(60, 600), hub.leave)

    def _running(self) -> tuple[Hub, VirtualBoard, str, bytes] | None:
        """A host, a board and an order that runs there; and a settlement to make a false one of."""
        running = [
            (hub, board, port.session.truth.session_no)
            for hub in self._diallers
            for board in hub.boards
            for port in board.ports
            if port.session is not None
        ]
        samples = [session.record for hub in self._diallers for session in hub.point.truth.sessions if session.record]
        if not running or not samples:
            return None
        return *self._rng.choice(running), self._rng.choice(samples)

    def _lie(self, rng: random.Random) -> dict[str, int]:
        return rng.choice((
            {"charged_s": rng.randrange(0, 60), "steps": 0},
            {"charged_s": rng.randrange(0, 0xFFFF)},
            {"steps": rng.randrange(0, 300)},
            {"charged_s": 0xFFFF, "steps": 0xFFFF},
        ))  # fmt: skip

    def _stranger(self, spec: BoardSpec) -> Hub:
        source = self._stranger_source().replace("203.", "198.")
        hub = Hub(
            ModemSpec(boards=(spec,)),
            self._network,
            seed=self._options.seed * 1_000 + self._strangers,
            wall_ms=self._platform.clock.now_ms(),
            source=source,
            honest=False,
        )
        hub.hurry()
        return hub
