"""The chain of audit entries: each carries the digest of the one before it and of itself."""

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from chargecloud.features.operators.messages import AuditLink, BrokenChain

COVERED = (
    "operator_id", "chain_no", "at_ms", "actor", "actor_name", "action", "object", "facts", "before_digest",
    "after_digest", "source", "request_id", "previous_digest",
)  # fmt: skip
"""What the digest of an entry is made of: all but the number the database gives it, and itself."""
UNCHAINED = (
    "operator_id", "id", "at_ms", "actor", "actor_name", "action", "object", "facts", "before_digest", "after_digest",
    "source", "request_id",
)  # fmt: skip
"""What the beginning of a chain is made of: the entries that are older than it, in the order of their ids."""


def digest_of(entry: Mapping[str, object]) -> str:
    """The digest of an entry; `previous_digest` is part of it, so that it stands for all entries before as well."""
    return _digest([entry[name] for name in COVERED])


def continued(digest: str, entry: Mapping[str, object]) -> str:
    """The beginning of a chain after one more entry that is older than it."""
    return _digest([digest, *(entry[name] for name in UNCHAINED)])


def _digest(values: list[object]) -> str:
    return hashlib.sha256(msgspec.json.encode(values)).hexdigest()


class Walker:
    """Goes along one chain, entry by entry in the order of their numbers in the database, until it is broken."""

    def __init__(
        self, operator_id: int, *, unchained: int = 0, beginning: str = "", noted: Mapping[int, str] = {}
    ) -> None:
        """`noted`: digests by number that were kept elsewhere."""
        self.operator_id = operator_id
        self.entries = 0
        self.digest = ""
        self._unchained = unchained
        self._beginning = beginning
        self._noted = dict(noted)
        self._chained = False

    def walk(self, entries: Iterable[Mapping[str, object]]) -> BrokenChain | None:
        """The first of these entries that is not what it was; None when all are."""
        for entry in entries:
            broken = self._old(entry) if entry["chain_no"] is None else self._step(entry)
            if broken is not None:
                return broken
        return None

    def end(self, head: AuditLink) -> BrokenChain | None:
        """Whether the chain goes as far as it was written."""
        if not self._chained and (broken := self._begin()) is not None:
            return broken
        written = max(head.chain_no, *self._noted, 0)
        if self.entries < written:
            return self._broken(None, f"ends after entry {self.entries}, but entry {written} was written")
        if (self.entries, self.digest) != (head.chain_no, head.digest):
            return self._broken(
                None, f"goes on to entry {self.entries}, but entry {head.chain_no} is said to be the last"
            )
        return None

    def _old(self, entry: Mapping[str, object]) -> BrokenChain | None:
        if self._chained:
            return self._broken(entry, "was written past the chain")
        self._unchained -= 1
        self.digest = continued(self.digest, entry)
        return None

    def _begin(self) -> BrokenChain | None:
        self._chained = True
        if self._unchained or self.digest != self._beginning:
            return self._broken(None, "an entry from before the chain was changed, added or removed")
        return None

    def _step(self, entry: Mapping[str, object]) -> BrokenChain | None:
        if not self._chained and (broken := self._begin()) is not None:
            return broken
        if entry["chain_no"] != self.entries + 1:
            return self._broken(entry, f"follows entry {self.entries}: what was between them is gone")
        if entry["previous_digest"] != self.digest:
            return self._broken(entry, "does not carry the digest of the one before it")
        if entry["digest"] != digest_of(entry):
            return self._broken(entry, "was changed: its digest does not fit what it says")
        if self._noted.get(self.entries + 1, entry["digest"]) != entry["digest"]:
            return self._broken(entry, "or one before it was written anew: its digest is not the one that was noted")
        self.entries, self.digest = self.entries + 1, str(entry["digest"])
        return None

    def _broken(self, entry: Mapping[str, object] | None, reason: str) -> BrokenChain:
        number = entry["chain_no"] if entry else None
        row = entry["id"] if entry else None
        return BrokenChain(
            operator_id=self.operator_id,
            chain_no=number if isinstance(number, int) else None,
            entry_id=row if isinstance(row, int) else None,
            reason=reason,
        )
