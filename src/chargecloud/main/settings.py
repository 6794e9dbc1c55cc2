"""One typed `Settings`: every field has a default, and together the defaults are the embedded profile."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from chargecloud.device.profile import Profile
from chargecloud.gateway.limits import GatewayLimits
from chargecloud.infra.sql.store import StoreOptions
from chargecloud.main.settings_exports import ExportSettings
from chargecloud.main.settings_payments import PaymentSettings
from chargecloud.main.settings_section import Section
from chargecloud.main.settings_staff import StaffSettings
from chargecloud.main.settings_wechat import WechatSettings

PREFIX = "CHARGECLOUD_"
DELIMITER = "__"

_LIMITS = GatewayLimits()
_STORE = StoreOptions()

Port = Annotated[int, Field(ge=0, le=65535)]
"""A TCP port; 0 lets the system choose a free one."""


class HttpSettings(Section):
    """Plain HTTP, meant for this machine or for a proxy that ends TLS."""

    host: str = Field("127.0.0.1", description="address the plain HTTP server listens on")
    port: Port = Field(8080, description="its port; 0 lets the system choose")
    docs: bool = Field(False, description="serve the interactive API documentation at `/api/docs`")
    hosts: tuple[str, ...] = Field(
        (), description="host names under which the platform is reached; empty admits every name"
    )
    proxies: tuple[str, ...] = Field(
        ("127.0.0.1", "::1"),
        description="addresses and networks of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed",
    )
    metrics_token: SecretStr = Field(
        SecretStr(""), description="bearer token that lets `/metrics` be read from elsewhere than this machine"
    )

    @field_validator("proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                raise ValueError(f"{error}; give addresses such as 127.0.0.1 or networks such as 10.0.0.0/24") from None
        return value


class HttpsSettings(Section):
    """HTTPS and WSS for console, REST and drivers."""

    enabled: bool = Field(True, description="serve HTTPS and WSS beside plain HTTP")
    host: str = Field("127.0.0.1", description="address the HTTPS server listens on")
    port: Port = Field(8443, description="its port; 0 lets the system choose")
    cert: Path | None = Field(None, description="PEM certificate chain; a self-signed one is generated without it")
    key: Path | None = Field(None, description="PEM private key that belongs to `https.cert`")

    @model_validator(mode="after")
    def _both_or_none(self) -> "HttpsSettings":
        if (self.cert is None) != (self.key is None):
            raise ValueError("cert and key belong together: give both, or neither for a self-signed certificate")
        return self


class ListenerSettings(Section):
    """One address charge points connect to."""

    protocol: str = Field(description="name of the protocol plug-in, such as `ykc16`")
    host: str = Field("0.0.0.0", description="address to listen on")
    port: Port = Field(description="port to listen on")
    tls_cert: Path | None = Field(None, description="PEM certificate chain; TLS is spoken when it is given")
    tls_key: Path | None = Field(None, description="PEM private key of `tls_cert`")
    client_ca: Path | None = Field(None, description="PEM authorities whose certificates charge points must show")

    @model_validator(mode="after")
    def _tls_is_whole(self) -> "ListenerSettings":
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key belong together: give both, or neither for plain TCP")
        if self.client_ca and not self.tls_cert:
            raise ValueError("client_ca needs tls_cert and tls_key: certificates are only shown over TLS")
        return self


class ProfileSettings(Section):
    """How charge points of one product or firmware leave their vendor's paper."""

    protocol: str = Field(description="name of the protocol plug-in, such as `dny`")
    name: str = Field(min_length=1, description="what the deviation is called in messages")
    why: str = Field("", description="how it is known")
    code_prefix: str = Field("", description="only charge points whose code begins so")
    product: str = Field("", description="only this product, as the protocol calls it, such as a type number")
    firmware_prefix: str = Field("", description="only firmware that begins so")
    firmware_below: str = Field("", description="only firmware before this one, numbers compared in order")
    changes: dict[str, bool | int | str | tuple[int, ...]] = Field(
        description="fields of the protocol's dialect and their values, such as `heartbeat_s`"
    )

    def for_protocol(self) -> Profile:
        """As the protocol takes it."""
        return Profile(**self.model_dump(exclude={"protocol"}))

    @model_validator(mode="after")
    def _is_about_somebody(self) -> "ProfileSettings":
        self.for_protocol()
        return self


class DatabaseSettings(Section):
    """Where orders, money and everything else durable lives."""

    url: str = Field(
        "",
        description="empty: SQLite in the data directory; `sqlite:///path`; `mysql://user:password@host:3306/name` "
        "(cluster), with `?ssl_ca=/path/ca.pem` over TLS that is checked",
    )
    connections: int = Field(
        _STORE.connections, ge=1, le=500, description="on a server: units of work at once; as many again for readers"
    )
    connect_s: float = Field(_STORE.connect_s, gt=0, description="on a server: seconds a new connection may take")
    wait_s: float = Field(_STORE.wait_s, gt=0, description="on a server: seconds to wait for a free connection")
    unit_s: float = Field(
        _STORE.unit_s, gt=0, description="on a server: seconds a unit of work may take, jobs in the background excepted"
    )
    lock_wait_s: int = Field(
        _STORE.lock_wait_s, ge=1, description="on a server: seconds to wait for a row another unit of work has changed"
    )
    allow_unsafe: bool = Field(
        _STORE.allow_unsafe, description="on a server: start though it may lose what it committed (tests, trials)"
    )

    def for_store(self) -> StoreOptions:
        """These sizes and deadlines; SQLite stays durable whatever they are."""
        return StoreOptions(**self.model_dump(exclude={"url"}))


class BusSettings(Section):
    """What carries messages between the roles."""

    url: str = Field("memory://", description="`memory://` within one process; `amqp://…` between several (cluster)")


class CacheSettings(Section):
    """Directory of connections, rate limits and live fan-out."""

    url: str = Field("memory://", description="`memory://` within one process; `redis://…` between several (cluster)")


class GatewayRoleSettings(Section):
    """What tells gateways apart."""

    id: str = Field(
        "",
        pattern=r"^[A-Za-z0-9._-]{0,40}$",
        description="name of this machine among those with gateways; each adds its number. Empty: the host name",
    )


class OtherCodeSettings(Section):
    """A form of codes that somebody else printed or that charge points of another platform still show."""

    pattern: str = Field(
        max_length=300, description="regular expression with the groups `code` and, where it is told, `connector`"
    )
    first_connector: int = Field(1, ge=0, le=1, description="what the first connector is called there")

    @model_validator(mode="after")
    def _names_a_code(self) -> "OtherCodeSettings":
        try:
            groups = re.compile(self.pattern).groupindex
        except re.error as error:
            raise ValueError(f"pattern is no regular expression: {error}") from None
        if "code" not in groups:
            raise ValueError("pattern needs the group (?P<code>…), which holds the charge point code")
        return self


class QrSettings(Section):
    """Codes on stickers and screens."""

    prefix: str = Field(
        "",
        max_length=180,
        pattern=r"^(https?://[!-~]+)?$",
        description="public address before a code, such as `https://example.com/q/`; charge points are told it with an "
        "alias of theirs, stickers have it before one of the connector's; boards take 63 characters",
    )
    with_connector: bool = Field(True, description="append the connector's number to the code")
    others: tuple[OtherCodeSettings, ...] = Field(
        (),
        description="codes of others that name our charge points, as a JSON list; "
        "see [codes](../qr-codes.md#codes-of-others)",
    )
    check_files: dict[str, str] = Field(
        default_factory=dict,
        description="files WeChat wants to find below `/q/` before it opens the mini program there, name to content",
    )
    sticker_font: Path | None = Field(
        None,
        description="TrueType font for stickers; empty: the one that comes along, which has the usual 6,763 characters",
    )


class MiniappSettings(Section):
    """The drivers' app, in WeChat and at `/m/`."""

    title: str = Field("", max_length=40, description="name of the app; empty: 智能充电云")
    hotline: str = Field("", pattern=r"^[0-9+ -]{0,20}$", description="telephone number for drivers")
    map_key: str = Field(
        "", max_length=64, description="key of 腾讯位置服务; with it the mini program shows maps, browsers show none"
    )
    templates: tuple[str, ...] = Field(
        (), max_length=3, description="subscribe message templates drivers are asked for at a start, at most three"
    )


class LimitSettings(Section):
    """What one gateway takes on; the rest of its limits are constants in gateway/limits.py."""

    connections: int = Field(_LIMITS.connections, ge=1, description="charge points connected at once")
    waiting_per_source: int = Field(
        _LIMITS.waiting_per_source, ge=1, description="connections of one address that have not logged in yet"
    )
    login_within_s: float = Field(_LIMITS.login_within_s, gt=0, description="seconds a connection has to log in")
    logins_per_s: int = Field(_LIMITS.logins_per_s, ge=1, description="logins considered in a second")
    failed_logins_per_source: int = Field(
        _LIMITS.failed_logins_per_source, ge=1, description="failed logins in a minute before an address is banned"
    )
    source_ban_s: float = Field(_LIMITS.source_ban_s, gt=0, description="seconds an address stays banned")
    logins_per_code: int = Field(
        _LIMITS.logins_per_code, ge=1, description="logins of one charge point in a minute before it has to wait"
    )
    code_ban_s: float = Field(_LIMITS.code_ban_s, gt=0, description="seconds that charge point has to wait")

    def for_gateway(self) -> GatewayLimits:
        """These limits with the constant ones."""
        return replace(_LIMITS, **self.model_dump())


class OrderSettings(Section):
    """Rules of orders and holds."""

    start_command_s: int = Field(30, ge=1, le=300, description="a start that has not left by then never will")
    min_hold_fen: int = Field(100, ge=1, description="a driver with less does not start a charge")
    max_hold_fen: int = Field(20_000, ge=1, description="set aside at most so much for an order without a money limit")
    overdraft_fen: int = Field(2_000, ge=0, description="a bill that exceeds its hold by more is looked at by people")
    offline_limit_fen: int = Field(
        20_000, ge=0, description="a charge begun by card while offline is debited up to this without a look by people"
    )
    max_open_sessions: int = Field(2, ge=1, description="charges a driver may have at once")
    estimate_after_s: int = Field(
        86_400, ge=0, description="an order without a record is settled from its last sample after so long; 0 is never"
    )
    approval_limit_fen: int = Field(
        5_000,
        ge=0,
        description="what one person alone may give away of an order; more has to be approved by a second one",
    )
    approval_within_s: int = Field(
        259_200, ge=60, description="seconds after which a request that nobody has decided expires"
    )


class FrameLogSettings(Section):
    """The frame log: what charge points said and were told."""

    keep_hours: int = Field(48, ge=24, description="how long frames are kept")
    file_mib: int = Field(4_096, ge=16, description="when what is kept takes more, the oldest goes early")


class JournalSettings(Section):
    """Where a gateway keeps records while the platform cannot take them."""

    mib: int = Field(
        64, ge=1, le=4_096, description="room taken on the disk in advance; a record takes about 0.7 KiB, full refuses"
    )
    after_s: float = Field(
        _LIMITS.confirm_within_s, gt=0, le=20, description="seconds the platform has to confirm a record before that"
    )


class MetricsSettings(Section):
    """Metrics of processes of one role, each on a port of its own; `up` has them at `/metrics` of its HTTP port."""

    host: str = Field("127.0.0.1", description="address for the ports below; whoever reaches it can read them")
    gateway_port: Port = Field(
        9511, description="of `chargecloud gateway`; its second process has the next number, and so on; 0 is none"
    )
    api_port: Port = Field(9531, description="of `chargecloud api`, likewise")
    worker_port: Port = Field(9551, description="of `chargecloud worker`, likewise")


class LogSettings(Section):
    """The log on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level that is written")
    format: Literal["json", "console"] = Field("console", description="`json` for machines, `console` for people")


def _default_listeners() -> tuple[ListenerSettings, ...]:
    return (
        ListenerSettings(protocol="ykc16", port=8768),
        ListenerSettings(protocol="ykc16", port=8769),
        ListenerSettings(protocol="dny", port=7054),
    )


class Settings(BaseSettings):
    """Everything that can be configured; reads nothing by itself, see settings_source.py."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=PREFIX,
        env_nested_delimiter=DELIMITER,
        validate_default=True,
        hide_input_in_errors=True,
    )

    data_dir: Path = Field(Path("var"), description="SQLite file, journals, frame logs, generated certificates")
    http: HttpSettings = HttpSettings()
    https: HttpsSettings = HttpsSettings()
    listeners: tuple[ListenerSettings, ...] = Field(
        default_factory=_default_listeners, description="addresses charge points connect to, as a JSON list"
    )
    profiles: tuple[ProfileSettings, ...] = Field(
        (), description="how products leave their vendor's paper, as a JSON list; see [Profiles](#profiles)"
    )
    database: DatabaseSettings = DatabaseSettings()
    bus: BusSettings = BusSettings()
    cache: CacheSettings = CacheSettings()
    gateway: GatewayRoleSettings = GatewayRoleSettings()
    enrolment: Literal["closed", "open"] = Field(
        "closed", description="`open` admits unknown charge points and registers them under the station “unassigned”"
    )
    qr: QrSettings = QrSettings()
    wechat: WechatSettings = WechatSettings()
    miniapp: MiniappSettings = MiniappSettings()
    orders: OrderSettings = OrderSettings()
    payments: PaymentSettings = PaymentSettings()
    exports: ExportSettings = ExportSettings()
    staff: StaffSettings = StaffSettings()
    limits: LimitSettings = LimitSettings()
    frame_log: FrameLogSettings = FrameLogSettings()
    journal: JournalSettings = JournalSettings()
    log: LogSettings = LogSettings()
    metrics: MetricsSettings = MetricsSettings()

    @field_validator("data_dir")
    @classmethod
    def _plain_path(cls, value: Path) -> Path:
        return value.expanduser()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what the caller passes: settings_source.py merges file and environment, tests get pure defaults."""
        return (init_settings,)

    def profiles_by_protocol(self) -> dict[str, list[Profile]]:
        """What the operator knows of products."""
        found: dict[str, list[Profile]] = {}
        for given in self.profiles:
            found.setdefault(given.protocol, []).append(given.for_protocol())
        return found

    @property
    def database_url(self) -> str:
        """The URL in force: as configured, or SQLite in the data directory."""
        return self.database.url or f"sqlite:///{(self.data_dir / 'chargecloud.db').as_posix()}"


def keys(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[str]:
    """Every key in dotted form: data_dir, http.host, …"""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            yield from keys(kind, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def variable(key: str) -> str:
    """The environment variable of a dotted key."""
    return PREFIX + key.replace(".", DELIMITER).upper()


def is_secret(key: str) -> bool:
    """Whether the value of a dotted key may not be shown; also for one that is misspelt."""
    return any(word in key for word in ("token", "secret", "apiv", "password"))
