"""Values as the API promises them: times as RFC 3339 text, money finer than fen as decimal text in yuan.

Models say so field by field; this is for what has no model: live topics, and bodies kept as they came.
"""

from collections.abc import Callable, Mapping

from chargecloud.kernel.clock import rfc3339
from chargecloud.kernel.money import hao_text, si_text

_FORMS: tuple[tuple[str, str, Callable[[int], str]], ...] = (
    ("at_ms", "at", rfc3339),
    ("since_ms", "since", rfc3339),
    ("_hao", "_yuan", hao_text),
    ("_si_per_kwh", "_yuan_per_kwh", si_text),
)
"""How a name ends inside and outside, and how its value is told."""


def outward(values: Mapping[str, object]) -> dict[str, object]:
    """The same values under the names and in the forms of the API, however deep."""
    return dict(_told(name, value) for name, value in values.items())


def _told(name: str, value: object) -> tuple[str, object]:
    for inside, outside, form in _FORMS:
        if name.endswith(inside) and (value is None or isinstance(value, int)):
            return name.removesuffix(inside) + outside, None if value is None else form(value)
    return name, _deeper(value)


def _deeper(value: object) -> object:
    if isinstance(value, Mapping):
        return outward(value)
    if isinstance(value, list | tuple):
        return [_deeper(each) for each in value]
    return value
