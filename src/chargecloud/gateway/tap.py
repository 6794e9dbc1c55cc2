"""Frames on their way to the frame log, handed over in bunches."""

from chargecloud.device.contract import FrameLog, LoggedFrame

BUNCH = 1_000
"""Reads after which the frames are handed over without waiting for the sweep."""


class Tap:
    """Keeps what passed since the last hand-over, and counts it."""

    __slots__ = ("_frame_log", "_reads", "bytes_down", "bytes_up", "frames_down", "frames_up", "nameless")

    def __init__(self, frame_log: FrameLog) -> None:
        self._frame_log = frame_log
        self._reads: list[tuple[str, str, int, list[tuple[bool, bytes]]]] = []
        self.frames_up = 0
        self.frames_down = 0
        self.bytes_up = 0
        self.bytes_down = 0
        self.nameless = 0
        """Frames of connections that had not introduced themselves; these are not logged."""

    def add(self, code: str, protocol: str, at_ms: int, frames: list[tuple[bool, bytes]]) -> None:
        """Take what one read or one command brought."""
        self._reads.append((code, protocol, at_ms, frames))
        if len(self._reads) >= BUNCH:
            self.hand_over()

    def hand_over(self) -> None:
        """Give everything to the frame log."""
        reads, self._reads = self._reads, []
        logged: list[LoggedFrame] = []
        for code, protocol, at_ms, frames in reads:
            for up, raw in frames:
                if up:
                    self.frames_up += 1
                    self.bytes_up += len(raw)
                else:
                    self.frames_down += 1
                    self.bytes_down += len(raw)
                if code:
                    logged.append(LoggedFrame(0, code, at_ms, up, protocol, raw))
                else:
                    self.nameless += 1
        if logged:
            self._frame_log.write(logged)

    def counts(self) -> dict[str, int]:
        """Frames and bytes in both directions."""
        return {
            "frames_up": self.frames_up,
            "frames_down": self.frames_down,
            "bytes_up": self.bytes_up,
            "bytes_down": self.bytes_down,
            "frames_nameless": self.nameless,
        }
