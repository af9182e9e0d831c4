"""What is to be said of tokens that the ledger has and the chain has not.

Whoever redeems a resolved market burns the wallet's tokens: until the resolution and the redemption are booked with us,
that they are gone proves nothing. And a shortage that stood before the market resolved does not end with the market.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from live_trading.chain.reading.reader import ChainReader, Holdings
from live_trading.nouns.errors import GiveUp, RetryLater
from live_trading.nouns.money import Shares
from live_trading.nouns.wallets import TradingWallet
from live_trading.store.books import break_clues, undecided
from live_trading.store.books.breaks import Break, BreakKind, StoredBreak
from live_trading.store.books.undecided import MarketOf
from live_trading.store.database.connection import Database
from live_trading.store.feed import markets

_MOST_TRANSFERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """`silent`: tokens about which this pass says nothing. `transfers`: what took away what is missing, by subject."""

    silent: frozenset[str]
    transfers: dict[str, tuple[str, ...]]

    def is_silent_about(self, found: Break) -> bool:
        """Whether it is the balance of a token about which nothing is said."""
        return found.kind is BreakKind.TOKEN_BALANCE and found.subject in self.silent


class MissingTokens:
    """Looks closer where tokens are missing; a wallet that has all of its tokens costs no question."""

    def __init__(self, *, database: Database, chain: ChainReader) -> None:
        self._database = database
        self._chain = chain

    def judge(
        self, wallet: TradingWallet, differing: Sequence[Break], standing: Sequence[StoredBreak], observed: Holdings
    ) -> Missing:
        """`differing` is what is missing now, `standing` the breaks that were open before. Raises RetryLater."""
        lacking = {each.subject for each in differing if each.kind is BreakKind.TOKEN_BALANCE}
        ended = _no_longer_found(differing, standing, observed)
        known: dict[str, MarketOf] = {}
        if lacking or ended:
            with self._database.transaction() as transaction:
                known = undecided.markets_of(transaction, wallet.trading_wallet_id, lacking | ended)
        burnt = {token for token in lacking if token in known and known[token].is_redeeming}
        burnt |= self._resolved_on_chain({token: known[token] for token in lacking if token in known})
        resolved = {token for token in ended if token in known and known[token].is_resolved}
        silent = frozenset(burnt | resolved)
        before = {each.found.subject for each in standing}
        news = [each for each in differing if each.subject not in before | silent]
        return Missing(silent=silent, transfers=self._transfers(wallet, news))

    def _resolved_on_chain(self, known: dict[str, MarketOf]) -> set[str]:
        """Tokens whose market the chain has resolved and the ledger has not."""
        open_here = {token: each.condition_id for token, each in known.items() if not each.is_resolved}
        if not open_here:
            return set()
        with self._database.transaction() as transaction:
            asked = markets.by_condition(transaction, set(open_here.values()))
        vectors = self._chain.vectors_of(asked.values())
        return {token for token, condition_id in open_here.items() if vectors.get(condition_id) is not None}

    def _transfers(self, wallet: TradingWallet, news: Sequence[Break]) -> dict[str, tuple[str, ...]]:
        """The newest transactions that took away some of each; a chain that does not tell names none."""
        found: dict[str, tuple[str, ...]] = {}
        for each in news:
            try:
                left = self._left(wallet, each)
            except (RetryLater, GiveUp):
                continue
            with self._database.transaction() as transaction:
                booked = break_clues.booked_transactions(transaction, wallet.trading_wallet_id, left)
            texts = [text for transaction_hash, text in left.items() if transaction_hash not in booked]
            found[each.subject] = tuple(texts[:_MOST_TRANSFERS])
        return found

    def _left(self, wallet: TradingWallet, found: Break) -> dict[str, str]:
        """What took something of it away, by transaction, the newest first."""
        if found.kind is BreakKind.COLLATERAL:
            return {
                each.transaction_hash: f"transaction {each.transaction_hash} sent {each.amount} pUSD to {each.to}"
                for each in self._chain.collateral_sent(wallet.address)
            }
        if found.kind is not BreakKind.TOKEN_BALANCE:
            return {}
        receipts = self._chain.leaving_transactions(wallet.address, [found.subject])
        return {
            each.transaction_hash: f"transaction {each.transaction_hash} took {each.tokens_given[found.subject]} shares"
            f" of it away and brought {each.collateral_received} pUSD"
            for each in islice(receipts, _MOST_TRANSFERS)
        }


def _no_longer_found(differing: Sequence[Break], standing: Sequence[StoredBreak], observed: Holdings) -> set[str]:
    """Tokens whose shortage has gone although none of them came back."""
    found = {(each.kind, each.subject) for each in differing}
    return {
        each.found.subject
        for each in standing
        if each.is_shortage
        and (each.found.kind, each.found.subject) not in found
        and observed.tokens.get(each.found.subject, Shares.zero()).value <= each.found.observed
    }
