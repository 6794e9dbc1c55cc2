"""How one product leaves its vendor's paper: data that comes with the protocol or from the operator, never a branch."""

import re
from typing import TypeAlias

import msgspec

Change: TypeAlias = bool | int | str | tuple[int, ...]


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One deviation, who has it, and how it is known; ValueError when it would match everybody.

    Every filter that is given has to match. What `changes` may name is declared by the protocol as its dialect.
    """

    name: str
    changes: dict[str, Change]
    why: str = ""
    code_prefix: str = ""
    """Leading digits of the charge point code, which begin with the number of its maker or operator."""
    product: str = ""
    """What the protocol calls a product, such as a type number; empty where its charge points do not say."""
    firmware_prefix: str = ""
    firmware_below: str = ""
    """Only firmware before this one; numbers are compared in order: 6.9 is below 6.40."""

    def __post_init__(self) -> None:
        if not (self.code_prefix or self.product or self.firmware_prefix):
            raise ValueError(
                f"profile {self.name} needs a code_prefix, a product or a firmware_prefix, or it would match everybody"
            )

    def matches(self, *, code: str, product: str, firmware: str) -> bool:
        """Whether this charge point is one of those; firmware that is not told is below nothing."""
        below = not self.firmware_below or (firmware != "" and _version(firmware) < _version(self.firmware_below))
        return (
            code.startswith(self.code_prefix)
            and self.product in ("", product)
            and firmware.startswith(self.firmware_prefix)
            and below
        )


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"\d+", text[:64]))
