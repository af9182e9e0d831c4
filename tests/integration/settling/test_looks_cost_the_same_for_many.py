"""What a look at everything that is held asks of Postgres does not grow with strategies, paper wallets or positions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from live_trading.nouns.money import Price, Shares, Usd
from live_trading.polymarket.clob.market_data import MarketData
from live_trading.services.following.evaluation import Subject
from live_trading.services.leaving.live_exits import PositionLeaver
from live_trading.services.paper.paper_books import BookShelf
from live_trading.services.paper.paper_exits import PaperExits
from live_trading.services.running.failures import PartFailure
from live_trading.signals.config import parse_config
from live_trading.store.database import leases
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease
from live_trading.store.feed import source_trades
from live_trading.store.paper import ft_exits, ft_orders
from live_trading.store.paper.ft_orders import PaperOrder
from live_trading.store.positions import live_entries
from live_trading.wiring.chance import SYSTEM
from tests.builders import NOON
from tests.integration.scripted_venue import ScriptedVenue, book_row, serving
from tests.integration.settling.settling_world_fixtures import SettlingWorld
from tests.integration.source_builders import (
    ALICE,
    a_market,
    a_trade,
    create_wallet,
    follow,
    store_market,
    store_trades,
)
from tests.settlement.parts.bookkeeping_fixtures import HandClock, Holder
from tests.statement_counting import counted_round_trips

pytestmark = [pytest.mark.integration, pytest.mark.exits]

STOP = {
    "exits": {"trigger_observations": 1, "stop_loss_fraction": "0.2", "limit_fraction": "0.5", "floor_fraction": "0.9"}
}
HELD = (("0.50", "100000"),)
FALLEN = (("0.10", "100000"),)


@dataclass(slots=True)
class Books:
    """The venue's books, each with the same bids."""

    venue: ScriptedVenue
    source: MarketData

    def show(self, tokens: set[str], bids: tuple[tuple[str, str], ...]) -> None:
        for token_id in tokens:
            levels = [{"price": price, "size": size} for price, size in bids]
            self.venue.books[token_id] = book_row(token_id, asks=(("0.99", "100"),)) | {"bids": levels}


@pytest.fixture
def books() -> Iterator[Books]:
    venue = ScriptedVenue()
    with serving(venue) as endpoints:
        yield Books(venue, MarketData(endpoints, SYSTEM))


def held_lease(database: Database, name: str) -> Lease:
    with database.transaction() as transaction:
        lease = leases.acquire(transaction, name, "tests", NOON, 10**6)
    assert lease is not None
    return lease


@dataclass(slots=True)
class LiveWallet:
    """One trading wallet, to which strategies and positions are added."""

    world: SettlingWorld
    first: Holder
    tokens: set[str] = field(default_factory=set)
    number: int = 0

    def add_strategy(self) -> Holder:
        """A strategy that is left by a stop."""
        added = self.world._write_strategy(self.first.wallet)
        self.add_rules(added)
        return Holder(wallet=self.first.wallet, owner_key="", payer="", lt_strategy_id=added)

    def add_rules(self, strategy: UUID) -> None:
        self.world.change(
            "INSERT INTO lt_risk_rules (lt_strategy_id, updated_at) VALUES (:id, :now)", id=strategy, now=NOON
        )

    def add_position(self, holder: Holder) -> None:
        self.number += 1
        market = self.world.market(self.number, (1, 0))
        self.world.bought(holder, market, 0, "10", "5", "0")
        self.tokens.add(market.token_ids[0])


@pytest.fixture
def live_wallet(settling_world: SettlingWorld) -> LiveWallet:
    first = settling_world.holders()[0]
    wallet = LiveWallet(settling_world, first)
    wallet.add_rules(first.lt_strategy_id)
    return wallet


def looked(wallet: LiveWallet, books: Books, lease: Lease) -> int:
    """Round trips of a look at all that the wallet holds, which finds nothing to sell."""
    world, nobody = wallet.world, cast("Any", None)
    world.change("UPDATE ft_wallet_versions SET config = :config::jsonb", config=STOP)
    books.show(wallet.tokens, HELD)
    leaver = PositionLeaver(
        database=world.database,
        clock=world.clock,
        books=books.source,
        closer=nobody,
        canceller=nobody,
        reconciler=nobody,
    )
    failures: list[PartFailure] = []
    with counted_round_trips() as made:
        report = leaver.run(lease, wallet.first.wallet, failures)
    assert (failures, report.sales, report.brackets) == ([], {}, {})
    watches = world.rows("SELECT hold_reason FROM exit_watches")
    assert [row["hold_reason"] for row in watches] == ["not_triggered"] * len(wallet.tokens)
    return len(made.trips)


def test_a_look_at_many_strategies_asks_as_much_as_one_at_one(live_wallet: LiveWallet, books: Books) -> None:
    lease = held_lease(live_wallet.world.database, "wallet")
    live_wallet.add_position(live_wallet.first)
    trips = [looked(live_wallet, books, lease)]
    for count in (10, 100):
        while live_wallet.number < count:
            live_wallet.add_position(live_wallet.add_strategy())
        trips.append(looked(live_wallet, books, lease))

    assert trips[0] == trips[1] == trips[2]
    assert trips[0] <= 15


def test_a_look_at_many_positions_asks_as_much_as_one_at_ten(live_wallet: LiveWallet, books: Books) -> None:
    lease = held_lease(live_wallet.world.database, "wallet")
    trips = []
    for count in (10, 100):
        while live_wallet.number < count:
            live_wallet.add_position(live_wallet.first)
        trips.append(looked(live_wallet, books, lease))

    assert trips[0] == trips[1]


def test_who_holds_nothing_costs_one_question(live_wallet: LiveWallet, books: Books) -> None:
    assert looked(live_wallet, books, held_lease(live_wallet.world.database, "wallet")) == 1


@dataclass(slots=True)
class Paper:
    """FT wallets with positions in one token each, bought at 0.50 after Alice."""

    database: Database
    books: Books
    lease: Lease
    subjects: list[Subject] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    number: int = 0

    def add_wallet(self) -> None:
        ft_wallet_id = create_wallet(self.database, config=STOP, name=str(uuid4()))
        self.subjects.append(
            Subject(
                ft_wallet_id=ft_wallet_id,
                lt_strategy_id=None,
                name="paper",
                config=parse_config(STOP),
                config_version=1,
                is_active=True,
                starts_at=NOON,
            )
        )

    def add_position(self, ft_wallet_id: UUID) -> None:
        self.number += 1
        condition, tokens = f"0x{self.number:064x}", (str(5001 + 2 * self.number), str(5002 + 2 * self.number))
        store_market(self.database, a_market(condition_id=condition, token_ids=tokens))
        trade = a_trade(self.number, condition_id=condition, token_id=tokens[0])
        store_trades(self.database, [trade])
        order = PaperOrder(
            ft_order_id=uuid4(),
            ft_wallet_id=ft_wallet_id,
            config_version=1,
            source_trade_id=self._newest_trade(),
            token_id=tokens[0],
            condition_id=condition,
            outcome_index=0,
            signal_price=Price("0.5"),
            stake=Usd(10),
            fill_method="book",
            fill_result="FULL",
            fill_price=Price("0.5"),
            shares=Shares(20),
            cost=Usd(10),
            fee=Usd.zero(),
            book_hash="b",
            book_taken_at=NOON,
            trade_time=NOON,
            decided_at=NOON,
        )
        with self.database.transaction() as transaction:
            ft_orders.insert(transaction, [order])
        self.tokens.add(tokens[0])

    def _newest_trade(self) -> int:
        with self.database.reading() as reading:
            return source_trades.newest_number(reading)

    def look(self, bids: tuple[tuple[str, str], ...]) -> tuple[int, int]:
        """Round trips of a look at all wallets, and the sales that it made."""
        self.books.show(self.tokens, bids)
        exits = PaperExits(database=self.database, clock=HandClock(NOON))
        failures: list[PartFailure] = []
        with counted_round_trips() as made:
            sold = exits.run(self.subjects, self.lease, BookShelf(self.books.source), failures)
        assert failures == []
        return len(made.trips), len(sold)


@pytest.fixture
def paper(database: Database, books: Books) -> Paper:
    follow(database, (ALICE,))
    return Paper(database, books, held_lease(database, "ft-sync"))


def test_a_look_at_many_paper_wallets_asks_as_much_as_one_at_one(paper: Paper) -> None:
    trips: list[int] = []
    for count in (1, 10, 100):
        while paper.number < count:
            paper.add_wallet()
            paper.add_position(paper.subjects[-1].ft_wallet_id)
        asked, sold = paper.look(HELD)
        assert sold == 0
        trips.append(asked)

    assert trips[0] == trips[1] == trips[2]
    assert trips[0] <= 8


def test_a_hundred_paper_sales_are_stored_with_as_many_statements_as_ten(paper: Paper) -> None:
    paper.add_wallet()
    trips: list[int] = []
    for count in (10, 100):
        for _ in range(count):
            paper.add_position(paper.subjects[0].ft_wallet_id)
        asked, sold = paper.look(FALLEN)
        assert sold == count
        trips.append(asked)
        # What was sold is forgotten by the next look.
        assert paper.look(FALLEN)[1] == 0

    assert trips[0] == trips[1]
    with paper.database.reading() as reading:
        rows = reading.rows("SELECT outcome, pnl_usd, exited_shares FROM ft_orders")
    assert {(row["outcome"], row["pnl_usd"], row["exited_shares"]) for row in rows} == {("SOLD", -8, 20)}


def test_an_order_that_has_ended_meanwhile_costs_no_other_its_sale(
    paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper.add_wallet()
    for _ in range(3):
        paper.add_position(paper.subjects[0].ft_wallet_id)
    read = ft_exits.holdings

    def read_and_resolved(*asked: Any) -> Any:
        found = read(*asked)
        with paper.database.transaction() as transaction:
            transaction.execute(
                "UPDATE ft_orders SET outcome = 'LOST', pnl_usd = -10, resolved_at = :now WHERE token_id = :token",
                now=NOON,
                token=found[1].token_id,
            )
        return found

    monkeypatch.setattr(ft_exits, "holdings", read_and_resolved)
    paper.books.show(paper.tokens, FALLEN)
    failures: list[PartFailure] = []
    exits = PaperExits(database=paper.database, clock=HandClock(NOON))

    sold = exits.run(paper.subjects, paper.lease, BookShelf(paper.books.source), failures)

    assert (len(sold), [each.error for each in failures]) == (2, ["SaleNotPossible"])
    with paper.database.reading() as reading:
        outcomes = reading.rows("SELECT outcome FROM ft_orders ORDER BY outcome")
        assert [row["outcome"] for row in outcomes] == ["LOST", "SOLD", "SOLD"]
        assert len(reading.rows("SELECT 1 FROM ft_exits")) == 2


def test_what_many_strategies_entered_is_what_each_alone_has_entered(settling_world: SettlingWorld) -> None:
    world = settling_world
    world.fill_at_random(3, count=6)
    tokens = [token_id for each in world.resolved for token_id in each.market.token_ids]
    with world.database.reading() as reading:
        strategies = [row["lt_strategy_id"] for row in reading.rows("SELECT lt_strategy_id FROM lt_strategies")]
        asked = [(each, token_id) for each in strategies for token_id in tokens]
        together = live_entries.moves_of(reading, asked)
        alone = {pair: moves for pair in asked for moves in live_entries.moves_of(reading, [pair]).values()}

    assert dict(together) == alone
    assert len(alone) > len(tokens)
