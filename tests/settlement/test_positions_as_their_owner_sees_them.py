"""A position over its life: entries add up, exits reduce it, a resolution ends it, and the money is the ledger's."""

from __future__ import annotations

from typing import Any

import pytest

from live_trading.api.once import Answer
from live_trading.api.problems import Problem
from live_trading.api.routes.live.position_routes import PositionsRead
from live_trading.nouns.money import Usd
from live_trading.services.watching.checkup import HealthService
from live_trading.services.watching.findings import Finding, HealthStatus
from live_trading.store.positions.exposures import ExposureBy
from live_trading.store.positions.position_history import PositionState
from tests.first_pages import first_page
from tests.settlement.parts.bookkeeping_fixtures import Holder
from tests.settlement.parts.settlement_fixtures import SettlementDesk

pytestmark = [pytest.mark.settlement, pytest.mark.exits]


def with_rules(settling: SettlementDesk) -> None:
    settling.change(
        "INSERT INTO lt_risk_rules (lt_strategy_id, updated_at) SELECT lt_strategy_id, now() FROM lt_strategies"
    )


def read(settling: SettlementDesk) -> PositionsRead:
    return PositionsRead(database=settling.database, clock=settling.clock)


def listed(settling: SettlementDesk, state: str | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page(settling, "operator", state).body["positions"]
    return found


def page(settling: SettlementDesk, owner: str, state: str | None = None) -> Answer:
    wanted = None if state is None else PositionState(state)
    return read(settling).list(owner, first_page(), lt_strategy_id=None, state=wanted)


def shown(settling: SettlementDesk, holder: Holder, token_id: str) -> dict[str, Any]:
    with_rules(settling)
    body: dict[str, Any] = read(settling).get("operator", holder.lt_strategy_id, token_id).body
    return body


def test_entries_add_up_and_a_partial_exit_reduces_the_position(settling: SettlementDesk) -> None:
    holder, market = settling.holder(), settling.market()
    settling.buys(holder, market, shares="10", usd="4", fee="0.1")
    settling.wait(minutes=1)
    settling.buys(holder, market, shares="10", usd="6", fee="0.1")
    settling.sells(holder, market, shares="5", usd="4", fee="0.2", cost="2.5")
    settling.wait(hours=1)

    position = shown(settling, holder, market.token_ids[0])

    assert {
        name: position[name]
        for name in ("state", "shares", "cost_usd", "average_cost", "realised_pnl_usd", "realised_pnl_fifo_usd")
    } == {
        "state": "OPEN",
        "shares": "15.000000",
        "cost_usd": "7.500000",
        "average_cost": "0.500000",
        # Sold for 4 what had cost 2.50 on average, and 2 as the oldest shares.
        "realised_pnl_usd": "1.500000",
        "realised_pnl_fifo_usd": "2.000000",
    }
    assert position["fees_usd"] == "0.400000"
    assert [(lot["shares"], lot["cost_usd"]) for lot in position["lots"]] == [
        ("5.000000", "2.000000"),
        ("10.000000", "6.000000"),
    ]
    assert position["age_seconds"] == 3660
    assert position["held"]["sellable_shares"] == "15.000000"
    assert [order["side"] for order in position["orders"]] == ["SELL", "BUY", "BUY"]


def test_the_unrealised_profit_is_what_the_size_would_have_fetched(settling: SettlementDesk) -> None:
    holder, market = settling.holder(), settling.market()
    settling.buys(holder, market, shares="10", usd="4")
    with_rules(settling)
    assert listed(settling)[0]["unrealised_pnl_usd"] is None
    settling.change(
        "INSERT INTO position_marks VALUES (:wallet, :token, 0.55, :now)",
        wallet=holder.wallet.trading_wallet_id,
        token=market.token_ids[0],
        now=settling.clock.now(),
    )

    (position,) = listed(settling, "OPEN")
    assert (position["value_usd"], position["unrealised_pnl_usd"]) == ("5.500000", "1.500000")
    (summed,) = (
        read(settling)
        .exposure("operator", first_page(), by=ExposureBy.MARKET, lt_strategy_id=holder.lt_strategy_id)
        .body["exposures"]
    )
    assert (summed["condition_id"], summed["unrealised_pnl_usd"]) == (market.condition_id, "1.500000")


def test_a_resolved_position_is_closed_with_the_profit_that_the_ledger_has(settling: SettlementDesk) -> None:
    holder, market = settling.holder(), settling.market()
    settling.buys(holder, market, shares="10", usd="4", fee="0.1")

    settling.resolves(market, [1, 0])

    assert listed(settling, "OPEN") == []
    (position,) = listed(settling, "CLOSED")
    assert (position["shares"], position["realised_pnl_usd"], position["average_cost"]) == (
        "0.000000",
        "6.000000",
        None,
    )
    net = Usd(position["realised_pnl_usd"]) - Usd(position["fees_usd"])
    assert net == settling.balances(holder).net_pnl


def test_a_position_that_was_sold_is_not_shown_open(settling: SettlementDesk) -> None:
    holder, market = settling.holder(), settling.market()
    settling.buys(holder, market, shares="10", usd="4")
    settling.sells(holder, market, shares="10", usd="7", cost="4")

    assert listed(settling, "OPEN") == []
    (position,) = listed(settling, "CLOSED")
    assert (position["shares"], position["realised_pnl_usd"]) == ("0.000000", "3.000000")


def health(settling: SettlementDesk) -> dict[str, Finding]:
    service = HealthService(database=settling.database, clock=settling.clock, probes={}, notify=None)
    return {finding.check: finding for finding in service.run().findings}


def test_a_position_that_its_rules_are_not_asked_about_is_critical(settling: SettlementDesk) -> None:
    holder, market = settling.holder(), settling.market()
    settling.buys(holder, market, shares="10", usd="4")
    settling.wait(minutes=11)
    assert health(settling)["exits"].status is HealthStatus.HEALTHY
    settling.change("""UPDATE ft_wallet_versions SET config = '{"exits": {"stop_loss_fraction": "0.2"}}'""")

    found = health(settling)[f"position {holder.lt_strategy_id}/{market.token_ids[0]} unseen"]

    assert found.status is HealthStatus.CRITICAL
    settling.change(
        "INSERT INTO exit_watches (lt_strategy_id, token_id, looked_at) VALUES (:id, :token, :now)",
        id=holder.lt_strategy_id,
        token=market.token_ids[0],
        now=settling.clock.now(),
    )
    assert health(settling)["exits"].status is HealthStatus.HEALTHY


def test_a_rule_that_fired_and_sold_nothing_for_half_an_hour_is_critical(settling: SettlementDesk) -> None:
    holder, market = settling.holder(), settling.market()
    settling.buys(holder, market, shares="10", usd="4")
    settling.change(
        """
        INSERT INTO exit_watches (lt_strategy_id, token_id, trigger_reason, trigger_since, hold_reason, looked_at)
        VALUES (:id, :token, 'stop_loss', :now, 'book_thin', :now)
        """,
        id=holder.lt_strategy_id,
        token=market.token_ids[0],
        now=settling.clock.now(),
    )
    assert health(settling)["exits"].status is HealthStatus.HEALTHY
    settling.wait(minutes=31)

    found = health(settling)[f"position {holder.lt_strategy_id}/{market.token_ids[0]} not left"]

    assert found.status is HealthStatus.CRITICAL
    assert "book_thin" in found.detail


def test_nobody_sees_a_strangers_positions(settling: SettlementDesk) -> None:
    holder, market = settling.holder(), settling.market()
    settling.buys(holder, market)

    assert page(settling, "somebody-else").body["positions"] == []
    strangers = read(settling).exposure("somebody-else", first_page(), by=ExposureBy.MARKET, lt_strategy_id=None)
    assert strangers.body["exposures"] == []
    with pytest.raises(Problem, match="no such strategy"):
        read(settling).get("somebody-else", holder.lt_strategy_id, market.token_ids[0])
