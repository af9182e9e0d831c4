"""A small venue in memory for tests of the CLOB: scripted books, and a ledger in the chain's place."""

from __future__ import annotations

import asyncio
import itertools
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

import httpx
from eth_account import Account
from starlette.types import ASGIApp

from local.chain import FillToSettle, LocalChain, SettlementReverted
from local.exchange.arithmetic import FeeTerms
from local.exchange.engine.engine import Engine
from local.exchange.engine.funds import UNLIMITED, Holding
from local.exchange.engine.incoming import identify
from local.exchange.engine.orders import parse_post
from local.exchange.faults.faults import Faults
from local.exchange.identity.accounts import Accounts
from local.exchange.identity.signer_limits import SignerLimits
from local.exchange.lags import AT_ONCE, Lags
from local.exchange.tape.recorded import RawBook, RecordedMarket, RecordedMarkets
from local.exchange.tape.tape import Tape
from local.exchange.tape.timeline import Timeline
from local.exchange.terms import Side
from local.exchange.units import BASE_UNITS, Price, Shares
from local.exchange.wire.app import clob_app
from local.exchange.world import World
from tests.unit.exchange.exchange_traders import UP, Trader

START_MS = 1_790_586_000_000
END_MS = START_MS + 60_000
DOWN = "52114319501245915516055106046884209969926127482827954674443846427813813222426"
CONDITION = "0x" + "c1" * 32
ENOUGH_USD = 1_000 * BASE_UNITS
ENOUGH_SHARES = 1_000 * BASE_UNITS

Ladder = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The book of the Up token from `at_s` seconds after the start; the Down token mirrors it."""

    at_s: float = 0
    bids: Ladder = field(default_factory=dict)
    asks: Ladder = field(default_factory=dict)


class ScriptedMarkets:
    """One market whose books are given by hand."""

    def __init__(
        self,
        snapshots: Sequence[Snapshot],
        *,
        neg_risk: bool = False,
        fine_after_s: float | None = None,
        fee_rate: str = "0.07",
        lasts_s: int = 60,
    ) -> None:
        self._closes_ms = START_MS + lasts_s * 1000
        self.market = RecordedMarket(
            slug="up-or-down",
            question="Up or Down?",
            question_id="0x" + "51" * 32,
            condition_id=CONDITION,
            token_ids=(UP, DOWN),
            outcomes=("Up", "Down"),
            start_ms=START_MS,
            end_ms=self._closes_ms,
            opens_ms=START_MS,
            closes_ms=self._closes_ms,
            payouts=(1, 0),
            category="crypto",
            neg_risk=neg_risk,
            fees=FeeTerms(rate=Decimal(fee_rate)),
        )
        self._fine_from_ms = None if fine_after_s is None else START_MS + round(fine_after_s * 1000)
        self._times = tuple(START_MS + round(snapshot.at_s * 1000) for snapshot in snapshots)
        up = [_raw_book(at_ms, snapshot) for at_ms, snapshot in zip(self._times, snapshots, strict=True)]
        self._books = {UP: up, DOWN: [_mirrored(book) for book in up]}

    def __iter__(self) -> Any:
        return iter((self.market,))

    def by_token(self, token_id: str) -> RecordedMarket | None:
        return self.market if token_id in self._books else None

    def by_condition(self, condition_id: str) -> RecordedMarket | None:
        return self.market if condition_id == CONDITION else None

    def book_times(self, token_id: str) -> tuple[int, ...]:
        return self._times if token_id in self._books else ()

    def book(self, token_id: str, at_ms: int) -> RawBook | None:
        if token_id not in self._books or not self.is_open(CONDITION, at_ms):
            return None
        index = bisect_right(self._times, at_ms) - 1
        return None if index < 0 else self._books[token_id][index]

    def tick_size(self, token_id: str, at_ms: int) -> Price:
        is_fine = self._fine_from_ms is not None and at_ms >= self._fine_from_ms
        return Price("0.001") if is_fine else Price("0.01")

    def is_open(self, condition_id: str, at_ms: int) -> bool:
        return condition_id == CONDITION and START_MS <= at_ms <= self._closes_ms


def _raw_book(at_ms: int, snapshot: Snapshot) -> RawBook:
    bids = sorted(((Price(p), Shares(s)) for p, s in snapshot.bids.items()), reverse=True)
    return RawBook(
        at_ms=at_ms, bids=tuple(bids), asks=tuple(sorted((Price(p), Shares(s)) for p, s in snapshot.asks.items()))
    )


def _mirrored(book: RawBook) -> RawBook:
    def turned(levels: Sequence[tuple[Price, Shares]]) -> tuple[tuple[Price, Shares], ...]:
        return tuple((Price(1 - price.value), shares) for price, shares in levels)

    return RawBook(at_ms=book.at_ms, bids=turned(book.asks), asks=turned(book.bids))


class LedgerChain:
    """Balances, allowances and settlement with the rules of the chain, kept in memory."""

    def __init__(self) -> None:
        self.usd: defaultdict[str, int] = defaultdict(int)
        self.tokens: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.allowance: dict[str, int] = {}
        self.refused: set[tuple[str, str]] = set()
        self.operators_refused: set[str] = set()
        self.deployed: set[str] = set()
        self.settled: list[FillToSettle] = []
        self.exchanges: list[str] = []
        self._breaks_next = False
        self._numbers = itertools.count(1)

    def collateral(self, account: str, spender: str) -> Holding:
        allowance = 0 if (account, spender) in self.refused else self.allowance.get(account, UNLIMITED)
        return Holding(balance=self.usd[account], allowance=allowance)

    def tokens_of(self, account: str, token_id: str) -> int:
        return self.tokens[account, token_id]

    def has_code(self, address: str) -> bool:
        return address in self.deployed

    def break_next_settlement(self) -> None:
        self._breaks_next = True

    def settle_fills(self, exchange: str, fills: Sequence[FillToSettle]) -> str:
        transaction_hash = f"0x{next(self._numbers):064x}"
        if self._breaks_next:
            self._breaks_next = False
            raise SettlementReverted("SettlementBroken", transaction_hash)
        usd, tokens = dict(self.usd), dict(self.tokens)
        for fill in fills:
            sign = 1 if fill.side == Side.BUY else -1
            self.usd[fill.account] -= sign * fill.usd.base_units + fill.fee.base_units
            self.tokens[fill.account, fill.token_id] += sign * fill.shares.base_units
        if min(self.usd.values()) < 0 or min(self.tokens.values()) < 0:
            self.usd, self.tokens = defaultdict(int, usd), defaultdict(int, tokens)
            raise SettlementReverted("InsufficientBalance", transaction_hash)
        self.settled.extend(fills)
        self.exchanges.append(exchange)
        return transaction_hash


class LedgerHoldings:
    """The same balances as the venue reads them."""

    def __init__(self, chain: LedgerChain) -> None:
        self._chain = chain

    def collateral(self, account: str, spender: str) -> Holding:
        return self._chain.collateral(account, spender)

    def tokens(self, account: str, token_id: str, operator: str) -> Holding:
        is_refused = account in self._chain.operators_refused or (account, operator) in self._chain.refused
        balance = self._chain.tokens_of(account, token_id)
        return Holding(balance=balance, allowance=0 if is_refused else UNLIMITED)

    def has_code(self, address: str) -> bool:
        return self._chain.has_code(address)


class InProcess(httpx.BaseTransport):
    """Calls an application without a server."""

    def __init__(self, app: ASGIApp) -> None:
        self._transport = httpx.ASGITransport(app=app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return asyncio.run(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        response = await self._transport.handle_async_request(request)
        return httpx.Response(response.status_code, headers=response.headers, content=await response.aread())


class Venue:
    """The CLOB over one scripted market, paused at its start."""

    def __init__(
        self,
        *snapshots: Snapshot,
        neg_risk: bool = False,
        fine_after_s: float | None = None,
        fee_rate: str = "0.07",
        lasts_s: int = 60,
        lags: Lags = AT_ONCE,
    ) -> None:
        self.snapshots = snapshots
        self.markets = ScriptedMarkets(
            snapshots or [Snapshot()], neg_risk=neg_risk, fine_after_s=fine_after_s, fee_rate=fee_rate, lasts_s=lasts_s
        )
        self.timeline = Timeline(START_MS)
        self.chain = LedgerChain()
        self.tape = Tape()
        self.faults = Faults(self.timeline.now_ms)
        self.engine = Engine(
            timeline=self.timeline,
            markets=self.markets,
            tape=self.tape,
            faults=self.faults,
            chain=self.chain,
            holdings=LedgerHoldings(self.chain),
        )
        self.world = World(
            timeline=self.timeline,
            markets=cast("RecordedMarkets", self.markets),
            tape=self.tape,
            engine=self.engine,
            faults=self.faults,
            chain=cast("LocalChain", self.chain),
            accounts=Accounts(now_ms=self.timeline.now_ms, works_after_ms=lags.api_key_ms),
            limits=SignerLimits(now_ms=self.timeline.now_ms),
            lags=lags,
        )
        self.http = httpx.Client(transport=InProcess(clob_app(self.world)), base_url="http://clob")
        self._keys = itertools.count(1)

    def advance(self, seconds: float) -> None:
        self.timeline.advance_to(self.timeline.now_ms() + round(seconds * 1000))

    def trader(self, *, usd: int = ENOUGH_USD, shares: int = ENOUGH_SHARES) -> Trader:
        """A new EOA account with an API key, and with funds in base units."""
        key = Account.from_key(next(self._keys).to_bytes(32, "big"))
        trader = Trader(self.http, key, neg_risk=self.markets.market.neg_risk)
        self.chain.usd[trader.address] = usd
        for token_id in (UP, DOWN):
            self.chain.tokens[trader.address, token_id] = shares
        return trader

    def order_id(self, body: dict[str, Any]) -> str:
        """The id of a signed body, computed as the venue does."""
        return identify(parse_post(body), self.markets.market).order_hash

    def get(self, path: str, **query: Any) -> Any:
        response = self.http.get(path, params=query)
        assert response.status_code == 200, response.text
        return response.json()
