"""Charge points that do nothing but beat: how soon is a heartbeat answered while everything else breaks?"""

import asyncio
import time
from dataclasses import dataclass

from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.codec import encode

BEAT_EVERY_S = 0.5
ANSWER_WITHIN_S = 10.0
RECONNECT_S = 0.5
LOGIN_ANSWER, HEARTBEAT_ANSWER = 0x02, 0x04
SEQUENCE = b"\x01\x00"


@dataclass(frozen=True)
class Beat:
    """One heartbeat: when it was sent, how long the answer took; -1 when the connection ended before one came."""

    at: float
    answered_s: float


class Hearts:
    """Each on a connection of its own; several, so that every gateway has some."""

    def __init__(self, port: int, codes: list[str]) -> None:
        self.beats: list[Beat] = []
        self.connects = 0
        self._port = port
        self._codes = codes

    async def live(self) -> None:
        """Until cancelled."""
        await asyncio.gather(*(self._live(code) for code in self._codes))

    def between(self, start: float, end: float) -> tuple[float, int]:
        """(longest answer in seconds, beats nobody answered) of what was sent in this span."""
        chosen = [beat for beat in self.beats if start <= beat.at < end]
        return max((beat.answered_s for beat in chosen), default=0.0), sum(beat.answered_s < 0 for beat in chosen)

    async def _live(self, code: str) -> None:
        while True:
            try:
                await self._beat(code)
            except (OSError, TimeoutError, asyncio.IncompleteReadError):
                await asyncio.sleep(RECONNECT_S)

    async def _beat(self, code: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(_login(code))
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await _until(reader, LOGIN_ANSWER)
            self.connects += 1
            beat = encode(frames.Heartbeat(pile_code=code, gun_no="01", gun_status=0), SEQUENCE)
            while True:
                sent = time.monotonic()
                answered_s = -1.0
                try:
                    writer.write(beat)
                    async with asyncio.timeout(ANSWER_WITHIN_S):
                        await _until(reader, HEARTBEAT_ANSWER)
                    answered_s = time.monotonic() - sent
                finally:
                    self.beats.append(Beat(sent, answered_s))
                await asyncio.sleep(BEAT_EVERY_S)
        finally:
            writer.transport.abort()


async def _until(reader: asyncio.StreamReader, frame_type: int) -> None:
    """Read frames until one of this type: start mark, length, sequence (2), encryption, type, body, checksum (2)."""
    while True:
        head = await reader.readexactly(2)
        rest = await reader.readexactly(head[1] + 2)
        if rest[3] == frame_type:
            return


def _login(code: str) -> bytes:
    return encode(
        frames.LoginRequest(
            pile_code=code, pile_type=0, gun_count=2, protocol_version=16, program_version=b"V1.6.3", network_type=0,
            sim_card="898604D11722D0348606", operator=2,
        ),
        SEQUENCE,
    )  # fmt: skip
