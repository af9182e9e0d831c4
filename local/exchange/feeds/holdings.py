"""Who holds what as the Data API shows it: positions of the tape, priced at the present moment."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from local.chain import STANDARD_EXCHANGE
from local.exchange.feeds.portfolio import Mark, Position, positions
from local.exchange.units import Shares
from local.exchange.world import World


class Holdings:
    """Positions by account; folded once for every state of tape and clock that is asked about."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._synthetic = frozenset(trader.address for trader in world.traders)
        self._known: dict[str, tuple[tuple[int, int, int], list[Position]]] = {}

    def of_account(self, account: str, seen_until_ms: int) -> list[Position]:
        """Every position that an account has or had, as visible at `seen_until_ms`."""
        state = (self._world.timeline.now_ms(), seen_until_ms, len(self._world.tape))
        known = self._known.get(account)
        if known is not None and known[0] == state:
            return known[1]
        events = [entry.event for entry in self._world.tape.entries(account) if entry.event.visible_ms <= seen_until_ms]
        is_ours = account not in self._synthetic
        held = positions(events, self._mark, partial(self._balance, account) if is_ours else None)
        self._known[account] = (state, held)
        return held

    def of_market(self, condition_id: str, seen_until_ms: int) -> list[Position]:
        """Every account's positions in one market."""
        return [
            position
            for account in self._world.tape.accounts()
            for position in self.of_account(account, seen_until_ms)
            if position.condition_id == condition_id
        ]

    def _balance(self, account: str, token_id: str) -> Shares:
        held = self._world.engine.holdings.tokens(account, token_id, STANDARD_EXCHANGE)
        return Shares.of_base_units(held.balance)

    def _mark(self, condition_id: str, token_id: str) -> Mark:
        now_ms = self._world.timeline.now_ms()
        listing = self._world.listings.by_condition(condition_id)
        resolution = self._world.listings.resolution(condition_id)
        if listing is not None and resolution is not None and resolution[0] <= now_ms:
            payout = listing.payout_per_share(listing.asset_ids.index(token_id))
            return Mark(price=payout, resolved_ms=resolution[0])
        book = self._world.markets.book(token_id, now_ms)
        if book is not None:
            bid = book.bids[0][0].value if book.bids else Decimal(0)
            ask = book.asks[0][0].value if book.asks else Decimal(1)
            return Mark(price=(bid + ask) / 2, resolved_ms=None)
        last = self._world.tape.last_price(token_id)
        return Mark(price=last.value if last else Decimal(0), resolved_ms=None)
