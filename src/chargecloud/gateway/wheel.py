"""One order of deadlines for all connections, so that none of them needs a timer of its own."""

from heapq import heapify, heappop, heappush
from math import inf

from chargecloud.gateway.link import Link

SLACK = 1_024
"""Outdated entries that may lie in the heap beside one for each connection."""


class Wheel:
    """A heap of (due, serial); an entry counts only while its link is armed for it, the others are passed over."""

    __slots__ = ("_heap", "_links")

    def __init__(self, links: dict[int, Link]) -> None:
        self._links = links
        self._heap: list[tuple[float, int]] = []

    def __len__(self) -> int:
        return len(self._heap)

    def arm(self, link: Link, due: float) -> None:
        """Wake this link at `due`, which is earlier than what it was armed for."""
        link.armed = due
        heappush(self._heap, (due, link.serial))
        if len(self._heap) > 2 * len(self._links) + SLACK:
            self._tidy()

    def take_due(self, now: float) -> list[Link]:
        """Links whose time has come, earliest first; each has to be armed again."""
        heap, links = self._heap, self._links
        due: list[Link] = []
        while heap and heap[0][0] <= now:
            when, serial = heappop(heap)
            link = links.get(serial)
            if link is not None and link.armed == when:
                link.armed = inf  # a link armed for this moment twice comes once
                due.append(link)
        return due

    def _tidy(self) -> None:
        links = self._links
        self._heap = [entry for entry in self._heap if entry[1] in links and links[entry[1]].armed == entry[0]]
        heapify(self._heap)
