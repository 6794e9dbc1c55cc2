"""The embedded store takes what is left out of the options as durable."""

from chargecloud.infra.sql.store import StoreOptions


def test_what_is_not_said_is_safe() -> None:
    assert StoreOptions().synchronous == "FULL"
    assert not StoreOptions().allow_unsafe
