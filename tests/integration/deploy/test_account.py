"""The database account of deploy/ can do all the platform does, and nothing beside its database."""

import asyncio
import secrets
from collections.abc import AsyncIterator

import asyncmy
import pytest
from sqlalchemy import make_url

from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.store import StoreOptions
from chargecloud.kernel.clock import SystemClock
from chargecloud.main import schema, schema_state
from chargecloud.main.role_worker import JOBS
from tests.support.mariadb import new_name, run_sql
from tests.support.servers import MARIADB_URL
from tests.tidy.source import ROOT

pytestmark = pytest.mark.connected

SCRIPT = ROOT / "deploy" / "mariadb" / "create.sql"


@pytest.fixture
async def url() -> AsyncIterator[str]:
    name, account, password = new_name(), f"cc_{secrets.token_hex(4)}", secrets.token_hex(8)
    text = SCRIPT.read_text("utf-8").replace("mend-this-password", password).replace("10.0.0.%", "127.0.0.1")
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    lines = lines.replace("'chargecloud'", f"'{account}'").replace("chargecloud", name)
    server = make_url(MARIADB_URL)
    try:
        await run_sql(*(statement for statement in lines.split(";") if statement.strip()))
        yield f"mysql://{account}:{password}@{server.host}:{server.port or 3306}/{name}"
    finally:
        await run_sql(f"DROP DATABASE IF EXISTS {name}", f"DROP USER IF EXISTS '{account}'@'127.0.0.1'")


async def test_the_account_is_enough_and_no_more(url: str) -> None:
    assert await asyncio.to_thread(schema.upgrade, url) == ("", schema_state.newest())
    database = Database(url, SystemClock(), store=StoreOptions(allow_unsafe=True))
    await database.start()
    try:
        for job in JOBS:
            await job.run(database)
    finally:
        await database.stop()
    account = make_url(url)
    with pytest.raises(asyncmy.errors.Error):
        await asyncmy.connect(
            host=account.host, port=account.port, user=account.username, password=account.password, db="mysql"
        )
