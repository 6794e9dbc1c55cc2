"""Pages of a list, newest first, continued by an opaque cursor."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

import msgspec
from fastapi import Depends, Query

from chargecloud.infra.http.model import ApiModel
from chargecloud.kernel.errors import Invalid

T = TypeVar("T")
R = TypeVar("R")
Key = int | str

MAX_LIMIT = 200
DEFAULT_LIMIT = 50
MAX_CURSOR = 300


class Page(ApiModel, Generic[T]):
    """Some items, and the cursor to pass as `before` for those that follow; null at the end."""

    items: list[T]
    next: str | None


@dataclass(frozen=True, slots=True)
class Paging:
    """What part of a list is asked for."""

    limit: int = DEFAULT_LIMIT
    before: tuple[Key, ...] | None = None
    """Sort key of the last item of the page before this one."""

    @property
    def fetch(self) -> int:
        """Rows to ask the database for: one more than shown tells whether something follows."""
        return self.limit + 1

    @property
    def before_id(self) -> int | None:
        """The cursor of a list sorted by one whole number."""
        if self.before is None:
            return None
        if len(self.before) != 1 or not isinstance(self.before[0], int):
            raise _broken()
        return self.before[0]

    @property
    def before_text(self) -> str | None:
        """The cursor of a list sorted by one number that is kept as text."""
        if self.before is None:
            return None
        if len(self.before) != 1 or not isinstance(self.before[0], str):
            raise _broken()
        return self.before[0]

    def page(self, rows: Sequence[R], key: Callable[[R], Key | tuple[Key, ...]]) -> tuple[Sequence[R], str | None]:
        """The rows to show and the cursor behind them, out of up to `fetch` rows."""
        if len(rows) <= self.limit:
            return rows, None
        shown = rows[: self.limit]
        return shown, cursor_of(key(shown[-1]))


def cursor_of(key: Key | tuple[Key, ...]) -> str:
    """A sort key as text for the next request."""
    parts = key if isinstance(key, tuple) else (key,)
    return base64.urlsafe_b64encode(msgspec.json.encode(parts)).decode().rstrip("=")


def _key_of(cursor: str) -> tuple[Key, ...]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=tuple[Key, ...])
    except (binascii.Error, msgspec.MsgspecError, ValueError):
        raise _broken() from None


def _broken() -> Invalid:
    return Invalid("`before` is not a cursor of this list; pass on `next` of the page before", "invalid_cursor")


def _paging(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="items on a page")] = DEFAULT_LIMIT,
    before: Annotated[
        str | None, Query(min_length=1, max_length=MAX_CURSOR, description="`next` of the page before")
    ] = None,
) -> Paging:
    return Paging(limit, _key_of(before) if before else None)


Pages = Annotated[Paging, Depends(_paging)]
"""Routes take `pages: Pages`."""
