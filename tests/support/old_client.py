"""A drivers' client of the original kind: what it does right, and what it does wrong, as it was delivered.

It opens `/websocket`, says `login` with its openid and `msg` null, and parses what it is sent once more, because to it
`msg` is a string of JSON. After a loss it tries every three seconds, whatever became of the try before. Its pace is the
one thing a test may change.
"""

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed


@dataclass
class OldClient:
    """`paid` is what `wx.requestPayment` would have been called with."""

    url: str
    openid: str
    retry_s: float = 3.0
    paid: list[dict[str, str]] = field(default_factory=list)
    logins: int = 0
    heard: list[str] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    _socket: ClientConnection | None = None

    async def run(self) -> None:
        """For ever: connect, listen, and again after the interval."""
        while True:
            with contextlib.suppress(OSError, ConnectionClosed):
                await self._once()
            await asyncio.sleep(self.retry_s)

    async def _once(self) -> None:
        async with connect(self.url) as self._socket:
            login = {"cmd": "login", "src": "wx", "dst": "wx", "uid": self.openid, "msg": None}
            await self._socket.send(json.dumps(login))
            self.logins += 1
            try:
                async for text in self._socket:
                    self._take(json.loads(text))
            finally:
                self.closed.append(self._socket.close_code or 0)

    def _take(self, message: dict[str, Any]) -> None:
        self.heard.append(message["cmd"])
        if message["cmd"] == "wx_requestPayment":
            fields = json.loads(message["msg"])
            self.paid.append(
                {name: fields[name] for name in ("timeStamp", "nonceStr", "package", "signType", "paySign")}
            )
