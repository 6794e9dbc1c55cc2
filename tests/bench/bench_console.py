"""How soon the console shows something, in Chromium against the demo: `python -m tests.bench console`."""

import json
import subprocess
from pathlib import Path

CONSOLE = Path(__file__).resolve().parents[2] / "web" / "console"
WITHIN_S = 600

Figures = dict[str, object]


def first_paint() -> Figures:
    """Medians of several loads with an empty cache: milliseconds, and kilobytes of script (gzip)."""
    told = subprocess.run(
        ["node", "tests/e2e/paint.mjs"],
        cwd=CONSOLE,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=WITHIN_S,
        check=False,
    )
    if told.returncode:
        raise RuntimeError(f"node tests/e2e/paint.mjs ended with {told.returncode}: {told.stderr[-2_000:]}")
    measured = json.loads(told.stdout.strip().splitlines()[-1])
    figures: Figures = {"bench": "console", "loads": measured["loads"]}
    for page in ("sign_in", "first_page"):
        figures |= {f"{page}_{name}": value for name, value in measured[page].items()}
    return figures | {"initial_script_kb": measured["initial_script_kb"]}
