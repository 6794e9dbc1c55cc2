"""Reads the frame logs of every gateway that keeps its file in this directory, also while they write."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from operator import attrgetter
from pathlib import Path

from chargecloud.device.contract import LoggedFrame
from chargecloud.infra.framestore import files, newest
from chargecloud.kernel.errors import Unavailable

BUSY_S = 5.0


class FrameArchive:
    """Sees what gateways of this machine wrote a second ago and before; those of other machines have their own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def read(
        self, charge_point_code: str, *, before_id: int | None = None, limit: int = 100
    ) -> Sequence[LoggedFrame]:
        """Frames of a charge point, newest first; Unavailable when a file cannot be read."""
        return await asyncio.to_thread(self._read, charge_point_code, before_id, limit)

    def _read(self, charge_point_code: str, before_id: int | None, limit: int) -> list[LoggedFrame]:
        found: list[LoggedFrame] = []
        for path in files(self._directory):
            url = f"{path.absolute().as_uri()}?mode=ro"
            try:
                with closing(sqlite3.connect(url, uri=True, timeout=BUSY_S)) as opened:
                    found += newest(opened, charge_point_code, before_id, limit)
            except (sqlite3.Error, ValueError) as error:
                raise Unavailable(f"cannot read the frame log {path}: {error}", "frame_log") from error
        return sorted(found, key=attrgetter("id"), reverse=True)[:limit]
