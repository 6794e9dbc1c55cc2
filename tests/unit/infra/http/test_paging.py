"""Pages follow each other without a gap, and a cursor is only ours."""

import pytest
from fastapi import APIRouter
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.infra.http.paging import Page, Pages, Paging, _key_of, cursor_of
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.errors import Invalid
from tests.support.http import app_for, client_of

ITEMS = list(range(120, 0, -1))
router = APIRouter()


@router.get("/numbers", operation_id="numbers")
async def numbers(pages: Pages) -> Page[int]:
    before = pages.before_id
    rows = [each for each in ITEMS if before is None or each < before][: pages.fetch]
    shown, following = pages.page(rows, lambda number: number)
    return Page(items=list(shown), next=following)


@pytest.mark.parametrize("limit", [1, 7, 40, 60, 119, 120, 121, 200])
async def test_pages_follow_each_other(database: Database, limit: int) -> None:
    seen: list[int] = []
    params: dict[str, str | int] = {"limit": limit}
    async with client_of(app_for(database, [router])) as client:
        while True:
            page = (await client.get("/api/v1/numbers", params=params)).json()
            assert len(page["items"]) <= limit
            seen += page["items"]
            if page["next"] is None:
                break
            params["before"] = page["next"]
    assert seen == ITEMS


async def test_fifty_items_unless_told_otherwise(database: Database) -> None:
    async with client_of(app_for(database, [router])) as client:
        assert len((await client.get("/api/v1/numbers")).json()["items"]) == 50


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=-1", "limit=x", "before="])
async def test_limits_are_kept(database: Database, query: str) -> None:
    async with client_of(app_for(database, [router])) as client:
        assert (await client.get(f"/api/v1/numbers?{query}")).status_code == 422


FOREIGN = ["!!!", "abc", "WzEs", cursor_of("text"), cursor_of((1, 2)), "e30", "bnVsbA", "WzEuNV0", "x" * 300]


@pytest.mark.parametrize("cursor", FOREIGN)
async def test_a_foreign_cursor_is_refused(database: Database, cursor: str) -> None:
    async with client_of(app_for(database, [router])) as client:
        answer = await client.get("/api/v1/numbers", params={"before": cursor})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")


@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.text(max_size=20), min_size=1, max_size=3))
def test_a_cursor_is_the_key_and_back(key: list[int | str]) -> None:
    assert _key_of(cursor_of(tuple(key))) == tuple(key)


@given(st.text(min_size=1, max_size=60))
def test_no_text_breaks_the_cursor(text: str) -> None:
    try:
        _key_of(text)
    except Invalid as error:
        assert error.code == "invalid_cursor"


def test_a_key_of_several_parts_comes_back() -> None:
    rows = [(5, "b"), (5, "a"), (4, "z")]
    shown, following = Paging(limit=2).page(rows, lambda row: row)
    assert list(shown) == rows[:2]
    assert following is not None and _key_of(following) == (5, "a")
