"""Virtual charge points of every temper against the platform's own YKC connection: two programs, one protocol."""

from collections.abc import Sequence

import pytest

from chargecloud.device import commands as do
from chargecloud.device import events as told
from chargecloud.protocols.ykc16.plugin import Plugin
from chargecloud.sim.board import ChargePointSpec
from chargecloud.sim.charge_point import VirtualChargePoint
from chargecloud.sim.connector import Phase
from chargecloud.sim.temper import TEMPERS, Temper
from tests.unit.sim.bench import CODE, NOON_MS, TRADE_NO, car

CARD = "00000000D14B0A54"
TARIFF = do.DeviceTariff(
    "0042",
    (
        do.TariffBand(120_000, 80_000),
        do.TariffBand(100_000, 60_000),
        do.TariffBand(70_000, 50_000),
        do.TariffBand(30_000, 40_000),
    ),
    bytes([3] * 16 + [2] * 8 + [1] * 12 + [0] * 8 + [3] * 4),
)


class Wire:
    """Both ends of one connection on one clock; the business answers what it must."""

    def __init__(self, temper: Temper, seed: int = 1) -> None:
        self.now = 50.0
        spec = ChargePointSpec(code=CODE, temper=temper)
        self.point = VirtualChargePoint(spec, seed=seed, now=self.now, wall_ms=NOON_MS)
        self.platform = Plugin().connect(self.now)
        self.events: list[told.DeviceEvent] = []
        self._issued = 0
        self.point.connected(self.now)
        self.exchange()

    @property
    def wall_ms(self) -> int:
        return NOON_MS + int((self.now - 50) * 1000)

    def exchange(self) -> None:
        while frames := self.point.take_output():
            self.hear(self.platform.receive(b"".join(frames), self.now, self.wall_ms))
        while output := self.platform.take_output():
            self.point.receive(b"".join(output), self.now)
            self.exchange()

    def hear(self, events: Sequence[told.DeviceEvent]) -> None:
        for event in list(events):
            self.events.append(event)
            self.answer(event)

    def answer(self, event: told.DeviceEvent) -> None:
        match event:
            case told.Booted():
                self.order(do.AnswerBoot, link_id="g/1", accepted=True, qr_prefix="https://charge.example/q/")
                self.order(do.ApplyTariff, tariff=TARIFF)
            case told.RecordUploaded():
                self.order(do.ConfirmRecord, connector_no=event.connector_no, session_no=event.session_no)
            case told.StartRequested():
                self.order(
                    do.AnswerStart,
                    request_id=event.request_id,
                    connector_no=event.connector_no,
                    accepted=True,
                    refusal=do.ReplyRefusal.NONE,
                    session_no=TRADE_NO,
                    card_label="1",
                    balance_fen=10_000,
                )

    def order(self, kind: type[do.DeviceCommand], **fields: object) -> str:
        self._issued += 1
        command_id = f"c{self._issued}"
        command = kind(command_id=command_id, charge_point_code=CODE, expires_at_ms=self.wall_ms + 30_000, **fields)
        self.hear(self.platform.submit(command, self.now, self.wall_ms))
        self.exchange()
        return command_id

    def pass_time(self, seconds: float) -> "Wire":
        end = self.now + seconds
        while True:
            self.exchange()
            due = min(self.point.deadline(), self.platform.deadline())
            if due > end:
                break
            self.now = max(self.now, due)
            self.point.tick(self.now)
            self.hear(self.platform.tick(self.now, self.wall_ms))
        self.now = end
        return self

    def all(self, kind: type[told.DeviceEvent]) -> list[told.DeviceEvent]:
        return [event for event in self.events if isinstance(event, kind)]

    def outcome(self, command_id: str) -> told.CommandEnded:
        ended = [event for event in self.all(told.CommandEnded) if event.command_id == command_id]
        assert len(ended) == 1
        return ended[0]

    def done(self, kind: type[do.DeviceCommand], **fields: object) -> None:
        command_id = self.order(kind, **fields)
        self.pass_time(60)
        ended = self.outcome(command_id)
        assert ended.outcome is told.CommandOutcome.DONE, ended


@pytest.fixture(params=TEMPERS.values(), ids=TEMPERS)
def wire(request: pytest.FixtureRequest) -> Wire:
    return Wire(request.param).pass_time(40)


def test_it_boots_gets_its_tariff_and_beats(wire: Wire) -> None:
    assert wire.point.board.ready
    assert wire.point.board.memory.tariff is not None
    assert wire.point.board.memory.tariff.number == "0042"
    assert wire.all(told.Beat)
    assert {sample.connector_no for sample in wire.all(told.MeterSampled)} == {1, 2}
    assert not wire.platform.closing
    assert not wire.all(told.WireFaulted)


def test_a_charge_from_start_to_confirmed_record(wire: Wire) -> None:
    wire.point.plug(1, car(), wire.now)
    start = wire.order(
        do.StartCharging, connector_no=1, session_no=TRADE_NO, card_label="0", card_id=CARD, balance_fen=10_000
    )
    wire.pass_time(120)
    assert wire.outcome(start).outcome is told.CommandOutcome.DONE
    live = [sample for sample in wire.all(told.MeterSampled) if sample.session_no == TRADE_NO]
    assert live[-1].status is told.ConnectorStatus.CHARGING
    assert live[-1].energy_mwh > 500_000
    assert 300_000 < live[-1].voltage_mv < 450_000
    demand = wire.all(told.BatteryDemand)[-1]
    assert abs(demand.output_current_ma - live[-1].current_ma) <= 100
    assert wire.all(told.BatteryIntroduced)[-1].vin == "LZZS1MTEST0000001"
    stop = wire.order(do.StopCharging, connector_no=1, session_no=TRADE_NO)
    wire.pass_time(10)
    assert wire.outcome(stop).outcome is told.CommandOutcome.DONE
    record = wire.all(told.RecordUploaded)[-1]
    truth = wire.point.truth.of(1, TRADE_NO)
    assert truth.confirmed
    assert truth.energy_mwh == record.energy_mwh == sum(band.energy_mwh for band in record.bands)
    assert truth.record == record.raw
    assert record.stop_reason == "ended_app_remote_stop"
    assert wire.all(told.ChargeEnded)


def test_a_late_plug_is_a_late_success(wire: Wire) -> None:
    wire.order(do.StartCharging, connector_no=1, session_no=TRADE_NO, card_label="0", card_id=CARD, balance_fen=0)
    answer = wire.all(told.StartAnswered)[-1]
    assert (answer.accepted, answer.refusal) == (False, told.StartRefusal.NOT_PLUGGED)
    wire.pass_time(30)
    wire.point.plug(1, car(), wire.now)
    wire.pass_time(30)
    assert wire.all(told.StartAnswered)[-1].accepted
    assert wire.point.connectors[0].phase is Phase.CHARGING


def test_a_card_start(wire: Wire) -> None:
    wire.point.plug(1, car(), wire.now)
    wire.point.swipe(1, CARD, wire.now)
    wire.pass_time(60)
    assert wire.point.connectors[0].phase is Phase.CHARGING
    assert wire.all(told.StartRequested)[-1].card_id.strip("0") == CARD.strip("0")


def test_every_setting_is_answered(wire: Wire) -> None:
    cards = (do.OfflineCard("1", CARD),)
    wire.done(do.SyncClock)
    wire.done(do.ApplyTariff, tariff=TARIFF)
    wire.done(do.SetWorkParameters, in_service=True, power_limit_pct=80)
    wire.done(do.ReadSample, connector_no=2)
    wire.done(do.StoreCards, cards=cards)
    wire.done(do.QueryCards, card_ids=(CARD,))
    wire.done(do.RemoveCards, card_ids=(CARD,))
    wire.done(do.SetQrPrefix, prefix="https://charge.example/q/", with_connector=True)
    wire.done(do.Reboot, when_idle=True)


def test_a_reboot_logs_in_again_and_uploads_what_was_cut(wire: Wire) -> None:
    wire.point.plug(1, car(), wire.now)
    wire.order(do.StartCharging, connector_no=1, session_no=TRADE_NO, card_label="0", card_id=CARD, balance_fen=0)
    wire.pass_time(60)
    wire.point.reboot(wire.now)
    wire.hear(wire.platform.abandon("gone"))
    wire.point.disconnected(wire.now)
    wire.pass_time(20)
    wire.platform = Plugin().connect(wire.now)
    wire.point.connected(wire.now)
    wire.pass_time(30)
    record = wire.all(told.RecordUploaded)[-1]
    assert (record.session_no, record.stop_reason) == (TRADE_NO, "aborted_pile_power_loss")
    assert wire.point.truth.of(1, TRADE_NO).confirmed


def test_the_standard_firmware_has_locks_updates_and_parallel_charging() -> None:
    wire = Wire(TEMPERS["standard"]).pass_time(40)
    wire.done(do.MoveLock, connector_no=1, up=False)
    assert wire.all(told.LockReported)[-1].lock_state == "lowered"
    vehicle = car()
    for connector_no in (1, 2):
        wire.point.plug(connector_no, vehicle, wire.now)
    starts = [
        wire.order(
            do.StartCharging,
            connector_no=connector_no,
            session_no=f"{CODE}{connector_no:02d}2601011200000001",
            card_label="0",
            card_id=CARD,
            balance_fen=0,
            parallel_no="260101120000",
        )
        for connector_no in (1, 2)
    ]
    wire.pass_time(60)
    assert [wire.outcome(start).outcome for start in starts] == [told.CommandOutcome.DONE] * 2
    assert all(connector.phase is Phase.CHARGING for connector in wire.point.connectors)
    assert vehicle.sharing == 2
    command_id = wire.order(
        do.UpdateFirmware,
        is_dc=True,
        power_kw=120,
        host="192.0.2.1",
        port=21,
        username="once",
        password="only",
        path="/fw/V2.bin",
        when_idle=False,
        timeout_s=120,
    )
    wire.pass_time(60)
    assert wire.outcome(command_id).outcome is told.CommandOutcome.DONE
