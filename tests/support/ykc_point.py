"""A YKC charge point on a socket that knows a few frames, for tests of the real process."""

import asyncio
from typing import Self

import msgspec

from tests.support import ykc

LOGIN_ANSWER, BEAT_ANSWER, START_ANSWER, RECORD_ANSWER = 0x02, 0x04, 0x32, 0x40
PATIENCE_S = 20


class Point:
    """A charge point on a socket that knows a few frames."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def at(cls, host: str, port: int) -> Self:
        """Dial."""
        return cls(*await asyncio.open_connection(host, port))

    async def ask(self, frame: bytes, answer: int) -> bytes:
        """Send a frame and wait for the answer of this type."""
        self._writer.write(frame)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                head = await self._reader.readexactly(2)
                rest = await self._reader.readexactly(head[1] + 2)
                if rest[3] == answer:
                    return rest

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


def record(code: str, number: int) -> bytes:
    """0x3B, the same bytes for the same number."""
    trade = f"{code}01260101120000{number:04d}"
    return ykc.up(msgspec.structs.replace(ykc.record(trade), pile_code=code))
