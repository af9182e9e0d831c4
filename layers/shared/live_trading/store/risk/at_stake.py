"""What strategies hold and what they may still buy, at cost: by market, event and trader, and in all of a wallet.

It reads what is held and what is unfinished; a position at cost is shared among the traders whose trades bought it, in
proportion to what each cost.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from live_trading.nouns.money import Usd
from live_trading.risk.usage.limits import LargestStakes
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.database.connection import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Stakes:
    """What is held and what may still be bought, summed the ways that the rules ask for."""

    exposure: Usd
    position: Usd
    market: Usd
    event: Usd
    trader: Usd
    wallet: Usd
    wallet_market: Usd
    holds_position: bool
    open_positions: int
    in_market: int


_AT_STAKE = """
WITH unfinished AS (
    SELECT
        intent.lt_strategy_id, intent.token_id, intent.condition_id, trade.trader_address,
        intent.reserved_usd - bought.usd AS usd
    FROM lt_orders AS intent
    LEFT JOIN LATERAL (
        SELECT trader_address FROM source_trades WHERE source_trade_id = intent.source_trade_id LIMIT 1
    ) AS trade ON TRUE
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(fill.cost_usd + fill.fee_usd), 0) AS usd FROM fills AS fill
        WHERE fill.lt_order_id = intent.lt_order_id AND fill.status <> 'FAILED'
    ) AS bought
    WHERE
        intent.trading_wallet_id = ANY(:wallets::uuid[]) AND intent.purpose = 'ENTRY'
        AND intent.state NOT IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED')
), held AS MATERIALIZED (
    SELECT lt_strategy_id, token_id, amount_usd AS usd FROM ledger_holdings
    WHERE
        trading_wallet_id = ANY(:wallets::uuid[]) AND account = 'POSITION_COST' AND lt_strategy_id IS NOT NULL
        AND shares <> 0
), copied AS MATERIALIZED (
    SELECT held.lt_strategy_id, held.token_id, held.usd AS held_usd, part.condition_id, part.trader_address, part.usd
    FROM held CROSS JOIN LATERAL (
        SELECT bought.condition_id, bought.trader_address, sum(bought.cost_usd) AS usd
        FROM (
            SELECT
                fill.condition_id, fill.cost_usd,
                -- Only of the strategy itself is it asked who was copied.
                CASE WHEN held.lt_strategy_id = :strategy::uuid THEN (
                    SELECT trade.trader_address
                    FROM lt_orders AS intent INNER JOIN source_trades AS trade USING (source_trade_id)
                    WHERE intent.lt_order_id = fill.lt_order_id
                ) END AS trader_address
            FROM fills AS fill
            WHERE
                fill.lt_strategy_id = held.lt_strategy_id AND fill.token_id = held.token_id
                AND fill.side = 'BUY' AND fill.status <> 'FAILED'
        ) AS bought
        GROUP BY bought.condition_id, bought.trader_address
    ) AS part
), at_stake AS (
    SELECT
        lt_strategy_id, token_id, condition_id, trader_address,
        held_usd * coalesce(usd / nullif(sum(usd) OVER (PARTITION BY lt_strategy_id, token_id), 0), 0) AS usd
    FROM copied
    UNION ALL
    -- Shares that no order of the strategy bought: a person gave them to it.
    SELECT held.lt_strategy_id, held.token_id, min(given.condition_id), NULL, held.usd
    FROM held INNER JOIN position_corrections AS given USING (lt_strategy_id, token_id)
    WHERE (held.lt_strategy_id, held.token_id) NOT IN (SELECT lt_strategy_id, token_id FROM copied)
    GROUP BY held.lt_strategy_id, held.token_id, held.usd
    UNION ALL
    SELECT lt_strategy_id, token_id, condition_id, trader_address, usd FROM unfinished
)
"""

_BY_TOKEN = "".join(
    (
        _AT_STAKE,
        """
SELECT stake.*, market.event_id
FROM (
    SELECT
        lt_strategy_id, token_id, condition_id, sum(usd) AS usd,
        coalesce(sum(usd) FILTER (WHERE trader_address = :trader), 0) AS trader_usd
    FROM at_stake GROUP BY lt_strategy_id, token_id, condition_id
) AS stake
CROSS JOIN LATERAL (SELECT event_id FROM markets WHERE condition_id = stake.condition_id OFFSET 0) AS market
""",
    )
)

_BY_STRATEGY = "".join(
    (
        _AT_STAKE,
        """
SELECT lt_strategy_id, sum(usd) AS usd, count(DISTINCT (token_id, condition_id)) AS open_positions
FROM at_stake GROUP BY lt_strategy_id
""",
    )
)


def ask(
    transaction: Transaction, strategy: LiveStrategy, trader: str | None, take: Callable[[list[Row]], None]
) -> None:
    """Asks with the next round trip for what is at stake in the strategy's wallet by token, as `of_entry` takes it."""
    transaction.later(
        _BY_TOKEN,
        check=take,
        wallets=[strategy.trading_wallet_id],
        strategy=strategy.lt_strategy_id,
        trader=trader,
    )


def of_entry(
    rows: Sequence[Row], strategy: LiveStrategy, *, token_id: str, condition_id: str, event_id: str | None
) -> Stakes:
    """Of a strategy and its wallet as an entry into this token after the trader that was asked for would find them."""
    own = [row for row in rows if row["lt_strategy_id"] == strategy.lt_strategy_id]
    in_market = [row for row in own if row["condition_id"] == condition_id]
    position = [row for row in own if row["token_id"] == token_id]
    return Stakes(
        exposure=_usd(own),
        position=_usd(position),
        market=_usd(in_market),
        event=_usd(in_market if event_id is None else [row for row in own if row["event_id"] == event_id]),
        trader=_usd(own, "trader_usd"),
        wallet=_usd(rows),
        wallet_market=_usd([row for row in rows if row["condition_id"] == condition_id]),
        holds_position=bool(position),
        open_positions=len(own),
        in_market=len(in_market),
    )


def of_strategies(transaction: Transaction, strategies: Sequence[LiveStrategy]) -> dict[UUID, tuple[Usd, int]]:
    """Exposure and open positions of each of these, in one statement; those that have none are left out."""
    wallets: Collection[UUID] = {strategy.trading_wallet_id for strategy in strategies}
    rows = transaction.rows(_BY_STRATEGY, wallets=sorted(wallets), strategy=None)
    return {row["lt_strategy_id"]: (_cents_up(row["usd"]), row["open_positions"]) for row in rows}


_LARGEST = "".join(
    (
        _AT_STAKE,
        """
, placed AS MATERIALIZED (
    SELECT stake.*, market.event_id FROM at_stake AS stake
    LEFT JOIN LATERAL (SELECT event_id FROM markets WHERE condition_id = stake.condition_id LIMIT 1) AS market ON TRUE
), own AS MATERIALIZED (
    SELECT * FROM placed WHERE lt_strategy_id = :strategy::uuid
)
SELECT
    (SELECT max(sum) FROM (SELECT sum(usd) AS sum FROM own GROUP BY token_id) AS each_one) AS position,
    (SELECT max(sum) FROM (SELECT sum(usd) AS sum FROM own GROUP BY condition_id) AS each_one) AS market,
    (
        SELECT max(sum) FROM (SELECT sum(usd) AS sum FROM own GROUP BY coalesce(event_id, condition_id)) AS each_one
    ) AS event,
    (
        SELECT max(sum) FROM (
            SELECT sum(usd) AS sum FROM own WHERE trader_address IS NOT NULL GROUP BY trader_address
        ) AS each_one
    ) AS trader,
    (SELECT max(sum) FROM (SELECT sum(usd) AS sum FROM placed GROUP BY condition_id) AS each_one) AS wallet_market,
    (
        SELECT max(count) FROM (SELECT count(DISTINCT token_id) AS count FROM own GROUP BY condition_id) AS each_one
    ) AS in_market
""",
    )
)


def largest(transaction: Transaction, strategy: LiveStrategy) -> LargestStakes:
    """The largest stakes of a strategy as they stand."""
    row = transaction.only(_LARGEST, wallets=[strategy.trading_wallet_id], strategy=strategy.lt_strategy_id)
    return LargestStakes(
        position=_cents_up(row["position"] or Decimal(0)),
        market=_cents_up(row["market"] or Decimal(0)),
        event=_cents_up(row["event"] or Decimal(0)),
        trader=_cents_up(row["trader"] or Decimal(0)),
        wallet_market=_cents_up(row["wallet_market"] or Decimal(0)),
        in_market=int(row["in_market"] or 0),
    )


def _usd(rows: Sequence[Row], column: str = "usd") -> Usd:
    return _cents_up(sum((row[column] for row in rows), Decimal(0)))


def _cents_up(total: Decimal) -> Usd:
    """Parts of a position at cost are quotients; what is beyond their precision is no dollar."""
    return Usd.ceil(round(total, 9))
