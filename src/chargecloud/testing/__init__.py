"""What a protocol is tested with, inside this repository and outside of it; needs the extra `testing` (ADR 31)."""

import pytest

pytest.register_assert_rewrite(*(f"{__name__}.{module}" for module in ("protocol", "speaker", "drive", "harness")))
