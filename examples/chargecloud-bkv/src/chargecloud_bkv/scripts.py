"""How each command goes over the wire: its words, its limit, its repeats."""

from __future__ import annotations

from typing import Any

from chargecloud.device.commands import (
    AnswerStart,
    DeviceCommand,
    ReadParameters,
    ReadSample,
    StartCharging,
    StopCharging,
    WriteParameters,
)
from chargecloud.protocols.common.pending import Exchange, Script
from chargecloud.protocols.wire.schema import Frame
from chargecloud_bkv import frames
from chargecloud_bkv.conversation import Conversation
from chargecloud_bkv.mapping import downlink

START_LANE, STOP_LANE, STATE_LANE, PARAMETER_LANE = 1, 2, 3, 4
STOP_ATTEMPTS = 3
Building = Exchange[Conversation, Any]


def _start(talk: Conversation, exchange: Building) -> Frame:
    return downlink.start(exchange.command, talk.dialect)


def _stop(talk: Conversation, exchange: Building) -> Frame:
    return downlink.stop(exchange.command.connector_no)


def _question(talk: Conversation, exchange: Building) -> Frame:
    return downlink.question(exchange.command.connector_no)


def _card_start(talk: Conversation, exchange: Building) -> Frame:
    command: AnswerStart = exchange.command
    ask = (talk.asks or {}).pop(command.request_id, None)
    if ask is None or not isinstance(ask.frame, frames.CardSwipe):
        raise ValueError("nobody waits at the reader any more")
    talk.learn(command, ask.frame.business_no)
    place = (ask.frame.socket, ask.frame.hole)
    return downlink.card_answer(place, ask.frame.business_no, command, talk.dialect)


def _parameters(talk: Conversation, exchange: Building) -> Frame:
    """A write of a socket's settings is read back."""
    command: ReadParameters | WriteParameters = exchange.command
    if isinstance(command, WriteParameters) and exchange.step == 0:
        return downlink.write_parameters(command.group, command.values)
    return downlink.read_parameters(command.group)


def _steps(command: ReadParameters | WriteParameters) -> int:
    return 2 if isinstance(command, WriteParameters) and command.group != downlink.LIST_GROUP else 1


def _keep_in_mind(talk: Conversation, exchange: Building) -> None:
    """Unknown is not failed: the answer may still come, and only it tells the charge's number."""
    if isinstance(exchange.number, int):
        talk.remember_late(exchange.number, exchange.command)


START: Script[Conversation, Any] = Script(
    lane=START_LANE,
    build=_start,
    connector=lambda command: command.connector_no,
    queues=False,
    on_silence=_keep_in_mind,
)
CARD_START: Script[Conversation, Any] = Script(
    lane=START_LANE, build=_card_start, connector=lambda command: command.connector_no, queues=False
)
SCRIPTS: dict[type[DeviceCommand], Script[Conversation, Any]] = {
    StartCharging: START,
    StopCharging: Script(
        lane=STOP_LANE,
        build=_stop,
        connector=lambda command: command.connector_no,
        attempts=STOP_ATTEMPTS,
        same_number=True,
    ),
    ReadSample: Script(lane=STATE_LANE, build=_question, connector=lambda command: command.connector_no),
    ReadParameters: Script(lane=PARAMETER_LANE, build=_parameters),
    WriteParameters: Script(lane=PARAMETER_LANE, build=_parameters, steps=_steps),
}
"""Commands that need nothing but their script."""
