"""The demo: its own data, its own loopback listeners, the whole platform and virtual charge points in one process."""

import asyncio
import ipaddress
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path

import typer

from chargecloud.infra.telemetry import set_up_log
from chargecloud.kernel.clock import Clock, FastClock, SystemClock
from chargecloud.kernel.errors import Invalid
from chargecloud.main import demo_http, demo_seed, process
from chargecloud.main.demo_boards import BOARD_STATIONS, boards_simulation
from chargecloud.main.demo_boards_once import FASTER, ebikes_once, plug_in
from chargecloud.main.demo_fleet import Life, charge_points, simulations
from chargecloud.main.demo_once import charge_once
from chargecloud.main.demo_simulator import DemoSimulator
from chargecloud.main.demo_wechat import own_wechat
from chargecloud.main.roles import Platform, all_parts, wire
from chargecloud.main.servers import WebServer
from chargecloud.main.settings import HttpsSettings, JournalSettings, ListenerSettings, Settings
from chargecloud.sim.actor import Actor
from chargecloud.sim.dny.modem import VirtualModem
from chargecloud.sim.runner import Runner

LOOPBACK = "127.0.0.1"
PULSE_S = 0.4


class Fleet:
    """The virtual charge points, as a part of the process; started after the listeners."""

    def __init__(self, platform: Platform, only: frozenset[Life]) -> None:
        self._platform = platform
        self._only = only
        self._over = asyncio.Event()
        self._running: list[asyncio.Task[object]] = []
        self.boards: Runner | None = None
        self.simulator = DemoSimulator()

    async def start(self) -> None:
        """Let them connect, each to the first listener of its protocol; without one they stay away."""
        ports = self._ports()
        cars, boards = ports.get("ykc16"), ports.get("dny")
        for options, specs in simulations(cars, only=self._only) if cars else []:
            self._run(Runner(options, specs=specs, clock=self._platform.clock, tell=_quietly))
        if boards:
            options, modems = boards_simulation(boards, anybody=bool(self._only))
            self.boards = Runner(options, specs=modems, clock=self._platform.clock, tell=_quietly)
            if not self._only:
                plug_in(self.modems(), self._platform.clock.monotonic())
            self._run(self.boards)

    def modems(self) -> list[Actor[VirtualModem]]:
        """Every modem of the e-bike stations."""
        return list(dict.fromkeys(self.boards.actors.values())) if self.boards else []

    def _run(self, runner: Runner) -> None:
        self.simulator.add(runner)
        self._running.append(asyncio.create_task(runner.run(self._over)))

    def _ports(self) -> dict[str, int]:
        ports: dict[str, int] = {}
        listeners = self._platform.settings.listeners
        for listener, address in zip(listeners, self._platform.gateway.addresses(), strict=True):
            ports.setdefault(listener.protocol, address[1])
        return ports

    async def stop(self) -> None:
        """Let them hang up."""
        self._over.set()
        await asyncio.gather(*self._running)


def _quietly(_line: str) -> None:
    """The page shows how they do."""


class Pulse:
    """Lets the gateway tell often enough, by a clock that runs fast, that it lives."""

    def __init__(self, platform: Platform) -> None:
        self._signs = platform.gateway_role.signs
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """From now on."""
        self._task = asyncio.create_task(self._go_on())

    async def stop(self) -> None:
        """No more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(PULSE_S)
            self._signs.tell()


class Seeding:
    """Fills the demo's database when it is empty."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.accounts: demo_seed.Accounts | None = None

    async def start(self) -> None:
        """After the database, before anybody connects."""
        self.accounts = await demo_seed.seed(self._platform.database)

    async def stop(self) -> None:
        """Nothing: the data stay."""


def run_demo(settings: Settings, *, public: bool, fresh: bool) -> int:
    """Until Ctrl-C."""
    own = demo_settings(settings, settings.data_dir / "demo", public=public)
    if fresh:
        shutil.rmtree(own.data_dir, ignore_errors=True)

    async def until_stopped(stop: asyncio.Event) -> int:
        async with own_wechat(own, SystemClock()) as settings:
            platform = wire(settings, SystemClock(), pages=(demo_http.router,))
            seeding = Seeding(platform)
            fleet = Fleet(platform, frozenset(Life))
            platform.app.state.tools.simulator = fleet.simulator
            parts = [*all_parts(platform, seeding=seeding), fleet]
            await process.run_parts(parts, stop, on_ready=lambda: typer.echo(banner(platform, seeding)))
        return 0

    return process.run(until_stopped)


def run_once(settings: Settings) -> int:
    """One car and four e-bikes on fresh data and free ports, then the end; 0 when all came to their bills."""
    code = _once(settings, SystemClock(), frozenset({Life.VISITORS}), lambda base, _: charge_once(base, typer.echo))
    if code:
        return code
    typer.echo("")
    fast = FastClock(FASTER)
    return _once(settings, fast, frozenset(), lambda base, fleet: ebikes_once(base, typer.echo, fleet.modems()))


def _once(
    settings: Settings, clock: Clock, only: frozenset[Life], show: Callable[[str, Fleet], Coroutine[None, None, None]]
) -> int:
    """A platform that lives for as long as something is shown on it."""
    with tempfile.TemporaryDirectory(prefix="chargecloud-demo-") as directory:
        own = anywhere(demo_settings(settings, Path(directory), public=False))

        async def until_shown(stop: asyncio.Event) -> int:
            platform = wire(own, clock, pages=(demo_http.router,))
            if isinstance(clock, FastClock):
                set_up_log("error", own.log.format, clock)  # by such a clock everything is slow
            parts = all_parts(platform, seeding=Seeding(platform))
            http = next(part for part in parts if isinstance(part, WebServer))
            fleet = Fleet(platform, only)
            shown: list[asyncio.Task[None]] = []

            def begin() -> None:
                task = asyncio.create_task(show(f"http://{LOOPBACK}:{http.port}", fleet))
                task.add_done_callback(lambda _: stop.set())
                shown.append(task)

            await process.run_parts([*parts, Pulse(platform), fleet], stop, on_ready=begin)
            if not shown[0].done():
                shown[0].cancel()
                return process.FORCED_EXIT_CODE
            shown[0].result()
            return 0

        return process.run(until_shown)


def demo_settings(settings: Settings, directory: Path, *, public: bool) -> Settings:
    """The same settings for the demo: its own directory, loopback only unless asked otherwise, documentation on."""
    sections = (settings.database, settings.bus, settings.cache, settings.wechat)
    keys = ("database.url", "bus.url", "cache.url", "wechat")
    for section, key in zip(sections, keys, strict=True):
        if section.model_fields_set:
            raise Invalid(f"demo: {key} is configured, but the demo keeps data of its own; leave it out", "demo_data")
    listeners = settings.listeners if "listeners" in settings.model_fields_set else _loopback(settings.listeners)
    own = settings.model_copy(
        update={
            "data_dir": directory,
            "listeners": listeners,
            "enrolment": "closed",
            "http": settings.http.model_copy(update={"docs": True}),
        }
    )
    open_to_all = [host for host in _hosts(own) if not _is_loopback(host)]
    if open_to_all and not public:
        raise Invalid(
            f"demo: {', '.join(open_to_all)} can be reached from other machines, and the demo has a public account; "
            "use 127.0.0.1, or say --public when that is what you want",
            "demo_public",
        )
    return own


def anywhere(settings: Settings) -> Settings:
    """The same settings on ports the system chooses and with a small journal: for what is thrown away afterwards."""
    return settings.model_copy(
        update={
            "listeners": (
                ListenerSettings(protocol="ykc16", host=LOOPBACK, port=0),
                ListenerSettings(protocol="dny", host=LOOPBACK, port=0),
            ),
            "http": settings.http.model_copy(update={"host": LOOPBACK, "port": 0}),
            "https": HttpsSettings(enabled=False),
            "journal": JournalSettings(mib=1),
        }
    )


def banner(platform: Platform, seeding: Seeding) -> str:
    """What a newcomer needs to know."""
    settings, known = platform.settings, seeding.accounts
    if known is None:
        raise Invalid("demo: not started", "demo_not_started")
    base = f"http://{settings.http.host}:{settings.http.port}"
    listening = ", ".join(f"{host}:{port}" for host, port in platform.gateway.addresses())
    https = f"https://{settings.https.host}:{settings.https.port}/  (自签名证书 self-signed)"
    return "\n".join(
        (
            "",
            "智能充电云演示已启动 · the demo is running",
            "",
            f"  页面 page            {base}/",
            *([f"                       {https}"] if settings.https.enabled else []),
            f"  接口文档 API docs    {base}/api/docs",
            f"  充电桩 listeners     {listening}  ({len(charge_points())} 台模拟桩 virtual charge points, "
            f"{sum(len(place.modem.boards) for place in BOARD_STATIONS)} 台电动车桩 e-bike boards)",
            f"  数据 data            {settings.data_dir}",
            *([f"  模拟微信 fake WeChat {wechat}/connect"] if (wechat := settings.wechat.web_base_url) else []),
            "",
            "  账号 accounts (REST: POST /api/v1/staff/sign-in)",
            f"    {demo_seed.DEMO_USERNAME} / {demo_seed.DEMO_PASSWORD}  只读 read-only",
            f"    {known.operations_username} / {known.operations_password}  运营 operations (本次有效 for this run)",
            "",
            "  Ctrl-C 停止 stops it",
        )
    )


def _loopback(listeners: tuple[ListenerSettings, ...]) -> tuple[ListenerSettings, ...]:
    return tuple(listener.model_copy(update={"host": LOOPBACK}) for listener in listeners)


def _hosts(settings: Settings) -> list[str]:
    web = [settings.http.host] + ([settings.https.host] if settings.https.enabled else [])
    return list(dict.fromkeys([*web, *(listener.host for listener in settings.listeners)]))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
