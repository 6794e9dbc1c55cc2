"""What gateways say to each other about a charge point that shows up at two of them."""

from chargecloud.kernel.message import Command


class ProbeHolder(Command, frozen=True, gc=False, kw_only=True, tag=True):
    """To the gateway of the present holder: does its connection live?"""

    charge_point_code: str
    holder_link_id: str
    challenger_link_id: str
    source: str


class HolderAnswered(Command, frozen=True, gc=False, kw_only=True, tag=True):
    """To the gateway of the challenger: what the probe showed, a `Contest` outcome."""

    challenger_link_id: str
    outcome: str
    epoch: int


class FenceHolder(Command, frozen=True, gc=False, kw_only=True, tag=True):
    """To a gateway that did not answer: the epoch it holds is over."""

    charge_point_code: str
    epoch: int
