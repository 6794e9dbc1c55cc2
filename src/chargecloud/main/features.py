"""What every feature offers, in the order of their rank, lowest first."""

from collections.abc import Mapping, Sequence
from functools import partial

from fastapi import APIRouter

from chargecloud.features.alarms import http as alarms_http
from chargecloud.features.alarms import inbox as alarms_inbox
from chargecloud.features.alarms import jobs as alarms_jobs
from chargecloud.features.drivers import http as drivers_http
from chargecloud.features.drivers import http_socket as drivers_socket
from chargecloud.features.drivers import jobs as drivers_jobs
from chargecloud.features.drivers import service as drivers
from chargecloud.features.drivers.service_identity import Holds
from chargecloud.features.drivers.service_state import DriverPart, driver_topic
from chargecloud.features.exports import http as exports_http
from chargecloud.features.exports import jobs as exports_jobs
from chargecloud.features.feedback import http as feedback_http
from chargecloud.features.feedback import jobs as feedback_jobs
from chargecloud.features.operators import http as operators_http
from chargecloud.features.operators import http_approvals as operators_approvals
from chargecloud.features.operators import http_second_factor as operators_second_factor
from chargecloud.features.operators import jobs as operators_jobs
from chargecloud.features.operators import service as operators
from chargecloud.features.operators.http import OwnStations
from chargecloud.features.operators.service_approvals import ApprovalKind
from chargecloud.features.orders import http as orders_http
from chargecloud.features.orders import http_decisions as orders_decisions
from chargecloud.features.orders import inbox as orders_inbox
from chargecloud.features.payments import http as payments_http
from chargecloud.features.payments.http_notices import notice_page
from chargecloud.features.sessions import http as sessions_http
from chargecloud.features.sessions import inbox as sessions_inbox
from chargecloud.features.sessions import jobs as sessions_jobs
from chargecloud.features.stations import http as stations_http
from chargecloud.features.stations import http_codes as stations_codes
from chargecloud.features.stations import inbox as stations_inbox
from chargecloud.features.stations import jobs as stations_jobs
from chargecloud.features.stations import service as stations
from chargecloud.features.statistics import http as statistics_http
from chargecloud.features.statistics import inbox as statistics_inbox
from chargecloud.features.statistics import jobs as statistics_jobs
from chargecloud.features.tariffs import http as tariffs_http
from chargecloud.features.tariffs import inbox as tariffs_inbox
from chargecloud.features.tariffs import jobs as tariffs_jobs
from chargecloud.features.wallet import http as wallet_http
from chargecloud.infra.http.auth import Resolvers
from chargecloud.infra.http.live import LiveTopic
from chargecloud.infra.inbox import Subscription
from chargecloud.infra.schedule.contract import Job
from chargecloud.infra.sql.uow import Options
from chargecloud.main import tools_decoding, tools_health, tools_simulator

ROUTERS: Sequence[APIRouter] = (
    operators_http.router,
    operators_second_factor.router,
    operators_approvals.router,
    stations_http.router,
    drivers_http.router,
    tariffs_http.router,
    wallet_http.router,
    payments_http.router,
    sessions_http.router,
    orders_http.router,
    alarms_http.router,
    feedback_http.router,
    exports_http.router,
    statistics_http.router,
    tools_decoding.router,
    tools_health.router,
    tools_simulator.router,
)
SUBSCRIPTIONS: Sequence[Subscription] = (
    *stations_inbox.SUBSCRIPTIONS,
    *tariffs_inbox.SUBSCRIPTIONS,
    *sessions_inbox.SUBSCRIPTIONS,
    *orders_inbox.SUBSCRIPTIONS,
    *alarms_inbox.SUBSCRIPTIONS,
    *statistics_inbox.SUBSCRIPTIONS,
)
JOBS: Sequence[Job] = (
    *operators_jobs.JOBS,
    *stations_jobs.JOBS,
    *drivers_jobs.JOBS,
    *tariffs_jobs.JOBS,
    *sessions_jobs.JOBS,
    *alarms_jobs.JOBS,
    *feedback_jobs.JOBS,
    *statistics_jobs.JOBS,
    *exports_jobs.JOBS,
)
DRIVER_PARTS: Sequence[DriverPart] = (
    *wallet_http.DRIVER_PARTS,
    *payments_http.DRIVER_PARTS,
    *orders_http.DRIVER_PARTS,
    *feedback_http.DRIVER_PARTS,
)
"""What a driver is sent at login."""
DRIVER_HOLDINGS: Sequence[Holds] = (
    *wallet_http.DRIVER_HOLDINGS,
    *payments_http.DRIVER_HOLDINGS,
    *orders_http.DRIVER_HOLDINGS,
    *feedback_http.DRIVER_HOLDINGS,
)
"""What keeps a driver from becoming another."""
APPROVAL_KINDS: Sequence[ApprovalKind] = (*wallet_http.APPROVAL_KINDS, *orders_decisions.APPROVAL_KINDS)
"""Acts that a second person may have to approve."""
OWN_STATIONS: OwnStations = stations.own_stations
"""What operators has to know of the stations above it."""
PAGES: Sequence[APIRouter] = (stations_codes.code_pages, drivers_socket.socket_router, notice_page)
"""Routers beside the API: they have no prefix."""
LARGER_BODIES: Mapping[str, int] = {**stations_http.LARGER_BODIES, **feedback_http.LARGER_BODIES}
"""Paths whose requests carry files."""
LIVE_TOPICS: Sequence[LiveTopic] = (
    driver_topic(DRIVER_PARTS),
    *stations_http.LIVE_TOPICS,
    *sessions_http.LIVE_TOPICS,
    *orders_http.LIVE_TOPICS,
    *alarms_http.LIVE_TOPICS,
    *feedback_http.LIVE_TOPICS,
)


def resolvers(options: Options) -> Resolvers:
    """How tokens become principals; what staff may do depends on whether their role needs a second factor."""
    staff = partial(operators.resolve_session, second_factor_roles=options.second_factor_roles)
    return Resolvers(staff=staff, driver=drivers.resolve_token)
