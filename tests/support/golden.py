"""The golden frames of the repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


def golden_entries(protocol: str) -> list[tuple[str, dict[str, Any]]]:
    """File name and content of every golden file of a protocol, in a fixed order."""
    files = sorted((GOLDEN / protocol).glob("*.json"))
    return [(file.stem, json.loads(file.read_text("utf-8"))) for file in files]
