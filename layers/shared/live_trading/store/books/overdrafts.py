"""Accounts that can never be less than nothing and are: a defect of ours, or a late fill after its cash was spent."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from live_trading.ledger.accounts import Account
from live_trading.nouns.money import Usd
from live_trading.store.database.connection import Row, Transaction
from live_trading.store.database.pending import Pending, ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdraft:
    """What a strategy has less than nothing of on CASH or RESERVED."""

    lt_strategy_id: UUID
    trading_wallet_id: UUID
    account: Account
    amount: Usd


def ask_standing(transaction: Transaction) -> Pending[list[Overdraft]]:
    """Every one, by strategy in the order of their making."""
    return ask(
        transaction,
        """
        SELECT kept.lt_strategy_id, strategy.trading_wallet_id, kept.account, kept.amount_usd AS amount
        FROM ledger_balances AS kept INNER JOIN lt_strategies AS strategy USING (lt_strategy_id)
        WHERE kept.account IN ('CASH', 'RESERVED') AND kept.amount_usd < 0
        ORDER BY strategy.made_number, kept.account
        """,
        _overdrafts,
    )


def _overdrafts(rows: list[Row]) -> list[Overdraft]:
    return [Overdraft(**row | {"account": Account(row["account"]), "amount": Usd(row["amount"])}) for row in rows]


def ask_wallets(transaction: Transaction) -> Pending[list[tuple[str, Usd]]]:
    """Trading wallets, by name, of which more is given to strategies than they hold, and what they hold for nobody."""
    return ask(
        transaction,
        """
        SELECT wallet.name, kept.amount_usd AS amount
        FROM ledger_balances AS kept INNER JOIN trading_wallets AS wallet USING (trading_wallet_id)
        WHERE kept.account = 'UNALLOCATED' AND kept.amount_usd < 0
        ORDER BY wallet.made_number
        """,
        lambda rows: [(row["name"], Usd(row["amount"])) for row in rows],
    )
