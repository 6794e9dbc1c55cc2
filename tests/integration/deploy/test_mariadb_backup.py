"""The commands of docs/operating/backup.md on a MariaDB server of our own: dump, disaster, dump and binary log."""

import asyncio
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chargecloud.features.drivers import service as drivers
from chargecloud.features.operators import service as operators
from chargecloud.features.operators.messages import DEFAULT_OPERATOR_ID
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import AuditReport, TopUp
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import SystemClock
from chargecloud.main import schema
from tests.support.servers import MariaDb
from tests.tidy.source import ROOT

pytestmark = pytest.mark.connected

PAGE = ROOT / "docs" / "operating" / "backup.md"
BINARY_LOG = ("--log-bin=chargecloud-bin", "--binlog-format=ROW", "--server-id=1")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MariaDb]:
    with MariaDb(tmp_path / "server", BINARY_LOG) as running:
        yield running


class Operator:
    """Types the page's commands, with this server and these folders in them."""

    def __init__(self, server: MariaDb, folder: Path) -> None:
        self._folder = folder
        self._data = server.folder / "data"
        self._account = f"--no-defaults --host=127.0.0.1 --port={server.port} --user=root"
        self._commands = re.findall(r"^(?:mariadb|grep).*$", PAGE.read_text("utf-8"), re.MULTILINE)

    def types(self, start: str, **changes: str) -> str:
        """The page's only command that begins so."""
        (command,) = (line for line in self._commands if line.startswith(start))
        for old, new in changes.items():
            command = re.sub(rf"(--{old}=)\d+", rf"\g<1>{new}", command)
        return self.runs(command)

    def runs(self, command: str) -> str:
        command = re.sub(r"\bmariadb(-dump)?(?= )", rf"\g<0> {self._account}", command)
        command = re.sub(r"\| mariadb$", f"| mariadb {self._account}", command)
        command = command.replace("mariadb-binlog ", "mariadb-binlog --no-defaults ")
        command = command.replace("/backup", str(self._folder)).replace("/var/lib/mysql", str(self._data))
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0, (command, done.stderr)
        return done.stdout


def test_nothing_that_was_committed_is_lost(server: MariaDb, tmp_path: Path) -> None:
    operator = Operator(server, tmp_path)
    schema.upgrade(server.url)
    asyncio.run(top_up(server.url, 3))
    operator.types("mariadb-dump")
    before = asyncio.run(top_up(server.url, 4))
    name, position = operator.runs("mariadb -N -e 'SHOW MASTER STATUS'").split()[:2]
    operator.runs("mariadb -e 'DELETE FROM chargecloud.wallets WHERE driver_id = 0; DROP DATABASE chargecloud'")
    operator.types("mariadb -e 'DROP")
    operator.types("mariadb < ")
    assert asyncio.run(audited(server.url)).transfers == 3
    ends = re.search(r"MASTER_LOG_FILE='([^']+)', MASTER_LOG_POS=(\d+)", operator.types("grep"))
    assert ends and ends[1] == name == "chargecloud-bin.000002", "the page names the file of its example"
    operator.types("mariadb-binlog --database", **{"start-position": ends[2], "stop-position": position})
    after = asyncio.run(audited(server.url))
    assert (after, after.problems, after.transfers) == (before, (), 7)
    assert schema.drift(server.url) == []
    asyncio.run(top_up(server.url, 1))


async def top_up(url: str, times: int) -> AuditReport:
    """So many more top-ups, and what the ledger says then."""
    database = Database(url, SystemClock())
    await database.start()
    try:
        async with database.unit() as uow:
            await operators.require_default_operator(uow)
            new = drivers.NewDriver(operator_id=DEFAULT_OPERATOR_ID, name="车主")
            driver_id = (await drivers.create_driver(uow, new)).driver_id
            for number in range(times):
                paid = TopUp(driver_id=driver_id, transfer_id=f"{driver_id}-{number}", amount_fen=100, source="counter")
                await wallet.top_up(uow, paid)
    finally:
        await database.stop()
    return await audited(url)


async def audited(url: str) -> AuditReport:
    database = Database(url, SystemClock())
    await database.start()
    try:
        async with database.read() as connection:
            return await wallet.audit(connection)
    finally:
        await database.stop()
