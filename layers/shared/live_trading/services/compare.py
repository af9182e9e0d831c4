"""Compares what the ledger says a trading wallet has with what the chain says, to the base unit.

It corrects nothing: a difference is written down as a break and stays open until a later comparison agrees.
"""

from __future__ import annotations

from datetime import datetime

from live_trading.chain.reader import ChainReader
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.wallets import TradingWallet
from live_trading.store import breaks, fills, ledger, redemptions
from live_trading.store.breaks import Break, BreakKind
from live_trading.store.database import Database, Transaction


def differences(
    *,
    expected_collateral: Usd,
    observed_collateral: Usd,
    expected_tokens: dict[str, Shares],
    observed_tokens: dict[str, Shares],
) -> list[Break]:
    """Every difference between the two, collateral first, then tokens in order of their id."""
    found: list[Break] = []
    if expected_collateral != observed_collateral:
        found.append(
            Break(
                kind=BreakKind.COLLATERAL,
                subject="collateral",
                expected=expected_collateral.value,
                observed=observed_collateral.value,
            )
        )
    for token_id in sorted(expected_tokens.keys() | observed_tokens.keys()):
        expected = expected_tokens.get(token_id, Shares.zero())
        observed = observed_tokens.get(token_id, Shares.zero())
        if expected != observed:
            found.append(
                Break(
                    kind=BreakKind.TOKEN_BALANCE,
                    subject=token_id,
                    expected=expected.value,
                    observed=observed.value,
                )
            )
    return found


def compare_with_chain(
    database: Database, chain: ChainReader, wallet: TradingWallet, now: datetime
) -> list[Break] | None:
    """The differences of one wallet, also written down; None while something of it is still settling.

    A fill between match and confirmation, or a redemption between broadcast and booking, is on one side only, so
    nothing can be said until it is through.
    """
    with database.transaction() as transaction:
        if _is_settling(transaction, wallet):
            return None
        expected_collateral = ledger.expected_collateral(transaction, wallet.trading_wallet_id)
        expected_tokens = ledger.expected_tokens(transaction, wallet.trading_wallet_id)
    observed_collateral = chain.collateral_balance(wallet.address)
    observed_tokens = chain.token_balances(wallet.address, sorted(expected_tokens))
    found = differences(
        expected_collateral=expected_collateral,
        observed_collateral=observed_collateral,
        expected_tokens=expected_tokens,
        observed_tokens=observed_tokens,
    )
    with database.transaction() as transaction:
        breaks.replace_open(transaction, wallet.trading_wallet_id, found, now)
    return found


def _is_settling(transaction: Transaction, wallet: TradingWallet) -> bool:
    return fills.any_unsettled(transaction, wallet.trading_wallet_id) or redemptions.any_in_flight(
        transaction, wallet.trading_wallet_id
    )
