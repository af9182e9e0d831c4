"""Positions that should have been looked at and were not, and rules that have fired and nothing was sold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.store.database.connection import Row, Transaction
from live_trading.store.database.pending import Pending, ask

MOST_LISTED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckExit:
    """A position of a strategy with rules of leaving; `since` when it was last looked at, or its rule first fired."""

    lt_strategy_id: UUID
    owner_id: str
    strategy: str
    token_id: str
    market: str
    since: datetime
    why: str | None


def ask_not_looked_at(transaction: Transaction, before: datetime) -> Pending[list[StuckExit]]:
    """Positions held since before then that no look has come to since then, the longest first."""
    return ask(
        transaction,
        """
        SELECT
            entered.lt_strategy_id, strategy.owner_id, strategy.name AS strategy, entered.token_id,
            market.slug AS market, coalesce(watch.looked_at, entered.since) AS since, NULL AS why
        FROM (
            SELECT lt_strategy_id, token_id, condition_id, min(finished_at) AS since FROM lt_orders
            WHERE outcome = 'OPEN' AND purpose = 'ENTRY' AND finished_at < :before
            GROUP BY lt_strategy_id, token_id, condition_id
        ) AS entered
        INNER JOIN lt_strategies AS strategy USING (lt_strategy_id)
        INNER JOIN ft_wallets AS wallet USING (ft_wallet_id)
        INNER JOIN ft_wallet_versions AS version
            ON version.ft_wallet_id = wallet.ft_wallet_id AND version.version = wallet.current_version
        INNER JOIN markets AS market ON market.condition_id = entered.condition_id
        LEFT JOIN exit_watches AS watch
            ON watch.subject_id = entered.lt_strategy_id AND watch.token_id = entered.token_id
        WHERE
            jsonb_typeof(version.config -> 'exits') = 'object'
            AND coalesce(watch.looked_at, entered.since) < :before
            AND (
                SELECT coalesce(sum(kept.shares), 0) FROM ledger_holdings AS kept
                WHERE
                    kept.lt_strategy_id = entered.lt_strategy_id AND kept.account = 'POSITION_COST'
                    AND kept.token_id = entered.token_id AND kept.shares <> 0
            ) > 0
        ORDER BY since, entered.token_id LIMIT :most
        """,
        _stuck,
        before=before,
        most=MOST_LISTED,
    )


def ask_fired_and_held(transaction: Transaction, before: datetime) -> Pending[list[StuckExit]]:
    """Positions whose rule fired before then, or waits for the book since then, and which are still held."""
    return ask(
        transaction,
        """
        SELECT
            watch.lt_strategy_id, strategy.owner_id, strategy.name AS strategy, watch.token_id, market.slug AS market,
            least(watch.trigger_since, watch.waiting_since) AS since,
            coalesce(watch.hold_reason, watch.placed_for) AS why
        FROM exit_watches AS watch
        INNER JOIN lt_strategies AS strategy USING (lt_strategy_id)
        CROSS JOIN LATERAL (
            SELECT known.condition_id FROM (
                (
                    SELECT intent.condition_id FROM lt_orders AS intent
                    WHERE intent.lt_strategy_id = watch.lt_strategy_id AND intent.token_id = watch.token_id LIMIT 1
                )
                UNION ALL
                (
                    SELECT given.condition_id FROM position_corrections AS given
                    WHERE given.lt_strategy_id = watch.lt_strategy_id AND given.token_id = watch.token_id LIMIT 1
                )
            ) AS known LIMIT 1
        ) AS placed
        CROSS JOIN LATERAL (SELECT slug FROM markets WHERE condition_id = placed.condition_id LIMIT 1) AS market
        WHERE least(watch.trigger_since, watch.waiting_since) < :before
        ORDER BY since, watch.token_id LIMIT :most
        """,
        _stuck,
        before=before,
        most=MOST_LISTED,
    )


def _stuck(rows: list[Row]) -> list[StuckExit]:
    return [StuckExit(**row) for row in rows]
