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
from live_trading.nouns.errors import GiveUp
from live_trading.nouns.money import Shares, Usd, total_usd
from live_trading.nouns.wallets import TradingWallet
from live_trading.settlement.merges import allotted, pairs_to_merge
from live_trading.store.books import ledger, payment_reversals, resolutions
from live_trading.store.books.ledger import Holding
from live_trading.store.chain import chain_sends
from live_trading.store.chain.redemptions import Redemption
from live_trading.store.database.connection import Transaction

_WEI = Decimal(10**18)


class LedgerDisagrees(GiveUp):
    """The ledger does not hold what a redemption was opened for; nothing of it was booked, and a person has to look."""


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
    LedgerDisagrees where the ledger's claims are not what the redemption was opened for, or more than was paid.
    """
    parts = _parts(transaction, wallet, gone)
    claimed = total_usd([part.amount for part in parts])
    surplus = paid - claimed
    if claimed != redemption.expected or surplus.is_negative:
        raise LedgerDisagrees(
            f"the ledger claims {claimed}, the redemption was opened for {redemption.expected}, and {paid} was paid"
        )
    build = settlement_entries.redemption_in_usdce if in_usdce else settlement_entries.redemption
    _book_parts(transaction, wallet, redemption, parts, build, now)
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
        payment_reversals.post(transaction, extra, now)


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
        payment_reversals.post(transaction, extra, now)


def clear_worthless(transaction: Transaction, wallet: TradingWallet, redemption: Redemption, now: datetime) -> None:
    """Takes shares that paid nothing and are gone from the chain out of the ledger."""
    parts = _parts(transaction, wallet, redemption.token_ids)
    _book_parts(transaction, wallet, redemption, parts, settlement_entries.redemption, now)


def book_on_word(transaction: Transaction, wallet: TradingWallet, redemption: Redemption, now: datetime) -> Usd:
    """Makes every claim that the ledger holds spendable because an operator says that it was paid; returns their sum.

    It may differ from what the redemption was opened for: that is what an operator is asked about.
    """
    parts = _parts(transaction, wallet, redemption.token_ids)
    claimed = _book_parts(transaction, wallet, redemption, parts, settlement_entries.redemption, now)
    external = ledger.external_shares(transaction, wallet.trading_wallet_id, list(redemption.token_ids))
    if external:
        extra = settlement_entries.redemption_surplus(
            trading_wallet_id=wallet.trading_wallet_id,
            lt_redemption_id=redemption.lt_redemption_id,
            amount=Usd.zero(),
            external=external,
            in_usdce=False,
            occurred_at=now,
        )
        payment_reversals.post(transaction, extra, now)
    return claimed


def write_off(transaction: Transaction, wallet: TradingWallet, redemption: Redemption, now: datetime) -> Usd:
    """Gives up every claim of a redemption; returns what was given up."""
    parts = _parts(transaction, wallet, redemption.token_ids)
    return _book_parts(transaction, wallet, redemption, parts, settlement_entries.write_off, now)


def book_merge(transaction: Transaction, wallet: TradingWallet, redemption: Redemption, now: datetime) -> None:
    """Turns each strategy's pairs into cash. Raises LedgerDisagrees where the ledger holds fewer."""
    held = [
        part
        for part in ledger.holdings(transaction, Account.POSITION_COST, list(redemption.token_ids))
        if part.trading_wallet_id == wallet.trading_wallet_id
    ]
    shares_out = allotted(pairs_to_merge(held, redemption.token_ids), redemption.merge_shares or Shares.zero())
    if shares_out is None:
        raise LedgerDisagrees(f"{redemption.merge_shares} pairs were merged, and the ledger holds fewer")
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
        payment_reversals.post(transaction, merged, now)


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
        payment_reversals.post(transaction, spent, now)


def _parts(transaction: Transaction, wallet: TradingWallet, token_ids: Sequence[str]) -> list[Holding]:
    """The wallet's resolved shares of these tokens, with what they are owed."""
    return [
        part
        for part in ledger.holdings(transaction, Account.PENDING_REDEMPTION, list(token_ids))
        if part.trading_wallet_id == wallet.trading_wallet_id
    ]


def _book_parts(
    transaction: Transaction,
    wallet: TradingWallet,
    redemption: Redemption,
    parts: Sequence[Holding],
    build: Callable[[Claim, datetime], LedgerTransaction],
    now: datetime,
) -> Usd:
    for part in parts:
        claim = Claim(
            trading_wallet_id=wallet.trading_wallet_id,
            lt_strategy_id=part.lt_strategy_id,
            token_id=part.token_id,
            lt_redemption_id=redemption.lt_redemption_id,
            shares=part.shares,
            payout=part.amount,
        )
        payment_reversals.post(transaction, build(claim, now), now)
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
