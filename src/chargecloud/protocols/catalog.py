"""Which protocols there are: the built-in list, and packages that offer more under one entry-point group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from chargecloud.device.contract import ProtocolPlugin
from chargecloud.device.profile import Profile
from chargecloud.kernel.errors import NotFound
from chargecloud.protocols.dny.plugin import Plugin as Dny
from chargecloud.protocols.ykc16.plugin import Plugin as Ykc16

ENTRY_POINT_GROUP = "chargecloud.protocols"
NONE: Mapping[str, Sequence[Profile]] = {}
BUILT_IN: tuple[Callable[[], ProtocolPlugin], ...] = (Ykc16, Dny)


def protocols(profiles: Mapping[str, Sequence[Profile]] = NONE) -> dict[str, ProtocolPlugin]:
    """Every protocol by name, adapted; a package may add protocols but not replace a built-in one."""
    found = {plugin.name: plugin for plugin in (make() for make in BUILT_IN)}
    for name, entry in _offered().items():
        if name not in found:
            found[name] = entry.load()()
    for name, given in profiles.items():
        found[name] = _known(found, name).adapt(given)
    return found


def protocol(name: str) -> ProtocolPlugin:
    """The protocol of that name."""
    return _known(protocols(), name)


def _known(known: Mapping[str, ProtocolPlugin], name: str) -> ProtocolPlugin:
    if name not in known:
        raise NotFound(
            f"no protocol is called {name!r}; there are {', '.join(sorted(known))} "
            f"(a package adds more through the entry-point group {ENTRY_POINT_GROUP})",
            "protocol_unknown",
            name=name,
            known=sorted(known),
        )
    return known[name]


@cache
def _offered() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=ENTRY_POINT_GROUP)}
