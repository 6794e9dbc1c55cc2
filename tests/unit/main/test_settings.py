"""Settings: the embedded profile is the default of every field, and each field explains itself."""

from dataclasses import asdict

import pytest
from pydantic import ValidationError

from chargecloud.gateway.limits import GatewayLimits
from chargecloud.infra.sql.options import PaymentOptions
from chargecloud.infra.sql.uow import Options
from chargecloud.main.settings import (
    LimitSettings,
    ListenerSettings,
    OrderSettings,
    Settings,
    is_secret,
    keys,
    variable,
)
from chargecloud.main.settings_payments import PaymentSettings
from chargecloud.main.settings_section import Section
from chargecloud.main.settings_wechat import WechatSettings


def test_a_profile_is_about_somebody() -> None:
    given = {"protocol": "dny", "name": "hall", "product": "31", "changes": {"heartbeat_s": 60, "start_sizes": [29]}}
    settings = Settings.model_validate({"profiles": [given]})
    (profile,) = settings.profiles_by_protocol()["dny"]
    assert profile.matches(code="04CEAA40", product="31", firmware="6.40")
    assert profile.changes == {"heartbeat_s": 60, "start_sizes": (29,)}
    with pytest.raises(ValueError, match="match everybody"):
        Settings.model_validate({"profiles": [given | {"product": ""}]})


def test_defaults_are_the_embedded_profile() -> None:
    settings = Settings()
    assert (settings.http.host, settings.http.port, settings.https.port) == ("127.0.0.1", 8080, 8443)
    listening = [(listener.protocol, listener.port) for listener in settings.listeners]
    assert listening == [("ykc16", 8768), ("ykc16", 8769), ("dny", 7054)]
    assert settings.database_url == "sqlite:///var/chargecloud.db"
    assert (settings.bus.url, settings.cache.url, settings.enrolment) == ("memory://", "memory://", "closed")


def test_settings_read_nothing_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARGECLOUD_HTTP__PORT", "1234")
    assert Settings().http.port == 8080


def test_the_database_url_wins_over_the_data_directory() -> None:
    assert Settings(database={"url": "sqlite:///other.db"}).database_url == "sqlite:///other.db"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"tls_cert": "c.pem"}, "tls_key"),
        ({"tls_key": "k.pem"}, "tls_cert"),
        ({"client_ca": "ca.pem"}, "client_ca needs"),
        ({"port": 70_000}, "65535"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_listener_that_cannot_work_is_refused(fields: dict[str, object], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        ListenerSettings.model_validate({"protocol": "ykc16", "port": 1, **fields})


def test_keys_and_variables_match() -> None:
    assert variable("http.port") == "CHARGECLOUD_HTTP__PORT"
    assert {"data_dir", "http.port", "listeners", "database.url", "enrolment"} <= set(keys())


def test_limits_reach_the_gateway() -> None:
    limits = LimitSettings(connections=7, login_within_s=3).for_gateway()
    assert (limits.connections, limits.login_within_s) == (7, 3)
    assert LimitSettings().for_gateway() == GatewayLimits()


def test_order_rules_default_to_those_of_the_business() -> None:
    business = asdict(Options())
    assert OrderSettings().model_dump() == {name: business[name] for name in OrderSettings.model_fields}


WECHAT = {"appid": "wx1", "app_secret": "canary-secret"}


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"app_secret": ""}, "belong together"),
        ({"appid": ""}, "belong together"),
        ({"apiv3_key": "short"}, "apiv3_key has 5 bytes; it has 32"),
        ({"apiv2_key": "short"}, "apiv2_key has 5 bytes; it has 32"),
        ({"public_key_id": "PUB_KEY_ID_1"}, "public_key_file belong together"),
        ({"public_key_id": "KEY_1"}, "pattern"),
        ({"mchid": "abc"}, "pattern"),
        ({"notify_url": "https://example.com/x?a=1"}, "pattern"),
        ({"pay_base_url": "https://example.com/"}, "pattern"),
        ({"web_base_url": "http://127.0.0.1:9780"}, "take one of them away"),
        ({"bare_openid": True, "mchid": "1900000001"}, "bare_openid"),
    ],
)
def test_a_wechat_that_cannot_work_is_refused_without_its_secrets(changes: dict[str, object], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        WechatSettings.model_validate(WECHAT | changes)


def test_what_payments_still_need_is_known() -> None:
    assert WechatSettings().missing_for_pay[0] == "appid"
    missing = ("mch_serial", "mch_key_file", "apiv3_key", "notify_url")
    assert WechatSettings.model_validate(WECHAT | {"mchid": "1900000001"}).missing_for_pay == missing


def test_secrets_are_not_in_what_is_shown_of_settings() -> None:
    canaries = {"app_secret": "canary-1", "apiv3_key": "canary-2" * 4, "apiv2_key": "canary-3" * 4}
    settings = Settings.model_validate({"wechat": WECHAT | canaries})
    assert "canary" not in f"{settings!r}{settings}{settings.model_dump()}{settings.model_dump_json()}"
    assert {key for key in keys() if is_secret(key)} == {
        "http.metrics_token", "wechat.app_secret", "wechat.apiv3_key", "wechat.apiv2_key"
    }  # fmt: skip


def test_limits_of_payments_grow_from_one_payment_to_a_day() -> None:
    assert PaymentSettings().model_dump() == asdict(PaymentOptions())
    assert issubclass(PaymentSettings, Section)
    with pytest.raises(ValidationError, match="grow in this order"):
        Settings.model_validate({"payments": {"min_fen": 500, "max_fen": 400}})
