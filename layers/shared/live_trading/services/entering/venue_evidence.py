"""What the venue says before a wallet's trades are entered: books, eligibility, price histories.

It is asked once for a part of them, side by side. What it does not say now is missing, and whoever needs it waits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from live_trading.nouns.chance import Chance
from live_trading.nouns.clock import Clock
from live_trading.nouns.decisions import Reason
from live_trading.nouns.markets import OrderBook
from live_trading.nouns.wallets import TradingWallet
from live_trading.polymarket.clob.account import VenueAccount
from live_trading.polymarket.clob.market_data import MarketData
from live_trading.risk.volatility import per_day
from live_trading.services.running.failures import PartFailure, contained
from live_trading.store.accounts.live_strategies import LiveStrategy


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueSaid:
    """What the venue said before anything was entered; no books where the account may not open positions.

    `volatility` is by token and days of lookback: None where the history tells none, missing where it was not told.
    """

    account: VenueAccount
    is_eligible: bool
    books: dict[str, OrderBook]
    volatility: dict[tuple[str, int], Decimal | None]

    def volatility_for(self, strategy: LiveStrategy, token_id: str) -> Decimal | None:
        """How much the market moves, where the strategy scales its stake by it and the history tells."""
        days = _lookback(strategy)
        return None if days is None else self.volatility.get((token_id, days))

    def lacking(self, strategy: LiveStrategy, token_id: str) -> Reason | None:
        """What an entry needs and the venue did not give in this run."""
        if not self.is_eligible:
            return Reason.NOT_ELIGIBLE
        if token_id not in self.books:
            return Reason.BOOK_UNAVAILABLE
        days = _lookback(strategy)
        return Reason.RISK_NO_DATA if days is not None and (token_id, days) not in self.volatility else None


class VenueAsking:
    """Asks for whatever the signals of one wallet need, and takes what it gets."""

    def __init__(
        self,
        *,
        clock: Clock,
        chance: Chance,
        market_data: MarketData,
        account: Callable[[TradingWallet], VenueAccount],
        may_open: Callable[[VenueAccount], bool],
    ) -> None:
        self._clock = clock
        self._chance = chance
        self._market_data = market_data
        self._account = account
        self._may_open = may_open

    def ask(
        self, wallet: TradingWallet, wanted: Collection[tuple[LiveStrategy, str]], failures: list[PartFailure]
    ) -> VenueSaid | None:
        """What strategies need to enter these tokens; None where they want none."""
        tokens = sorted({token_id for _, token_id in wanted})
        lookbacks = {(token_id, days) for strategy, token_id in wanted if (days := _lookback(strategy)) is not None}
        return self._asked(wallet, tokens, lookbacks, failures) if tokens else None

    def _asked(
        self, wallet: TradingWallet, tokens: list[str], lookbacks: set[tuple[str, int]], failures: list[PartFailure]
    ) -> VenueSaid:
        account = self._account(wallet)
        is_eligible = False
        books: dict[str, OrderBook] = {}
        volatility: dict[tuple[str, int], Decimal | None] = {}
        heard: list[PartFailure] = []
        with self._chance.side_by_side(1) as beside:
            asked = beside.submit(self._asked_market, tokens, lookbacks, heard)
            with contained(f"eligibility of wallet {wallet.trading_wallet_id}", failures):
                is_eligible = self._may_open(account)
                if is_eligible:
                    account.prime(tokens)
            found = asked.result()
        failures += heard
        if is_eligible:
            books, volatility = found
        return VenueSaid(account=account, is_eligible=is_eligible, books=books, volatility=volatility)

    def _asked_market(
        self, tokens: list[str], lookbacks: set[tuple[str, int]], failures: list[PartFailure]
    ) -> tuple[dict[str, OrderBook], dict[tuple[str, int], Decimal | None]]:
        books: dict[str, OrderBook] = {}
        volatility: dict[tuple[str, int], Decimal | None] = {}
        with contained(f"{len(tokens)} books", failures):
            books = self._market_data.books(tokens)
        now = self._clock.now()
        for token_id, days in sorted(lookbacks):
            with contained(f"price history of token {token_id}", failures):
                history = self._market_data.price_history(token_id, now - timedelta(days=days), now)
                volatility[token_id, days] = per_day(history)
        return books, volatility


def _lookback(strategy: LiveStrategy) -> int | None:
    return strategy.rules.volatility_lookback_days if strategy.rules.use_volatility_adjustment else None
