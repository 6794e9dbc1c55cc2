"""Each check of documents finds the violation planted for it, and leaves the mended form alone."""

import pytest

from tests.tidy import documents
from tests.tidy.source import Source

MAP = {"docs/a.md": "[b](b.md#one-two) [self](#top)\n# Top", "docs/b.md": "## One, two\n"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[x](gone.md)", ["docs/c.md -> gone.md"]),
        ("[x](b.md#three)", ["docs/c.md -> b.md#three"]),
        ("[x](../docs/b.md#one-two) [y](https://example.com/z) [z](b.md)", []),
    ],
)
def test_dead_links(text: str, found: list[str]) -> None:
    texts = MAP | {"docs/c.md": text}
    assert list(documents.dead_links(texts, lambda path: path in texts)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [("run `make tset`", ["a.md: make tset"]), ("make test\n", []), ("make it work", ["a.md: make it"])],
)
def test_unknown_targets(text: str, found: list[str]) -> None:
    assert list(documents.unknown_targets({"a.md": text}, {"test"})) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("```\nchargecloud upp\n```", ["a.md: chargecloud upp"]),
        ("`uv run chargecloud upp`", ["a.md: chargecloud upp"]),
        ("`chargecloud up` is what chargecloud does", []),
    ],
)
def test_unknown_commands(text: str, found: list[str]) -> None:
    assert list(documents.unknown_commands({"a.md": text}, {"up"})) == found


@pytest.mark.parametrize("path", ["a/b:c.md", "docs/aux.py", "x/nul", "end./x", "Docs/A.md", "d/" * 100 + "x"])
def test_unfit_names(path: str) -> None:
    assert list(documents.unfit_names(["docs/a.md", "src/console.py", path])) == [path]


def test_unknown_names() -> None:
    page = {"a.md": "`bus.poison` `bus.poisson` `http.port` `a_file.toml` kind.of"}
    assert list(documents.unknown_names(page, {"bus.poison", "http.port"})) == ["a.md: bus.poisson"]


def test_variables_both_ways() -> None:
    page = {"a.md": "set CHARGECLOUD_COLOUR=red, see CHARGECLOUD_… variables"}
    assert list(documents.unknown_variables(page, {"CHARGECLOUD_DATA_DIR"})) == ["a.md: CHARGECLOUD_COLOUR"]
    assert list(documents.undocumented_variables(["CHARGECLOUD_DATA_DIR"], page)) == ["CHARGECLOUD_DATA_DIR"]
    assert not list(documents.undocumented_variables(["CHARGECLOUD_COLOUR"], page))


@pytest.mark.parametrize("trace", ["/ro" + "ot/x", "see ../sha" + "red/design", "https://py" + "pi.org/x"])
def test_machine_traces(trace: str) -> None:
    assert list(documents.machine_traces({"a.py": trace, "b.py": "path/to/x"})) == ["a.py"]


def test_keeperless() -> None:
    kept = "**Enforced by** review."
    assert not list(documents.keeperless({"docs/adr/0001-a.md": kept, "docs/adr/0002-b.md": kept}))
    assert list(documents.keeperless({"docs/adr/0001-a.md": "**Enforced by**"})) == [
        "docs/adr/0001-a.md: no 'Enforced by'"
    ]
    twice = {"docs/adr/0001-a.md": kept, "docs/adr/0001-b.md": kept}
    assert list(documents.keeperless(twice)) == ["docs/adr/0001-b.md: the number is taken"]


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("`Order`, `order_no: str`, `_fen`, *Refund*", []),
        ("`Ordre`", ["Ordre is not in the code"]),
        ("`Kind.ONE / TWO`", ["TWO is not in the code"]),
        ("*Order*", ["Order is in the code, but the glossary says later"]),
    ],
)
def test_glossary_breaks(cell: str, found: list[str]) -> None:
    table = f"| 中文 | English | Identifier | Seen |\n|---|---|---|---|\n| 订单 | order | {cell} | |\n"
    assert list(documents.glossary_breaks(table, {"Order", "order_no", "Kind", "ONE"})) == found


def test_a_glossary_without_its_table_is_no_glossary() -> None:
    assert list(documents.glossary_breaks("words", set())) == ["the table was not found"]


@pytest.mark.parametrize(
    ("tests", "found"),
    [
        ([], ["src/chargecloud/kernel/money.py"]),
        ([("tests/unit/kernel/test_money.py", "")], []),
        ([("tests/unit/kernel/test_all.py", "from chargecloud.kernel import money")], []),
        ([("tests/unit/kernel/test_energy.py", "")], ["src/chargecloud/kernel/money.py"]),
    ],
)
def test_untested(tests: list[tuple[str, str]], found: list[str]) -> None:
    package = [Source("src/chargecloud/kernel/money.py", ""), Source("src/chargecloud/kernel/__init__.py", "")]
    assert list(documents.untested(package, [Source(*test) for test in tests])) == found


@pytest.mark.parametrize(("other", "found"), [("wallet", 1), ("orders", 0)])
def test_a_room_is_tested_through_its_feature(other: str, found: int) -> None:
    room = [Source("src/chargecloud/features/orders/views.py", "")]
    tests = [Source(f"tests/integration/features/test_{other}_http.py", "")]
    assert len(list(documents.untested(room, tests))) == found
