"""Scripts are named as Redis names them, and their answers become holders."""

from hashlib import sha1

import pytest

from chargecloud.infra.cache import redis_scripts
from chargecloud.infra.cache.contract import Holder
from chargecloud.infra.cache.redis_scripts import Script, holder_of

SCRIPTS = {name: each for name, each in vars(redis_scripts).items() if isinstance(each, Script)}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_known_by_the_hash_of_its_text(name: str) -> None:
    script = SCRIPTS[name]
    assert script.sha == sha1(script.lua.encode(), usedforsecurity=False).hexdigest()


def test_all_scripts_were_looked_at() -> None:
    assert SCRIPTS.keys() == {"CLAIM", "HOLDER", "RELEASE", "ASSERT", "PULSE", "TAKE"}


def test_an_answer_becomes_a_holder() -> None:
    assert holder_of(b"1767225600000", b"g1", b"g1/7") == Holder("g1", "g1/7", 1767225600000)
