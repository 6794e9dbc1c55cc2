"""The database and what has to be in it, as parts of a process."""

import asyncio
from importlib.metadata import version

import structlog

from chargecloud.features.operators import service as operators
from chargecloud.features.stations import service as stations
from chargecloud.infra.deadletters import DeadLetters
from chargecloud.infra.processes import Presence
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.errors import Unavailable
from chargecloud.main import accounts, schema_state
from chargecloud.main.place import Place

log = structlog.get_logger("chargecloud.storage")


class DatabasePart:
    """The database with its newest schema, and what every installation has in it."""

    def __init__(
        self, url: str, database: Database, *, demo: bool = False, migrate: bool = True, gateway_id: str = ""
    ) -> None:
        """`migrate`: bring an older schema to the newest, as the only process; otherwise an older one is refused.

        `gateway_id`: of a gateway that starts with this process, so that nothing can be online there yet.
        """
        self._url = url
        self._database = database
        self._demo = demo
        self._migrate = migrate
        self._gateway_id = gateway_id

    async def start(self) -> None:
        """Look at the schema, open, see that nothing of a demo is in it."""
        found, needed = await asyncio.to_thread(schema_state.revision, self._url), schema_state.newest()
        if found != needed and not self._migrate:
            raise Unavailable(
                f"the database has schema {found or '(none)'}, this version needs {needed}; run `chargecloud migrate`",
                "schema_old",
            )
        if found != needed:
            await asyncio.to_thread(_upgrade, self._url)
        await self._database.start()
        if not self._demo:
            await accounts.refuse_demo_accounts(self._database)
        async with self._database.unit() as uow:
            await operators.require_default_operator(uow)
            if self._gateway_id:
                await stations.forget_gateway(uow, self._gateway_id)
        if not self._demo and not await accounts.everybody(self._database):
            log.warning("staff.none", hint="nobody can sign in yet; run `chargecloud staff add NAME`")

    async def stop(self) -> None:
        """Close after the unit of work in hand."""
        await self._database.stop()


def presence(database: Database, role: str, place: Place) -> Presence:
    """What tells the other processes that this one lives; to be started after the database."""
    return Presence(database, role=role, name=place.process_name(), version=version("chargecloud"))


def _upgrade(url: str) -> None:
    from chargecloud.main import schema

    before, after = schema.upgrade(url)
    log.info("schema.upgraded", before=before or "empty", after=after)


class DeadLettersPart:
    """What the bus set aside is written down before the database closes."""

    def __init__(self, dead_letters: DeadLetters) -> None:
        self._dead_letters = dead_letters

    async def start(self) -> None:
        """Nothing: it works when it is given something."""

    async def stop(self) -> None:
        """Finish writing."""
        await self._dead_letters.stop()
