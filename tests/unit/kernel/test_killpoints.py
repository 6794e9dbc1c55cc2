"""Kill points end the process where they say, and are where they are said to be."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import chargecloud
from chargecloud.kernel import killpoints
from chargecloud.kernel.errors import Invalid

SOURCES = Path(chargecloud.__file__).parent
THREE_PASSES = """
from chargecloud.kernel.killpoints import reach
for number in range(3):
    print(number, flush=True)
    reach("K3")
    reach("K4")
"""


def passing(order: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {killpoints.ENVIRONMENT: order}
    return subprocess.run([sys.executable, "-c", THREE_PASSES], env=environment, capture_output=True, encoding="utf-8")


def test_every_point_is_reached_in_the_code_and_no_other() -> None:
    reached = {
        name
        for path in SOURCES.rglob("*.py")
        if path.name != "killpoints.py"
        for name in re.findall(r"\breach\(\"(\w+)\"\)", path.read_text("utf-8"))
    }
    assert reached == set(killpoints.POINTS)


def test_the_sixteen_points_of_the_design_are_there() -> None:
    assert set(killpoints.POINTS) == {f"K{number}" for number in range(1, 17)}


def test_the_pass_that_was_ordered_is_the_last() -> None:
    done = passing("K3:2")
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == ["0", "1"]


def test_a_point_without_a_number_is_its_first_pass() -> None:
    assert passing("K4").stdout.split() == ["0"]


def test_without_an_order_nothing_happens() -> None:
    done = passing("")
    assert (done.returncode, done.stdout.split()) == (0, ["0", "1", "2"])


@pytest.mark.parametrize("order", ["K99", "K3:0", "K3:x", "K17", "3"])
def test_an_order_nobody_can_obey_is_refused_in_words(order: str) -> None:
    with pytest.raises(Invalid, match="K1, K2"):
        killpoints.arm(order)
