"""Which market a token belongs to: what a fill on the chain does not say."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from live_trading.nouns.markets import Market
from live_trading.services.following.market_keeping import hint_of
from live_trading.services.following.sources import TokenSource
from live_trading.store.database.connection import Database
from live_trading.store.feed import markets, quarantine
from live_trading.store.feed.markets import SeenMarket

# So many tokens are remembered; a followed trader trades some hundreds a day.
_REMEMBERED = 20_000
LOOKED_FOR_AGAIN = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenMarket:
    """What never changes of a token's market."""

    condition_id: str
    outcome: str
    outcome_index: int
    title: str
    slug: str


class TokenMarkets:
    """Answers from memory, else from the stored markets, else by one question to the catalogue."""

    def __init__(self, *, database: Database, gamma: TokenSource) -> None:
        self._database = database
        self._gamma = gamma
        self._known: dict[str, TokenMarket] = {}
        self._looked_for: dict[str, datetime] = {}

    def of_tokens(self, token_ids: Collection[str], now: datetime) -> dict[str, TokenMarket]:
        """By token; those that the catalogue does not know are missing, and not looked for again at once.

        What it shows is stored. Raises RetryLater, GiveUp or MalformedAnswer where it cannot be asked.
        """
        missing = sorted(token_id for token_id in set(token_ids) - set(self._known) if self._is_due(token_id, now))
        if missing:
            self._looked_for |= dict.fromkeys(missing, now)
            with self._database.transaction() as transaction:
                self._remember(markets.of_tokens(transaction, missing).values())
            missing = [token_id for token_id in missing if token_id not in self._known]
        if missing:
            self._ask(missing, now)
        return self.remembered(token_ids)

    def _is_due(self, token_id: str, now: datetime) -> bool:
        before = self._looked_for.get(token_id)
        return before is None or now - before >= LOOKED_FOR_AGAIN

    def remembered(self, token_ids: Collection[str]) -> dict[str, TokenMarket]:
        """Those that nobody needs to be asked about."""
        return {token_id: self._known[token_id] for token_id in token_ids if token_id in self._known}

    def _ask(self, token_ids: list[str], now: datetime) -> None:
        answer = self._gamma.markets_of_tokens(token_ids)
        seen = [SeenMarket(market=each.market, resolution_hint=hint_of(each, now)) for each in answer.markets.values()]
        with self._database.transaction() as transaction:
            markets.save(transaction, seen, now)
            quarantine.record(transaction, answer.malformed, now)
        self._remember([each.market for each in seen])

    def _remember(self, found: Collection[Market]) -> None:
        if len(self._known) > _REMEMBERED:
            self._known.clear()
            self._looked_for.clear()
        for market in found:
            for index, token_id in enumerate(market.token_ids):
                self._known[token_id] = TokenMarket(
                    condition_id=market.condition_id,
                    outcome=market.outcomes[index],
                    outcome_index=index,
                    title=market.question,
                    slug=market.slug,
                )
