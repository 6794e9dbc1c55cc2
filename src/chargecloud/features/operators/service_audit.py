"""Writing down who did what, in the transaction that did it."""

import hashlib
from collections.abc import Mapping

import msgspec

from chargecloud.features.operators.sql import audit_log
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.sql.uow import UnitOfWork


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
    uow.append(audit_log, row)


def _digest(facts: object) -> str:
    return "" if facts is None else hashlib.sha256(msgspec.json.encode(facts, order="sorted")).hexdigest()
