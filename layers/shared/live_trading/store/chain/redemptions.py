"""Redemptions and merges, at most one redemption a (trading wallet, condition): which there are, and how they stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from live_trading.nouns.money import Shares, Usd
from live_trading.settlement.machine import RedemptionState
from live_trading.settlement.preflight import FailureCode
from live_trading.store.database.connection import Row, Transaction


class RedemptionAction(StrEnum):
    """What turns tokens into collateral: a resolved condition, or pairs of both outcomes at any time."""

    REDEEM = "REDEEM"
    MERGE = "MERGE"


class SettledBy(StrEnum):
    """Who turned the tokens in, or said that they are."""

    OURSELVES = "OURSELVES"
    SOMEONE_ELSE = "SOMEONE_ELSE"
    OPERATOR = "OPERATOR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redemption:
    """One redemption as it stands.

    `expected` is what the ledger is owed, `owed` what the chain owed for the whole balance when it was signed; the
    difference is of tokens that nobody here bought. `merge_shares` are the pairs of a merge. `opened_at` is since when
    it is due.
    """

    lt_redemption_id: UUID
    trading_wallet_id: UUID
    condition_id: str
    action: RedemptionAction
    kind: str
    state: RedemptionState
    expected: Usd
    owed: Usd | None
    merge_shares: Shares | None
    chain_send_id: UUID | None
    transaction_hash: str | None
    attempts: int
    failure_code: FailureCode | None
    last_error: str | None
    last_attempt_at: datetime | None
    next_attempt_at: datetime | None
    token_ids: tuple[str, ...]
    opened_at: datetime
    block_number: int | None


def _redemption(row: Row) -> Redemption:
    return Redemption(
        lt_redemption_id=row["lt_redemption_id"],
        trading_wallet_id=row["trading_wallet_id"],
        condition_id=row["condition_id"],
        action=RedemptionAction(row["action"]),
        kind=row["kind"],
        state=RedemptionState(row["state"]),
        expected=Usd(row["expected_usd"]),
        owed=None if row["owed_usd"] is None else Usd(row["owed_usd"]),
        merge_shares=None if row["merge_shares"] is None else Shares(row["merge_shares"]),
        chain_send_id=row["chain_send_id"],
        transaction_hash=row["transaction_hash"],
        attempts=row["redemption_attempts"],
        failure_code=None if row["failure_code"] is None else FailureCode(row["failure_code"]),
        last_error=row["last_error"],
        last_attempt_at=row["last_attempt_at"],
        next_attempt_at=row["next_attempt_at"],
        token_ids=tuple(row["token_ids"]),
        opened_at=row["created_at"],
        block_number=row["block_number"],
    )


_SELECT = """
SELECT redemption.*, market.token_ids
FROM lt_redemptions AS redemption INNER JOIN markets AS market USING (condition_id)
"""


def create_due(
    transaction: Transaction,
    *,
    lt_redemption_id: UUID,
    trading_wallet_id: UUID,
    condition_id: str,
    kind: str,
    expected: Usd,
    resolved_at: datetime,
    now: datetime,
    action: RedemptionAction = RedemptionAction.REDEEM,
    merge_shares: Shares | None = None,
) -> bool:
    """Opens a redemption or a merge; False where this wallet and condition have one."""
    return (
        transaction.execute(
            """
            INSERT INTO lt_redemptions (
                lt_redemption_id, trading_wallet_id, condition_id, action, kind, state, expected_usd, merge_shares,
                market_resolved_at, created_at
            ) VALUES (
                :lt_redemption_id, :trading_wallet_id, :condition_id, :action, :kind, 'DUE', :expected, :merge_shares,
                :resolved_at, :now
            )
            ON CONFLICT DO NOTHING
            """,
            lt_redemption_id=lt_redemption_id,
            trading_wallet_id=trading_wallet_id,
            condition_id=condition_id,
            action=action,
            kind=kind,
            expected=expected,
            merge_shares=merge_shares,
            resolved_at=resolved_at,
            now=now,
        )
        == 1
    )


def due(transaction: Transaction, trading_wallet_id: UUID, now: datetime) -> list[Redemption]:
    """Redemptions that are not signed and may be tried now, oldest first."""
    rows = transaction.rows(
        _SELECT
        + """
        WHERE
            redemption.trading_wallet_id = :trading_wallet_id
            AND redemption.state IN ('DUE', 'FAILED')
            AND (redemption.next_attempt_at IS NULL OR redemption.next_attempt_at <= :now)
        ORDER BY redemption.created_at, redemption.condition_id
        """,
        trading_wallet_id=trading_wallet_id,
        now=now,
    )
    return [_redemption(row) for row in rows]


def of_send(transaction: Transaction, chain_send_id: UUID) -> list[Redemption]:
    """The redemptions that one transaction carries."""
    rows = transaction.rows(
        _SELECT
        + "WHERE redemption.chain_send_id = :chain_send_id ORDER BY redemption.created_at, redemption.condition_id",
        chain_send_id=chain_send_id,
    )
    return [_redemption(row) for row in rows]


def of_condition(transaction: Transaction, trading_wallet_id: UUID, condition_id: str) -> Redemption | None:
    """The newest redemption of a wallet's resolved condition, its row locked; None where none was opened."""
    row = transaction.row(
        _SELECT
        + """
        WHERE
            redemption.trading_wallet_id = :trading_wallet_id AND redemption.condition_id = :condition_id
            AND redemption.action = 'REDEEM'
        ORDER BY redemption.created_at DESC LIMIT 1
        FOR NO KEY UPDATE OF redemption
        """,
        trading_wallet_id=trading_wallet_id,
        condition_id=condition_id,
    )
    return None if row is None else _redemption(row)


def owe(transaction: Transaction, lt_redemption_id: UUID, more: Usd) -> bool:
    """Changes what an unsigned redemption is to bring, by less where negative; False where it is signed or over."""
    return (
        transaction.execute(
            """
            UPDATE lt_redemptions SET expected_usd = expected_usd + :more
            WHERE lt_redemption_id = :id AND state IN ('DUE', 'FAILED', 'NEEDS_OPERATOR')
            """,
            more=more,
            id=lt_redemption_id,
        )
        == 1
    )


def settled_since(transaction: Transaction, trading_wallet_id: UUID, since: datetime) -> dict[str, list[Redemption]]:
    """What transactions have paid since then, by their hashes."""
    rows = transaction.rows(
        _SELECT
        + """
        WHERE
            redemption.trading_wallet_id = :trading_wallet_id
            AND redemption.state IN ('BOOKED', 'NOTHING_TO_DO') AND redemption.settled_by <> 'OPERATOR'
            AND redemption.transaction_hash IS NOT NULL AND redemption.redeemed_at >= :since
        ORDER BY redemption.created_at, redemption.condition_id
        """,
        trading_wallet_id=trading_wallet_id,
        since=since,
    )
    found: dict[str, list[Redemption]] = {}
    for row in rows:
        found.setdefault(row["transaction_hash"], []).append(_redemption(row))
    return found


def settling_transactions(transaction: Transaction, trading_wallet_id: UUID, condition_id: str) -> set[str]:
    """Hashes of the transactions that settled redemptions and merges of a wallet's condition."""
    rows = transaction.rows(
        """
        SELECT transaction_hash FROM lt_redemptions
        WHERE
            trading_wallet_id = :trading_wallet_id AND condition_id = :condition_id
            AND state IN ('BOOKED', 'NOTHING_TO_DO') AND transaction_hash IS NOT NULL
        """,
        trading_wallet_id=trading_wallet_id,
        condition_id=condition_id,
    )
    return {row["transaction_hash"] for row in rows}


def get(transaction: Transaction, lt_redemption_id: UUID) -> Redemption:
    """One redemption as it stands. Raises LookupError."""
    return _redemption(transaction.only(_SELECT + "WHERE redemption.lt_redemption_id = :id", id=lt_redemption_id))


def conditions_with_pairs(transaction: Transaction, trading_wallet_id: UUID) -> list[str]:
    """Unresolved conditions of which some strategy of the wallet holds every outcome, and no merge is under way."""
    rows = transaction.rows(
        """
        SELECT DISTINCT placed.condition_id
        FROM ledger_holdings AS held
        CROSS JOIN LATERAL (
            SELECT condition_id FROM (
                (
                    SELECT intent.condition_id FROM lt_orders AS intent
                    WHERE intent.lt_strategy_id = held.lt_strategy_id AND intent.token_id = held.token_id LIMIT 1
                )
                UNION ALL
                (
                    SELECT given.condition_id FROM position_corrections AS given
                    WHERE given.lt_strategy_id = held.lt_strategy_id AND given.token_id = held.token_id LIMIT 1
                )
            ) AS known LIMIT 1
        ) AS placed
        INNER JOIN markets AS market
            ON market.condition_id = placed.condition_id AND market.resolution_state <> 'RESOLVED'
        WHERE
            held.trading_wallet_id = :trading_wallet_id AND held.account = 'POSITION_COST' AND held.shares > 0
            AND NOT EXISTS (
                SELECT 1 FROM lt_redemptions AS merging
                WHERE
                    merging.trading_wallet_id = held.trading_wallet_id
                    AND merging.condition_id = placed.condition_id AND merging.action = 'MERGE'
                    AND merging.state NOT IN ('BOOKED', 'NOTHING_TO_DO')
            )
        GROUP BY placed.condition_id, market.token_ids, held.lt_strategy_id
        HAVING count(*) = cardinality(market.token_ids)
        """,
        trading_wallet_id=trading_wallet_id,
    )
    return [row["condition_id"] for row in rows]
