"""Single-use tickets for WebSockets: browsers cannot send a header there, and a token does not belong into a URL.

A ticket stands for the token it was asked with. The database keeps its hash and the token under a key only the ticket
holds, so that neither can be read from it.
"""

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column, Table, delete, insert, select

from chargecloud.infra.sql.types import code, epoch_ms, metadata
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Unauthenticated
from chargecloud.kernel.ids import new_secret

LIFETIME_MS = 30_000
_NONCE = bytes(12)
"""Each ticket is a fresh key that seals one text."""

live_tickets = Table(
    "live_tickets",
    metadata,
    Column("ticket_hash", code(64), primary_key=True),
    Column("sealed_token", code(600), nullable=False),
    Column("expires_at_ms", epoch_ms(), nullable=False, index=True),
)


async def issue(uow: UnitOfWork, token: str) -> str:
    """A ticket for this token; expired ones go at the same time."""
    ticket = new_secret()
    await uow.connection.execute(delete(live_tickets).where(live_tickets.c.expires_at_ms <= uow.now_ms))
    await uow.connection.execute(
        insert(live_tickets).values(
            ticket_hash=_hash(ticket),
            sealed_token=_cipher(ticket).encrypt(_NONCE, token.encode(), None).hex(),
            expires_at_ms=uow.now_ms + LIFETIME_MS,
        )
    )
    return ticket


async def redeem(uow: UnitOfWork, ticket: str) -> str:
    """The token behind a ticket, which is void from now on."""
    key = live_tickets.c.ticket_hash == _hash(ticket)
    statement = select(live_tickets.c.sealed_token).where(key, live_tickets.c.expires_at_ms > uow.now_ms)
    sealed = (await uow.connection.execute(statement)).scalar()
    gone = await uow.connection.execute(delete(live_tickets).where(key))
    if sealed is None or gone.rowcount != 1:
        raise Unauthenticated("the ticket is unknown, used or older than 30 s; ask for a new one", "ticket_invalid")
    try:
        return _cipher(ticket).decrypt(_NONCE, bytes.fromhex(sealed), None).decode()
    except InvalidTag:
        raise Unauthenticated("the ticket does not open; ask for a new one", "ticket_invalid") from None


def _hash(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()


def _cipher(ticket: str) -> AESGCM:
    return AESGCM(hashlib.sha256(b"live ticket:" + ticket.encode()).digest())
