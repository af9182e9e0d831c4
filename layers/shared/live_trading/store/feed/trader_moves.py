"""What followed traders did in a token, as far as their fills are known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from live_trading.exits.trader_exits import TraderTrade, still_held
from live_trading.nouns.money import Shares
from live_trading.nouns.trades import Side
from live_trading.store.database.connection import Row, Transaction


def in_tokens(transaction: Transaction, asked: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[TraderTrade]]:
    """By (trader, token) every known fill, oldest first."""
    pairs = sorted(set(asked))
    found: dict[tuple[str, str], list[TraderTrade]] = defaultdict(list)
    rows = transaction.rows(
        """
        SELECT trade.trader_address, trade.token_id, trade.trade_time, trade.side, trade.shares
        FROM unnest(:traders::text[], :tokens::text[]) AS asked (trader_address, token_id)
        INNER JOIN source_trades AS trade USING (trader_address, token_id)
        WHERE trade.dropped_at IS NULL
        ORDER BY trade.trade_time, trade.source_trade_id
        """,
        traders=[trader for trader, _ in pairs],
        tokens=[token_id for _, token_id in pairs],
    )
    for row in rows:
        found[(row["trader_address"], row["token_id"])].append(_trade(row))
    return found


def held_in_conditions(
    transaction: Transaction, asked: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], dict[str, Shares]]:
    """By (trader, condition) what the trader still holds of each token, as far as their fills are known."""
    pairs = sorted(set(asked))
    by_token: dict[tuple[str, str, str], list[TraderTrade]] = defaultdict(list)
    rows = transaction.rows(
        """
        SELECT trade.trader_address, trade.condition_id, trade.token_id, trade.trade_time, trade.side, trade.shares
        FROM unnest(:traders::text[], :conditions::text[]) AS asked (trader_address, condition_id)
        INNER JOIN source_trades AS trade USING (trader_address, condition_id)
        WHERE trade.dropped_at IS NULL
        ORDER BY trade.trade_time, trade.source_trade_id
        """,
        traders=[trader for trader, _ in pairs],
        conditions=[condition_id for _, condition_id in pairs],
    )
    for row in rows:
        by_token[(row["trader_address"], row["condition_id"], row["token_id"])].append(_trade(row))
    found: dict[tuple[str, str], dict[str, Shares]] = defaultdict(dict)
    for (trader, condition_id, token_id), trades in by_token.items():
        found[(trader, condition_id)][token_id] = still_held(trades)
    return found


def _trade(row: Row) -> TraderTrade:
    return TraderTrade(at=row["trade_time"], side=Side(row["side"]), shares=Shares(row["shares"]))
