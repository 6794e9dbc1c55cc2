"""A virtual charge point for cars in the city, and what each of its charges had delivered by each half hour."""

from chargecloud.sim.board import ChargePointSpec
from chargecloud.sim.charge_point import VirtualChargePoint
from chargecloud.sim.faults import NO_FAULTS, Faults
from tests.city.dialler import Dialler
from tests.city.network import Network

HALF_HOUR_MS = 1_800_000


class Host(Dialler[VirtualChargePoint]):
    """One charge point on the network."""

    protocol = "ykc16"

    def __init__(
        self,
        spec: ChargePointSpec,
        network: Network,
        *,
        seed: int,
        wall_ms: int,
        source: str,
        faults: Faults = NO_FAULTS,
        honest: bool = True,
    ) -> None:
        self.shares: dict[tuple[int, str], dict[int, int]] = {}
        """Energy each session had delivered by the end of each half hour of true time."""
        point = VirtualChargePoint(spec, seed=seed, now=network.loop.time(), wall_ms=wall_ms, faults=faults)
        super().__init__(point, network, seed=seed, source=source, honest=honest)

    def before_power_fails(self) -> None:
        self.note_shares()

    def note_shares(self) -> None:
        """Note what every running session has delivered by now."""
        now = self._loop.time()
        board = self.point.board
        half = board.clock.true_ms(now) - 1
        half -= half % HALF_HOUR_MS
        for connector in self.point.connectors:
            if connector.flowing and connector.session is not None:
                connector.advance(now, board.limits())
                key = (connector.number, connector.session.order.session_no)
                self.shares.setdefault(key, {})[half] = connector.session.truth.energy_mwh
