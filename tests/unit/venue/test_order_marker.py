"""The marker by which an installation knows its orders, and another one that they are not its own."""

from __future__ import annotations

from uuid import UUID

import pytest

from live_trading.polymarket.clob.account import VenueAccount
from live_trading.polymarket.signing.order_hash import ZERO_WORD, exchange_domain, order_hash
from live_trading.polymarket.signing.order_marker import is_marker, marker_of
from live_trading.polymarket.signing.order_payload import client_order, fields_of
from live_trading.wiring.chance import SYSTEM
from tests.unit.venue.polymarket_builders import ENDPOINTS, plan, secret, wallet

pytestmark = pytest.mark.money_faults

OURS, THEIRS = UUID(int=1), UUID(int=2)
WALLET, OTHER_WALLET = "0x" + "ab" * 20, "0x" + "cd" * 20


def test_a_marker_tells_installations_and_wallets_apart() -> None:
    markers = {marker_of(who, where) for who in (OURS, THEIRS) for where in (WALLET, OTHER_WALLET)}

    assert len(markers) == 4
    assert all(is_marker(marker) and len(marker) == len(ZERO_WORD) for marker in markers)


@pytest.mark.parametrize("metadata", [ZERO_WORD, "0x" + "12" * 32, "0x", ""])
def test_what_others_write_into_an_order_is_no_marker(metadata: str) -> None:
    assert not is_marker(metadata)


def test_the_marker_is_in_what_is_signed_stored_and_posted() -> None:
    marker = marker_of(OURS, wallet().address)
    order = plan()

    signed = VenueAccount(wallet(), secret(), ENDPOINTS, SYSTEM, marker=marker).sign(order)

    fields = fields_of(signed)
    domain = exchange_domain(ENDPOINTS, order.token_id, version=order.version, neg_risk=order.neg_risk)
    assert (fields.metadata, fields.builder) == (marker, ZERO_WORD)
    assert order_hash(fields, domain) == signed.order_hash
    assert client_order(signed).metadata == marker
