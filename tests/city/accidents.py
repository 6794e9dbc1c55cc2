"""What befalls whoever dials: broken, half-open and deaf links, power cuts with and without memory."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from tests.city.dialler import Dialler
from tests.city.journal import Journal
from tests.city.network import Network
from tests.city.options import CityOptions

DAY_S = 86_400
D = TypeVar("D", bound=Dialler[Any])
Act = Callable[[], Awaitable[None]]


class Accidents(Generic[D]):
    """Draws when and whom, at the rates of the options, until it is told to rest."""

    def __init__(
        self, options: CityOptions, network: Network, journal: Journal, diallers: Sequence[D], *, name: str
    ) -> None:
        self.resting = False
        self.invented: set[str] = set()
        """Sessions nobody charged for, made up by forgers and broken memories."""
        self.tampered: set[str] = set()
        """Sessions somebody sent a false record for."""
        self._options = options
        self._network = network
        self._journal = journal
        self._diallers = diallers
        self._rng = random.Random(f"{options.seed}/{name}")
        self._strangers = 0

    def tasks(self) -> list[Act]:
        """Everything that goes on beside the people; each runs until the rest."""
        return [self._often(rate, act) for rate, act in self.rates() if rate and self._diallers]

    def rates(self) -> list[tuple[float, Act]]:
        """Events a day, in all, and what happens."""
        options, count = self._options, len(self._diallers)
        return [
            (options.link_losses * count, self._lose_link),
            (options.half_opens * count, self._half_open),
            (options.deaf_links * count, self._deafen),
            (options.reboots * count, self._reboot),
            (options.memory_losses * count, self._lose_memory),
        ]

    def _often(self, per_day: float, act: Act) -> Act:
        async def repeat() -> None:
            while per_day:
                await asyncio.sleep(self._rng.expovariate(per_day / DAY_S))
                if self.resting:
                    return
                await act()

        return repeat

    def _somebody(self) -> D:
        return self._rng.choice(self._diallers)

    def _away_s(self) -> float:
        longest = self._options.longest_away_s
        return self._rng.choice((self._rng.uniform(1, 30), self._rng.uniform(30, 600), self._rng.uniform(600, longest)))

    def _note(self, kind: str, whom: D, code: str = "", **facts: object) -> None:
        self._journal.note(f"fault.{kind}", code or whom.code, **facts)

    def _stranger_source(self) -> str:
        self._strangers += 1
        return f"203.0.{self._strangers // 250 % 250}.{self._strangers % 250}"

    async def _lose_link(self) -> None:
        whom, seconds = self._somebody(), self._away_s()
        self._note("link_loss", whom, away_s=int(seconds))
        whom.cut(seconds)

    async def _half_open(self) -> None:
        whom, seconds = self._somebody(), self._rng.uniform(0, 60)
        self._note("half_open", whom, away_s=int(seconds))
        whom.cut(seconds, half_open=True)

    async def _deafen(self) -> None:
        whom = self._somebody()
        self._note("deaf_link", whom)
        whom.deafen()

    async def _reboot(self) -> None:
        whom = self._somebody()
        self._note("reboot", whom)
        whom.reboot(lose_memory=False)

    async def _lose_memory(self) -> None:
        whom = self._somebody()
        self._note("memory_loss", whom)
        whom.reboot(lose_memory=True)
