"""What the database needs of an engine, and how it may be tuned."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

Synchronous = Literal["FULL", "NORMAL", "OFF"]
"""FULL survives power loss and is what runs; tests and simulations need not wait for the disk."""


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """Sizes and deadlines. SQLite has one writer and takes only `synchronous`; the rest is for a server."""

    synchronous: Synchronous = "FULL"
    connections: int = 8
    """Units of work at once; as many connections again for readers."""
    connect_s: float = 5.0
    """So long a new connection may take."""
    wait_s: float = 10.0
    """So long a unit of work waits for a free connection."""
    unit_s: float = 30.0
    """So long a unit of work or a reader may last, unless it runs in the background."""
    lock_wait_s: int = 5
    """So long a statement waits for a row that another unit of work has changed."""
    allow_unsafe: bool = False
    """Start on a server that may lose what it has committed."""


class Store(Protocol):
    """The connections of one engine."""

    async def start(self) -> None:
        """Open; Unavailable says what is wrong with file or server and how to mend it."""
        ...

    async def stop(self) -> None:
        """Wait for what is in hand where only one may write, then close."""
        ...

    def unit(self, *, bulk: bool, patience_s: float = 0.0) -> "AbstractAsyncContextManager[AsyncConnection]":
        """A connection inside a transaction, for one user; rolled back at the end unless it was committed.

        `bulk`: statements may be large and nobody waits for them. `patience_s`: where units stand in line,
        those go first that ask up to so much later.
        """
        ...

    def reader(self, *, quick: bool, bulk: bool) -> "AbstractAsyncContextManager[AsyncConnection]":
        """A connection that sees one snapshot and cannot write. `quick`: look-ups by key and nothing else."""
        ...
