"""The limit of open files; tried in a process of its own, which is the only way to have it back."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 300))
from chargecloud.sim.openfiles import allow_sockets
told = []
allow_sockets(COUNT, told.append)
print(resource.getrlimit(resource.RLIMIT_NOFILE), told)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
@pytest.mark.parametrize(
    ("count", "shown"),
    [("100", "(200, 300) []"), ("1000", "(300, 300) ['sim: 1000 charge points need 1100 open files, only 300")],
)
def test_the_limit_is_raised_as_far_as_allowed(count: str, shown: str) -> None:
    program = PROGRAM.replace("COUNT", count)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, encoding="utf-8", check=True)
    assert done.stdout.startswith(shown)
