"""From an accepted socket to an admitted charge point: limits, turn, claim, question, verdict."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from math import inf

import msgspec

from chargecloud.device.commands import AnswerBoot
from chargecloud.device.events import (
    Booted,
    CameOnline,
    CommandOutcome,
    DeviceEvent,
    RecordUploaded,
    WentOffline,
)
from chargecloud.gateway.berth import Berth
from chargecloud.gateway.contest import Contests
from chargecloud.gateway.limits import Offences, TokenBucket
from chargecloud.gateway.link import Link, LinkState
from chargecloud.gateway.switchboard import Switchboard
from chargecloud.kernel.errors import Unavailable

_HOLDING = (LinkState.ASKED, LinkState.REFUSING, LinkState.ONLINE)
_NEVER_MS = 1 << 62


class Admission:
    """Implements `Door`."""

    def __init__(self, board: Switchboard) -> None:
        limits = board.limits
        self._board = board
        self._contests = Contests(board, claim=self._begin_claim, refuse=self._refuse)
        self._bucket = TokenBucket(limits.logins_per_s)
        self._queue: deque[Link] = deque()
        self._waiting: Counter[str] = Counter()
        self._boots: dict[int, Booted] = {}
        """Introductions the platform has not been asked about yet, by link."""
        self._verdicts: dict[int, AnswerBoot] = {}
        """Refusals whose time has not come, by link."""
        self._sources = Offences(
            limits.failed_logins_per_source,
            window_s=limits.window_s,
            ban_s=limits.source_ban_s,
            remembered=limits.remembered,
        )
        self._codes = Offences(
            limits.logins_per_code, window_s=limits.window_s, ban_s=limits.code_ban_s, remembered=limits.remembered
        )

    @property
    def contests(self) -> Contests:
        """Charge points that show up twice."""
        return self._contests

    @property
    def queued(self) -> int:
        """Logins that wait for their turn."""
        return len(self._queue)

    def opened(self, link: Link, now: float) -> bool:
        """Let a socket in, or count why not; costs next to nothing, because it is what a flood meets."""
        board, source = self._board, link.source
        if len(board.links) - board.berths >= board.limits.connections:
            board.counts["refused.full"] += 1
        elif self._sources.banned(source, now):
            board.counts["refused.source_banned"] += 1
        elif self._waiting[source] >= board.limits.waiting_per_source:
            board.counts["refused.source_crowded"] += 1
        else:
            self._waiting[source] += 1
            link.gate = now + max(board.limits.login_within_s, link.plugin.introduction_s)
            return True
        return False

    def boarded(self, berth: Link) -> None:
        """A charge point shows up on the line of another: it waits like anybody."""
        self._waiting[berth.source] += 1

    def heard(self, link: Link, events: Sequence[DeviceEvent], now: float, wall_ms: int) -> None:
        """Introductions; and records of a contested charge point, because a record is never lost (abuse A02)."""
        for event in events:
            if link.state is LinkState.CLOSED:
                return
            if type(event) is Booted:
                self._booted(link, event, now)
            elif type(event) is RecordUploaded and self._contests.holder_is_admitted(link):
                self._board.take(link, (event,), wall_ms)
            else:
                self._board.counts["unadmitted_events"] += 1

    def sign_of_life(self, link: Link, events: Sequence[DeviceEvent]) -> None:
        """A contested link says something."""
        self._contests.sign_of_life(link, events)

    def admit(self, now: float) -> None:
        """Consider as many queued logins as the rate allows; the rest wait, so established traffic does not."""
        queue = self._queue
        while queue:
            link = queue[0]
            if link.state is LinkState.QUEUED:
                if not self._bucket.take(now):
                    break
                self._begin_claim(link, 0)
            queue.popleft()

    def answered(self, link: Link, command: AnswerBoot) -> None:
        """The platform's verdict on a login."""
        now = self._board.monotonic()
        if link.state is LinkState.ASKED and command.accepted:
            self._welcome(link, command, now)
        elif link.state is LinkState.ASKED:
            if not isinstance(link, Berth):  # neighbours of a stranger on one line are not to pay for it
                self._note_failure(link, now)
            self._postpone(link, command, self._asked_at(link))
        else:
            self._board.end(command, CommandOutcome.REFUSED, "not_waiting")

    def due(self, link: Link, now: float) -> None:
        """A time limit of this link has passed."""
        if link.state is LinkState.NEW:
            link.drop("login_timeout")
        elif link.state is LinkState.ASKED:
            link.drop("platform_silent")
        elif link.state is LinkState.REFUSING:
            self._turn_away(link)
        else:
            self._contests.due(link, now)

    def left(self, link: Link, was: LinkState, reason: str) -> None:
        """Clean up after a link; what belongs to a later epoch is not touched."""
        board = self._board
        if was is LinkState.ONLINE:
            self._farewell(link, reason)
        else:
            self._forget(link, reason)
        if was in _HOLDING and link.epoch:
            self._contests.defender_gone(link, reason)
            board.spawn(self._release(link.code, link.epoch))

    def _booted(self, link: Link, event: Booted, now: float) -> None:
        board = self._board
        code = event.charge_point_code
        if link.code and link.code != code:
            link.drop("changed_identity")
        elif not self._codes.note(code, now):
            board.counts["refused.code_banned"] += 1
            link.drop("code_banned")
        elif link.state is LinkState.NEW:
            link.code = code
            self._boots[link.serial] = event
            link.state = LinkState.QUEUED
            link.gate = inf
            self._queue.append(link)
            self.admit(now)
        else:
            board.counts["repeated_logins"] += 1

    def _begin_claim(self, link: Link, replace: int) -> None:
        link.state = LinkState.CLAIMING
        link.gate = inf
        self._board.spawn(self._claim(link, replace), link)

    async def _claim(self, link: Link, replace: int) -> None:
        board = self._board
        try:
            holder = await board.cache.claim(link.code, board.gateway_id, link.link_id, replace=replace)
        except Unavailable as outage:
            board.counts[f"refused.{outage.code}"] += 1
            link.drop("directory_unavailable")
            return
        won = holder.link_id == link.link_id
        if link.state is LinkState.CLOSED:
            if won:
                await self._release(link.code, holder.epoch)
        elif won:
            self._ask(link, holder.epoch)
        else:
            self._contests.open(link, holder)

    async def _release(self, code: str, epoch: int) -> None:
        """Give the directory entry back; when it cannot be reached, the entry is replaced at the next login."""
        try:
            await self._board.cache.release(code, epoch)
        except Unavailable as outage:
            self._board.counts[f"unreleased.{outage.code}"] += 1

    def _ask(self, link: Link, epoch: int) -> None:
        """Ask the platform; `AnswerBoot` comes back to this link."""
        board = self._board
        boot = self._boots.pop(link.serial)
        link.epoch = epoch
        link.state = LinkState.ASKED
        link.gate = board.monotonic() + board.limits.answer_within_s
        link.arm(link.gate)
        addressed = msgspec.structs.replace(
            boot,
            link_id=link.link_id,
            source=link.source,
            capabilities=boot.capabilities or tuple(sorted(link.plugin.capabilities)),
        )
        board.publish(link.code, (addressed,), board.now_ms())

    def _asked_at(self, link: Link) -> float:
        return link.gate - self._board.limits.answer_within_s

    def _welcome(self, link: Link, command: AnswerBoot, now: float) -> None:
        board = self._board
        self._leave_waiting(link.source)
        link.state = LinkState.ONLINE
        link.gate = inf
        link.see_if_calm()
        board.online[link.code] = link
        board.counts["admitted"] += 1
        online = CameOnline(charge_point_code=link.code, gateway_id=board.gateway_id, epoch=link.epoch)
        board.publish(link.code, (online,), board.now_ms())
        link.submit(command)
        self._contests.defender_online(link, now)

    def _note_failure(self, link: Link, now: float) -> None:
        self._board.counts["failed_logins"] += 1
        if not self._sources.note(link.source, now):
            self._board.counts["bans.source"] += 1

    def _refuse(self, link: Link, reason: str) -> None:
        """Turn a link away without asking the platform, with the same words at the same pace."""
        board = self._board
        board.counts[f"refused.{reason}"] += 1
        verdict = AnswerBoot(
            command_id="",
            charge_point_code=link.code,
            expires_at_ms=_NEVER_MS,
            link_id=link.link_id,
            accepted=False,
            reason=reason,
        )
        self._postpone(link, verdict, board.monotonic())

    def _postpone(self, link: Link, verdict: AnswerBoot, since: float) -> None:
        link.state = LinkState.REFUSING
        self._verdicts[link.serial] = verdict
        link.gate = since + self._board.limits.refusal_delay_s
        link.arm(link.gate)

    def _turn_away(self, link: Link) -> None:
        """Say no and close; the connection words it."""
        link.gate = inf
        link.submit(self._verdicts.pop(link.serial))
        link.drop("refused", gently=True)

    def _forget(self, link: Link, reason: str) -> None:
        """A link that was never admitted has gone."""
        board = self._board
        self._leave_waiting(link.source)
        self._boots.pop(link.serial, None)
        self._contests.forget(link)
        verdict = self._verdicts.pop(link.serial, None)
        if verdict is not None and verdict.command_id:
            board.end(verdict, CommandOutcome.UNANSWERED, reason)
        if reason == "bad_frames":
            self._note_failure(link, board.monotonic())

    def _farewell(self, link: Link, reason: str) -> None:
        board = self._board
        if board.online.get(link.code) is link:
            del board.online[link.code]
        wall_ms = board.now_ms()
        board.publish(link.code, link.last_words(reason), wall_ms)
        offline = WentOffline(charge_point_code=link.code, gateway_id=board.gateway_id, epoch=link.epoch, reason=reason)
        board.publish(link.code, (offline,), wall_ms)

    def _leave_waiting(self, source: str) -> None:
        self._waiting[source] -= 1
        if self._waiting[source] <= 0:
            del self._waiting[source]
