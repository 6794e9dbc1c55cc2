"""The page for people shows every operation and schema, and no text of ours can break it."""

from fastapi import APIRouter

from chargecloud.infra.http.model import ApiModel, Moment
from chargecloud.infra.sql.engine import Database
from tests.support.http import app_for, client_of

router = APIRouter()


class Leaf(ApiModel):
    """A leaf <script>alert(1)</script>."""

    name: str | None
    at: Moment
    codes: list[str]


@router.get("/leaves/{leaf_id}", operation_id="get_leaf")
async def get_leaf(leaf_id: int, verbose: bool = False) -> Leaf:
    """One leaf & its <b>facts</b>."""
    return Leaf(name=str(leaf_id), at=0, codes=[])


async def test_everything_is_there_and_escaped(database: Database) -> None:
    async with client_of(app_for(database, [router], docs=True)) as client:
        page = (await client.get("/api/docs")).text
    for expected in (
        "<code>/api/v1/leaves/{leaf_id}</code>", "get_leaf", "create_live_ticket", '<a href="#Leaf">Leaf</a>',
        '<h3 id="Problem">', "<code>string</code> or <code>null</code>", "list of <code>string</code>",
        "<code>date-time</code>", "&lt;script&gt;", "One leaf &amp; its",
    ):  # fmt: skip
        assert expected in page
    assert "<script" not in page and "<b>" not in page
