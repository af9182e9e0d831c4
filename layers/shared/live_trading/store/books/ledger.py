"""The ledger's tables: posting balanced transactions once, and the balances and holdings that posting keeps.

Debit is positive. Nothing here updates or deletes: a mistake is mended by another transaction. `ledger_balances` and
`ledger_holdings` are what all entries come to, kept by the statement that posts (see `kept.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from live_trading.ledger.accounts import Account, TransactionKind
from live_trading.ledger.transactions import LedgerEntry, LedgerTransaction
from live_trading.nouns.money import Shares, Usd
from live_trading.store.database.connection import Row, Transaction


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
    """What a wallet should hold: collateral, and shares by token of what it holds, zeroes of what it lately held too.

    `sold_by_others` are tokens of strategies that trades outside of this system have sold: what strategies hold, and
    what is left. `worthless` are tokens that strategies hold and that have resolved to nothing.
    """

    collateral: Usd
    tokens: dict[str, Shares]
    worthless: frozenset[str]
    sold_by_others: dict[str, tuple[Shares, Shares]]


def post(transaction: Transaction, entry: LedgerTransaction, recorded_at: datetime) -> bool:
    """Books a transaction; False where no entry was written because its source reference is booked already."""
    return bool(post_all(transaction, [entry], recorded_at))


_POST = """
WITH booked AS (
    INSERT INTO ledger_transactions (source_reference, kind, occurred_at, recorded_at)
    SELECT reference, kind, occurred_at, :recorded_at::timestamptz
    FROM unnest(:references::text[], :kinds::text[], :times::timestamptz[]) WITH ORDINALITY
    AS given (reference, kind, occurred_at, place)
    ORDER BY place
    ON CONFLICT (source_reference) DO NOTHING
    RETURNING ledger_transaction_id, source_reference
), written AS (
    INSERT INTO ledger_entries (
        ledger_transaction_id, trading_wallet_id, lt_strategy_id, account, token_id, amount_usd, shares
    )
    SELECT booked.ledger_transaction_id, wallet, strategy, account, token, amount, shares
    FROM unnest(
        :sources::text[], :wallets::uuid[], :strategies::uuid[], :accounts::text[], :tokens::text[],
        :amounts::numeric[], :shares::numeric[]
    ) WITH ORDINALITY AS line (source, wallet, strategy, account, token, amount, shares, place)
    INNER JOIN booked ON booked.source_reference = line.source
    ORDER BY line.place
    RETURNING ledger_transaction_id
)
SELECT source_reference FROM booked
WHERE ledger_transaction_id IN (SELECT ledger_transaction_id FROM written)
"""


def post_all(transaction: Transaction, entries: Sequence[LedgerTransaction], recorded_at: datetime) -> set[str]:
    """Books transactions in one statement; the source references of those that wrote an entry: the others are booked.

    The rows of their wallets stay locked until the end of the transaction. Raises ValueError where two of them have the
    same source reference.
    """
    if not entries:
        return set()
    rows = transaction.rows(_POST, **_posted(entries, recorded_at))
    return {row["source_reference"] for row in rows}


def post_later(transaction: Transaction, entries: Sequence[LedgerTransaction], recorded_at: datetime) -> None:
    """The same for whoever need not know: it travels with the next statement, or with COMMIT."""
    if entries:
        transaction.later(_POST, **_posted(entries, recorded_at))


def _posted(entries: Sequence[LedgerTransaction], recorded_at: datetime) -> dict[str, Any]:
    references = [entry.source_reference for entry in entries]
    if len(set(references)) != len(references):
        raise ValueError("two of the transactions have the same source reference")
    lines = [(entry.source_reference, line) for entry in entries for line in entry.entries]
    return {
        "references": references,
        "kinds": [entry.kind for entry in entries],
        "times": [entry.occurred_at for entry in entries],
        "recorded_at": recorded_at,
        "sources": [source for source, _ in lines],
        "wallets": [line.trading_wallet_id for _, line in lines],
        "strategies": [line.lt_strategy_id for _, line in lines],
        "accounts": [line.account for _, line in lines],
        "tokens": [line.token_id for _, line in lines],
        "amounts": [line.amount for _, line in lines],
        "shares": [line.shares for _, line in lines],
    }


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
    return balances_of(transaction, [lt_strategy_id])[lt_strategy_id]


def balances_of(transaction: Transaction, lt_strategy_ids: Collection[UUID]) -> dict[UUID, StrategyBalances]:
    """Every account of each of these strategies."""
    rows = transaction.rows(
        """
        SELECT lt_strategy_id, account, sum(amount_usd) AS amount_usd FROM ledger_balances
        WHERE lt_strategy_id = ANY(:lt_strategy_ids::uuid[]) GROUP BY lt_strategy_id, account
        """,
        lt_strategy_ids=list(lt_strategy_ids),
    )
    sums: dict[UUID, dict[Account, Usd]] = {lt_strategy_id: {} for lt_strategy_id in lt_strategy_ids}
    for row in rows:
        sums[row["lt_strategy_id"]][Account(row["account"])] = Usd(row["amount_usd"])
    return {lt_strategy_id: _balances(found) for lt_strategy_id, found in sums.items()}


def available_of(transaction: Transaction, lt_strategy_ids: Collection[UUID]) -> dict[UUID, Usd]:
    """Cash of each of these strategies."""
    found = balances_of(transaction, lt_strategy_ids)
    return {lt_strategy_id: balances.available for lt_strategy_id, balances in found.items()}


def _balances(sums: Mapping[Account, Usd]) -> StrategyBalances:
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
        SELECT coalesce(sum(amount_usd), 0) AS amount_usd FROM ledger_balances
        WHERE trading_wallet_id = :trading_wallet_id AND account = 'UNALLOCATED'
        """,
        trading_wallet_id=trading_wallet_id,
    )
    return Usd(row["amount_usd"])


# Counted back from the newest entry of the wallet that moved a token, so that a pause forgets nothing.
LATELY = timedelta(days=1)


def expected_of_wallet(
    transaction: Transaction, trading_wallet_id: UUID, also: Collection[str] = ()
) -> ExpectedHoldings:
    """What the chain should hold for a wallet once all its fills and redemptions have settled.

    Of the tokens: those that are held and may pay, those that an entry moved within the last day of the wallet's, and
    those that are asked for in `also`, with everything that is booked of each. What has resolved to nothing or is gone
    for longer is left out: it is never less, and grows with every market that was ever lost.
    """
    collateral: list[Row] = []
    transaction.later(
        """
        SELECT coalesce(sum(amount_usd), 0) AS usd FROM ledger_balances
        WHERE trading_wallet_id = :trading_wallet_id AND account IN ('UNALLOCATED', 'CASH', 'RESERVED', 'UNSETTLED')
        """,
        check=collateral.extend,
        trading_wallet_id=trading_wallet_id,
    )
    rows = transaction.rows(
        """
        WITH asked AS (
            SELECT token_id FROM ledger_holdings
            WHERE
                trading_wallet_id = :trading_wallet_id AND account IN ('POSITION_COST', 'EXTERNAL')
                AND (shares <> 0 OR amount_usd <> 0)
            UNION
            SELECT token_id FROM ledger_holdings
            WHERE trading_wallet_id = :trading_wallet_id AND account = 'PENDING_REDEMPTION' AND amount_usd <> 0
            UNION
            SELECT token_id FROM ledger_holdings
            WHERE
                trading_wallet_id = :trading_wallet_id
                AND touched_at > (
                    SELECT max(touched_at) FROM ledger_holdings WHERE trading_wallet_id = :trading_wallet_id
                ) - :lately::interval
            UNION
            SELECT unnest(:also::text[])
        )
        SELECT
            held.token_id, sum(held.shares) AS shares,
            coalesce(
                sum(held.shares) FILTER (WHERE held.account IN ('POSITION_COST', 'PENDING_REDEMPTION')), 0
            ) AS held,
            coalesce(sum(held.shares) FILTER (WHERE held.account = 'EXTERNAL'), 0) AS by_others,
            coalesce(
                sum(held.shares) FILTER (WHERE held.account = 'PENDING_REDEMPTION') > 0
                AND sum(held.amount_usd) FILTER (WHERE held.account = 'PENDING_REDEMPTION') = 0,
                FALSE
            ) AS is_worthless
        FROM ledger_holdings AS held
        WHERE held.trading_wallet_id = :trading_wallet_id AND held.token_id = ANY(ARRAY(SELECT token_id FROM asked))
        GROUP BY held.token_id
        """,
        trading_wallet_id=trading_wallet_id,
        lately=LATELY,
        also=sorted(also),
    )
    return ExpectedHoldings(
        collateral=Usd(collateral[0]["usd"]),
        tokens={row["token_id"]: Shares(row["shares"]) for row in rows},
        worthless=frozenset(row["token_id"] for row in rows if row["is_worthless"]),
        sold_by_others={
            row["token_id"]: (Shares(row["held"]), Shares(row["held"] + row["by_others"]))
            for row in rows
            if row["by_others"] < 0 < row["held"]
        },
    )


def external_shares(transaction: Transaction, trading_wallet_id: UUID, token_ids: list[str]) -> dict[str, Shares]:
    """Shares of these tokens that the wallet holds for no strategy, zeroes left out."""
    rows = transaction.rows(
        """
        SELECT token_id, sum(shares) AS shares FROM ledger_holdings
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
        SELECT coalesce(sum(shares), 0) AS shares, coalesce(sum(amount_usd), 0) AS usd FROM ledger_holdings
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
        SELECT held.trading_wallet_id, held.lt_strategy_id, held.token_id, held.shares, held.amount_usd
        FROM ledger_holdings AS held
        LEFT JOIN lt_strategies AS strategy ON strategy.lt_strategy_id = held.lt_strategy_id
        WHERE
            held.account = :account AND held.token_id = ANY(:token_ids::text[])
            AND (held.shares <> 0 OR held.amount_usd <> 0)
        ORDER BY strategy.made_number, held.token_id
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
