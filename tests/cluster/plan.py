"""What a run is made of: how much load, which faults, for how long."""

from dataclasses import dataclass, replace
from enum import StrEnum

from tests.support.populated import Plan


class Fault(StrEnum):
    """What is done to the cluster, in the order of a run."""

    GATEWAY_1 = "kill -9 gateway 1"
    GATEWAY_2 = "kill -9 gateway 2"
    API_1 = "kill -9 api 1"
    API_2 = "kill -9 api 2"
    WORKER_1 = "kill -9 worker 1"
    WORKER_2 = "kill -9 worker 2"
    PLATFORM = "kill -9 the one process"
    RABBITMQ = "RabbitMQ stopped"
    MARIADB = "MariaDB stopped"
    REDIS = "Redis stopped"
    FLUSHALL = "FLUSHALL again and again"


KILLS = {
    Fault.GATEWAY_1: "gateway-1", Fault.GATEWAY_2: "gateway-2", Fault.API_1: "api-1", Fault.API_2: "api-2",
    Fault.WORKER_1: "worker-1", Fault.WORKER_2: "worker-2", Fault.PLATFORM: "platform",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RunPlan:
    """One run. Lengths in seconds."""

    long_points: int = 310
    """Charge points where long charges by card run all the time."""
    brisk_points: int = 60
    """Charge points where cards are swiped for short charges: they hand in most of the records."""
    app_points: int = 98
    """Charge points that wait for a start from a phone."""
    probe_points: int = 24
    hearts: int = 8
    """Charge points that only beat."""
    starts_per_s: float = 1.5
    """Starts by phone."""
    ramp_per_s: float = 25
    warm_up_s: float = 75
    """At most so long until everybody is online, and at least a half of it before the first fault."""
    look_s: float = 15
    """Before the first fault, with everything running."""
    calm_s: float = 6
    """Between two faults, after service is back to normal."""
    outage_s: float = 60
    redis_outage_s: float = 30
    flush_s: float = 60
    flush_every_s: float = 5
    restart_after_s: float = 2
    """What a process supervisor waits before it starts a dead process again."""
    normal_within_s: float = 60
    """What is promised after each fault."""
    give_up_s: float = 180
    """So long service is waited for after a fault before the run goes on without it."""
    rest_s: float = 240
    """At most so long at the end until every charge, record and order is over."""
    least_records: int = 300
    """With fewer confirmed records a run means nothing."""
    faults: tuple[Fault, ...] = tuple(fault for fault in Fault if fault is not Fault.PLATFORM)
    single: bool = False
    """One process with every role on MariaDB and Redis, instead of six with RabbitMQ between them."""
    seed: int = 1

    @property
    def populated(self) -> Plan:
        """What has to be in the database."""
        return Plan(
            card_points=self.long_points + self.brisk_points, app_points=self.app_points,
            card_holders=2 * (self.long_points + self.brisk_points), probe_points=self.probe_points + self.hearts,
        )  # fmt: skip

    @property
    def charge_points(self) -> int:
        return self.long_points + self.brisk_points + self.app_points + self.probe_points + self.hearts


FULL = RunPlan()
SHORT = replace(
    FULL, long_points=20, brisk_points=16, app_points=12, probe_points=12, starts_per_s=0.5, warm_up_s=30, calm_s=3,
    outage_s=8, redis_outage_s=5, flush_s=8, flush_every_s=2, rest_s=90, give_up_s=60, least_records=15,
    faults=(Fault.GATEWAY_1, Fault.API_1, Fault.WORKER_1, Fault.RABBITMQ, Fault.MARIADB, Fault.FLUSHALL),
)  # fmt: skip
"""Every kind of fault once, a handful of charge points, short outages: a few minutes."""
