"""No table is forgotten: what `metadata` collects is what the whole package declares."""

import subprocess
import sys

COLLECTED = "from chargecloud.main.tables import metadata; print(sorted(metadata().tables))"
EVERYTHING = """
import importlib, pkgutil, chargecloud
from chargecloud.infra.sql.types import metadata
for module in pkgutil.walk_packages(chargecloud.__path__, "chargecloud."):
    if ".migrations" not in module.name:
        importlib.import_module(module.name)
print(sorted(metadata.tables))
"""


def printed(script: str) -> str:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout


def test_every_declared_table_is_collected() -> None:
    collected = printed(COLLECTED)
    assert "orders" in collected
    assert collected == printed(EVERYTHING), "a module declares tables; name it in chargecloud.main.tables"
