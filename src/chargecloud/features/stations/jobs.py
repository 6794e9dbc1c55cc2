"""What stations do by themselves: see which gateways live, set clocks, close lost commands, forget old ones."""

from chargecloud.device.commands import SyncClock
from chargecloud.features.stations import service_gateways, service_strangers, sql_commands, sql_strangers, views
from chargecloud.infra.schedule.contract import Job
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.ids import new_id

DAY_S = 86_400
CHUNK = 500
LOST_AFTER_MS = 120_000
LOG_KEPT_MS = 90 * DAY_S * 1000


async def sync_clocks(database: Database) -> None:
    """Set the clock of everything that is online (文档 §5: once a day)."""
    after_code = ""
    while True:
        async with database.read() as connection:
            codes = await views.online_codes(connection, after_code=after_code, limit=CHUNK)
        if not codes:
            return
        async with database.unit() as uow:
            for code in codes:
                uow.command(SyncClock(command_id=new_id(), charge_point_code=code, expires_at_ms=uow.now_ms + 60_000))
        after_code = codes[-1]


async def close_lost_commands(database: Database) -> None:
    """End what no gateway will end any more."""
    async with database.unit() as uow:
        await sql_commands.close_lost(uow, expired_before_ms=uow.now_ms - LOST_AFTER_MS)


async def prune_commands(database: Database) -> None:
    """Keep the command log bounded."""
    pruned = CHUNK
    while pruned == CHUNK:
        async with database.unit() as uow:
            pruned = await sql_commands.prune(uow, before_ms=uow.now_ms - LOG_KEPT_MS, limit=CHUNK)


async def prune_strangers(database: Database) -> None:
    """Forget charge points that nobody entered and that gave up calling."""
    async with database.unit() as uow:
        await sql_strangers.prune(uow, before_ms=uow.now_ms - service_strangers.KEPT_MS)


async def give_up_silent_gateways(database: Database) -> None:
    """Nobody can reach what a dead gateway held."""
    async with database.unit() as uow:
        await service_gateways.give_up_silent(uow)


JOBS = (
    Job("stations.give_up_silent_gateways", 15, give_up_silent_gateways),
    Job("stations.sync_clocks", DAY_S, sync_clocks),
    Job("stations.close_lost_commands", 60, close_lost_commands),
    Job("stations.prune_commands", 3600, prune_commands),
    Job("stations.prune_strangers", 3600, prune_strangers),
)
