"""Values as the API promises them: times as RFC 3339 text, money finer than fen as decimal text in yuan.

Models say so field by field; this is for what has no model: live topics, and bodies kept as they came.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

from chargecloud.kernel.clock import rfc3339
from chargecloud.kernel.money import hao_text, si_text

_FORMS: tuple[tuple[str, str, Callable[[int], str]], ...] = (
    ("at_ms", "at", rfc3339),
    ("since_ms", "since", rfc3339),
    ("_hao", "_yuan", hao_text),
    ("_si_per_kwh", "_yuan_per_kwh", si_text),
)
"""How a name ends inside and outside, and how its value is told."""
_PLAIN = frozenset({int, str, bool, type(None)})


def outward(values: Mapping[str, object]) -> dict[str, object]:
    """The same values under the names and in the forms of the API, however deep."""
    told = dict(values)
    for name, outside, form in _told_otherwise(tuple(values)):
        value = values[name]
        if value is None or isinstance(value, int):
            del told[name]
            told[outside] = None if value is None else form(value)
    if not _PLAIN.issuperset(map(type, told.values())):
        for name, value in told.items():
            if type(value) not in _PLAIN:
                told[name] = _deeper(value)
    return told


@lru_cache(maxsize=2_048)
def _told_otherwise(names: tuple[str, ...]) -> tuple[tuple[str, str, Callable[[int], str]], ...]:
    """Which of these names are others outside, and how their values are told; live topics send the same few sets."""
    found = []
    for name in names:
        form = next((each for each in _FORMS if name.endswith(each[0])), None)
        if form is not None:
            found.append((name, name.removesuffix(form[0]) + form[1], form[2]))
    return tuple(found)


def _deeper(value: object) -> object:
    if isinstance(value, Mapping):
        return outward(value)
    if isinstance(value, list | tuple):
        return [_deeper(each) for each in value]
    return value
