"""Strategies on a real Postgres whose entries go through the real gate; the venue's part is told by the test.

Orders are planned and signed by the product; a fill, a sale or a resolution is booked as reconciliation would book it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from live_trading.ledger import capital_entries, order_entries, settlement_entries
from live_trading.ledger.accounts import Account, TransactionKind
from live_trading.ledger.transactions import Book, LedgerTransaction, transaction_of
from live_trading.nouns.decisions import Evaluation, Verdict
from live_trading.nouns.decisions import Reason as DecisionReason
from live_trading.nouns.markets import Market, ResolutionState
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import Fill, FillStatus, OrderState
from live_trading.nouns.risk_rules import RULE_FIELDS
from live_trading.nouns.trades import Side
from live_trading.nouns.wallets import Outcome, SignatureType, TradingWallet, WalletVerification
from live_trading.orders.machine import Cause
from live_trading.polymarket.clob.account import VenueAccount, VenueOrder, VenueOrderStatus
from live_trading.polymarket.signing.order_signatures import LocalKey
from live_trading.polymarket.signing.wallet_secret import WalletSecret
from live_trading.risk.snapshot import RiskSnapshot, Standing
from live_trading.services.entering.entry import Candidate, Entered, EntryDesk
from live_trading.services.following.evaluation import PreparedTrade, Subject
from live_trading.services.orders.order_booking import apply_updates, transition
from live_trading.services.orders.order_updates import VenueTruth, plan_update
from live_trading.settlement.outcomes import OrderOutcome
from live_trading.store.accounts import live_strategies
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.books import ledger, resolutions
from live_trading.store.database import leases
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease
from live_trading.store.feed import markets, source_trades, traders
from live_trading.store.feed.markets import SeenMarket
from live_trading.store.orders import fills, lt_orders
from live_trading.store.risk import locks, risk_facts, risk_state, standing
from live_trading.store.risk.locks import LockRow
from live_trading.store.risk.risk_facts import EntryKey
from live_trading.wiring.chance import SYSTEM
from tests.builders import ALICE, BOB, NOON, a_book, a_config, a_fill, a_market, a_trade, inputs
from tests.unit.venue.polymarket_builders import ENDPOINTS, fresh_key

CAPITAL = Usd(1000)
DEEP = (("0.50", "100000"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One strategy with what its entries need."""

    strategy: LiveStrategy
    subject: Subject
    account: VenueAccount
    lease: Lease


@dataclass(slots=True, kw_only=True, repr=False)
class RiskDesk:
    """One database; `now` is the desk's clock. Markets 0..9, two tokens each; markets 2n and 2n + 1 share an event."""

    database: Database
    seats: list[Seat] = field(default_factory=list)
    now: datetime = NOON
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def market(self, number: int = 0) -> Market:
        return a_market(
            condition_id=f"0x{number + 1:064x}",
            token_ids=(str(2001 + 10 * number), str(2002 + 10 * number)),
            event_id=str(number // 2),
            end_time=NOON + timedelta(days=400),
        )

    def add_wallet(self) -> tuple[TradingWallet, VenueAccount, Lease]:
        key = fresh_key()
        wallet = TradingWallet(
            trading_wallet_id=uuid4(),
            owner_id="owner",
            address=LocalKey(key).address.lower(),
            signature_type=SignatureType.EOA,
            secret_name="wallet",
            verification=WalletVerification.VERIFIED,
        )
        secret = WalletSecret(private_key=key, api_key="key", api_secret="c2VjcmV0", api_passphrase="pass")
        with self.database.transaction() as transaction:
            transaction.execute(
                "INSERT INTO trading_wallets VALUES (:id, 'owner', :name, :address, 0, 'wallet', 0, :now)",
                id=wallet.trading_wallet_id,
                name=wallet.trading_wallet_id.hex,
                address=wallet.address,
                now=NOON,
            )
            transaction.execute(
                "UPDATE trading_wallets SET verification = 'VERIFIED' WHERE trading_wallet_id = :id",
                id=wallet.trading_wallet_id,
            )
            lease = leases.acquire(transaction, f"wallet:{wallet.trading_wallet_id}", "tests", NOON, 10**6)
        assert lease is not None
        return wallet, VenueAccount(wallet, secret, ENDPOINTS, SYSTEM), lease

    def add_strategy(
        self,
        wallet: tuple[TradingWallet, VenueAccount, Lease] | None = None,
        *,
        capital: Usd = CAPITAL,
        time_zone: str = "UTC",
        slippage_bound_fraction: str = "0.10",
        launched_at: datetime = NOON,
        **limits: Any,
    ) -> Seat:
        """A strategy with only these limits on."""
        held, account, lease = wallet or self.add_wallet()
        strategy_id, paper_id = uuid4(), uuid4()
        with self.database.transaction() as transaction:
            transaction.execute(
                "INSERT INTO ft_wallets VALUES (:id, 'owner', :name, TRUE, 1000, 1, :now, :now)",
                id=paper_id,
                name=paper_id.hex,
                now=NOON,
            )
            transaction.execute(
                "INSERT INTO ft_wallet_versions VALUES (:id, 1, '{}'::jsonb, :hash, 'owner', :now)",
                id=paper_id,
                hash="0" * 64,
                now=NOON,
            )
            transaction.execute(
                """
                INSERT INTO lt_strategies VALUES (
                    :id, 'owner', :name, :paper, :wallet, TRUE, :capital, 'FAK', :bound::numeric, 600, :zone, :at, :at,
                    :at
                )
                """,
                id=strategy_id,
                name=strategy_id.hex,
                paper=paper_id,
                wallet=held.trading_wallet_id,
                capital=capital,
                bound=slippage_bound_fraction,
                zone=time_zone,
                at=launched_at,
            )
            names = "".join(f", {name}" for name in limits)
            values = "".join(f", :{name}" for name in limits)
            assert set(limits) <= set(RULE_FIELDS)
            transaction.execute(
                f"INSERT INTO lt_risk_rules (lt_strategy_id, updated_at{names}) VALUES (:id, :now{values})",
                id=strategy_id,
                now=NOON,
                **limits,
            )
            brought = from_outside(held.trading_wallet_id, capital, f"capital of {strategy_id}", launched_at)
            ledger.post(transaction, brought, launched_at)
            given = capital_entries.allocation(
                trading_wallet_id=held.trading_wallet_id,
                lt_strategy_id=strategy_id,
                amount=capital,
                occurred_at=launched_at,
            )
            ledger.post(transaction, given, launched_at)
            strategy = live_strategies.of_owner(transaction, strategy_id, "owner")
        assert strategy is not None
        subject = Subject(
            ft_wallet_id=paper_id,
            lt_strategy_id=strategy_id,
            name="paper",
            config=a_config(),
            config_version=1,
            is_active=True,
            starts_at=NOON,
        )
        seat = Seat(strategy=strategy, subject=subject, account=account, lease=lease)
        self.seats.append(seat)
        return seat

    def enter(self, seat: Seat, stake: str | Usd = "20", *, database: Database | None = None, **signal: Any) -> Entered:
        """A signal to buy, as `candidate` makes it, decided now."""
        candidate = self.candidate(stake, database=database, **signal)
        desk = self.entry_desk(database)
        return desk.enter(seat.lease, seat.account, seat.strategy, seat.subject, candidate)

    def entry_desk(self, database: Database | None = None) -> EntryDesk:
        return EntryDesk(database=database or self.database, now=lambda: self.now, new_id=uuid4, actor="tests")

    def candidate(
        self,
        stake: str | Usd = "20",
        *,
        market: int = 0,
        outcome: int = 0,
        trader: str = ALICE,
        trade_time: datetime | None = None,
        book: dict[str, Any] | None = None,
        volatility: Decimal | None = None,
        database: Database | None = None,
    ) -> Candidate:
        """A signal to buy at 0.50; the book offers plenty at that price unless it is given."""
        found, database = self.market(market), database or self.database
        trade = a_trade(
            transaction_hash=f"0x{next(self.numbers):064x}",
            token_id=found.token_ids[outcome],
            condition_id=found.condition_id,
            trader=trader,
            price=Price("0.50"),
            outcome_index=outcome,
            trade_time=trade_time or self.now - timedelta(seconds=30),
        )
        with database.transaction() as transaction:
            source_trades.insert(transaction, [trade], self.now)
            row = transaction.only(
                "SELECT source_trade_id FROM source_trades WHERE transaction_hash = :hash", hash=trade.transaction_hash
            )
        return Candidate(
            prepared=PreparedTrade(
                source_trade_id=row["source_trade_id"],
                seen_at=self.now,
                inputs=inputs(trade=trade, market=found, now=self.now),
            ),
            evaluation=_accepted(stake if isinstance(stake, Usd) else Usd(stake)),
            market=found,
            book=a_book(
                token_id=trade.token_id,
                condition_id=found.condition_id,
                **({"asks": DEEP, "bids": (("0.49", "100000"),)} | (book or {})),
            ),
            volatility=volatility,
        )

    def fill(
        self, lt_order_id: UUID, part: str = "1", *, price: str = "0.50", database: Database | None = None
    ) -> None:
        """Sends the order and lets the venue fill this part of its dollars; the rest of it ends."""
        with (database or self.database).transaction() as transaction:
            (order,) = lt_orders.locked(transaction, [lt_order_id])
            if order.state is OrderState.INTENT:
                transition(transaction, order, Cause.SENT_TO_VENUE, actor="tests", now=self.now)
                (order,) = lt_orders.locked(transaction, [lt_order_id])
            heard = self._fill_of(order, Decimal(part), price) if Decimal(part) else None
            truth = VenueTruth(
                order=VenueOrder(
                    order_hash=order.signed.order_hash,
                    status=VenueOrderStatus.MATCHED if heard else VenueOrderStatus.CANCELLED,
                    raw_status="MATCHED" if heard else "CANCELLED",
                    condition_id=order.condition_id,
                    token_id=order.token_id,
                    side=order.side,
                    price=order.limit_price,
                    matched=Shares.zero() if heard is None else heard.shares,
                ),
                fills=() if heard is None else (heard,),
                moved={} if heard is None else {str(heard.transaction_hash): heard.moved},
            )
            stored = fills.of_orders(transaction, [lt_order_id]).get(lt_order_id, [])
            update = plan_update(order, stored, truth, self.now)
            apply_updates(transaction, [(order, update)], actor="tests", now=self.now)

    def bought(self, seat: Seat, stake: str = "20", **where: Any) -> UUID:
        """An entry that is filled whole at 0.50."""
        entered = self.enter(seat, stake, **where)
        assert entered.lt_order_id is not None, entered
        self.fill(entered.lt_order_id)
        return entered.lt_order_id

    def sell(
        self,
        seat: Seat,
        shares: str,
        proceeds: str,
        *,
        market: int = 0,
        outcome: int = 0,
        database: Database | None = None,
    ) -> bool:
        """Books a sale of shares at the average cost of the position, as a confirmed fill would.

        False, and nothing, where it has not so many.
        """
        token = self.market(market).token_ids[outcome]
        with (database or self.database).transaction() as transaction:
            live_strategies.lock_for_entry(transaction, seat.strategy)
            held = transaction.only(
                """
                SELECT sum(amount_usd) AS cost, sum(shares) AS shares FROM ledger_entries
                WHERE lt_strategy_id = :strategy AND account = 'POSITION_COST' AND token_id = :token
                """,
                strategy=seat.strategy.lt_strategy_id,
                token=token,
            )
            if held["shares"] is None or held["shares"] < Decimal(shares):
                return False
            fill = a_fill(
                side=Side.SELL,
                price=str(Price.nearest(Decimal(proceeds) / Decimal(shares)).value),
                shares=shares,
                venue_trade_id=f"sale-{next(self.numbers)}",
                usd=Usd(proceeds),
                token_id=token,
                match_time=self.now,
            )
            wallet = {
                "trading_wallet_id": seat.strategy.trading_wallet_id,
                "lt_strategy_id": seat.strategy.lt_strategy_id,
            }
            cost = Usd.nearest(held["cost"] * Decimal(shares) / held["shares"])
            ledger.post(transaction, order_entries.sell_fill(fill=fill, average_cost=cost, **wallet), self.now)
            ledger.post(transaction, order_entries.settlement(fill=fill, occurred_at=self.now, **wallet), self.now)
        return True

    def resolve(self, seat: Seat, lt_order_id: UUID, payout: str) -> None:
        """Closes the only order of a position with what its shares pay in all."""
        with self.database.transaction() as transaction:
            (order,) = lt_orders.locked(transaction, [lt_order_id])
            held = transaction.only(
                """
                SELECT sum(amount_usd) AS cost, sum(shares) AS shares FROM ledger_entries
                WHERE lt_strategy_id = :strategy AND account = 'POSITION_COST' AND token_id = :token
                """,
                strategy=seat.strategy.lt_strategy_id,
                token=order.token_id,
            )
            cost = Usd(held["cost"])
            booked = settlement_entries.resolution(
                trading_wallet_id=order.trading_wallet_id,
                lt_strategy_id=order.lt_strategy_id,
                token_id=order.token_id,
                condition_id=order.condition_id,
                shares=Shares(held["shares"]),
                cost=cost,
                payout=Usd(payout),
                occurred_at=self.now,
            )
            ledger.post(transaction, booked, self.now)
            pnl = Usd(payout) - cost
            outcome = Outcome.LOST if pnl.is_negative else Outcome.WON
            end = OrderOutcome(lt_order_id=lt_order_id, outcome=outcome, pnl=pnl)
            resolutions.close_orders(transaction, [end], self.now)

    def shares_pending(self, seat: Seat) -> Shares:
        """Shares that are resolved and wait for redemption."""
        with self.database.transaction() as transaction:
            row = transaction.only(
                "SELECT sum(shares) AS shares FROM ledger_entries "
                "WHERE lt_strategy_id = :strategy AND account = 'PENDING_REDEMPTION'",
                strategy=seat.strategy.lt_strategy_id,
            )
        return Shares(row["shares"])

    def snapshot(self, seat: Seat, *, market: int = 0, outcome: int = 0, trader: str = ALICE) -> RiskSnapshot:
        found = self.market(market)
        key = EntryKey(
            token_id=found.token_ids[outcome],
            condition_id=found.condition_id,
            event_id=found.event_id,
            trader=trader,
            trade_time=self.now,
        )
        with self.database.transaction() as transaction:
            return risk_facts.snapshot(transaction, seat.strategy, key, self.now)

    def standing(self, seat: Seat) -> Standing:
        with self.database.transaction() as transaction:
            return standing.of_strategy(transaction, seat.strategy, self.now)

    def project(self, seat: Seat) -> dict[str, Any]:
        with self.database.transaction() as transaction:
            risk_state.project(transaction, seat.strategy, self.now)
        (row,) = self.rows(f"SELECT * FROM lt_risk_state WHERE lt_strategy_id = '{seat.strategy.lt_strategy_id}'")
        return row

    def locks(self) -> list[LockRow]:
        with self.database.transaction() as transaction:
            return [lock for lock in locks.on_entries(transaction, self.now) if lock.is_in_force(self.now)]

    def locks_of(self, seat: Seat) -> list[LockRow]:
        strategy = seat.strategy
        with self.database.transaction() as transaction:
            in_force = locks.on_entries(transaction, self.now)
        return [lock for lock in in_force if lock.stops_all_of(strategy.lt_strategy_id, strategy.trading_wallet_id)]

    def verdicts(self) -> list[dict[str, Any]]:
        """What the rules said to the newest decision."""
        (row,) = self.rows("SELECT risk_checks FROM decisions ORDER BY decision_id DESC LIMIT 1")
        checks: list[dict[str, Any]] = row["risk_checks"]
        return checks

    def rows(self, sql: str) -> list[dict[str, Any]]:
        with self.database.transaction() as transaction:
            return transaction.rows(sql)

    def change(self, sql: str, **values: Any) -> None:
        with self.database.transaction() as transaction:
            transaction.execute(sql, **values)

    def _fill_of(self, order: lt_orders.StoredOrder, part: Decimal, price: str) -> Fill:
        shares = Shares.floor(order.order_usd.value * part / Decimal(price), Decimal("0.01"))
        heard = a_fill(price=price, shares=str(shares.value), order_hash=order.signed.order_hash)
        return replace(
            heard,
            venue_trade_id=f"trade-{next(self.numbers)}",
            token_id=order.token_id,
            status=FillStatus.CONFIRMED,
            transaction_hash=order.signed.order_hash,
            match_time=self.now,
        )


def from_outside(trading_wallet_id: UUID, amount: Usd, reference: str, at: datetime) -> LedgerTransaction:
    """Dollars that came to a wallet, or left it where they are negative, as the books have what was explained."""
    book = Book(trading_wallet_id, None)
    entries = [book.entry(Account.UNALLOCATED, amount), book.entry(Account.TRANSFERS, -amount)]
    return transaction_of(reference, TransactionKind.CORRECTION, at, entries)


def _accepted(stake: Usd) -> Evaluation:
    return Evaluation(
        verdict=Verdict.ACCEPTED,
        reason=DecisionReason.ACCEPTED,
        checks=(),
        stake=stake,
        probability=None,
        cost_per_share=None,
        edge=None,
        conviction=None,
        win_rate=None,
    )


@pytest.fixture
def risk_desk(database: Database) -> RiskDesk:
    """Markets and two traders, and no strategy yet."""
    desk = RiskDesk(database=database)
    with database.transaction() as transaction:
        traders.follow(transaction, [ALICE, BOB], NOON - timedelta(days=400))
        seen = [SeenMarket(market=desk.market(number), resolution_hint=ResolutionState.OPEN) for number in range(10)]
        markets.save(transaction, seen, NOON)
    return desk
