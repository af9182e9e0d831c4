"""What a strategy holds of each token, and by what it came and left, as the rules of leaving ask it."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from live_trading.exits.held import HeldToken
from live_trading.exits.trader_exits import OwnBuy, OwnSale
from live_trading.ledger.lots import position_book
from live_trading.nouns.exits import ExitReason
from live_trading.nouns.money import Shares, total_shares
from live_trading.store.database.connection import Row, Transaction
from live_trading.store.positions import held_positions, position_history

_BOUGHT = """
SELECT intent.token_id, trade.trader_address, trade.trade_time, sum(fill.shares) AS shares
FROM fills AS fill
INNER JOIN lt_orders AS intent USING (lt_order_id)
INNER JOIN source_trades AS trade ON trade.source_trade_id = intent.source_trade_id
WHERE
    fill.lt_strategy_id = :lt_strategy_id AND fill.token_id = ANY(:tokens::text[])
    AND fill.side = 'BUY' AND fill.status <> 'FAILED'
GROUP BY intent.lt_order_id, intent.token_id, trade.trader_address, trade.trade_time
ORDER BY trade.trade_time
"""
# What an exit that is under way may still sell counts as sold: it must not be sold once more meanwhile. A bracket rests
# and may never sell; it ends before anything else of its position is sold.
_LEFT = """
SELECT intent.token_id, intent.exit_reason, intent.intent_at AS left_at,
    CASE
        WHEN
            intent.order_type = 'GTD' OR intent.state IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED') THEN done.shares
        ELSE intent.order_shares
    END AS shares
FROM lt_orders AS intent
CROSS JOIN LATERAL (
    SELECT coalesce(sum(fill.shares), 0) AS shares FROM fills AS fill
    WHERE fill.lt_order_id = intent.lt_order_id AND fill.status <> 'FAILED'
) AS done
WHERE intent.lt_strategy_id = :lt_strategy_id AND intent.token_id = ANY(:tokens::text[]) AND intent.side = 'SELL'
UNION ALL
SELECT leg.token_id, NULL AS exit_reason, merged.created_at AS left_at, leg.shares
FROM merge_legs AS leg INNER JOIN lt_redemptions AS merged USING (lt_redemption_id)
WHERE leg.lt_strategy_id = :lt_strategy_id AND leg.token_id = ANY(:tokens::text[])
"""


def of_strategy(transaction: Transaction, lt_strategy_id: UUID) -> list[HeldToken]:
    """Every position of the strategy that is not resolved, by token."""
    held = {each.token_id: each for each in held_positions.of_strategy(transaction, lt_strategy_id)}
    if not held:
        return []
    asked = {"lt_strategy_id": lt_strategy_id, "tokens": sorted(held)}
    bought = _by_token(transaction.rows(_BOUGHT, **asked))
    left = _by_token(transaction.rows(_LEFT, **asked))
    moves = position_history.moves_of(transaction, [(lt_strategy_id, token_id) for token_id in held])
    found: list[HeldToken] = []
    for token_id, position in held.items():
        opened_at = position_book(moves[(lt_strategy_id, token_id)]).opened_at
        if opened_at is None:
            continue
        found.append(
            HeldToken(
                token_id=token_id,
                condition_id=position.condition_id,
                outcome_index=position.outcome_index,
                shares=position.shares,
                sellable=position.sellable,
                paid=position.cost,
                opened_at=opened_at,
                bought=tuple(_bought(row) for row in bought[token_id]),
                sold=tuple(
                    OwnSale(at=row["left_at"], shares=Shares(row["shares"]))
                    for row in left[token_id]
                    if not _is_for_trader(row)
                ),
                sold_for_trader=total_shares([Shares(row["shares"]) for row in left[token_id] if _is_for_trader(row)]),
            )
        )
    return found


def _bought(row: Row) -> OwnBuy:
    return OwnBuy(at=row["trade_time"], trader=row["trader_address"], shares=Shares(row["shares"]))


def _is_for_trader(row: Row) -> bool:
    return bool(row["exit_reason"] == ExitReason.TRADER_SOLD)


def _by_token(rows: list[Row]) -> defaultdict[str, list[Row]]:
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["token_id"]].append(row)
    return found
