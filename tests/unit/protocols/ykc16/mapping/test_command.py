"""Commands as frames: limits of the wire are named, nothing is cut silently."""

from __future__ import annotations

import pytest

from chargecloud.device.commands import OfflineCard, ReplyRefusal
from chargecloud.protocols.ykc16.codec import encode
from chargecloud.protocols.ykc16.mapping import command as downlink
from chargecloud.testing.commands import CARD, TARIFF
from tests.support import ykc


def test_balances_fit_the_column() -> None:
    assert [downlink.balance_raw(fen) for fen in (-1, 0, 12_345, 1 << 40)] == [0, 0, 12_345, 0xFFFF_FFFF]


def test_a_qr_prefix_fills_a_frame_and_no_more() -> None:
    longest = downlink.qr_prefix(ykc.CODE, "x" * 187, with_connector=True)
    assert encode(longest, b"\0\0")[1] == 200
    with pytest.raises(ValueError, match="188 characters"):
        downlink.qr_prefix(ykc.CODE, "x" * 188, with_connector=True)
    with pytest.raises(ValueError, match="ASCII"):
        downlink.qr_prefix(ykc.CODE, "二维码", with_connector=True)


def test_the_two_tariff_frames_have_one_body() -> None:
    assert downlink.tariff_set(ykc.CODE, TARIFF).pack() == downlink.tariff_response(ykc.CODE, TARIFF).pack()


def test_every_refusal_has_its_number() -> None:
    assert set(downlink.REFUSAL_CODES) == set(ReplyRefusal) - {ReplyRefusal.NONE}
    assert sorted(downlink.REFUSAL_CODES.values()) == list(range(1, 12))


def test_a_bad_card_number_is_named() -> None:
    with pytest.raises(ValueError, match="'12'"):
        downlink.cards_store(ykc.CODE, [OfflineCard(card_label="1", card_id="12")])
    (card,) = downlink.cards_remove(ykc.CODE, [CARD]).cards
    assert card.physical_card_no == bytes.fromhex(CARD)
