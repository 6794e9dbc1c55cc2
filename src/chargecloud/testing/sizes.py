"""How much memory things hold."""

from __future__ import annotations

import gc
import sys


def size_of(*things: object) -> int:
    """Bytes reachable from these things, classes, functions and modules excepted; common things count once."""
    shared = (type, type(size_of), type(sys), property)
    seen: set[int] = set()
    total = 0
    waiting: list[object] = [*things]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, shared):
            continue
        seen.add(id(thing))
        total += sys.getsizeof(thing)
        waiting += gc.get_referents(thing)
    return total
