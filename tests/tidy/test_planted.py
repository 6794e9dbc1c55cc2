"""Each rule finds the violation planted for it, and leaves the mended form alone."""

import pytest

from tests.tidy import rules
from tests.tidy.source import PACKAGE, Source

LONG_FUNCTION = "def f() -> None:\n" + "    pass\n" * 60

PLANTED: dict[rules.Rule, tuple[str, str, str | None]] = {
    rules.file_length: ("kernel/x.py", "\n" * 501, "\n" * 500),
    rules.function_length: ("kernel/x.py", LONG_FUNCTION, "def f() -> None:\n    pass\n"),
    rules.exact_numbers: ("features/wallet/model.py", "half = total / 2", "half = total // 2"),
    rules.rounding: ("gateway/x.py", "a = round(b)", "a = divide_half_up(b, 1)"),
    rules.asking_the_time: ("gateway/x.py", "a = time.time()", "a = clock.now_ms()"),
    rules.catching_everything: (
        "features/wallet/service.py",
        "try:\n    f()\nexcept Exception:\n    pass\n",
        "try:\n    f()\nexcept ValueError:\n    pass\n",
    ),
    rules.committing: ("features/wallet/service.py", "connection.commit()", "uow.publish(event, key=key)"),
    rules.feature_faces: (
        "features/orders/service.py",
        "from chargecloud.features.wallet import sql",
        "from chargecloud.features.wallet import service",
    ),
    rules.feature_rooms: ("features/orders/helpers.py", "", None),
    rules.room_order: (
        "features/orders/model_price.py",
        "from chargecloud.features.orders import service",
        "from chargecloud.features.orders import messages, model",
    ),
    rules.vocabulary: ("features/orders/service.py", "def find(pile_code): ...", "def find(charge_point_code): ..."),
    rules.plain_identifiers: ("kernel/x.py", "电量 = 1", "energy_mwh = 1"),
    rules.left_for_later: ("kernel/x.py", "# TODO: later", "# Why: the paper says so"),
    rules.skipped_tests: (
        "tests/unit/test_x.py",
        "@pytest.mark.xfail\ndef test_x(): ...",
        "@pytest.mark.skipif(sys.platform == 'win32', reason='')\ndef test_x(): ...",
    ),
    rules.log_events: ("gateway/x.py", "log.info(f'{a} settled')", "log.info('order.settled', order_no=a)"),
    rules.text_encoding: ("kernel/x.py", "path.read_text()", "path.read_text('utf-8')"),
    rules.vendor_branches: (
        "features/stations/service.py",
        "if charge_point.protocol == 'dny':\n    pass\n",
        "if Capability.LOCATE in capabilities:\n    pass\n",
    ),
    rules.typed_faces: ("device/x.py", "def f(a: list[Any]) -> None: ...", "def _f(a: list[Any]) -> None: ..."),
}
"""Rule: a path (in the package, unless it begins with tests/), what is wrong there, and its mended form."""


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_planted_violation_is_found(rule: rules.Rule) -> None:
    path, bad, good = PLANTED[rule]
    place = path if path.startswith("tests/") else PACKAGE + path
    assert list(rule(Source(place, bad))), "the planted violation was not found"
    if good is not None:
        assert not list(rule(Source(place, good)))


@pytest.mark.parametrize(
    ("text", "found"),
    [("x: float = 1", 1), ("x = 0.5", 1), ("x /= 2", 1), ("x = a // b", 0)],
)
def test_every_way_to_a_float_is_seen(text: str, found: int) -> None:
    assert len(list(rules.exact_numbers(Source(PACKAGE + "features/tariffs/model.py", text)))) == found


@pytest.mark.parametrize(
    "text",
    [
        "x = name in ('ykc16', 'dny')",
        "match name:\n    case 'dny':\n        pass\n",
        "x = name.startswith('dny')",
        "x = boot.protocol != 'somebody'",
    ],
)
def test_every_way_to_ask_for_the_vendor_is_seen(text: str) -> None:
    assert list(rules.vendor_branches(Source(PACKAGE + "gateway/x.py", text)))
    assert not list(rules.vendor_branches(Source(PACKAGE + "protocols/dny/x.py", text)))


def test_retired_synonym_is_found() -> None:
    assert list(rules.vocabulary(Source(PACKAGE + "features/orders/model.py", "class User: ...")))


def test_vendor_words_are_free_in_their_own_folder() -> None:
    assert not list(rules.vocabulary(Source(PACKAGE + "protocols/ykc16/mapping.py", "pile_code = 1")))


@pytest.mark.parametrize(
    "text",
    ["pytest.skip('not today')", "pytest.importorskip('redis')", "@pytest.mark.skipif(True, reason='')\ndef f(): ..."],
)
def test_every_way_around_a_test_is_seen(text: str) -> None:
    assert list(rules.skipped_tests(Source("tests/unit/test_x.py", text)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("open('a')", 1),
        ("open('a', 'w')", 1),
        ("open('a', 'wb')", 0),
        ("open('a', encoding='utf-8')", 0),
        ("path.open('a')", 1),
        ("path.open('rb')", 0),
        ("link.open()", 0),
        ("path.write_text('x')", 1),
        ("path.write_text('x', 'utf-8')", 0),
        ("subprocess.run(command, text=True)", 1),
        ("subprocess.run(command, text=True, encoding='utf-8')", 0),
    ],
)
def test_every_way_to_text_is_seen(text: str, found: int) -> None:
    assert len(list(rules.text_encoding(Source("tests/x.py", text)))) == found
