"""All roles in one process: `up`, and the demo."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, FastAPI

from chargecloud.gateway.gateway import Gateway
from chargecloud.infra.cache.contract import Cache
from chargecloud.infra.looplag import LoopLag
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import Clock
from chargecloud.main.place import Place
from chargecloud.main.process import Alone, Part
from chargecloud.main.role_api import ApiPorts, ApiRole, wire_api
from chargecloud.main.role_gateway import GatewayRole, wire_gateway
from chargecloud.main.role_worker import WorkerRole, wire_worker
from chargecloud.main.settings import Settings
from chargecloud.main.storage import DatabasePart, presence
from chargecloud.main.wiring import Role, open_cache, open_channels, open_database, refuse_world


@dataclass(frozen=True)
class Platform:
    """Everything wired, nothing started."""

    settings: Settings
    clock: Clock
    database: Database
    cache: Cache
    worker: WorkerRole
    api: ApiRole
    gateway_role: GatewayRole
    providers: Sequence[Part] = ()

    @property
    def gateway(self) -> Gateway:
        """Its only gateway."""
        return self.gateway_role.gateway

    @property
    def app(self) -> FastAPI:
        """Its web application."""
        return self.api.app


def wire(settings: Settings, clock: Clock, *, pages: Sequence[APIRouter] = ()) -> Platform:
    """One process with every role around one bus and one cache. `pages` are routers beside the API."""
    refuse_world(settings, Role.UP)
    cache = open_cache(settings, clock)
    database = open_database(settings, clock, broadcast=cache.broadcast)
    opened = open_channels(settings, clock)
    worker = wire_worker(settings, clock, database, cache, channels=opened.channels)
    place = Place()
    api_ports = ApiPorts(clock, database, cache, place, role="up", channels=opened.channels)
    return Platform(
        settings=settings,
        clock=clock,
        database=database,
        cache=cache,
        worker=worker,
        api=wire_api(settings, api_ports, pages=pages),
        gateway_role=wire_gateway(settings, clock, worker.bus, cache, place),
        providers=opened.parts,
    )


def all_parts(platform: Platform, *, seeding: Part | None = None) -> list[Part]:
    """Business first, then people, charge points last; stopped the other way round. Only the demo is seeded."""
    return [
        platform.cache,
        DatabasePart(
            platform.settings.database_url,
            platform.database,
            demo=seeding is not None,
            gateway_id=platform.gateway_role.gateway_id,
        ),
        presence(platform.database, "up", platform.api.place),
        *([seeding] if seeding else []),
        *platform.providers,
        *platform.worker.parts(),
        *platform.api.parts(),
        *platform.gateway_role.parts(),
        LoopLag(),
    ]


def all_alone(settings: Settings, clock: Clock, _place: Place) -> Alone:
    """The process of `up`."""
    platform = wire(settings, clock)
    return Alone(
        parts=all_parts(platform),
        facts=lambda: {
            "charge_points": [f"{host}:{port}" for host, port in platform.gateway.addresses()],
            "http": settings.http.port,
            "data": str(settings.data_dir),
        },
    )
