"""No table is forgotten: every module that declares one is among those `metadata` imports."""

import re
import sys

from chargecloud.main.tables import metadata
from tests.tidy.source import package_files

DECLARED = re.compile(r"\bTable\(\s*\"(\w+)\"")


def test_every_declared_table_is_collected() -> None:
    collected = metadata().tables
    declared = {name: source.module for source in package_files() for name in DECLARED.findall(source.text)}
    assert len(declared) > 20
    assert set(collected) == set(declared), "a module declares tables; name it in chargecloud.main.tables"
    assert all(module in sys.modules for module in declared.values())
