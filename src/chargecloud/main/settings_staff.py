"""The group of settings about the people who work here."""

from typing import Literal

from pydantic import Field

from chargecloud.main.settings_section import Section

RoleName = Literal["administrator", "dispatcher", "operations", "finance", "maintenance", "auditor"]


class StaffSettings(Section):
    """How staff sign in."""

    totp_required_roles: tuple[RoleName, ...] = Field(
        (),
        description="roles that need a code of their phone at sign-in, as a JSON list, such as "
        '`["finance","administrator"]`; who has none can only set it up',
    )
