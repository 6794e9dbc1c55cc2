"""The repository keeps its own rules."""

from dataclasses import replace

from tests.tidy.rules import RULES
from tests.tidy.source import python_files


def test_every_rule_holds_everywhere() -> None:
    """File by file, so that no more than one is parsed at a time, and none twice."""
    broken = [
        f"{violation} ({rule.__name__})"
        for source in map(replace, python_files())
        for rule in RULES
        for violation in rule(source)
    ]
    assert not broken, "\n".join(broken)
