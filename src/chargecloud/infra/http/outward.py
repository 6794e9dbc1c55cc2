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
    told: dict[str, object] = {}
    for name, value in values.items():
        outside, form = _form_of(name)
        if form is None:
            told[name] = value if type(value) in _PLAIN else _deeper(value)
        elif value is None:
            told[outside] = None
        elif isinstance(value, int):
            told[outside] = form(value)
        else:
            told[name] = _deeper(value)
    return told


@lru_cache(maxsize=2_048)
def _form_of(name: str) -> tuple[str, Callable[[int], str] | None]:
    """What a name is outside, and how its value is told; live topics ask for the same few again and again."""
    for inside, outside, form in _FORMS:
        if name.endswith(inside):
            return name.removesuffix(inside) + outside, form
    return name, None


def _deeper(value: object) -> object:
    if isinstance(value, Mapping):
        return outward(value)
    if isinstance(value, list | tuple):
        return [_deeper(each) for each in value]
    return value
