"""Writing down who did what, in the transaction that did it, chained so that a later change shows."""

import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.operators import model_chain, sql_audit
from chargecloud.features.operators.messages import AuditLink, BrokenChain
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.sql.uow import UnitOfWork

PLATFORM = 0
"""Whose chain acts of nobody's operator are in."""


def audit(
    uow: UnitOfWork, principal: Principal, action: str, object_: str, facts: Mapping[str, object] | None = None
) -> None:
    """Write down what somebody did to what, in the transaction that did it.

    `action` is "<subject>.<verb>", `object_` "<kind>:<id>". Facts under "before" and "after" also leave their digests.
    """
    facts = facts or {}
    row = {
        "operator_id": principal.operator_id,
        "at_ms": uow.now_ms,
        "actor": f"{principal.kind}:{principal.id}",
        "actor_name": principal.name,
        "action": action,
        "object": object_,
        "facts": msgspec.json.encode(facts).decode(),
        "before_digest": _digest(facts.get("before")),
        "after_digest": _digest(facts.get("after")),
        "source": principal.source[:64],
        "request_id": uow.trace_id[:64],
    }
    uow.before_commit(_chained, row)


async def _chained(uow: UnitOfWork, rows: Sequence[Mapping[str, object]]) -> None:
    """Last of all in a transaction, so that others wait for the end of a chain as briefly as can be."""
    chains: dict[int, list[Mapping[str, object]]] = defaultdict(list)
    for row in rows:
        operator_id = row["operator_id"]
        chains[operator_id if isinstance(operator_id, int) else PLATFORM].append(row)
    for owner, of_it in sorted(chains.items()):
        head = await sql_audit.lock_head(uow, owner)
        number, digest, entries = head.chain_no, head.digest, []
        for row in of_it:
            number += 1
            entry = {**row, "chain_no": number, "previous_digest": digest}
            digest = model_chain.digest_of(entry)
            entries.append({**entry, "digest": digest})
        await sql_audit.add_entries(uow, entries)
        await sql_audit.set_head(uow, AuditLink(operator_id=owner, chain_no=number, digest=digest))


async def verify(
    connection: AsyncConnection, noted: Sequence[AuditLink] = ()
) -> AsyncIterator[AuditLink | BrokenChain]:
    """Walk every chain from its beginning: its last entry, or the first that is not what it was or was `noted`."""
    heads = {head.link.operator_id: head for head in await sql_audit.heads(connection)}
    for owner in sorted({*heads, *await sql_audit.owners(connection), *(link.operator_id for link in noted)}):
        head = heads.get(owner) or sql_audit.Head(
            link=AuditLink(operator_id=owner, chain_no=0, digest=""), unchained=0, beginning=""
        )
        walker = model_chain.Walker(
            owner,
            unchained=head.unchained,
            beginning=head.beginning,
            noted={link.chain_no: link.digest for link in noted if link.operator_id == owner},
        )
        broken = None
        async for part in sql_audit.entries_of(connection, None if owner == PLATFORM else owner):
            broken = walker.walk(part)
            if broken is not None:
                break
        yield broken or walker.end(head.link) or head.link


async def ends(connection: AsyncConnection) -> list[AuditLink]:
    """The last entry of every chain."""
    return [head.link for head in await sql_audit.heads(connection)]


def _digest(facts: object) -> str:
    return "" if facts is None else hashlib.sha256(msgspec.json.encode(facts, order="sorted")).hexdigest()
