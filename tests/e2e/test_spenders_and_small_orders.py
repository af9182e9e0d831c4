"""What the venue checks before it takes an order, seen from lt-execute: its spenders and its minimums."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from live_trading.api.once import Caller
from live_trading.api.routes.live.trading_routes import ClosePosition
from live_trading.chain.contracts import APPROVE
from live_trading.nouns.money import Usd
from local.chain import ADDRESSES, NEG_RISK_EXCHANGE, STANDARD_EXCHANGE, LocalChain
from tests.e2e.live_fixtures import LiveDesk

pytestmark = pytest.mark.e2e


def allow(desk: LiveDesk, spender: str, amount: Usd) -> None:
    """What the desk's wallet lets a spender take from now on."""
    (wallet,) = desk.rows("SELECT address FROM trading_wallets")
    chain = LocalChain.attach(desk.stack.rpc_url)
    chain.send_as(wallet["address"], ADDRESSES.collateral_token, APPROVE, spender, amount.base_units)


def breaks(desk: LiveDesk) -> list[dict[str, Any]]:
    return desk.rows("SELECT kind, subject, expected, observed FROM breaks WHERE closed_at IS NULL")


def test_every_spender_that_the_venue_lists_is_watched_and_none_of_them_stops_entries(desk: LiveDesk) -> None:
    desk.execute()
    listed = {row["spender"] for row in desk.rows("SELECT * FROM venue_spenders WHERE asset_type = 'COLLATERAL'")}
    assert {STANDARD_EXCHANGE, NEG_RISK_EXCHANGE} <= listed
    assert breaks(desk) == []

    allow(desk, NEG_RISK_EXCHANGE, Usd(7))
    desk.signal()
    report = desk.execute()

    assert breaks(desk) == [
        {"kind": "ALLOWANCE", "subject": NEG_RISK_EXCHANGE, "expected": Decimal(2000), "observed": Decimal(7)}
    ]
    assert (report.failures, desk.reasons()) == ([], ["accepted"])


def test_fewer_than_five_shares_are_bought_and_sold_again(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    dearer = desk.dearer()
    best = desk.book(dearer).best_ask
    assert best is not None
    # Under five shares at the best offer, and worth well over a dollar.
    stake = (best.value * Decimal("4.4")).quantize(Decimal("0.01"))
    desk.change(f"UPDATE ft_wallet_versions SET config = jsonb_set(config, '{{bet_size}}', '\"{stake}\"')")
    desk.signal(outcome_index=dearer)
    desk.execute()
    desk.advance(10)
    desk.execute()
    (position,) = desk.rows("SELECT shares, settled_shares FROM positions")
    assert 0 < position["settled_shares"] < 5

    actions = desk.parts.trading_actions(f"test-{uuid4().hex[:8]}")
    body = ClosePosition(shares=None, slippage_bound_fraction=Decimal("0.2"))
    caller = Caller(owner_id="operator", idempotency_key=None, request_hash="0" * 64)
    order = actions.close_position(caller, desk.lt_strategy_id, desk.market["token_ids"][dearer], body).body

    desk.settle()
    assert order["purpose"] == "EXIT"
    assert [row["state"] for row in desk.orders()] == ["FILLED", "FILLED"]
