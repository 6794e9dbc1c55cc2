"""`chargecloud sim`: every option of the simulator can be given, and a wrong one is named."""

import inspect
import json
from dataclasses import fields

import pytest
from typer.testing import CliRunner

from chargecloud.kernel.errors import Invalid
from chargecloud.main.cli import app
from chargecloud.main.cli_sim import sim
from chargecloud.sim.options import SimOptions

SPELT_OTHERWISE = {"host": "address", "port": "address", "faults": "fault", "cards": "card"}


def test_every_option_of_the_simulator_has_a_flag() -> None:
    flags = set(inspect.signature(sim).parameters)
    assert {SPELT_OTHERWISE.get(field.name, field.name) for field in fields(SimOptions)} == flags


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--temper", "mild"], "openuc"),
        (["--fault", "nosuch=1"], "wrong_crc"),
        (["--address", "nowhere:port"], "host:port"),
        (["--protocol", "nosuch", "--address", "127.0.0.1"], "ykc16"),
        (["--scenario", "plug,dance"], "unplug"),
    ],
)
def test_a_wrong_option_is_named_with_what_is_allowed(arguments: list[str], word: str) -> None:
    with pytest.raises(Invalid, match=word):
        CliRunner().invoke(app, ["sim", *arguments], catch_exceptions=False)


def test_the_last_line_is_a_summary() -> None:
    nobody = ["--address", "127.0.0.1:1", "--count", "2", "--duration-s", "0.2", "--progress-s", "0"]
    result = CliRunner().invoke(app, ["sim", *nobody], catch_exceptions=False)
    assert result.exit_code == 0
    assert json.loads(result.stdout.splitlines()[-1])["charge_points"] == 2
