"""Where a market stands on its way to resolution."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from local.exchange.identity.contracts import NEG_RISK_DOMAIN, STANDARD_DOMAIN, V3_DOMAIN, signing_domain
from local.exchange.tape.listings import Listing, Listings, Stage, recorded_listing
from local.exchange.tape.recorded import MarketKind, load_recorded_markets
from tests.unit.exchange.exchange_builders import HashedIds, recorded_markets


def _listing() -> Listing:
    return recorded_listing(next(iter(recorded_markets())), 0)


def test_a_recorded_market_resolves_one_to_two_minutes_after_its_end_and_never_while_it_is_quoted() -> None:
    for ordinal, market in enumerate(recorded_markets(limit=None)):
        listing = recorded_listing(market, ordinal)

        assert listing.resolves_ms is not None
        assert market.end_ms + 60_000 <= listing.resolves_ms <= market.end_ms + 120_000
        assert listing.resolves_ms > market.closes_ms


def test_stages_follow_the_clock_up_to_the_proposal() -> None:
    listing = _listing()
    listings = Listings([listing])
    moments = (listing.opens_ms - 1, listing.opens_ms, listing.end_ms, listing.end_ms + 30_000)

    assert [listings.stage(listing, now_ms) for now_ms in moments] == [
        Stage.UNLISTED,
        Stage.OPEN,
        Stage.REQUESTED,
        Stage.PROPOSED,
    ]


def test_a_market_is_resolved_by_its_payouts_on_the_chain_not_by_the_clock() -> None:
    listing = _listing()
    listings = Listings([listing])
    assert listing.resolves_ms is not None
    late_ms = listing.resolves_ms + 60_000
    before = listings.stage(listing, late_ms)

    listings.mark_resolved(listing.condition_id, late_ms, "0x01")

    assert before is Stage.PROPOSED
    assert listings.stage(listing, late_ms - 1) is Stage.PROPOSED
    assert listings.stage(listing, late_ms) is Stage.RESOLVED


def test_payouts_per_share_follow_the_numerators() -> None:
    split = replace(_listing(), payouts=(1, 3))

    assert [split.payout_per_share(index) for index in (0, 1)] == [Decimal("0.25"), Decimal("0.75")]
    with pytest.raises(ValueError, match="no payouts"):
        replace(split, payouts=None).payout_per_share(0)


def test_listings_are_found_by_condition_and_by_asset() -> None:
    listing = _listing()
    listings = Listings([listing])

    assert listings.by_condition(listing.condition_id) is listing
    assert listings.by_asset(listing.token_ids[1]) is listing
    assert listings.by_asset("9") is None


def test_recorded_markets_take_the_kinds_of_contract_in_turn() -> None:
    kinds = (MarketKind.STANDARD, MarketKind.NEG_RISK, MarketKind.V2)

    listings = [recorded_listing(market, 0) for market in load_recorded_markets(HashedIds(), limit=3, kinds=kinds)]

    assert [(listing.version, listing.neg_risk) for listing in listings] == [("v1", False), ("v1", True), ("v2", False)]
    assert [bool(listing.token_ids) for listing in listings] == [True, True, False]
    assert [len(listing.position_ids) for listing in listings] == [0, 0, 2]
    assert [signing_domain(int(listing.asset_ids[0]), neg_risk=listing.neg_risk) for listing in listings] == [
        STANDARD_DOMAIN,
        NEG_RISK_DOMAIN,
        V3_DOMAIN,
    ]
