"""Finds the payment for tokens that somebody else turned in: the auto-redeemer of the venue, or the owner by hand."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from live_trading.chain.reading.reader import ChainReader
from live_trading.chain.reading.receipts import Receipt
from live_trading.nouns.errors import RetryLater
from live_trading.nouns.markets import PayoutVector
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.wallets import TradingWallet
from live_trading.settlement.proof import by_outcome, payout_of, proves_payment_elsewhere
from live_trading.store.chain.redemptions import Redemption, RedemptionAction


class PaymentNotDeepEnough(RetryLater):
    """Somebody else's transaction paid, and may still be taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A proved payment: which transaction paid how much, in the venue's collateral or in USDC.e, for which tokens."""

    transaction_hash: str
    amount: Usd
    in_usdce: bool
    gone: tuple[str, ...]


class PaymentsElsewhere:
    """Looks through the transactions in which a wallet's tokens left it."""

    def __init__(self, *, chain: ChainReader, confirmations: int) -> None:
        self._chain = chain
        self._confirmations = confirmations

    def find(
        self, wallet: TradingWallet, redemption: Redemption, held: Sequence[Shares], vector: PayoutVector | None
    ) -> Payment | None:
        """The transaction that turned the whole holding in and paid for it; None where none is found.

        Raises PaymentNotDeepEnough.
        """
        if vector is None or redemption.action is RedemptionAction.MERGE:
            return None
        found = self._chain.leaving_transactions(
            wallet.address, redemption.token_ids, condition_id=redemption.condition_id
        )
        for receipt in found:
            given = by_outcome(redemption.token_ids, receipt.tokens_given)
            for received, in_usdce in ((receipt.collateral_received, False), (receipt.usdce_received, True)):
                if proves_payment_elsewhere(vector, held, given, received):
                    return self._payment(redemption, receipt, given, payout_of(vector, given), in_usdce=in_usdce)
        return None

    def find_merge(self, wallet: TradingWallet, merge: Redemption, booked: Collection[str]) -> Payment | None:
        """The transaction that merged exactly these pairs, None where none is found; `booked` are known ones.

        Raises PaymentNotDeepEnough.
        """
        pairs = merge.merge_shares
        if pairs is None:
            return None
        owed = Usd(pairs.value)
        for receipt in self._chain.leaving_transactions(wallet.address, merge.token_ids):
            given = by_outcome(merge.token_ids, receipt.tokens_given)
            is_merge = all(each == pairs for each in given) and receipt.collateral_received >= owed
            if is_merge and receipt.transaction_hash not in booked:
                return self._payment(merge, receipt, given, owed, in_usdce=False)
        return None

    def _payment(
        self, redemption: Redemption, receipt: Receipt, given: Sequence[Shares], amount: Usd, *, in_usdce: bool
    ) -> Payment:
        if receipt.confirmations < self._confirmations:
            raise PaymentNotDeepEnough(f"{receipt.transaction_hash} paid it and waits for its confirmations")
        return Payment(
            transaction_hash=receipt.transaction_hash,
            amount=amount,
            in_usdce=in_usdce,
            gone=tokens_of(redemption, given),
        )


def tokens_of(redemption: Redemption, given: Sequence[Shares]) -> tuple[str, ...]:
    """The tokens that left the wallet, of what was given by outcome index."""
    return tuple(token_id for token_id, shares in zip(redemption.token_ids, given, strict=True) if shares)
