"""Dialects: a table of facts."""

from __future__ import annotations

from chargecloud.protocols.dny.quirks import BUILT_IN, NEWEST, OF_2022, OLDEST, PLAIN, Quirk, StartForm, dialect_of


def test_without_a_match_the_newest_form_is_tried_first() -> None:
    assert dialect_of(0x21, 640) is PLAIN and PLAIN.start_forms == (NEWEST, OF_2022, OLDEST)


def test_the_captured_model_begins_with_what_it_was_seen_to_obey() -> None:
    dialect = dialect_of(0x31, 640)
    assert dialect.start_forms == (OF_2022, OLDEST) and dialect.names == ("two-sockets-31",)
    assert dialect_of(0x31, 641) is PLAIN


def test_every_quirk_says_why() -> None:
    assert all(quirk.why and quirk.device_types for quirk in BUILT_IN)
    assert len({quirk.name for quirk in BUILT_IN}) == len(BUILT_IN)


def test_quirks_add_up_in_order() -> None:
    first = Quirk("a", "x", frozenset({1}), changes={"start_forms": (OLDEST,)})
    second = Quirk("b", "y", frozenset({1}), changes={"start_forms": (NEWEST,)})
    assert dialect_of(1, 1, (first, second)).names == ("a", "b")
    assert dialect_of(1, 1, (first, second)).start_forms == (NEWEST,)


def test_a_form_keeps_the_columns_it_has_room_for() -> None:
    assert StartForm(34).keep(34, 2) == 2 and StartForm(34).keep(35, 2) is None
