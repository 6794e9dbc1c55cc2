"""Charge points that do nothing but hand in records, one after the other, and write down what was confirmed to them.

A process of its own: `python -m tests.crash.uploads --port 8768 --ledger uploads.jsonl CODE:CARD …`, ended by SIGINT. A
record that is not confirmed is sent again, after a while or on the next connection, byte for byte as it was.
"""

import argparse
import asyncio
import contextlib
import json
import random
import signal
from pathlib import Path
from typing import Any, TextIO

from chargecloud.kernel.clock import SystemClock, local_time
from chargecloud.protocols.wire.values import write_cp56
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.codec import decode, encode

REST_S = 0.1
"""Between a confirmation and the next record; without it lives are too short to work off what the last one left."""
AGAIN_S = 6.0
"""Earlier than that the connection takes it for the same upload on its way."""
LOGIN_WITHIN_S = 10.0
FAREWELL_S = 10.0
UNITS = 500
"""0.05 kWh: less than the platform leaves open between meter and clock, so records are billed without people."""
RATE_SI = 148_500
LOGIN_ANSWER, RECORD_ANSWER = 0x02, 0x40
OFFLINE_CARD = 4


class Line:
    """The way to the platform: one of all charge points tries whether somebody answers, the others wait for that."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._up = asyncio.Event()

    async def watch(self) -> None:
        """For ever."""
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self._port)
            except OSError:
                self._up.clear()
            else:
                self._up.set()
                writer.close()
            await asyncio.sleep(0.1)

    async def dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect as soon as that may work."""
        await self._up.wait()
        return await asyncio.open_connection("127.0.0.1", self._port)


class Point:
    """One charge point. Its memory outlives its connections."""

    def __init__(self, code: str, card: str, ledger: TextIO) -> None:
        self.code = code
        self.confirmed = 0
        self._card = bytes.fromhex(card)
        self._ledger = ledger
        self._number = 0
        self._open: dict[str, tuple[bytes, float]] = {}
        """Frames that were not confirmed, by number, and when they are sent again."""

    async def live(self, line: Line, stop: asyncio.Event) -> None:
        """Connect, hand in, and connect again whenever the connection is lost."""
        while not stop.is_set() or self._open:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                reader, writer = await line.dial()
                try:
                    await self._talk(reader, writer, stop)
                finally:
                    writer.close()
            await asyncio.sleep(random.uniform(0.05, 0.25))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stop: asyncio.Event) -> None:
        clock = asyncio.get_running_loop().time
        writer.write(self._login())
        async with asyncio.timeout(LOGIN_WITHIN_S):
            while (await _frame(reader))[5] != LOGIN_ANSWER:
                pass
        for trade_no, (raw, _) in list(self._open.items()):
            writer.write(raw)
            self._open[trade_no] = raw, clock() + AGAIN_S
        while self._open or not stop.is_set():
            if not self._open and not stop.is_set():
                await asyncio.sleep(REST_S)
                trade_no, raw = self._record()
                self._open[trade_no] = raw, clock() + AGAIN_S
                writer.write(raw)
            try:
                async with asyncio.timeout(1):
                    self._heard(await _frame(reader))
            except TimeoutError:
                for trade_no, (raw, due) in list(self._open.items()):
                    if due <= clock():
                        self._open[trade_no] = raw, clock() + AGAIN_S
                        writer.write(raw)

    def _heard(self, raw: bytes) -> None:
        if raw[5] != RECORD_ANSWER:
            return
        answer = decode(raw).frame
        assert isinstance(answer, frames.TransactionRecordConfirm)
        sent = self._open.pop(answer.trade_no, None)
        if sent is not None and answer.confirm_result == 0:
            self.confirmed += 1
            entry = {"event": "confirmed", "session_no": answer.trade_no, "record": sent[0][6:-2].hex()}
            self._ledger.write(json.dumps(entry) + "\n")

    def _login(self) -> bytes:
        return encode(
            frames.LoginRequest(
                pile_code=self.code,
                pile_type=0,
                gun_count=1,
                protocol_version=16,
                program_version=b"V1.6.3",
                network_type=0,
                sim_card="898604D11722D0348606",
                operator=2,
            ),
            b"\x00\x00",
        )

    def _record(self) -> tuple[str, bytes]:
        """The next charge with an offline card, ended just now."""
        now = local_time(SystemClock().now_ms())
        self._number += 1
        trade_no = f"{self.code}01{now:%y%m%d%H%M%S}{self._number % 10_000:04d}"
        at = write_cp56(now.replace(tzinfo=None))
        fields: dict[str, Any] = dict.fromkeys(frames.TransactionRecord.__struct_fields__, 0)
        fields |= {
            "trade_no": trade_no,
            "pile_code": self.code,
            "gun_no": "01",
            "start_time": at,
            "end_time": at,
            "peak_price": RATE_SI,
            "peak_energy": UNITS,
            "peak_loss_energy": UNITS,
            "peak_amount": RATE_SI * UNITS // 100_000,
            "meter_start": self._number * UNITS,
            "meter_end": (self._number + 1) * UNITS,
            "total_energy": UNITS,
            "total_loss_energy": UNITS,
            "total_amount": RATE_SI * UNITS // 100_000,
            "vin": b"",
            "trade_mark": OFFLINE_CARD,
            "trade_time": at,
            "stop_reason": 0x40,
            "physical_card_no": self._card,
        }
        frame = frames.TransactionRecord(**fields)
        return trade_no, encode(frame, (self._number & 0xFFFF).to_bytes(2, "little"), limit=255)


async def _frame(reader: asyncio.StreamReader) -> bytes:
    """One whole frame."""
    head = await reader.readexactly(2)
    return head + await reader.readexactly(head[1] + 2)


async def hand_in(port: int, ledger: Path, points: list[str]) -> int:
    """All of them until SIGINT; then nothing new, and a few seconds for what is open."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    with ledger.open("w", encoding="utf-8", buffering=1) as file:
        made = [Point(*each.split(":"), file) for each in points]
        line = Line(port)
        watch = asyncio.create_task(line.watch())
        tasks = [asyncio.create_task(each.live(line, stop)) for each in made]
        await stop.wait()
        _, late = await asyncio.wait(tasks, timeout=FAREWELL_S)
        for task in (*late, watch):
            task.cancel()
        await asyncio.gather(watch, *tasks, return_exceptions=True)
    return sum(each.confirmed for each in made)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.crash.uploads", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("points", nargs="+", metavar="CODE:CARD")
    asked = parser.parse_args()
    print(asyncio.run(hand_in(asked.port, asked.ledger, asked.points)))


if __name__ == "__main__":
    main()
