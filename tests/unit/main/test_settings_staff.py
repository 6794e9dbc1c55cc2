"""Which roles need a second factor, as a setting: none by default, and never the demo."""

import pytest
from pydantic import ValidationError

from chargecloud.features.operators.messages import Role
from chargecloud.main.settings_staff import StaffSettings


def test_every_role_but_the_demo_can_be_asked() -> None:
    assert StaffSettings().totp_required_roles == ()
    for role in Role:
        if role is not Role.DEMO:
            assert StaffSettings.model_validate({"totp_required_roles": (role.value,)})


@pytest.mark.parametrize("wrong", ["demo", "boss", ""])
def test_others_are_refused(wrong: str) -> None:
    with pytest.raises(ValidationError):
        StaffSettings.model_validate({"totp_required_roles": (wrong,)})
