"""The demo keeps to itself: its own data, loopback, an account that may write nothing."""

import re
import shutil
from pathlib import Path

import httpx
import pytest

from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import SystemClock
from chargecloud.kernel.errors import Invalid, Refused
from chargecloud.main import accounts, demo_http, demo_seed
from chargecloud.main.demo import Seeding, anywhere, banner, demo_settings
from chargecloud.main.demo_boards import BOARD_STATIONS
from chargecloud.main.demo_fleet import charge_points
from chargecloud.main.demo_seed import DEMO_PASSWORD, DEMO_USERNAME
from chargecloud.main.roles import Platform, wire
from chargecloud.main.settings import Settings
from chargecloud.main.storage import DatabasePart

HARMLESS = {
    "POST /api/v1/live/tickets": 201,
    "POST /api/v1/tariffs/{tariff_id}/quotes": 422,
    "POST /api/v1/two-wheel-tariffs/{tariff_id}/quotes": 422,
    "POST /api/v1/tools/decodings": 422,
    "POST /api/v1/payments/notices/{channel}": 422,
    "POST /api/v1/staff/sign-in/code": 422,
}
"""What the demo account may ask for although it is no GET: nothing that changes what others see. Providers sign their
notices instead of signing in, and one that is not signed is refused; a code at sign-in needs a ticket."""


def written(path: str) -> str:
    """A path of the OpenAPI document with something in place of its parameters."""
    return re.sub(r"\{\w+\}", "9" * 12, path.removeprefix("/api/v1"))


@pytest.fixture
def settings(tmp_path: Path, newest_database: Path) -> Settings:
    own = anywhere(demo_settings(Settings(), tmp_path / "demo", public=False))
    own.data_dir.mkdir()
    shutil.copy(newest_database, own.data_dir / "chargecloud.db")
    return own


def platform_of(settings: Settings) -> Platform:
    return wire(settings, SystemClock(), pages=(demo_http.router,))


async def test_seeding_twice_adds_nothing_but_a_new_password(settings: Settings) -> None:
    platform = platform_of(settings)
    await platform.database.start()
    try:
        first = await demo_seed.seed(platform.database)
        second = await demo_seed.seed(platform.database)
        known = [member.username for member in await accounts.everybody(platform.database)]
        with pytest.raises(Refused, match="demo"):
            await accounts.refuse_demo_accounts(platform.database)
    finally:
        await platform.database.stop()
    assert first.operations_password != second.operations_password
    assert known == [DEMO_USERNAME, demo_seed.OPERATIONS_USERNAME]


async def test_up_does_not_start_with_a_demo_account(settings: Settings) -> None:
    database = Database(settings.database_url, SystemClock())
    await database.start()
    await demo_seed.seed(database)
    await database.stop()
    plain = Database(settings.database_url, SystemClock())
    with pytest.raises(Refused, match="CHARGECLOUD_DATA_DIR"):
        await DatabasePart(settings.database_url, plain, demo=False).start()
    await plain.stop()


async def test_the_public_account_reads_everything_and_writes_nothing(settings: Settings) -> None:
    platform = platform_of(settings)
    await platform.database.start()
    seeding = Seeding(platform)
    await seeding.start()
    transport = httpx.ASGITransport(app=platform.app)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost/api/v1") as client:
            assert (await client.get("/demo")).json() == {"username": DEMO_USERNAME, "password": DEMO_PASSWORD}
            signed = await client.post("/staff/sign-in", json={"username": DEMO_USERNAME, "password": DEMO_PASSWORD})
            headers = {"Authorization": f"Bearer {signed.json()['token']}"}
            listed = await client.get("/charge-points?limit=200", headers=headers)
            answers = {
                f"{method.upper()} {path}": (
                    await client.request(method.upper(), written(path), headers=headers)
                ).status_code
                for path, operations in platform.app.openapi()["paths"].items()
                for method in operations
                if method != "get" and not path.endswith(("/sign-in", "/sign-out", "/visitors"))
            }
            new = {"old_password": DEMO_PASSWORD, "new_password": "something else"}
            password = await client.post("/staff/me/password", json=new, headers=headers)
            visitor = (await client.post("/demo/visitors")).json()
            wallet = await client.get("/wallet", headers={"Authorization": f"Bearer {visitor['token']}"})
    finally:
        await platform.database.stop()
    assert len(listed.json()["items"]) == len(charge_points()) + sum(
        len(place.modem.boards) for place in BOARD_STATIONS
    )
    assert wallet.json()["available_fen"] == demo_seed.VISITOR_FEN
    assert {operation: status for operation, status in answers.items() if status != 403} == HARMLESS
    assert (password.status_code, password.json()["code"]) == (403, "permission_missing")
    assert "demo123" in banner(platform, seeding)


@pytest.mark.parametrize("key", ["database", "bus", "cache"])
def test_the_demo_takes_no_other_data(key: str) -> None:
    configured = Settings.model_validate({key: {"url": "sqlite:///mine.db"}})
    with pytest.raises(Invalid, match=rf"{key}\.url"):
        demo_settings(configured, Path("demo"), public=False)


@pytest.mark.parametrize(
    "configured",
    [
        {"http": {"host": "0.0.0.0"}},
        {"https": {"host": "192.168.1.2"}},
        {"listeners": [{"protocol": "ykc16", "host": "0.0.0.0", "port": 1}]},
        {"http": {"host": "example.com"}},
    ],
)
def test_the_demo_is_for_this_machine_unless_asked_otherwise(configured: dict[str, object]) -> None:
    settings = Settings.model_validate(configured)
    with pytest.raises(Invalid, match="--public"):
        demo_settings(settings, Path("demo"), public=False)
    assert demo_settings(settings, Path("demo"), public=True).data_dir == Path("demo")


def test_the_default_listeners_become_loopback_ones() -> None:
    own = demo_settings(Settings(enrolment="open"), Path("demo"), public=False)
    assert {listener.host for listener in own.listeners} == {"127.0.0.1"}
    assert (own.enrolment, own.http.docs) == ("closed", True)
