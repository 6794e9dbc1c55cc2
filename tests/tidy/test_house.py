"""The repository keeps its own rules."""

import pytest

from tests.tidy.rules import RULES, Rule
from tests.tidy.source import python_files


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule_holds_everywhere(rule: Rule) -> None:
    broken = [str(violation) for source in python_files() for violation in rule(source)]
    assert not broken, "\n".join(broken)
