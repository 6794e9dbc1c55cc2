"""What a reach covers, and that its conditions say the same."""

from itertools import product

import pytest
from sqlalchemy import column, literal, select
from sqlalchemy.dialects import sqlite

from chargecloud.infra.sql.reach import EVERYWHERE, Reach

OWN, OTHER = 1, 2
REACHES = {
    "everywhere": (EVERYWHERE, {(OWN, 7), (OWN, 8), (OWN, None), (OTHER, 7), (OTHER, None)}),
    "an operator": (Reach(OWN), {(OWN, 7), (OWN, 8), (OWN, None)}),
    "one station": (Reach(OWN, frozenset({7})), {(OWN, 7)}),
    "nothing": (Reach(OWN, frozenset()), set()),
}


@pytest.mark.parametrize("name", REACHES)
def test_what_is_covered(name: str) -> None:
    reach, covered = REACHES[name]
    found = {
        place for place in product((OWN, OTHER), (7, 8, None)) if reach.covers(*place) and place != (OTHER, 8)
    }  # fmt: skip
    assert found == covered
    assert reach.limited is (reach.station_ids is not None)


def test_conditions_name_no_more_than_they_need() -> None:
    def written(reach: Reach) -> str:
        statement = select(literal(1)).where(*reach.within(column("operator"), column("station")))
        return str(statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))

    assert "WHERE" not in written(EVERYWHERE)
    assert written(Reach(OWN)).endswith("WHERE operator = 1")
    assert written(Reach(OWN, frozenset({8, 7}))).endswith("WHERE operator = 1 AND station IN (7, 8)")
    assert "1!=1" in written(Reach(OWN, frozenset())), "an empty set is nothing, not everything"
