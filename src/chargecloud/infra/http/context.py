"""What routes are given: the database, the address somebody calls from, and named things main put there."""

from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from chargecloud.infra.cache.contract import Cache
from chargecloud.infra.sql.engine import Database


def _database(connection: HTTPConnection) -> Database:
    return cast(Database, connection.app.state.database)


def _cache(connection: HTTPConnection) -> Cache:
    return cast(Cache, connection.app.state.cache)


def _source(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else ""


Db = Annotated[Database, Depends(_database)]
"""Routes write `async with db.unit() as uow:`, so that the commit comes before the answer."""

Limits = Annotated[Cache, Depends(_cache)]
"""`if not await limits.take("sign-in:" + source, limit=20, window_s=60): raise TooMany(...)`"""

Source = Annotated[str, Depends(_source)]
"""The address the request came from."""
