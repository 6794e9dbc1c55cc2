"""What every protocol owes the gateway, whoever the vendor: subclass `ProtocolContract` and say how yours speaks."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chargecloud.device.capability import NEEDS
from chargecloud.device.commands import AnswerBoot, DeviceCommand
from chargecloud.device.events import (
    Beat,
    Booted,
    CommandEnded,
    CommandOutcome,
    DeviceEvent,
    MeterSampled,
    RecordUploaded,
    StartAnswered,
    WireFaulted,
    digest_of,
)
from chargecloud.device.profile import Profile
from chargecloud.kernel.errors import Invalid, Unsupported
from chargecloud.testing.commands import one_of_each, session_no, start
from chargecloud.testing.harness import START_MS, Harness, admit
from chargecloud.testing.sizes import size_of
from chargecloud.testing.speaker import Speaker, again

quick = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
LONG_S = 4_000.0
MEMORY_MAX = 64 * 1024
GARBAGE_MB = 1 << 20
SHOWN = {
    "protocol", "frame_type", "name", "direction", "sequence", "verdict", "checksum", "fields", "extra_hex", "error",
}  # fmt: skip
"""What `chargecloud decode` tells of every unit, whatever the protocol."""


class Foreign(DeviceCommand, frozen=True, gc=False, kw_only=True):
    """A command no protocol knows."""


class ProtocolContract(Speaker):
    """Inherited by every vendor, who says how its charge points speak."""

    # -- introduction

    def test_nothing_is_said_before_the_platform_has_decided(self) -> None:
        harness = self.connect()
        events = harness.receive(self.boot())
        assert [type(event) for event in events] == [Booted]
        assert events[0].charge_point_code == self.code == harness.connection.charge_point_code
        assert harness.sent == [] and not harness.connection.admitted

    def test_the_platform_admits(self) -> None:
        harness = self.connect()
        admit(harness, self.boot(), self.code)
        assert len(harness.take_sent()) == 1
        assert [end.outcome for end in harness.ends("boot")] == [CommandOutcome.DONE]

    def test_the_platform_turns_away(self) -> None:
        harness = self.connect()
        harness.receive(self.boot())
        harness.submit(
            AnswerBoot(
                command_id="no",
                charge_point_code=self.code,
                expires_at_ms=harness.wall_ms + 5_000,
                link_id="link",
                accepted=False,
            )
        )
        connection = harness.connection
        assert connection.closing and connection.close_reason and not connection.admitted
        assert len(harness.take_sent()) == self.refusal_frames

    def test_the_platform_says_nothing(self) -> None:
        harness = self.connect()
        harness.receive(self.boot())
        harness.pass_time(11.0)
        assert harness.connection.closing and not harness.connection.admitted
        assert len(harness.take_sent()) == self.refusal_frames

    def test_nothing_counts_before_the_introduction(self) -> None:
        harness = self.connect()
        session = session_no(self.code)
        beat = b"" if self.beat_introduces else self.beat()
        for unit in (beat, self.sample(session), self.record(session)):
            assert [event for event in harness.receive(unit) if not isinstance(event, WireFaulted)] == []
        assert all(self.is_harmless(sent) for sent in harness.sent)

    def test_a_repeated_introduction_is_answered_and_not_told_again(self) -> None:
        harness = self.admitted()
        harness.receive(self.boot())
        assert len(harness.take_sent()) == 1
        assert len(harness.told(Booted)) == 1

    # -- reply policies

    def test_auto_is_answered_at_once(self) -> None:
        harness = self.admitted()
        events = harness.receive(self.beat())
        assert [type(event) for event in events] == [Beat]
        assert len(harness.take_sent()) == 1

    def test_a_sample_is_told(self) -> None:
        harness = self.admitted()
        (event,) = harness.receive(self.sample(session_no(self.code)))
        assert isinstance(event, MeterSampled)
        assert (event.charge_point_code, event.connector_no, event.session_no) == (self.code, 1, session_no(self.code))
        assert harness.take_sent() == []

    def test_a_record_is_confirmed_only_when_the_platform_says_so(self) -> None:
        harness = self.admitted()
        session = session_no(self.code)
        (event,) = harness.receive(self.record(session))
        assert isinstance(event, RecordUploaded) and event.raw
        harness.pass_time(20.0)
        assert harness.take_sent() == []
        self.confirm(harness, session)
        assert len(harness.take_sent()) == 1

    def test_a_record_sent_again_is_told_and_confirmed_again(self) -> None:
        harness = self.admitted()
        session = session_no(self.code)
        for number in range(3):
            harness.receive(self.record(session))
            assert len(harness.told(RecordUploaded)) == number + 1
            self.confirm(harness, session)
            assert len(harness.take_sent()) == 1
            harness.pass_time(10.0)

    def test_a_confirmation_nobody_waits_for_is_not_sent(self) -> None:
        harness = self.admitted()
        self.confirm(harness, session_no(self.code), outcome=CommandOutcome.REFUSED)
        assert harness.take_sent() == []

    def test_a_confirmation_of_other_bytes_under_the_same_number_is_not_sent(self) -> None:
        harness = self.admitted()
        session = session_no(self.code)
        harness.receive(self.record(session))
        (told,) = harness.told(RecordUploaded)
        assert isinstance(told, RecordUploaded)
        self.confirm(harness, session, CommandOutcome.REFUSED, digest=digest_of(told.raw + b"x"))
        assert harness.take_sent() == []
        self.confirm(harness, session, digest=digest_of(told.raw))
        assert len(harness.take_sent()) == 1

    # -- bytes

    @quick
    @given(data=st.binary(max_size=2_000), known=st.booleans())
    def test_any_bytes_never_raise(self, data: bytes, known: bool) -> None:
        harness = self.admitted() if known else self.connect()
        harness.receive(data)
        harness.pass_time(100.0)

    @quick
    @given(data=st.data())
    def test_chunking_never_matters(self, data: st.DataObject) -> None:
        stream = self.talk()
        cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=20).map(sorted))
        edges = [0, *cuts, len(stream)]
        chunks = [stream[a:b] for a, b in itertools.pairwise(edges)]
        whole, pieces = self.admitted(), self.admitted()
        assert self.outcome(whole, [stream]) == self.outcome(pieces, chunks)

    def test_split_at_every_byte(self) -> None:
        stream = self.talk()
        expected = self.outcome(self.admitted(), [stream])
        assert self.outcome(self.admitted(), [stream[at : at + 1] for at in range(len(stream))]) == expected

    @staticmethod
    def outcome(harness: Harness, chunks: Sequence[bytes]) -> tuple[list[DeviceEvent], list[bytes]]:
        before = len(harness.events)
        for chunk in chunks:
            harness.receive(chunk)
        harness.pass_time(1.0)
        return harness.events[before:], harness.take_sent()

    def test_damage_is_counted_told_and_costs_no_good_unit(self) -> None:
        harness = self.admitted()
        harness.receive(self.damaged() + self.beat() + self.damaged() + self.beat())
        harness.pass_time(61.0 if not harness.told(WireFaulted) else 1.0)
        assert len(harness.told(Beat)) == 2
        assert sum(sum(event.counts.values()) for event in harness.told(WireFaulted)) >= 2

    def test_damage_is_told_at_most_once_a_minute(self) -> None:
        harness = self.admitted()
        for _ in range(12):
            harness.receive(self.beat() + self.damaged())
            harness.pass_time(10.0)
        assert 1 <= len(harness.told(WireFaulted)) <= 3

    def test_too_much_damage_closes(self) -> None:
        harness = self.admitted()
        for _ in range(30):
            harness.receive(self.damaged())
        assert harness.connection.closing and harness.connection.close_reason
        assert harness.told(WireFaulted)
        assert harness.receive(self.beat()) == []

    def test_half_a_unit_does_not_block_for_ever(self) -> None:
        harness = self.admitted()
        harness.receive(self.beat()[:-3])
        harness.pass_time(11.0)
        harness.receive(self.beat())
        assert len(harness.told(Beat)) == 1

    def test_memory_stays_bounded_under_garbage(self) -> None:
        for pattern in (b"\x00", b"\x68", b"\x68\xff", self.damaged(), self.boot()[:-2], bytes(range(256))):
            harness = self.admitted()
            chunk = (pattern * (4096 // len(pattern) + 1))[:4096]
            for _ in range(GARBAGE_MB // len(chunk)):
                harness.connection.receive(chunk, harness.now, harness.wall_ms)
            harness.connection.take_output(), harness.connection.take_frames()
            assert size_of(harness.connection) < MEMORY_MAX

    def test_memory_stays_bounded_when_nobody_takes_anything(self) -> None:
        harness = self.admitted()
        stream = self.beat() * 50
        for _ in range(400):
            harness.connection.receive(stream, harness.now, harness.wall_ms)
        assert size_of(harness.connection) < 4 * GARBAGE_MB

    def test_memory_stays_bounded_under_records_nobody_confirms(self) -> None:
        harness = self.admitted()
        for counter in range(3_000):
            harness.connection.receive(self.record(session_no(self.code, 1, counter)), harness.now, harness.wall_ms)
            harness.connection.take_frames()
        assert size_of(harness.connection) < MEMORY_MAX

    def test_an_idle_connection_is_small(self) -> None:
        connections = []
        for _ in range(2):
            harness = self.admitted()
            for _ in range(3):
                harness.receive(self.beat())
                harness.receive(self.sample(""))
                harness.pass_time(15.0)
            connections.append(harness.connection)
        assert size_of(*connections) - size_of(connections[0]) <= self.idle_bytes_max

    def test_every_unit_is_in_the_frame_log(self) -> None:
        harness = self.admitted()
        harness.log.clear()
        stream = self.talk()
        harness.receive(stream)
        assert b"".join(raw for up, raw in harness.log if up) == stream
        assert [raw for up, raw in harness.log if not up] == harness.take_sent()

    # -- time

    def test_silence_closes(self) -> None:
        harness = self.admitted()
        for _ in range(10):
            harness.pass_time(20.0)
            harness.receive(self.beat())
        assert not harness.connection.closing
        harness.pass_time(self.silent_after_s)
        assert harness.connection.closing and "silent" in harness.connection.close_reason

    def test_a_probe_asks_something_harmless(self) -> None:
        harness = self.admitted()
        harness.connection.probe(harness.now, harness.wall_ms)
        assert len(harness.connection.take_output()) == 1
        assert self.connect().connection.take_output() == []

    # -- commands

    def test_the_capabilities_say_which_commands_are_honoured(self) -> None:
        for command in one_of_each(self.code, START_MS + 30_000):
            needed = NEEDS.get(type(command))
            if needed is not None:
                assert self.honours(command) is (needed in self.plugin.capabilities), f"{needed}: {type(command)}"

    def test_a_foreign_command_is_unsupported(self) -> None:
        harness = self.admitted()
        with pytest.raises(Unsupported, match="Foreign"):
            harness.submit(Foreign(command_id="f", charge_point_code=self.code, expires_at_ms=harness.wall_ms + 1))
        assert harness.take_sent() == []

    def test_an_expired_command_never_reaches_the_wire(self) -> None:
        harness = self.admitted()
        for command in one_of_each(self.code, harness.wall_ms):
            if self.honours(command):
                harness.submit(command)
                assert [end.outcome for end in harness.ends(command.command_id)] == [CommandOutcome.EXPIRED]
        harness.pass_time(30.0)
        assert harness.take_sent() == []

    def test_a_command_to_nobody_ends_as_offline(self) -> None:
        for command in self.commands(self.connect()):
            harness = self.connect()
            harness.submit(command)
            assert [end.outcome for end in harness.ends(command.command_id)] == [CommandOutcome.OFFLINE]
            assert harness.sent == []

    def test_an_unanswered_command_ends_once(self) -> None:
        commands = self.commands(self.admitted())
        assert commands
        for command in commands:
            harness = self.admitted()
            harness.submit(again(command, harness.wall_ms + 30_000))
            self.keep_alive(harness, LONG_S)
            assert len(harness.ends(command.command_id)) == 1
            assert harness.ends(command.command_id)[0].command == type(command).__name__

    def test_a_lost_socket_ends_every_command_once(self) -> None:
        harness = self.admitted()
        ids = Counter[str]()
        for number in range(12):
            for command in one_of_each(f"{self.code}", harness.wall_ms + 30_000):
                if self.honours(command):
                    ids[f"{command.command_id} {number}"] += 1
                    harness.submit(again(command, command.expires_at_ms, f"{command.command_id} {number}"))
        harness.abandon()
        harness.pass_time(LONG_S)
        assert Counter(end.command_id for end in harness.told(CommandEnded) if end.command_id != "boot") == ids
        assert harness.connection.closing

    def test_a_start_is_answered(self) -> None:
        harness = self.admitted()
        harness.submit(start(self.code, harness.wall_ms + 30_000))
        assert len(harness.take_sent()) == 1
        harness.receive(self.started(session_no(self.code)))
        (answer,) = harness.told(StartAnswered)
        assert answer.accepted and answer.command_id == "start"
        assert [end.outcome for end in harness.ends("start")] == [CommandOutcome.DONE]

    def test_a_doubled_answer_is_harmless(self) -> None:
        harness = self.admitted()
        harness.submit(start(self.code, harness.wall_ms + 30_000))
        for _ in range(3):
            harness.receive(self.started(session_no(self.code)))
        assert len(harness.ends("start")) == 1
        assert [answer.command_id for answer in harness.told(StartAnswered)].count("start") == 1

    def test_one_start_a_connector_at_a_time(self) -> None:
        harness = self.admitted()
        harness.submit(start(self.code, harness.wall_ms + 30_000))
        second = start(
            self.code, harness.wall_ms + 30_000, command_id="second", session_no=session_no(self.code, counter=2)
        )
        harness.submit(second)
        (end,) = harness.ends("second")
        assert (end.outcome, end.reason) == (CommandOutcome.REFUSED, "busy")
        assert len(harness.take_sent()) == 1

    def test_a_start_of_another_session_is_not_taken_for_ours(self) -> None:
        harness = self.admitted()
        harness.submit(start(self.code, harness.wall_ms + 30_000))
        harness.receive(self.started(session_no(self.code, counter=99)))
        assert harness.ends("start") == []
        assert all(answer.command_id != "start" for answer in harness.told(StartAnswered))

    @quick
    @given(data=st.data())
    def test_any_order_of_things_ends_each_command_once(self, data: st.DataObject) -> None:
        harness = self.admitted()
        session = session_no(self.code)
        units = [self.boot(), self.beat(), self.sample(session), self.record(session), self.started(session)]
        submitted = Counter[str]()
        for number in range(data.draw(st.integers(1, 25))):
            what = data.draw(st.sampled_from(["unit", "command", "time", "bytes"]))
            if what == "unit":
                harness.receive(data.draw(st.sampled_from(units)))
            elif what == "bytes":
                harness.receive(data.draw(st.binary(max_size=40)))
            elif what == "time":
                harness.pass_time(data.draw(st.sampled_from([0.2, 3.0, 11.0])))
            else:
                command = data.draw(st.sampled_from(self.commands(harness)))
                submitted[f"{number}"] += 1
                harness.submit(again(command, harness.wall_ms + 30_000, f"{number}"))
        self.keep_alive(harness, 60.0)
        harness.abandon()
        assert Counter(end.command_id for end in harness.told(CommandEnded) if end.command_id != "boot") == submitted

    # -- profiles

    def test_a_profile_that_changes_nothing_we_know_is_refused(self) -> None:
        assert self.plugin.adapt(()).name == self.plugin.name
        with pytest.raises(Invalid, match="no_such_field"):
            self.plugin.adapt((Profile(name="typo", firmware_prefix="V", changes={"no_such_field": 1}),))

    # -- for people

    def test_the_plugin_decodes_what_it_receives(self) -> None:
        described = self.plugin.decode(self.beat() + self.damaged())
        assert len(described) >= 2
        assert next(unit["verdict"] for unit in described) == "decode"
        for unit in described:
            assert set(unit) >= SHOWN, "a unit misses keys that `chargecloud decode` promises"
            assert json.loads(json.dumps(unit)) == unit

    @quick
    @given(data=st.binary(max_size=600))
    def test_decoding_for_people_never_raises(self, data: bytes) -> None:
        self.plugin.decode(data)
