"""Every form in which a connector may be named, and what is not to be taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.features.stations.model_codes import (
    ALPHABET,
    Named,
    NamedBy,
    OtherForm,
    new_screen,
    new_sticker,
    read_code,
)
from chargecloud.kernel.errors import Invalid

PILE = "32010600000001"
BASE = "https://example.com/q/"


def number(connector_no: int | None, code: str = PILE) -> Named:
    return Named(by=NamedBy.NUMBER, charge_point_code=code, connector_no=connector_no)


def screen(connector_no: int | None, alias: str = "abcdefgh", code: str = PILE) -> Named:
    return Named(by=NamedBy.SCREEN, screen=alias, charge_point_code=code, connector_no=connector_no)


STICKER = Named(by=NamedBy.STICKER, sticker="abcdefgh23")

FORMS = [
    (f"{BASE}abcdefgh23", STICKER),
    ("  abcdefgh23 ", STICKER),
    (f"{BASE}abcdefgh23/", STICKER),
    (f"{BASE}abcdefgh23#", STICKER),
    ("https%3A%2F%2Fexample.com%2Fq%2Fabcdefgh23", STICKER),
    (f"{BASE}abcdefgh{PILE}", screen(None)),
    (f"{BASE}abcdefgh{PILE}01", screen(1)),
    (f"{BASE}abcdefgh-{PILE}-02", screen(2)),
    (f"{BASE}abcdefgh{PILE}01#", screen(1)),
    (f"{BASE}abcdefgh/40AACE04/02", screen(3, code="04CEAA40")),
    (f"{BASE}abcdefgh/40AACE04/FF", screen(0, code="04CEAA40")),
    (f"{BASE}40aace04/00", screen(1, alias="", code="04CEAA40")),
    ("40AACE04/00", screen(1, alias="", code="04CEAA40")),
    (PILE, number(None)),
    (f"{PILE}02", number(2)),
    (f"{PILE}-2", number(2)),
    (f"https://old.example.com/c?no={PILE}02", number(2)),
    ("04CEAA40", number(None, "04CEAA40")),
    ("04CEAA40-3", number(3, "04CEAA40")),
    (f"hlht://{PILE}02.123456789/", number(2)),
    (f"HLHT://{PILE}.123456789", number(None)),
    ("hlht://abcdefgh23.123456789/", STICKER),
]


@pytest.mark.parametrize(("text", "named"), FORMS)
def test_every_form_is_read(text: str, named: Named) -> None:
    assert read_code(text) == named


NOTHING = [
    "", " ", "hello", BASE, "https://example.com/q/ABCDEFGH23", f"{PILE}123", PILE[:-1], "abcdefgh2",
    "https://example.com/q/abcdefgh/zz/00", "hlht://", "wxp://f2f0abc", f"{BASE}il0o1uabcd", "../../etc/passwd",
]  # fmt: skip


@pytest.mark.parametrize("text", NOTHING)
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read_code(text)


def test_forms_of_others_come_first_and_count_as_they_do() -> None:
    others = [
        OtherForm(pattern=r"^https://a\.example/x\?id=(?P<code>\d{14})(?:&g=(?P<connector>\d+))?$"),
        OtherForm(pattern=r"^B-(?P<code>\d{14})-(?P<connector>\d)$", first_connector=0),
    ]
    assert read_code(f"https://a.example/x?id={PILE}&g=2", others).connector_no == 2
    assert read_code(f"https://a.example/x?id={PILE}", others) == Named(by=NamedBy.OTHER, charge_point_code=PILE)
    assert read_code(f"B-{PILE}-0", others).connector_no == 1
    assert read_code(f"{PILE}01", others).by is NamedBy.NUMBER


def test_aliases_differ_and_are_read_again() -> None:
    stickers = {new_sticker() for _ in range(1_000)}
    assert len(stickers) == 1_000
    assert all(read_code(BASE + each) == Named(by=NamedBy.STICKER, sticker=each) for each in stickers)
    assert all(set(each) <= set(ALPHABET) for each in stickers)
    for _ in range(100):
        alias = new_screen()
        assert read_code(f"{BASE}{alias}{PILE}02") == screen(2, alias)
        assert read_code(f"{BASE}{alias}/40AACE04/01") == screen(2, alias, "04CEAA40")


@given(st.text(max_size=400))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    try:
        named = read_code(text)
    except Invalid:
        return
    assert named.sticker or named.charge_point_code
