"""A connection of a driver that has logged in: how it is told things, how it goes, whether it may still be here."""

from collections.abc import Mapping

from starlette.websockets import WebSocket

from chargecloud.features.drivers import service_identity, service_push
from chargecloud.features.drivers.messages import Session
from chargecloud.infra.http.auth import Principal, resolve
from chargecloud.infra.http.doorkeeper import Doorkeeper, Guest
from chargecloud.infra.http.envelope import encoded, head, in_string, whole
from chargecloud.infra.http.outward import outward
from chargecloud.infra.http.watcher import GOING_AWAY, SIGNED_OUT, Change, patch_text
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import Clock, rfc3339
from chargecloud.kernel.errors import NotFound

ELSEWHERE = 4409


def msg_text(change: Change) -> str:
    """What a push carries, as an object."""
    msg = change.values.get("msg")
    return encoded(msg if isinstance(msg, Mapping) else {})


def msg_string(change: Change) -> str:
    """The same in a string."""
    return in_string(change.text(msg_text))


def patch_string(change: Change) -> str:
    """A patch in a string."""
    return in_string(change.text(patch_text))


class DriverGuest(Guest):
    """Bound to the session it logged in with; `token` is kept to look at it again."""

    def __init__(
        self, websocket: WebSocket, keeper: Doorkeeper, session: Session, *, token: str, device_id: str, peer: str
    ) -> None:
        super().__init__(service_push.door(session.driver.driver_id), device_id, keeper.stamp())
        self.session = session
        self.in_strings = False
        self._websocket = websocket
        self._keeper = keeper
        self._token = token
        self._peer = peer
        self._own = service_push.topic(session.driver.driver_id)
        self._heads: dict[str, str] = {}

    @property
    def own_topic(self) -> str:
        """The topic of this driver."""
        return self._own

    @property
    def principal(self) -> Principal:
        """Who this is to everything that asks for rights."""
        driver = self.session.driver
        return Principal("driver", driver.driver_id, driver.name, driver.operator_id)

    @property
    def clock(self) -> Clock:
        return self._keeper.clock

    def say(self, cmd: str, msg: Mapping[str, object]) -> None:
        """Queue a message of our own."""
        self.send(self.text(cmd, encoded(msg)))

    def text(self, cmd: str, body: str) -> str:
        """A message from a `msg` that is encoded as an object."""
        return whole(self._head(cmd), in_string(body) if self.in_strings else body)

    def text_of_snapshot(self, topic: str, snapshot: dict[str, object]) -> str:
        if topic == self._own:
            return self.text("state", encoded({"server_time": rfc3339(self.clock.now_ms()), **outward(snapshot)}))
        return self.text("snapshot", encoded({"topic": topic, "snapshot": outward(snapshot)}))

    def text_of_change(self, change: Change) -> str | None:
        if change.topic == self.door:
            self._hear(change.values)
            return None
        if change.topic == self._own and "cmd" in change.values:
            form = msg_string if self.in_strings else msg_text
            return whole(self._head(str(change.values["cmd"])), change.text(form))
        return whole(self._head("patch"), change.text(patch_string if self.in_strings else patch_text))

    def kick(self) -> None:
        self.leave(ELSEWHERE, self.text("kick", encoded({"reason": "elsewhere"})))

    async def check(self) -> None:
        """The token has to live, and every watched topic has to be this driver's."""
        if not await self._known():
            self.leave(SIGNED_OUT)
            return
        for topic in sorted(self.topics - {self.door, self._own}):
            if not await self._keeper.hub.still_may(self, topic):
                self.say("error", wrong(NotFound(f"没有可关注的 {topic}", "no_such_topic"), topic=topic))

    async def _known(self) -> bool:
        if self._token:
            now = await resolve(self._websocket, self._token)
            return now is not None and now.id == self.session.driver.driver_id
        database: Database = self._websocket.app.state.database
        async with database.read(quick=True) as connection:
            found = await service_identity.session_of_openid(
                connection, "wechat", self.session.appid, self.session.openid
            )
        return found is not None and found.driver.driver_id == self.session.driver.driver_id

    def _hear(self, said: Mapping[str, object]) -> None:
        """The platform's own word about connections of this driver."""
        ended = said.get("ended")
        if said.get("moved"):
            self.leave(GOING_AWAY)
        elif isinstance(ended, list):
            if self.session.token_id in ended:
                self.leave(SIGNED_OUT)
        else:
            self._keeper.hear(self, said)

    def _head(self, cmd: str) -> str:
        begun = self._heads.get(cmd)
        if begun is None:
            begun = self._heads[cmd] = head(cmd, dst=self._peer, uid=self.session.openid)
        return begun


def wrong(error: NotFound, **more: object) -> dict[str, object]:
    """Why something was not done, as `error` says it."""
    return {"code": error.code, "message": error.message, **more}
