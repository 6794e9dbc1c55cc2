"""Which index a list walks: said by the statement, because an engine without figures of the data guesses."""

from typing import Any

from sqlalchemy import Integer

from chargecloud.kernel.clock import local_time


def unwalked(column: Any) -> Any:
    """The same value as an expression, for which no index is walked."""
    return column + 0 if isinstance(column.type, Integer) else column.concat("")


def second_text(at_ms: int) -> str:
    """How numbers that are made in this second begin."""
    return f"{local_time(at_ms):%Y%m%d%H%M%S}"
