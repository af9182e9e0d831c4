"""On the way of a run, what is asked about orders reads what is open or new, however many orders there have been."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest

from live_trading.nouns.trades import Side
from live_trading.store.database.connection import Transaction
from live_trading.store.database.postgres_session import Session, Statement
from live_trading.store.orders import (
    entry_history,
    entry_signals,
    fills,
    lt_orders,
    order_changes,
    outside_activity,
    unsettled_trades,
)
from tests.builders import NOON
from tests.risk.risk_fixtures import RiskDesk, Seat

pytestmark = [pytest.mark.integration, pytest.mark.growth]

ORDERS = 12_000
OPEN = 5
# What is open, what is asked for, and what the last hour brought, several times over.
MOST_ROWS = 150
_GROWS = {"lt_orders", "orders", "fills", "external_fills", "audit_log"}


@pytest.fixture
def busy(risk_desk: RiskDesk) -> Seat:
    """A strategy with a past of so many orders, all of them over but for the last few."""
    seat = risk_desk.add_strategy()
    market = risk_desk.market(0)
    values = {
        "wallet": seat.strategy.trading_wallet_id,
        "strategy": seat.strategy.lt_strategy_id,
        "condition": market.condition_id,
        "token": market.token_ids[0],
        "noon": NOON,
        "orders": ORDERS,
        "open": OPEN,
    }
    risk_desk.change(
        """
        INSERT INTO lt_orders (
            lt_order_id, lt_strategy_id, trading_wallet_id, purpose, attempt, token_id, condition_id, outcome_index,
            side, order_type, limit_price, order_usd, order_shares, fee_bound_usd, reserved_usd, signed_payload,
            order_hash, state, decided_at, intent_at, sent_at, finished_at, last_look_at, outcome, trade_time,
            signal_price
        )
        SELECT
            md5(n::text)::uuid, :strategy, :wallet, 'ENTRY', 1,
            CASE WHEN n % 50 = 0 THEN :token ELSE (n % 1000)::text END, :condition, 0, 'BUY', 'FAK', 0.5, 5, 10, 0, 5,
            '{}'::jsonb, '0x' || lpad(to_hex(n), 64, '0'),
            CASE WHEN n <= :open THEN 'SENT' ELSE 'FILLED' END, at, at, at, CASE WHEN n > :open THEN at END,
            CASE WHEN n > :open THEN at END, CASE WHEN n <= :open THEN 'OPEN' ELSE 'WON' END, at, 0.5
        FROM generate_series(1, :orders::integer) AS n,
        LATERAL (SELECT :noon::timestamptz - n * interval '10 minutes' AS at) AS made
        """,
        **values,
    )
    risk_desk.change(
        """
        INSERT INTO fills (
            venue_trade_id, order_hash, lt_order_id, lt_strategy_id, trading_wallet_id, condition_id, token_id,
            outcome_index, side, shares, price, cost_usd, fee_usd, role, status, match_time, confirmed_at, recorded_at
        )
        SELECT
            'trade-' || made_number || '-' || part, order_hash, lt_order_id, lt_strategy_id, trading_wallet_id,
            condition_id, token_id, 0, 'BUY', 5, 0.5, 2.5, 0, 'TAKER',
            CASE WHEN state = 'SENT' THEN 'MATCHED' ELSE 'CONFIRMED' END, intent_at,
            CASE WHEN state <> 'SENT' THEN intent_at END, intent_at
        FROM lt_orders CROSS JOIN generate_series(1, 2) AS part
        WHERE made_number % 2 = 0 OR part = 1
        """
    )
    risk_desk.change(
        """
        INSERT INTO external_fills (
            venue_trade_id, order_hash, trading_wallet_id, condition_id, token_id, side, shares, price, cost_usd,
            fee_usd, role, status, match_time, recorded_at
        )
        SELECT
            'outside-' || made_number, '0x' || lpad(to_hex(made_number + 1000000), 64, '0'), trading_wallet_id,
            condition_id, token_id, 'BUY', 5, 0.5, 2.5, 0, 'TAKER', 'CONFIRMED', intent_at, intent_at
        FROM lt_orders WHERE made_number % 4 = 0
        """
    )
    for table in ("lt_orders", "fills", "external_fills"):
        risk_desk.change(f"ANALYZE {table}")
    return seat


_ASKED: dict[str, Callable[[Transaction, Seat, list[UUID]], object]] = {
    "unfinished": lambda t, seat, _: lt_orders.unfinished(t, seat.strategy.trading_wallet_id),
    "missing": lambda t, seat, _: lt_orders.missing(t, seat.strategy.trading_wallet_id),
    "by hash": lambda t, seat, _: lt_orders.of_hashes(t, seat.strategy.trading_wallet_id, ["0x" + "0" * 63 + "7"]),
    "locked": lambda t, _, ids: lt_orders.locked(t, ids),
    "fills of orders": lambda t, _, ids: fills.of_orders(t, ids),
    "settled": lambda t, seat, _: fills.settled_since(t, seat.strategy.trading_wallet_id, NOON - timedelta(hours=1)),
    "spent": lambda t, _, ids: fills.spent(t, ids),
    "watch": lambda t, seat, _: outside_activity.watch(t, seat.strategy.trading_wallet_id),
    "ours": lambda t, _, __: outside_activity.ours_among(t, ["0x" + "0" * 63 + "7"]),
    "of an outside order": lambda t, _, __: outside_activity.of_order(t, "0x" + "0" * 59 + "f4244"),
    "own orders around": lambda t, seat, _: outside_activity.own_orders_around(
        t,
        seat.strategy.trading_wallet_id,
        token_id="7",
        side=Side.BUY,
        since=NOON - timedelta(hours=1),
        until=NOON,
    ),
    "open before": lambda t, seat, _: unsettled_trades.open_before(t, seat.strategy.trading_wallet_id, NOON),
    "unsettled before": lambda t, seat, _: unsettled_trades.unsettled_before(t, seat.strategy.trading_wallet_id, NOON),
    "signals": lambda t, _, ids: entry_signals.of_entries(t, ids),
    "too old": lambda t, _, ids: entry_signals.too_old(t, ids, NOON),
    "planned again": lambda t, seat, _: entry_signals.to_be_planned_again(
        t, seat.strategy.trading_wallet_id, decided_after=NOON - timedelta(minutes=5), now=NOON
    ),
    "last stakes": lambda t, seat, _: entry_history.ask_last_stakes(
        t, [seat.strategy.lt_strategy_id], most=20, take=lambda _: None
    ),
    "ended": lambda t, seat, _: entry_history.ask_ended(t, [(seat.strategy.lt_strategy_id, "7")], take=lambda _: None),
    "no fills": lambda t, _, ids: order_changes.note_not_filled(t, ids),
    "looked up": lambda t, _, ids: order_changes.note_lookup(t, lt_order_id=ids[0], absent=True, now=NOON),
}


def test_what_is_asked_about_orders_reads_no_history(risk_desk: RiskDesk, busy: Seat) -> None:
    ids = [row["lt_order_id"] for row in risk_desk.rows("SELECT lt_order_id FROM lt_orders WHERE state = 'SENT'")]
    read_history = {}
    for name, ask in _ASKED.items():
        with _heard() as heard, risk_desk.database.transaction() as transaction:
            ask(transaction, busy, ids)
            transaction.flush()
        asked = [each for each in heard if each.values]
        assert asked, name
        for statement in asked:
            plan = _plan(risk_desk, statement.sql, dict(statement.values))
            scans = [each for each in _scans(plan) if each["Relation Name"] in _GROWS]
            is_whole = any(each["Node Type"] == "Seq Scan" for each in scans)
            if is_whole or sum(_rows_read(each) for each in scans) > MOST_ROWS:
                read_history[name] = [
                    (each["Node Type"], each.get("Index Name", each["Relation Name"]), _rows_read(each))
                    for each in scans
                ]

    assert not read_history


def test_what_was_open_when_the_tables_were_last_looked_at_misleads_nobody(risk_desk: RiskDesk, busy: Seat) -> None:
    risk_desk.change("UPDATE fills SET status = 'MATCHED', confirmed_at = NULL WHERE fill_id % 3 = 0")
    risk_desk.change("UPDATE lt_orders SET state = 'SENT', finished_at = NULL WHERE made_number % 3 = 0")
    for table in ("lt_orders", "fills"):
        risk_desk.change(f"ANALYZE {table}")
    risk_desk.change(
        "UPDATE fills SET status = 'CONFIRMED', confirmed_at = match_time "
        "WHERE status = 'MATCHED' AND match_time < :at",
        at=NOON - timedelta(hours=1),
    )
    risk_desk.change(
        "UPDATE lt_orders SET state = 'FILLED', finished_at = intent_at, last_look_at = intent_at "
        "WHERE state = 'SENT' AND intent_at < :at",
        at=NOON - timedelta(hours=1),
    )

    for name in ("watch", "unfinished", "open before", "unsettled before"):
        with _heard() as heard, risk_desk.database.transaction() as transaction:
            _ASKED[name](transaction, busy, [])
        plan = _plan(risk_desk, heard[-1].sql, dict(heard[-1].values))
        indexes = {each.get("Index Name") for each in _scans(plan)}
        assert "lt_orders_by_wallet_and_time" not in indexes, name
        assert "fills_by_time" not in indexes, name


@contextmanager
def _heard() -> Iterator[list[Statement]]:
    """What is asked in the block, with its parameters."""
    heard: list[Statement] = []
    exchange = Session.exchange

    def hearing(session: Session, statements: Sequence[Statement]) -> Any:
        heard.extend(statements)
        return exchange(session, statements)

    with patch.object(Session, "exchange", hearing):
        yield heard


def _plan(desk: RiskDesk, sql: str, values: dict[str, Any]) -> dict[str, Any]:
    with desk.database.transaction() as transaction:
        (row,) = transaction.rows(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", **values)
    plan: dict[str, Any] = next(iter(row.values()))[0]["Plan"]
    return plan


def _scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "Relation Name" in plan and "Scan" in plan["Node Type"]:
        yield plan
    for each in plan.get("Plans", ()):
        yield from _scans(each)


def _rows_read(scan: dict[str, Any]) -> int:
    removed = scan.get("Rows Removed by Filter", 0) + scan.get("Rows Removed by Index Recheck", 0)
    return int((scan["Actual Rows"] + removed) * scan["Actual Loops"])
