"""docs/openapi.json: the API as the wired application describes it; nothing is started for it."""

import json
from pathlib import Path

from chargecloud.kernel.clock import ManualClock
from chargecloud.main.roles import wire
from chargecloud.main.settings import Settings


def outputs() -> dict[str, str]:
    """Path and text of what is generated."""
    settings = Settings.model_construct(data_dir=Path("never-opened"))
    document = wire(settings, ManualClock()).app.openapi()
    return {"docs/openapi.json": json.dumps(document, ensure_ascii=False, indent=1) + "\n"}
