"""What a proved payment does to the ledger. Every entry is unique by its source, so booking twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from live_trading.ledger import capital_entries, income_entries, settlement_entries
from live_trading.ledger.accounts import Account, IncomeType
from live_trading.ledger.payouts import proportional_part
from live_trading.ledger.settlement_entries import Claim, MergedLeg
from live_trading.ledger.transactions import LedgerTransaction
from live_trading.nouns.errors import StopEverything
from live_trading.nouns.money import Shares, Usd, total_usd
from live_trading.nouns.wallets import TradingWallet
from live_trading.settlement.merges import allotted, pairs_to_merge
from live_trading.store.books import ledger, resolutions
from live_trading.store.books.ledger import Holding
from live_trading.store.chain import chain_sends
from live_trading.store.chain.redemptions import Redemption
from live_trading.store.database.connection import Transaction

_WEI = Decimal(10**18)


def book_payment(
    transaction: Transaction,
    wallet: TradingWallet,
    redemption: Redemption,
    *,
    paid: Usd,
    in_usdce: bool,
    gone: Sequence[str],
    now: datetime,
) -> None:
    """Makes each strategy's part spendable, and what was paid for tokens that nobody bought the wallet's.

    `gone` are the tokens that left the wallet; a worthless one that stayed there stays in the ledger. Raises
    StopEverything where the ledger's claims are not what the redemption was opened for, or more than was paid.
    """
    build = settlement_entries.redemption_in_usdce if in_usdce else settlement_entries.redemption
    claimed = _book_parts(transaction, wallet, redemption, gone, build, now)
    surplus = paid - claimed
    if claimed != redemption.expected or surplus.is_negative:
        raise StopEverything(
            f"redemption {redemption.lt_redemption_id}: the ledger claims {claimed}, it was opened for "
            f"{redemption.expected}, and {paid} was paid"
        )
    external = ledger.external_shares(transaction, wallet.trading_wallet_id, list(gone))
    if external or (surplus and not in_usdce):
        extra = settlement_entries.redemption_surplus(
            trading_wallet_id=wallet.trading_wallet_id,
            lt_redemption_id=redemption.lt_redemption_id,
            amount=surplus,
            external=external,
            in_usdce=in_usdce,
            occurred_at=now,
        )
        ledger.post(transaction, extra, now)


def book_surplus(
    transaction: Transaction, wallet: TradingWallet, transaction_hash: str, amount: Usd, now: datetime
) -> None:
    """What one transaction paid above all that was owed: the wallet's income and no strategy's, once."""
    if amount:
        extra = income_entries.income(
            trading_wallet_id=wallet.trading_wallet_id,
            income_type=IncomeType.REDEMPTION_SURPLUS,
            source=transaction_hash,
            amount=amount,
            occurred_at=now,
        )
        ledger.post(transaction, extra, now)


def clear_worthless(transaction: Transaction, wallet: TradingWallet, redemption: Redemption, now: datetime) -> None:
    """Takes shares that paid nothing and are gone from the chain out of the ledger."""
    _book_parts(transaction, wallet, redemption, redemption.token_ids, settlement_entries.redemption, now)


def write_off(transaction: Transaction, wallet: TradingWallet, redemption: Redemption, now: datetime) -> Usd:
    """Gives up every claim of a redemption; returns what was given up."""
    return _book_parts(transaction, wallet, redemption, redemption.token_ids, settlement_entries.write_off, now)


def book_merge(transaction: Transaction, wallet: TradingWallet, redemption: Redemption, now: datetime) -> None:
    """Turns each strategy's pairs into cash. Raises StopEverything where the ledger holds fewer."""
    held = [
        part
        for part in ledger.holdings(transaction, Account.POSITION_COST, list(redemption.token_ids))
        if part.trading_wallet_id == wallet.trading_wallet_id
    ]
    shares_out = allotted(pairs_to_merge(held, redemption.token_ids), redemption.merge_shares or Shares.zero())
    if shares_out is None:
        raise StopEverything(f"merge {redemption.lt_redemption_id}: the ledger holds fewer pairs than were merged")
    for strategy_id, pairs in shares_out.items():
        legs = _legs([part for part in held if part.lt_strategy_id == strategy_id], redemption.token_ids, pairs)
        for leg in legs:
            resolutions.add_merge_leg(
                transaction,
                lt_redemption_id=redemption.lt_redemption_id,
                lt_strategy_id=strategy_id,
                condition_id=redemption.condition_id,
                token_id=leg.token_id,
                shares=pairs,
                proceeds=leg.proceeds,
            )
        merged = settlement_entries.merge(
            trading_wallet_id=wallet.trading_wallet_id,
            lt_strategy_id=strategy_id,
            lt_redemption_id=redemption.lt_redemption_id,
            pairs=pairs,
            legs=legs,
            occurred_at=now,
        )
        ledger.post(transaction, merged, now)


def book_gas(
    transaction: Transaction, wallet: TradingWallet, send: chain_sends.ChainSend, wei: int, usd: Decimal, now: datetime
) -> None:
    """Books the gas of a mined transaction at `usd` for one coin, rounded up to the base unit."""
    amount = Usd.ceil(Decimal(wei) / _WEI * usd)
    if amount:
        spent = capital_entries.gas(
            trading_wallet_id=wallet.trading_wallet_id,
            chain_send_id=send.chain_send_id,
            amount=amount,
            occurred_at=now,
        )
        ledger.post(transaction, spent, now)


def _book_parts(
    transaction: Transaction,
    wallet: TradingWallet,
    redemption: Redemption,
    token_ids: Sequence[str],
    build: Callable[[Claim, datetime], LedgerTransaction],
    now: datetime,
) -> Usd:
    parts = [
        part
        for part in ledger.holdings(transaction, Account.PENDING_REDEMPTION, list(token_ids))
        if part.trading_wallet_id == wallet.trading_wallet_id
    ]
    for part in parts:
        claim = Claim(
            trading_wallet_id=wallet.trading_wallet_id,
            lt_strategy_id=part.lt_strategy_id,
            token_id=part.token_id,
            lt_redemption_id=redemption.lt_redemption_id,
            shares=part.shares,
            payout=part.amount,
        )
        ledger.post(transaction, build(claim, now), now)
    return total_usd([part.amount for part in parts])


def _legs(parts: Sequence[Holding], token_ids: Sequence[str], pairs: Shares) -> list[MergedLeg]:
    """Both outcomes of one strategy: the cost of the merged shares in proportion, and the halves of the dollars."""
    first_half = pairs.base_units // 2
    proceeds = (first_half, pairs.base_units - first_half)
    by_token = {part.token_id: part for part in parts}
    return [
        MergedLeg(
            token_id=token_id,
            cost=proportional_part(by_token[token_id].amount, pairs, by_token[token_id].shares),
            proceeds=Usd.of_base_units(units),
        )
        for token_id, units in zip(token_ids, proceeds, strict=True)
    ]
