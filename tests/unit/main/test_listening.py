"""A port that is taken is named, with the way out; one that is shared is not."""

import sys

import pytest

from chargecloud.kernel.errors import Unavailable
from chargecloud.main.listening import bind

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ports are shared on Linux")


def test_a_taken_port_is_told_in_words() -> None:
    with bind("127.0.0.1", 0) as first:
        first.listen()
        port = first.getsockname()[1]
        with pytest.raises(Unavailable, match=rf"127\.0\.0\.1:{port}.*configure another") as caught:
            bind("127.0.0.1", port)
        assert caught.value.code == "port_taken"


@LINUX
def test_a_shared_port_takes_several() -> None:
    with bind("127.0.0.1", 0, shared=True) as first:
        first.listen()
        with bind("127.0.0.1", first.getsockname()[1], shared=True) as second:
            second.listen()
