"""What happened, read from the database after the run: the numbers that the report and summary.json show."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from live_trading.risk.results import MAY_LACK_DATA
from live_trading.store.database.connection import Database
from local.demo.gap_report import Waterfall, read_waterfall
from local.demo.scenario import WITH_ONE_RULE, WITHOUT_EXITS


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyResult:
    """One live strategy beside its paper wallet, in USD after fees."""

    name: str
    capital: Decimal
    live_orders: int
    live_pnl: Decimal
    live_equity: Decimal
    paper_orders: int
    paper_pnl: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class WorthOfExits:
    """A paper wallet with one rule of leaving: its bets, its sales, and its profit in USD after fees."""

    rule: str
    bets: int
    sales: int
    pnl: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that the report needs. `to_decide` counts what each strategy has to decide: of those whose traders'
    sales are not followed, no sales."""

    source_trades: int
    to_decide: int
    quarantined: int
    decisions: dict[str, int]
    paper_decisions: dict[str, int]
    stopping_rules: dict[str, int]
    locks: dict[str, int]
    orders: dict[str, int]
    rejections: dict[str, int]
    fills: list[dict[str, Any]]
    fills_by_kind: dict[str, int]
    unasked: dict[str, Decimal]
    positions: dict[str, int]
    redemptions: dict[str, int]
    redeemed: list[dict[str, Any]]
    strategies: list[StrategyResult]
    paper_fills: dict[str, int]
    exits: dict[str, int]
    worth_of_exits: list[WorthOfExits]
    open_breaks: int
    whole_way: int
    waterfall: Waterfall

    @property
    def paper_pnl(self) -> Decimal:
        return sum((each.paper_pnl for each in self.strategies), Decimal(0))

    @property
    def live_pnl(self) -> Decimal:
        return sum((each.live_pnl for each in self.strategies), Decimal(0))


def read_facts(database: Database) -> Facts:
    """The state of the database as it stands."""
    with database.transaction() as transaction:

        def counts(sql: str, **parameters: object) -> dict[str, int]:
            return {str(row["name"]): int(row["count"]) for row in transaction.rows(sql, **parameters)}

        def number(sql: str) -> int:
            return int(transaction.only(sql)["count"])

        return Facts(
            source_trades=number("SELECT count(*) FROM source_trades"),
            to_decide=number(
                "SELECT count(*) FROM lt_strategies CROSS JOIN source_trades AS trade "
                "INNER JOIN ft_wallets AS wallet USING (ft_wallet_id) "
                "INNER JOIN ft_wallet_versions AS version "
                "ON version.ft_wallet_id = wallet.ft_wallet_id AND version.version = wallet.current_version "
                "WHERE trade.side = 'BUY' OR version.config->'exits'->>'follow_trader' = 'true'"
            ),
            quarantined=number("SELECT count(*) FROM quarantined_rows"),
            decisions=counts(
                "SELECT reason AS name, count(*) FROM decisions WHERE lt_strategy_id IS NOT NULL "
                "GROUP BY reason ORDER BY count(*) DESC, reason"
            ),
            paper_decisions=counts(
                "SELECT reason AS name, count(*) FROM decisions WHERE lt_strategy_id IS NULL "
                "GROUP BY reason ORDER BY count(*) DESC, reason"
            ),
            stopping_rules=counts(_STOPPING_RULES, may_lack_data=list(MAY_LACK_DATA)),
            locks=counts(
                "SELECT reason || ' (' || detail || ')' AS name, count(*) FROM locks GROUP BY reason, detail "
                "ORDER BY min(lock_id)"
            ),
            orders=counts("SELECT state AS name, count(*) FROM lt_orders GROUP BY state ORDER BY state"),
            rejections=counts(
                "SELECT rejection_code AS name, count(*) FROM lt_orders WHERE rejection_code IS NOT NULL "
                "GROUP BY rejection_code ORDER BY rejection_code"
            ),
            fills=transaction.rows(_FILLS),
            fills_by_kind=counts(_FILLS_BY_KIND),
            unasked={row["name"]: row["usd"] for row in transaction.rows(_UNASKED)},
            positions=counts(_POSITIONS),
            redemptions=counts("SELECT state AS name, count(*) FROM lt_redemptions GROUP BY state ORDER BY state"),
            redeemed=transaction.rows(_REDEEMED),
            strategies=[
                StrategyResult(
                    name=row["name"],
                    capital=row["initial_capital_usd"],
                    live_orders=row["live_orders"],
                    live_pnl=row["live_pnl"],
                    live_equity=row["live_equity"],
                    paper_orders=row["paper_orders"],
                    paper_pnl=row["paper_pnl"],
                )
                for row in transaction.rows(_STRATEGIES)
            ],
            paper_fills=counts(
                "SELECT fill_result AS name, count(*) FROM ft_orders GROUP BY fill_result ORDER BY fill_result"
            ),
            exits=counts(_EXITS),
            worth_of_exits=[
                WorthOfExits(rule=row["rule"], bets=row["bets"], sales=row["sales"], pnl=row["pnl"])
                for row in transaction.rows(
                    _WORTH_OF_EXITS,
                    names=[WITHOUT_EXITS, *(f"fixed-{rule}" for rule in WITH_ONE_RULE)],
                    rules=["none", *WITH_ONE_RULE],
                )
            ],
            open_breaks=number("SELECT count(*) FROM breaks WHERE closed_at IS NULL"),
            whole_way=number(_WHOLE_WAY),
            waterfall=read_waterfall(transaction),
        )


_STOPPING_RULES = """
SELECT (seen ->> 'rule') || ' ' || (seen ->> 'verdict') AS name, count(*)
FROM decisions CROSS JOIN jsonb_array_elements(risk_checks) AS seen
WHERE
    seen ->> 'verdict' <> 'PASS'
    AND NOT (seen ->> 'verdict' = 'NO_DATA' AND seen ->> 'rule' = ANY(:may_lack_data::text[]))
GROUP BY 1 ORDER BY count(*) DESC, 1
"""

_FILLS = """
SELECT
    strategy.name AS strategy, market.slug, market.outcomes[fill.outcome_index + 1] AS outcome, intent.signal_price,
    intent.best_ask, intent.limit_price, fill.price, fill.shares, fill.cost_usd, fill.fee_usd, fill.status,
    fill.match_time
FROM fills AS fill
INNER JOIN lt_orders AS intent USING (lt_order_id)
INNER JOIN lt_strategies AS strategy ON strategy.lt_strategy_id = fill.lt_strategy_id
INNER JOIN markets AS market ON market.condition_id = fill.condition_id
ORDER BY fill.match_time, fill.fill_id
"""

_FILLS_BY_KIND = """
SELECT
    CASE
        WHEN market.version = 'v2' THEN 'protocol v2' WHEN market.neg_risk THEN 'neg risk' ELSE 'standard'
    END AS name,
    count(*)
FROM fills INNER JOIN markets AS market USING (condition_id)
GROUP BY 1 ORDER BY 1
"""

# What came to wallets without a trade: the type stands in the reference, and dollars that a payment has explained since
# have moved from EXTERNAL to it.
_UNASKED = """
SELECT
    CASE WHEN entry.account = 'EXTERNAL' THEN 'EXTERNAL' ELSE split_part(source_reference, ':', 2) END AS name,
    -sum(entry.amount_usd) AS usd
FROM ledger_transactions INNER JOIN ledger_entries AS entry USING (ledger_transaction_id)
WHERE kind = 'INCOME' AND entry.account IN ('INCOME', 'TRANSFERS', 'EXTERNAL')
GROUP BY 1 HAVING sum(entry.amount_usd) <> 0 ORDER BY 1
"""

# How live positions ended: by the rule that sold them, or by the chain's word.
_EXITS = """
SELECT name, count(*) FROM (
    SELECT DISTINCT lt_strategy_id, token_id, exit_reason AS name FROM lt_orders AS intent
    WHERE exit_reason IS NOT NULL AND EXISTS (
        SELECT 1 FROM fills WHERE fills.lt_order_id = intent.lt_order_id AND fills.status = 'CONFIRMED'
    )
    UNION ALL
    SELECT DISTINCT lt_strategy_id, token_id, 'resolution' FROM lt_orders WHERE outcome IN ('WON', 'LOST', 'SPLIT')
) AS ended GROUP BY name ORDER BY name
"""

_WORTH_OF_EXITS = """
SELECT
    asked.rule,
    (SELECT count(*) FROM ft_orders AS bet WHERE bet.ft_wallet_id = wallet.ft_wallet_id AND bet.shares > 0) AS bets,
    (SELECT count(*) FROM ft_exits AS sale WHERE sale.ft_wallet_id = wallet.ft_wallet_id) AS sales,
    (SELECT coalesce(sum(pnl_usd), 0) FROM ft_orders AS bet WHERE bet.ft_wallet_id = wallet.ft_wallet_id) AS pnl
FROM unnest(:names::text[], :rules::text[]) WITH ORDINALITY AS asked (name, rule, place)
INNER JOIN ft_wallets AS wallet USING (name)
ORDER BY asked.place
"""

_POSITIONS = """
SELECT outcome AS name, count(*) FROM (
    SELECT DISTINCT lt_strategy_id, token_id, outcome FROM lt_orders WHERE outcome <> 'NOT_FILLED'
) AS position GROUP BY outcome ORDER BY outcome
"""

_REDEEMED = """
SELECT market.slug, redemption.redemption_amount_usd, redemption.transaction_hash, redemption.redeemed_at
FROM lt_redemptions AS redemption INNER JOIN markets AS market USING (condition_id)
WHERE redemption.state = 'BOOKED' ORDER BY redemption.redeemed_at, market.slug
"""

_STRATEGIES = """
SELECT
    strategy.name, strategy.initial_capital_usd,
    (
        SELECT count(*) FROM lt_orders AS intent
        WHERE intent.lt_strategy_id = strategy.lt_strategy_id AND intent.outcome <> 'NOT_FILLED'
    ) AS live_orders,
    coalesce(booked.pnl, 0) AS live_pnl,
    coalesce(booked.equity, 0) AS live_equity,
    coalesce(paper.orders, 0) AS paper_orders,
    coalesce(paper.pnl, 0) AS paper_pnl
FROM lt_strategies AS strategy
LEFT JOIN LATERAL (
    SELECT
        -sum(amount_usd) FILTER (WHERE account IN ('REALISED_PNL', 'FEES')) AS pnl,
        sum(amount_usd) FILTER (
            WHERE account IN ('CASH', 'RESERVED', 'UNSETTLED', 'POSITION_COST', 'PENDING_REDEMPTION')
        ) AS equity
    FROM ledger_entries WHERE ledger_entries.lt_strategy_id = strategy.lt_strategy_id
) AS booked ON TRUE
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE shares > 0) AS orders, sum(pnl_usd) AS pnl
    FROM ft_orders WHERE ft_orders.ft_wallet_id = strategy.ft_wallet_id
) AS paper ON TRUE
ORDER BY strategy.created_at, strategy.name
"""

# A trade went the whole way when its order filled, settled, resolved as won and its winnings are booked as cash.
_WHOLE_WAY = """
SELECT count(*) FROM lt_orders AS intent
INNER JOIN lt_redemptions AS redemption
    ON redemption.condition_id = intent.condition_id AND redemption.trading_wallet_id = intent.trading_wallet_id
WHERE
    intent.outcome = 'WON' AND redemption.state = 'BOOKED'
    AND EXISTS (SELECT 1 FROM fills WHERE fills.lt_order_id = intent.lt_order_id AND fills.status = 'CONFIRMED')
"""
