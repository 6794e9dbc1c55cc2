"""The gateway's mailbox: commands to the link they are for, words between gateways to the contests."""

from __future__ import annotations

from collections import OrderedDict

from chargecloud.device.commands import AnswerBoot, ConfirmRecord, DeviceCommand, StartCharging
from chargecloud.device.events import CommandOutcome
from chargecloud.gateway.admission import Admission
from chargecloud.gateway.link import Link
from chargecloud.gateway.messages import FenceHolder, HolderAnswered, ProbeHolder
from chargecloud.gateway.switchboard import Switchboard
from chargecloud.kernel.killpoints import reach
from chargecloud.kernel.message import Envelope


class Dispatcher:
    """Only the admitted holder of a charge point gets commands; every command ends in one `CommandEnded`."""

    def __init__(self, board: Switchboard, admission: Admission) -> None:
        self._board = board
        self._admission = admission
        self._seen: OrderedDict[str, None] = OrderedDict()
        """Command ids of late: a command delivered twice must not act twice."""

    def receive(self, envelope: Envelope) -> None:
        """Take one message from the mailbox."""
        body = envelope.body
        if isinstance(body, DeviceCommand):
            if self._is_new(body.command_id):
                self._board.traces.command(body, envelope.trace_id)
                self._command(body)
        elif isinstance(body, ProbeHolder):
            self._admission.contests.asked(body)
        elif isinstance(body, HolderAnswered):
            self._admission.contests.answered(body)
        elif isinstance(body, FenceHolder):
            self._admission.contests.fenced(body)
        else:
            self._board.counts["strange_messages"] += 1

    def expired(self, envelope: Envelope) -> None:
        """The bus found a command too old to deliver."""
        body = envelope.body
        if isinstance(body, DeviceCommand) and self._is_new(body.command_id):
            self._board.end(body, CommandOutcome.EXPIRED, "expired")

    def _command(self, command: DeviceCommand) -> None:
        board = self._board
        board.counts["commands_received"] += 1
        if command.expires_at_ms <= board.now_ms():
            board.end(command, CommandOutcome.EXPIRED, "expired")
        elif isinstance(command, AnswerBoot):
            self._answer_boot(command)
        else:
            link = board.online.get(command.charge_point_code)
            if link is None:
                board.end(command, CommandOutcome.OFFLINE, "not_connected")
            else:
                self._submit(link, command)

    def _submit(self, link: Link, command: DeviceCommand) -> None:
        if isinstance(command, ConfirmRecord):
            self._board.records.confirmed(command)
            link.submit(command)
            reach("K4")
        elif isinstance(command, StartCharging):
            reach("K10")
            link.submit(command)
            reach("K11")
        else:
            link.submit(command)

    def _answer_boot(self, command: AnswerBoot) -> None:
        link = self._board.link_of(command.link_id)
        if link is None or link.code != command.charge_point_code:
            self._board.end(command, CommandOutcome.OFFLINE, "link_gone")
        else:
            self._admission.answered(link, command)

    def _is_new(self, command_id: str) -> bool:
        seen = self._seen
        if command_id in seen:
            self._board.counts["commands_repeated"] += 1
            return False
        seen[command_id] = None
        if len(seen) > self._board.limits.remembered:
            seen.popitem(last=False)
        return True
