"""What watchers of stations, charge points, sessions and orders see, and who may watch."""

import msgspec
import pytest

from chargecloud.features.operators.messages import PERMISSIONS_OF, Role
from chargecloud.features.orders import http as orders_http
from chargecloud.features.sessions import http as sessions_http
from chargecloud.features.stations import http as stations_http
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.http.live import LiveTopic
from tests.support.api import Api
from tests.support.world import CODE, KWH, MINUTE_MS, World, answered, record, sample

TOPICS: dict[str, LiveTopic] = {
    topic.prefix: topic for topic in (*stations_http.LIVE_TOPICS, *sessions_http.LIVE_TOPICS, *orders_http.LIVE_TOPICS)
}
STAFF = Principal("staff", 1, "staff", 1, PERMISSIONS_OF[Role.DISPATCHER])
STRANGER = Principal("staff", 2, "stranger", 2, PERMISSIONS_OF[Role.ADMINISTRATOR])
DRIVER = Principal("driver", 999, "other", 1)


async def seen(world: World, topic: str, who: Principal) -> dict[str, object] | None:
    prefix, _, key = topic.partition(":")
    async with world.database.read() as connection:
        return await TOPICS[prefix].snapshot(connection, who, key)


def merged(base: object, patch: object) -> object:
    """JSON merge patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    target = dict(base) if isinstance(base, dict) else {}
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = merged(target.get(name), value)
    return target


@pytest.fixture
async def patches(world: World) -> list[tuple[str, object]]:
    """Patches told from now on."""
    told: list[tuple[str, object]] = []
    world.database._broadcast = lambda topic, patch: told.append((topic, msgspec.json.decode(patch)))
    return told


async def test_patches_turn_the_first_snapshot_into_the_next(world: World, patches: list[tuple[str, object]]) -> None:
    order = await world.place()
    topics = (f"station:{world.station_id}", f"charge_point:{CODE}", f"session:{order.session_no}")
    before = {topic: await seen(world, topic, STAFF) for topic in topics}
    await world.say(answered(order.session_no))
    world.clock.advance(MINUTE_MS)
    await world.say(sample(order.session_no, KWH, fault_bits=2))
    await world.say(record(order.session_no, (0, 0, KWH, 0)))
    for topic in topics:
        state: object = before[topic]
        for told, patch in patches:
            state = merged(state, patch) if told == topic else state
        after = merged({}, await seen(world, topic, STAFF))
        assert isinstance(after, dict) and isinstance(state, dict)
        assert covered(state, after), (topic, state, after)


def covered(state: object, snapshot: object) -> bool:
    """Everything the snapshot says is what the patched state says; patches may say more."""
    if isinstance(snapshot, dict):
        return isinstance(state, dict) and all(covered(state.get(name), value) for name, value in snapshot.items())
    return state == snapshot


async def test_nobody_watches_what_is_not_theirs(world: World, api: Api) -> None:
    """A16, A18."""
    order = await world.place()
    own = Principal("driver", world.driver_id, "own", 1)
    for topic in (f"session:{order.session_no}", f"order:{order.order_no}"):
        assert await seen(world, topic, own) is not None
        assert await seen(world, topic, STAFF) is not None
        assert await seen(world, topic, DRIVER) is None and await seen(world, topic, STRANGER) is None
    for topic in (f"station:{world.station_id}", f"charge_point:{CODE}"):
        assert await seen(world, topic, STAFF) is not None
        assert await seen(world, topic, own) is None and await seen(world, topic, STRANGER) is None


@pytest.mark.parametrize(
    "topic", ["station:x", "station:99999999", "station:" + "9" * 50, "charge_point:1", "session:1", "order:1"]
)
async def test_what_is_not_there_cannot_be_watched(world: World, topic: str) -> None:
    assert await seen(world, topic, STAFF) is None
