"""Declarations that cannot work are refused where they are written."""

import pytest

from chargecloud.protocols.wire.columns import uint


def test_integers_have_one_to_five_bytes() -> None:
    with pytest.raises(TypeError, match="1 to 5 bytes, not 6"):
        uint(6, "六字节")
