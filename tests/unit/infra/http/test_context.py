"""Routes are given the database, the cache and the address of the caller."""

from fastapi import APIRouter

from chargecloud.infra.http.context import Db, Limits, Source
from chargecloud.infra.sql.engine import Database
from tests.support.http import app_for, client_of

router = APIRouter()


@router.get("/given", operation_id="given")
async def given(db: Db, limits: Limits, source: Source) -> dict[str, str | bool]:
    async with db.read():
        free = [await limits.take(source, limit=2, window_s=60) for _ in range(3)]
    return {"source": source, "limited": free == [True, True, False]}


async def test_what_routes_are_given(database: Database) -> None:
    async with client_of(app_for(database, [router])) as client:
        assert (await client.get("/api/v1/given")).json() == {"source": "127.0.0.1", "limited": True}
