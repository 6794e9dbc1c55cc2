"""What a subscribe message says: a template's fields filled with the facts of a notice, within WeChat's limits."""

import re
from collections.abc import Mapping

import msgspec

from chargecloud.kernel.money import yuan_text

LIMITS = {
    "thing": 20, "phrase": 5, "name": 10, "letter": 32, "symbol": 5, "character_string": 32, "number": 32,
    "phone_number": 17, "car_number": 8,
}  # fmt: skip
"""Longest text of a field, by the word its key begins with."""
EMPTY = "-"
"""WeChat refuses an empty field."""
RETRY_AFTER_MS = (60_000, 300_000, 1_800_000)
"""Waits after each try that found WeChat away; after the last one it is given up."""
WORTH_MS = 7_200_000
"""Nobody wants to hear of it later."""
_FIELD = re.compile(r"\{([a-z_]+)\}")


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it was applied for: which field says what, such as `thing1` -> "{station}"."""

    template_id: str
    data: Mapping[str, str]
    page: str = ""
    """What a tap opens, such as "pages/order/detail?no={order_no}"."""


def filled(template: Template, facts: Mapping[str, object]) -> dict[str, str]:
    """The fields of a message, each as long as WeChat allows."""
    return {key: _cut(key, fill(text, facts)) for key, text in template.data.items()}


def fill(text: str, facts: Mapping[str, object]) -> str:
    """A text with facts in the place of their names; `total_yuan` is told from `total_fen`."""
    return _FIELD.sub(lambda found: _said(found[1], facts), text)


def _said(name: str, facts: Mapping[str, object]) -> str:
    fen = facts.get(name.removesuffix("_yuan") + "_fen") if name.endswith("_yuan") else None
    if isinstance(fen, int):
        return yuan_text(fen)
    value = facts.get(name)
    return "" if value is None else str(value)


def _cut(key: str, text: str) -> str:
    most = LIMITS.get(key.rstrip("0123456789"))
    text = text.strip()
    if most is not None and len(text) > most:
        text = text[: most - 1] + "…"
    return text or EMPTY


def next_try_ms(tries: int, created_at_ms: int, now_ms: int) -> int | None:
    """When to try again after so many tries; None when it is not worth it any more."""
    if tries > len(RETRY_AFTER_MS):
        return None
    at_ms = now_ms + RETRY_AFTER_MS[tries - 1]
    return at_ms if at_ms - created_at_ms <= WORTH_MS else None
