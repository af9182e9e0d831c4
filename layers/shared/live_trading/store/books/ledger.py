"""The ledger's tables: posting balanced transactions once, and balances as queries.

Debit is positive. Nothing here updates or deletes: a mistake is mended by another transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.ledger.accounts import Account, TransactionKind
from live_trading.ledger.transactions import LedgerEntry, LedgerTransaction
from live_trading.nouns.money import Shares, Usd, total_usd
from live_trading.store.database.connection import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyBalances:
    """One strategy's accounts, all in USD; `equity` is at cost, not marked to any price."""

    available: Usd
    reserved: Usd
    unsettled: Usd
    position_cost: Usd
    pending_redemption: Usd
    fees: Usd
    realised_pnl: Usd
    transfers_in: Usd

    @property
    def exposure(self) -> Usd:
        return self.reserved + self.position_cost

    @property
    def equity(self) -> Usd:
        return self.available + self.reserved + self.unsettled + self.position_cost + self.pending_redemption

    @property
    def net_pnl(self) -> Usd:
        """Realised profit after fees."""
        return self.realised_pnl - self.fees


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Shares of one (strategy, token) on an account, and the USD booked with them: cost or owed payout."""

    trading_wallet_id: UUID
    lt_strategy_id: UUID
    token_id: str
    shares: Shares
    amount: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedHoldings:
    """What a wallet should hold: collateral, and shares by token, worthless ones and zeroes too.

    `sold_by_others` are tokens of strategies that trades outside of this system have sold: what strategies hold, and
    what is left. `worthless` are tokens that strategies hold and that have resolved to nothing.
    """

    collateral: Usd
    tokens: dict[str, Shares]
    worthless: frozenset[str]
    sold_by_others: dict[str, tuple[Shares, Shares]]


def post(transaction: Transaction, entry: LedgerTransaction, recorded_at: datetime) -> bool:
    """Books a transaction; False where no entry was written because its source reference is booked already."""
    written = transaction.execute(
        """
        WITH booked AS (
            INSERT INTO ledger_transactions (source_reference, kind, occurred_at, recorded_at)
            VALUES (:source_reference, :kind, :occurred_at, :recorded_at)
            ON CONFLICT (source_reference) DO NOTHING
            RETURNING ledger_transaction_id
        )
        INSERT INTO ledger_entries (
            ledger_transaction_id, trading_wallet_id, lt_strategy_id, account, token_id, amount_usd, shares
        )
        SELECT booked.ledger_transaction_id, wallet, strategy, account, token, amount, shares
        FROM booked, unnest(
            :wallets::uuid[], :strategies::uuid[], :accounts::text[], :tokens::text[], :amounts::numeric[],
            :shares::numeric[]
        ) WITH ORDINALITY AS entry (wallet, strategy, account, token, amount, shares, place)
        ORDER BY entry.place
        """,
        source_reference=entry.source_reference,
        kind=entry.kind,
        occurred_at=entry.occurred_at,
        recorded_at=recorded_at,
        wallets=[each.trading_wallet_id for each in entry.entries],
        strategies=[each.lt_strategy_id for each in entry.entries],
        accounts=[each.account for each in entry.entries],
        tokens=[each.token_id for each in entry.entries],
        amounts=[each.amount for each in entry.entries],
        shares=[each.shares for each in entry.entries],
    )
    return written > 0


def post_all(transaction: Transaction, entries: Sequence[LedgerTransaction], recorded_at: datetime) -> None:
    """Books transactions in one statement, which travels with the next one; those that are booked already are not."""
    if not entries:
        return
    lines = [(each.source_reference, line) for each in entries for line in each.entries]
    transaction.later(
        """
        WITH booked AS (
            INSERT INTO ledger_transactions (source_reference, kind, occurred_at, recorded_at)
            SELECT made.reference, made.kind, made.occurred_at, :recorded_at
            FROM unnest(:references::text[], :kinds::text[], :times::timestamptz[])
                WITH ORDINALITY AS made (reference, kind, occurred_at, place)
            ORDER BY made.place
            ON CONFLICT (source_reference) DO NOTHING
            RETURNING ledger_transaction_id, source_reference
        )
        INSERT INTO ledger_entries (
            ledger_transaction_id, trading_wallet_id, lt_strategy_id, account, token_id, amount_usd, shares
        )
        SELECT booked.ledger_transaction_id, wallet, strategy, account, token, amount, shares
        FROM unnest(
            :line_references::text[], :wallets::uuid[], :strategies::uuid[], :accounts::text[], :tokens::text[],
            :amounts::numeric[], :shares::numeric[]
        ) WITH ORDINALITY AS line (reference, wallet, strategy, account, token, amount, shares, place)
        INNER JOIN booked ON booked.source_reference = line.reference
        ORDER BY line.place
        """,
        recorded_at=recorded_at,
        references=[each.source_reference for each in entries],
        kinds=[each.kind for each in entries],
        times=[each.occurred_at for each in entries],
        line_references=[reference for reference, _ in lines],
        wallets=[line.trading_wallet_id for _, line in lines],
        strategies=[line.lt_strategy_id for _, line in lines],
        accounts=[line.account for _, line in lines],
        tokens=[line.token_id for _, line in lines],
        amounts=[line.amount for _, line in lines],
        shares=[line.shares for _, line in lines],
    )


def booked(transaction: Transaction, source_reference: str) -> LedgerTransaction:
    """A transaction as it was booked. Raises LookupError where that source is not in the ledger."""
    rows = transaction.rows(
        """
        SELECT booked.kind, booked.occurred_at, entry.*
        FROM ledger_transactions AS booked INNER JOIN ledger_entries AS entry USING (ledger_transaction_id)
        WHERE booked.source_reference = :source_reference
        ORDER BY entry.ledger_entry_id
        """,
        source_reference=source_reference,
    )
    if not rows:
        raise LookupError(f"nothing is booked under {source_reference}")
    return LedgerTransaction(
        source_reference=source_reference,
        kind=TransactionKind(rows[0]["kind"]),
        occurred_at=rows[0]["occurred_at"],
        entries=tuple(
            LedgerEntry(
                account=Account(row["account"]),
                trading_wallet_id=row["trading_wallet_id"],
                lt_strategy_id=row["lt_strategy_id"],
                token_id=row["token_id"],
                amount=Usd(row["amount_usd"]),
                shares=Shares(row["shares"]),
            )
            for row in rows
        ),
    )


def balances_of_strategy(transaction: Transaction, lt_strategy_id: UUID) -> StrategyBalances:
    """Every account of one strategy as of this transaction's snapshot."""
    rows = transaction.rows(
        """
        SELECT account, sum(amount_usd) AS amount_usd FROM ledger_entries
        WHERE lt_strategy_id = :lt_strategy_id GROUP BY account
        """,
        lt_strategy_id=lt_strategy_id,
    )
    sums = {Account(row["account"]): Usd(row["amount_usd"]) for row in rows}

    def debit(account: Account) -> Usd:
        return sums.get(account, Usd.zero())

    return StrategyBalances(
        available=debit(Account.CASH),
        reserved=debit(Account.RESERVED),
        unsettled=debit(Account.UNSETTLED),
        position_cost=debit(Account.POSITION_COST),
        pending_redemption=debit(Account.PENDING_REDEMPTION),
        fees=debit(Account.FEES),
        realised_pnl=-debit(Account.REALISED_PNL),
        transfers_in=-debit(Account.TRANSFERS),
    )


def unallocated(transaction: Transaction, trading_wallet_id: UUID) -> Usd:
    """Collateral of a trading wallet that no strategy has been given."""
    row = transaction.only(
        """
        SELECT coalesce(sum(amount_usd), 0) AS amount_usd FROM ledger_entries
        WHERE trading_wallet_id = :trading_wallet_id AND account = 'UNALLOCATED'
        """,
        trading_wallet_id=trading_wallet_id,
    )
    return Usd(row["amount_usd"])


def expected_of_wallet(transaction: Transaction, trading_wallet_id: UUID) -> ExpectedHoldings:
    """What the chain should hold for a wallet once all its fills and redemptions have settled."""
    rows = transaction.rows(
        """
        SELECT
            token_id,
            coalesce(
                sum(amount_usd) FILTER (WHERE account IN ('UNALLOCATED', 'CASH', 'RESERVED', 'UNSETTLED')), 0
            ) AS collateral,
            sum(shares) FILTER (WHERE account IN ('POSITION_COST', 'PENDING_REDEMPTION', 'EXTERNAL')) AS shares,
            coalesce(
                sum(shares) FILTER (WHERE account IN ('POSITION_COST', 'PENDING_REDEMPTION')), 0
            ) AS held,
            coalesce(sum(shares) FILTER (WHERE account = 'EXTERNAL'), 0) AS by_others,
            coalesce(
                sum(shares) FILTER (WHERE account = 'PENDING_REDEMPTION') > 0
                AND sum(amount_usd) FILTER (WHERE account = 'PENDING_REDEMPTION') = 0,
                FALSE
            ) AS is_worthless
        FROM ledger_entries
        WHERE trading_wallet_id = :trading_wallet_id
        GROUP BY token_id
        """,
        trading_wallet_id=trading_wallet_id,
    )
    tokens = [row for row in rows if row["token_id"] is not None and row["shares"] is not None]
    return ExpectedHoldings(
        collateral=total_usd([Usd(row["collateral"]) for row in rows]),
        tokens={row["token_id"]: Shares(row["shares"]) for row in tokens},
        worthless=frozenset(row["token_id"] for row in tokens if row["is_worthless"]),
        sold_by_others={
            row["token_id"]: (Shares(row["held"]), Shares(row["held"] + row["by_others"]))
            for row in tokens
            if row["by_others"] < 0 < row["held"]
        },
    )


def external_shares(transaction: Transaction, trading_wallet_id: UUID, token_ids: list[str]) -> dict[str, Shares]:
    """Shares of these tokens that the wallet holds for no strategy, zeroes left out."""
    rows = transaction.rows(
        """
        SELECT token_id, sum(shares) AS shares FROM ledger_entries
        WHERE
            trading_wallet_id = :trading_wallet_id AND account = 'EXTERNAL' AND token_id = ANY(:token_ids::text[])
        GROUP BY token_id HAVING sum(shares) <> 0
        """,
        trading_wallet_id=trading_wallet_id,
        token_ids=token_ids,
    )
    return {row["token_id"]: Shares(row["shares"]) for row in rows}


def external_of_token(transaction: Transaction, trading_wallet_id: UUID, token_id: str) -> tuple[Shares, Usd]:
    """Shares of a token that the wallet holds for no strategy, negative where others sold more, and their dollars."""
    row = transaction.only(
        """
        SELECT coalesce(sum(shares), 0) AS shares, coalesce(sum(amount_usd), 0) AS usd FROM ledger_entries
        WHERE trading_wallet_id = :trading_wallet_id AND account = 'EXTERNAL' AND token_id = :token_id
        """,
        trading_wallet_id=trading_wallet_id,
        token_id=token_id,
    )
    return Shares(row["shares"]), Usd(row["usd"])


def holdings(transaction: Transaction, account: Account, token_ids: list[str]) -> list[Holding]:
    """What `account` (POSITION_COST or PENDING_REDEMPTION) holds of these tokens, by strategy, the oldest first."""
    rows = transaction.rows(
        """
        SELECT
            entry.trading_wallet_id, entry.lt_strategy_id, entry.token_id,
            sum(entry.shares) AS shares, sum(entry.amount_usd) AS amount_usd
        FROM ledger_entries AS entry
        LEFT JOIN lt_strategies AS strategy ON strategy.lt_strategy_id = entry.lt_strategy_id
        WHERE entry.account = :account AND entry.token_id = ANY(:token_ids::text[])
        GROUP BY entry.trading_wallet_id, entry.lt_strategy_id, strategy.made_number, entry.token_id
        HAVING sum(entry.shares) <> 0 OR sum(entry.amount_usd) <> 0
        ORDER BY strategy.made_number, entry.token_id
        """,
        account=account,
        token_ids=token_ids,
    )
    return [
        Holding(
            trading_wallet_id=row["trading_wallet_id"],
            lt_strategy_id=row["lt_strategy_id"],
            token_id=row["token_id"],
            shares=Shares(row["shares"]),
            amount=Usd(row["amount_usd"]),
        )
        for row in rows
    ]
