"""`chargecloud fake-wechat`: a WeChat and a WeChat Pay of one's own, for trials, demonstrations and tests."""

import asyncio
import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chargecloud.kernel.errors import Invalid

if TYPE_CHECKING:
    from chargecloud.main.settings_wechat import WechatSettings

TRUE_WECHAT = ".weixin.qq.com"


def register(app: typer.Typer) -> None:
    """Hang the command into the command line."""
    app.command("fake-wechat")(fake_wechat)


def fake_wechat(
    data: Annotated[Path, typer.Option(help="folder for its keys and the chargecloud.toml it writes")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="port it listens on; 0 lets the system choose")] = 9780,
    host: Annotated[str, typer.Option(help="address it listens on; it has no authentication")] = "127.0.0.1",
    speed: Annotated[float, typer.Option(min=0.001, help="repetitions and refunds come so many times faster")] = 1,
    mode: Annotated[str, typer.Option(help="how it signs: public_key, certificate or mixed")] = "public_key",
    notify_url: Annotated[
        str, typer.Option(help="where the platform takes its notices; stands in the configuration")
    ] = "http://127.0.0.1:8080/wx_notify_url",
    public: Annotated[bool, typer.Option("--public", help="allow an address that other machines reach")] = False,
) -> None:
    """Run a strict stand-in for WeChat and WeChat Pay; Ctrl-C stops it and forgets its orders."""
    from chargecloud.fake_wechat import config, keys
    from chargecloud.fake_wechat.server import FakeWechat
    from chargecloud.kernel.clock import SystemClock
    from chargecloud.main import process
    from chargecloud.main.servers import WebServer
    from chargecloud.main.settings_source import load_settings

    if mode not in ("public_key", "certificate", "mixed"):
        raise Invalid(f"fake-wechat: mode {mode!r}: must be public_key, certificate or mixed", "invalid_options")
    if not public and not _is_loopback(host):
        raise Invalid(
            f"fake-wechat: {host} can be reached from other machines, and everybody there could pay with it; "
            "use 127.0.0.1, or say --public when that is what you want",
            "invalid_options",
        )
    refuse_true_keys(load_settings().wechat)
    clock = SystemClock()
    try:
        known = keys.load_or_make(data, clock.now_ms())
    except (OSError, ValueError) as error:
        raise Invalid(f"fake-wechat: --data: {error}", "invalid_options") from None

    async def until_stopped(stop: asyncio.Event) -> int:
        fake = FakeWechat(known, clock, speed=speed, directory=data)
        fake.world.mode = mode
        server = WebServer(fake.app, host=host, port=port)

        def ready() -> None:
            base = f"http://{f'[{host}]' if ':' in host else host}:{server.port}"
            fake.world.base_url = base
            found = config.values(
                known, data, base_url=base, notify_url=notify_url, certificate_mode=mode == "certificate"
            )
            typer.echo(banner(base, config.write(data, found)))

        await process.run_parts([fake, server], stop, on_ready=ready)
        return 0

    raise typer.Exit(process.run(until_stopped))


def refuse_true_keys(settings: "WechatSettings") -> None:
    """Nobody runs a stand-in beside a merchant's true keys by mistake; Invalid says which settings those are."""
    if settings.mchid and settings.pay_base_url.endswith(TRUE_WECHAT):
        raise Invalid(
            "fake-wechat: wechat.mchid and wechat.pay_base_url are those of a true merchant here; "
            "unset CHARGECLOUD_WECHAT__MCHID, or run it where they are not configured",
            "true_wechat_configured",
        )


def banner(base: str, path: Path) -> str:
    """What somebody who has just started it needs to know."""
    return "\n".join(
        (
            "",
            "模拟微信已启动 · the fake WeChat is running",
            "",
            f"  地址 address        {base}",
            f"  控制 control        {base}/control/world  ({base}/control/openapi.json)",
            f"  登录 sign-in page   {base}/connect?redirect_uri=…",
            f"  收银台 cashier      {base}/cashier?…",
            f"  平台 platform       chargecloud up --config {path}",
            "",
            "  Ctrl-C 停止 stops it",
        )
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
