"""What a person says of a break, what came of it, and what booking it needs either way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.ledger.transactions import LedgerTransaction
from live_trading.nouns.errors import NoSuch, WrongState
from live_trading.nouns.markets import Market
from live_trading.nouns.money import Shares, Usd
from live_trading.store.accounts import live_strategies
from live_trading.store.books import ledger, undecided
from live_trading.store.books.breaks import StoredBreak
from live_trading.store.database.connection import Transaction
from live_trading.store.feed import markets


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt:
    """A token to give to a strategy; all of it that is nobody's, unless `shares` says how many."""

    token_id: str
    lt_strategy_id: UUID
    shares: Shares | None
    cost: Usd | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What a person says: which tokens the dollars bought (None: nothing said), or whose shares went for how much."""

    adopt: tuple[Adopt, ...] | None = None
    lt_strategy_id: UUID | None = None
    proceeds: Usd | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """The entry that explains a break, None where nothing was left to book; `conditions` have other redemptions now."""

    reference: str | None
    conditions: frozenset[str] = frozenset()


def require_strategy(transaction: Transaction, found: StoredBreak, lt_strategy_id: UUID) -> None:
    """Locks a strategy of the break's wallet. Raises NoSuch where it is none."""
    if not live_strategies.trades_from(transaction, lt_strategy_id, found.trading_wallet_id):
        raise NoSuch("strategy")


def require_settled(transaction: Transaction, found: StoredBreak, token_id: str) -> None:
    """Raises WrongState while something of the token is on its way: it may still be booked by itself."""
    for each in undecided.of_wallet(transaction, found.trading_wallet_id):
        if token_id in each.tokens:
            raise WrongState(f"{each.what} is on its way and touches token {token_id}", current_state="unsettled")


def post(transaction: Transaction, entry: LedgerTransaction, now: datetime) -> None:
    """Books an explanation. Raises WrongState where the break has one."""
    if not ledger.post(transaction, entry, now):
        raise WrongState("the break is explained already", current_state="explained")


def market_of(transaction: Transaction, token_id: str) -> Market:
    """The market of a token. Raises WrongState where it is not stored: nothing could be sold or redeemed of it."""
    market = markets.of_token(transaction, token_id)
    if market is None:
        raise WrongState(f"the market of token {token_id} is not known here", current_state="unknown_market")
    return market
