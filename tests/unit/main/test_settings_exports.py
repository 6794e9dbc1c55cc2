"""Limits of exports as settings: the defaults are those of the rules, and nothing without a bound."""

import pytest
from pydantic import ValidationError

from chargecloud.infra.sql.options import ExportOptions
from chargecloud.main.settings_exports import ExportSettings


def test_defaults_are_those_of_the_rules() -> None:
    assert ExportOptions(**ExportSettings().model_dump()) == ExportOptions()


@pytest.mark.parametrize("wrong", [{"max_rows": 0}, {"keep_h": 721}, {"max_file_mib": 0}, {"max_open": 0}])
def test_limits_have_limits(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        ExportSettings(**wrong)
