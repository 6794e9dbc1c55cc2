"""What goes wrong next, on request: at calls to WeChat Pay, and with its notices."""

from dataclasses import dataclass, field
from enum import StrEnum


class CallFault(StrEnum):
    """What the next call meets. The last two happen after the work was done: the merchant does not learn of it."""

    ERROR_500 = "500"
    SYSTEM_ERROR = "system_error"
    TOO_MANY = "429"
    TIMEOUT = "timeout"
    BAD_SIGNATURE = "bad_signature"
    ERROR_AFTER = "500_after"
    LOST_ANSWER = "lost_answer"


class NoticeFault(StrEnum):
    """What happens to the next notice."""

    DROP = "drop"
    DOUBLE = "double"
    DELAY = "delay"
    REORDER = "reorder"


DEFAULT_DELAY_S = 10.0


@dataclass(slots=True)
class _Planned:
    kind: str
    left: int
    path: str = ""
    seconds: float = DEFAULT_DELAY_S


@dataclass(slots=True)
class Faults:
    """Two queues."""

    _calls: list[_Planned] = field(default_factory=list)
    _notices: list[_Planned] = field(default_factory=list)

    def plan_call(self, kind: CallFault, *, times: int, path: str, seconds: float) -> None:
        """For the next so many calls whose path has `path` in it."""
        self._calls.append(_Planned(kind, times, path, seconds))

    def plan_notice(self, kind: NoticeFault, *, times: int, seconds: float) -> None:
        """For the next so many notices."""
        self._notices.append(_Planned(kind, times, "", seconds))

    def next_call(self, path: str) -> tuple[CallFault, float] | None:
        """What this call meets."""
        planned = next((each for each in self._calls if each.path in path), None)
        if planned is None:
            return None
        _use(self._calls, planned)
        return CallFault(planned.kind), planned.seconds

    def next_notice(self) -> tuple[NoticeFault, float] | None:
        """What happens to this notice."""
        if not self._notices:
            return None
        planned = self._notices[0]
        _use(self._notices, planned)
        return NoticeFault(planned.kind), planned.seconds

    def clear(self) -> None:
        """All is well from now on."""
        self._calls.clear()
        self._notices.clear()

    def view(self) -> list[dict[str, object]]:
        """What is still to come."""
        return [
            {"at": where, "kind": each.kind, "left": each.left, "path": each.path}
            for where, queue in (("call", self._calls), ("notice", self._notices))
            for each in queue
        ]


def _use(queue: list[_Planned], planned: _Planned) -> None:
    planned.left -= 1
    if planned.left <= 0:
        queue.remove(planned)
