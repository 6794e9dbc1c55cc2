"""Requests that may be repeated without doing the thing twice: the first answer is kept and given again.

The answer is stored in the transaction that did the work. A refusal is not kept: a request that changed nothing may be
tried again under the same key.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request
from pydantic import BaseModel
from sqlalchemy import Column, Integer, Table, delete, insert, select
from sqlalchemy.exc import IntegrityError
from starlette.responses import Response

from chargecloud.infra.http.auth import Principal
from chargecloud.infra.schedule.contract import Job
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.types import code, epoch_ms, json_text, metadata
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Conflict, Refused

KEEP_MS = 72 * 3_600_000
FORGET_ROWS = 1_000

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("principal", code(40), primary_key=True),
    Column("key", code(128), primary_key=True),
    Column("request_digest", code(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("response", json_text(), nullable=False),
    Column("at_ms", epoch_ms(), nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Once:
    """A request and the key its sender gave it."""

    key: str
    digest: str

    async def answer(
        self,
        uow: UnitOfWork,
        principal: Principal,
        work: Callable[[], Awaitable[BaseModel]],
        *,
        status: int = 200,
    ) -> Response:
        """Do the work and keep the answer, or give the answer kept from the first time."""
        return await self.kept(uow, principal) or await self.keep(uow, principal, await work(), status=status)

    async def kept(self, uow: UnitOfWork, principal: Principal) -> Response | None:
        """The answer kept from the first time, if there was one.

        With `keep`, for work that takes more than one transaction and is harmless when it is begun twice.
        """
        c = idempotency_keys.c
        known = select(c.request_digest, c.status, c.response).where(c.principal == _who(principal), c.key == self.key)
        row = (await uow.connection.execute(known)).first()
        if row is None:
            return None
        if row.request_digest != self.digest:
            raise Refused(
                "this Idempotency-Key came with another request before; use a new one", "idempotency_mismatch"
            )
        return _json(row.response, row.status, replayed=True)

    async def keep(self, uow: UnitOfWork, principal: Principal, answer: BaseModel, *, status: int = 200) -> Response:
        """Keep an answer in the transaction that did the work, or its last part."""
        body = answer.model_dump_json()
        kept = insert(idempotency_keys).values(
            principal=_who(principal),
            key=self.key,
            request_digest=self.digest,
            status=status,
            response=body,
            at_ms=uow.now_ms,
        )
        try:
            await uow.connection.execute(kept)
        except IntegrityError as error:
            raise Conflict(
                "this request is being handled already; repeat it for its answer", "request_doubled"
            ) from error
        return _json(body, status, replayed=False)


def _who(principal: Principal) -> str:
    return f"{principal.kind}:{principal.id}"


async def _once(
    request: Request,
    key: Annotated[
        str,
        Header(
            alias="Idempotency-Key",
            min_length=8,
            max_length=128,
            pattern=r"^[A-Za-z0-9._:-]+$",
            description="chosen by the client for this act and sent again with each repetition of it",
        ),
    ],
) -> Once:
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + await request.body()
    return Once(key, hashlib.sha256(asked).hexdigest())


OnceOnly = Annotated[Once, Depends(_once)]
"""Routes take `once: OnceOnly` and return `await once.answer(uow, principal, work, status=201)`."""


def _json(body: str, status: int, *, replayed: bool) -> Response:
    headers = {"Idempotency-Replayed": "true"} if replayed else {}
    return Response(body, status, headers=headers, media_type="application/json")


async def forget_old(database: Database) -> None:
    """Forget answers after three days, a few at a time."""
    c = idempotency_keys.c
    async with database.read() as connection:
        old = select(c.principal, c.key).where(c.at_ms < database.clock.now_ms() - KEEP_MS).limit(FORGET_ROWS)
        rows = (await connection.execute(old)).all()
    async with database.unit() as uow:
        for principal, key in rows:
            await uow.connection.execute(delete(idempotency_keys).where(c.principal == principal, c.key == key))


JOBS = (Job("http.forget_answers", 60, forget_old),)
