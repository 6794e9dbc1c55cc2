"""A chain of entries tells at which of them somebody was at work."""

from collections.abc import Callable
from typing import Any

import pytest

from chargecloud.features.operators.messages import AuditLink
from chargecloud.features.operators.model_chain import COVERED, Walker, continued, digest_of

Entries = list[dict[str, Any]]


def chain(count: int = 5) -> Entries:
    entries: Entries = []
    digest = ""
    for number in range(1, count + 1):
        entry: dict[str, Any] = {name: f"{name} {number}" for name in COVERED}
        entry |= {"operator_id": 1, "at_ms": 1000 * number, "chain_no": number, "previous_digest": digest}
        digest = digest_of(entry)
        entries.append({**entry, "id": 10 * number, "digest": digest})
    return entries


def head(entries: Entries) -> AuditLink:
    return AuditLink(operator_id=1, chain_no=entries[-1]["chain_no"], digest=entries[-1]["digest"])


def test_what_was_written_holds() -> None:
    entries = chain()
    walker = Walker(1)
    assert walker.walk(entries[:2]) is None and walker.walk(entries[2:]) is None
    assert walker.end(head(entries)) is None


@pytest.mark.parametrize("name", [*(name for name in COVERED if name not in ("chain_no", "previous_digest")), "digest"])
def test_a_changed_column_is_found_where_it_is(name: str) -> None:
    entries = chain()
    entries[2][name] = "x"
    broken = Walker(1).walk(entries)
    assert broken is not None and (broken.chain_no, broken.entry_id) == (3, 30)


def _remove(entries: Entries) -> None:
    del entries[2]


def _swap(entries: Entries) -> None:
    entries[2], entries[3] = entries[3], entries[2]


def _forge(entries: Entries) -> None:
    """Changed, with a digest that fits."""
    entries[2]["facts"] = "x"
    entries[2]["digest"] = digest_of(entries[2])


def _slip_in(entries: Entries) -> None:
    entries.insert(3, dict(entries[2]))


@pytest.mark.parametrize(("act", "number"), [(_remove, 4), (_swap, 4), (_forge, 4), (_slip_in, 3)])
def test_an_act_is_found_at_the_entry_it_touches_or_the_next(act: Callable[[Entries], None], number: int) -> None:
    entries = chain()
    act(entries)
    broken = Walker(1).walk(entries)
    assert broken is not None and broken.chain_no == number


def test_a_chain_that_was_cut_short_or_grew_by_itself() -> None:
    entries = chain()
    short = Walker(1)
    assert short.walk(entries[:4]) is None
    cut = short.end(head(entries))
    assert cut is not None and cut.reason == "ends after entry 4, but entry 5 was written"
    grown = Walker(1)
    assert grown.walk(entries) is None
    assert grown.end(head(entries[:4])) is not None


def test_a_chain_that_was_written_anew_is_not_the_one_that_was_noted() -> None:
    """Whoever can write both tables can make a chain that holds; not one with the digests that others keep."""
    known = {3: chain()[2]["digest"]}
    entries = chain()
    digest = entries[0]["digest"]
    for entry in entries[1:]:
        entry |= {"facts": "anew", "previous_digest": digest}
        digest = entry["digest"] = digest_of(entry)
    plain = Walker(1)
    assert plain.walk(entries) is None and plain.end(head(entries)) is None
    broken = Walker(1, noted=known).walk(entries)
    assert broken is not None and broken.chain_no == 3
    short = Walker(1, noted={5: "x"})
    assert short.walk(chain(4)) is None
    cut = short.end(head(chain(4)))
    assert cut is not None and "entry 5 was written" in cut.reason


def test_what_is_older_than_the_chain_is_its_beginning() -> None:
    old = [{**entry, "chain_no": None, "digest": None, "previous_digest": None} for entry in chain(3)]
    beginning = ""
    for entry in old:
        beginning = continued(beginning, entry)
    new = chain(2)
    digest = beginning
    for number, entry in enumerate(new, 4):
        entry |= {"id": 10 * number, "previous_digest": digest}
        digest = entry["digest"] = digest_of(entry)
    assert _walked(old, new, beginning) is None
    assert _walked(old[1:], new, beginning) is not None
    changed = [old[0], {**old[1], "facts": "x"}, old[2]]
    broken = _walked(changed, new, beginning)
    assert broken is not None and broken.entry_id is None
    assert _walked(old, [new[0], {**old[0], "id": 99}, new[1]], beginning) is not None


def _walked(old: Entries, new: Entries, beginning: str) -> Any:
    walker = Walker(1, unchained=3, beginning=beginning)
    return walker.walk([*old, *new]) or walker.end(head(new))
