"""Two connections claim one charge point (abuse A02): the new one waits apart while the old one is probed.

The contest belongs to the gateway of the old connection and outlives the new one: a charge point that gives up waiting
and dials again meets the same deadline, and is let in as soon as the old connection is known to be dead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from math import inf

from chargecloud.device.events import DeviceEvent, LoginContested, WireFaulted
from chargecloud.gateway.link import Link, LinkState
from chargecloud.gateway.messages import FenceHolder, HolderAnswered, ProbeHolder
from chargecloud.gateway.switchboard import Switchboard
from chargecloud.infra.cache.contract import Holder
from chargecloud.kernel.errors import Unavailable
from chargecloud.kernel.message import Command, Envelope

REPLY_ALLOWANCE_S = 3.0
"""What another gateway may take longer than the probe before it counts as gone."""
ASK_AGAIN_S = 1.0
"""A gateway without a mailbox has died, or is about to come back: it is asked again, because once it is back it knows
that it holds nothing, and its charge points need not wait for the silence of a connection that is long gone."""
MESSAGE_LIFE_MS = 60_000


class Outcome(StrEnum):
    """What a probe showed."""

    ALIVE = "alive"
    SILENT = "silent"
    GONE = "gone"
    """The old connection closed by itself: an ordinary reconnect."""
    SUPERSEDED = "superseded"
    """A newer challenger took this one's place."""


class Contest:
    """One charge point's old connection and who wants its place."""

    __slots__ = ("challenger_link_id", "defender", "ended")

    def __init__(self, defender: Link, challenger_link_id: str) -> None:
        self.defender = defender
        self.challenger_link_id = challenger_link_id
        self.ended = Outcome.GONE
        """What to tell when the defender closes."""


class Foreign:
    """A holder at another gateway, and until when its answer is waited for."""

    __slots__ = ("holder", "until")

    def __init__(self, holder: Holder, until: float) -> None:
        self.holder = holder
        self.until = until


class Contests:
    """Contests about links of this gateway, and challengers of this gateway that wait for another one."""

    def __init__(
        self, board: Switchboard, *, claim: Callable[[Link, int], None], refuse: Callable[[Link, str], None]
    ) -> None:
        self._board = board
        self._claim = claim
        self._refuse = refuse
        self._contests: dict[str, Contest] = {}
        self._abroad: dict[str, Foreign] = {}
        """By challenger."""

    def __len__(self) -> int:
        return len(self._contests)

    def open(self, challenger: Link, holder: Holder) -> None:
        """The claim was lost to `holder`: put the challenger apart and see whether the holder lives."""
        board = self._board
        challenger.state = LinkState.QUARANTINED
        board.counts["contested"] += 1
        if holder.gateway_id == board.gateway_id:
            defender = board.link_of(holder.link_id)
            if defender is None:
                self._claim(challenger, holder.epoch)
            else:
                self._challenge(defender, challenger.link_id)
            return
        until = board.monotonic() + board.limits.probe_s + REPLY_ALLOWANCE_S
        self._abroad[challenger.link_id] = Foreign(holder, until)
        self._ask_abroad(challenger)

    def _ask_abroad(self, challenger: Link) -> None:
        foreign = self._abroad[challenger.link_id]
        holder = foreign.holder
        challenger.gate = foreign.until
        challenger.arm(challenger.gate)
        probe = ProbeHolder(
            charge_point_code=challenger.code,
            holder_link_id=holder.link_id,
            challenger_link_id=challenger.link_id,
            source=challenger.source,
        )
        self._send(holder.gateway_id, challenger.code, probe)

    def holder_is_admitted(self, challenger: Link) -> bool:
        """Whether a quarantined link names a charge point that the platform knows, as far as can be told here."""
        return challenger.state is LinkState.QUARANTINED and (
            challenger.code in self._board.online or challenger.link_id in self._abroad
        )

    def sign_of_life(self, defender: Link, events: Sequence[DeviceEvent]) -> None:
        """The old connection says something: any sound frame proves that it lives."""
        if all(type(event) is WireFaulted for event in events):
            return
        defender.gate = inf
        defender.see_if_calm()
        contest = self._contests.pop(defender.code, None)
        if contest is not None:
            self._tell(contest.challenger_link_id, Outcome.ALIVE, defender.epoch)

    def defender_online(self, defender: Link, now: float) -> None:
        """A link was admitted that somebody already challenges: the probe can begin."""
        if defender.code in self._contests and defender.state is LinkState.ONLINE:
            self._probe(defender, now)

    def defender_gone(self, defender: Link, reason: str) -> None:
        """A link closed: whoever waits for its place gets its chance."""
        contest = self._contests.get(defender.code)
        if contest is not None and contest.defender is defender:
            del self._contests[defender.code]
            self._tell(contest.challenger_link_id, contest.ended, defender.epoch)

    def due(self, link: Link, now: float) -> None:
        """Time is up: for an old connection that was probed, or for another gateway that should have answered."""
        if link.state is LinkState.QUARANTINED:
            if now < self._abroad[link.link_id].until:
                self._ask_abroad(link)
            else:
                self._unanswered(link)
        elif link.paused:
            link.gate = now + self._board.limits.probe_s  # we do not read from it, so its silence proves nothing
            link.arm(link.gate)
        else:
            self._contests[link.code].ended = Outcome.SILENT
            link.drop("replaced")

    def asked(self, question: ProbeHolder) -> None:
        """Another gateway has a challenger for a link of ours."""
        defender = self._board.link_of(question.holder_link_id)
        if defender is None or defender.code != question.charge_point_code:
            self._tell(question.challenger_link_id, Outcome.GONE, 0)
        else:
            self._challenge(defender, question.challenger_link_id)

    def answered(self, answer: HolderAnswered) -> None:
        """What became of a challenger of ours, by the holder's gateway."""
        self._verdict(answer.challenger_link_id, Outcome(answer.outcome), answer.epoch)

    def fenced(self, order: FenceHolder) -> None:
        """Our claim was replaced while we could not be reached."""
        self.superseded(order.charge_point_code, order.epoch)

    def superseded(self, charge_point_code: str, epoch: int) -> None:
        """Somebody else holds this charge point: what we have of it up to that epoch is over."""
        link = self._board.online.get(charge_point_code)
        if link is not None and link.epoch <= epoch:
            link.drop("fenced")

    def forget(self, challenger: Link) -> None:
        """A challenger has left; the contest about the old connection goes on."""
        self._abroad.pop(challenger.link_id, None)

    def _challenge(self, defender: Link, challenger_link_id: str) -> None:
        contest = self._contests.get(defender.code)
        if contest is not None and contest.defender is defender:
            self._tell(contest.challenger_link_id, Outcome.SUPERSEDED, defender.epoch)
            contest.challenger_link_id = challenger_link_id
            return
        self._contests[defender.code] = Contest(defender, challenger_link_id)
        if defender.state is LinkState.ONLINE:
            self._probe(defender, self._board.monotonic())

    def _probe(self, defender: Link, now: float) -> None:
        defender.gate = now + self._board.limits.probe_s
        defender.see_if_calm()
        defender.arm(defender.gate)
        defender.probe(now)

    def _unanswered(self, challenger: Link) -> None:
        holder = self._abroad[challenger.link_id].holder
        fence = FenceHolder(charge_point_code=challenger.code, epoch=holder.epoch)
        self._send(holder.gateway_id, challenger.code, fence)
        self._verdict(challenger.link_id, Outcome.SILENT, holder.epoch)

    def _tell(self, challenger_link_id: str, outcome: Outcome, epoch: int) -> None:
        gateway_id = challenger_link_id.rpartition("/")[0]
        if gateway_id == self._board.gateway_id:
            self._verdict(challenger_link_id, outcome, epoch)
        else:
            answer = HolderAnswered(challenger_link_id=challenger_link_id, outcome=outcome.value, epoch=epoch)
            self._send(gateway_id, challenger_link_id, answer)

    def _verdict(self, challenger_link_id: str, outcome: Outcome, epoch: int) -> None:
        foreign = self._abroad.pop(challenger_link_id, None)
        challenger = self._board.link_of(challenger_link_id)
        if challenger is None or challenger.state is not LinkState.QUARANTINED:
            return
        if outcome is Outcome.ALIVE:
            self._announce(challenger, "rejected")
        elif outcome is Outcome.SILENT:
            self._announce(challenger, "replaced")
        if outcome in (Outcome.ALIVE, Outcome.SUPERSEDED):
            self._refuse(challenger, f"contest_{outcome.value}")
        else:
            self._claim(challenger, epoch or (foreign.holder.epoch if foreign else 0))

    def _announce(self, challenger: Link, outcome: str) -> None:
        event = LoginContested(charge_point_code=challenger.code, source=challenger.source, outcome=outcome)
        self._board.publish(challenger.code, (event,), self._board.now_ms())

    def _send(self, gateway_id: str, key: str, body: Command) -> None:
        now_ms = self._board.now_ms()
        envelope = Envelope(key, body, now_ms, expires_at_ms=now_ms + MESSAGE_LIFE_MS)
        self._board.spawn(self._post(gateway_id, envelope))

    async def _post(self, gateway_id: str, envelope: Envelope) -> None:
        """Send to another gateway; one that cannot be reached counts as silent when the time is up."""
        try:
            await self._board.bus.send(gateway_id, envelope)
        except Unavailable as outage:
            self._board.counts[f"unreachable.{outage.code}"] += 1
            if isinstance(envelope.body, ProbeHolder):
                self._not_asked(envelope.body.challenger_link_id)

    def _not_asked(self, challenger_link_id: str) -> None:
        """The probe went nowhere: try again soon, as long as there is time."""
        foreign, challenger = self._abroad.get(challenger_link_id), self._board.link_of(challenger_link_id)
        if foreign is not None and challenger is not None:
            challenger.gate = min(foreign.until, self._board.monotonic() + ASK_AGAIN_S)
            challenger.arm(challenger.gate)
