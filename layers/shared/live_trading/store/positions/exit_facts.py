"""What strategies hold of each token, and by what it came and left, as the rules of leaving ask it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from uuid import UUID

from live_trading.exits.held import HeldToken
from live_trading.exits.trader_exits import OwnBuy, OwnSale
from live_trading.ledger.lots import PositionMove, position_book
from live_trading.nouns.exits import ExitReason
from live_trading.nouns.money import Shares, total_shares
from live_trading.store.database.connection import Row, Transaction
from live_trading.store.positions import held_positions, position_history
from live_trading.store.positions.held_positions import HeldPosition

Position = tuple[UUID, str]
"""A strategy and a token of it."""

# OFFSET 0: each position is looked up by its index; what ever was is not read as a whole to be joined.
_BOUGHT = """
SELECT intent.lt_strategy_id, intent.token_id, trade.trader_address, trade.trade_time, sum(fill.shares) AS shares
FROM unnest(:strategies::uuid[], :tokens::text[]) AS asked (lt_strategy_id, token_id)
CROSS JOIN LATERAL (
    SELECT * FROM lt_orders AS every
    WHERE every.lt_strategy_id = asked.lt_strategy_id AND every.token_id = asked.token_id OFFSET 0
) AS intent
INNER JOIN fills AS fill ON fill.lt_order_id = intent.lt_order_id AND fill.side = 'BUY' AND fill.status <> 'FAILED'
INNER JOIN source_trades AS trade ON trade.source_trade_id = intent.source_trade_id
GROUP BY intent.lt_order_id, intent.lt_strategy_id, intent.token_id, trade.trader_address, trade.trade_time
ORDER BY trade.trade_time
"""
# What an exit that is under way may still sell counts as sold: it must not be sold once more meanwhile. A bracket rests
# and may never sell; it ends before anything else of its position is sold.
_LEFT = """
SELECT intent.lt_strategy_id, intent.token_id, intent.exit_reason, intent.intent_at AS left_at,
    CASE
        WHEN
            intent.order_type = 'GTD' OR intent.state IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED') THEN done.shares
        ELSE intent.order_shares
    END AS shares
FROM unnest(:strategies::uuid[], :tokens::text[]) AS asked (lt_strategy_id, token_id)
CROSS JOIN LATERAL (
    SELECT * FROM lt_orders AS every
    WHERE every.lt_strategy_id = asked.lt_strategy_id AND every.token_id = asked.token_id OFFSET 0
) AS intent
CROSS JOIN LATERAL (
    SELECT coalesce(sum(fill.shares), 0) AS shares FROM fills AS fill
    WHERE fill.lt_order_id = intent.lt_order_id AND fill.status <> 'FAILED'
) AS done
WHERE intent.side = 'SELL'
UNION ALL
SELECT leg.lt_strategy_id, leg.token_id, NULL AS exit_reason, merged.created_at AS left_at, leg.shares
FROM unnest(:strategies::uuid[], :tokens::text[]) AS asked (lt_strategy_id, token_id)
CROSS JOIN LATERAL (
    SELECT * FROM merge_legs AS every
    WHERE every.lt_strategy_id = asked.lt_strategy_id AND every.token_id = asked.token_id OFFSET 0
) AS leg
INNER JOIN lt_redemptions AS merged USING (lt_redemption_id)
"""


def of_strategies(transaction: Transaction, lt_strategy_ids: Collection[UUID]) -> dict[UUID, list[HeldToken]]:
    """By strategy every position that is not resolved, by token; those that hold nothing are missing.

    One statement where nothing is held, else four, however many strategies and positions there are.
    """
    held = held_positions.of_strategies(transaction, lt_strategy_ids)
    positions = [(each.lt_strategy_id, each.token_id) for several in held.values() for each in several]
    if not positions:
        return {}
    asked = {"strategies": [each for each, _ in positions], "tokens": [token_id for _, token_id in positions]}
    bought = _by_position(transaction.rows(_BOUGHT, **asked))
    left = _by_position(transaction.rows(_LEFT, **asked))
    moves = position_history.moves_of(transaction, positions)
    found: dict[UUID, list[HeldToken]] = {}
    for lt_strategy_id, several in held.items():
        for each in several:
            key = (lt_strategy_id, each.token_id)
            token = _held_token(each, bought[key], left[key], moves[key])
            if token is not None:
                found.setdefault(lt_strategy_id, []).append(token)
    return found


def _held_token(
    held: HeldPosition, bought: Sequence[Row], left: Sequence[Row], moves: Sequence[PositionMove]
) -> HeldToken | None:
    """None where the ledger has no time at which what is held came."""
    opened_at = position_book(moves).opened_at
    if opened_at is None:
        return None
    return HeldToken(
        token_id=held.token_id,
        condition_id=held.condition_id,
        outcome_index=held.outcome_index,
        shares=held.shares,
        sellable=held.sellable,
        paid=held.cost,
        opened_at=opened_at,
        bought=tuple(_bought(row) for row in bought),
        sold=tuple(OwnSale(at=row["left_at"], shares=Shares(row["shares"])) for row in left if not _is_for_trader(row)),
        sold_for_trader=total_shares([Shares(row["shares"]) for row in left if _is_for_trader(row)]),
    )


def _bought(row: Row) -> OwnBuy:
    return OwnBuy(at=row["trade_time"], trader=row["trader_address"], shares=Shares(row["shares"]))


def _is_for_trader(row: Row) -> bool:
    return bool(row["exit_reason"] == ExitReason.TRADER_SOLD)


def _by_position(rows: list[Row]) -> defaultdict[Position, list[Row]]:
    found: defaultdict[Position, list[Row]] = defaultdict(list)
    for row in rows:
        found[(row["lt_strategy_id"], row["token_id"])].append(row)
    return found
