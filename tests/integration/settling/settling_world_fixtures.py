"""Random holdings in many markets on a real Postgres, and the books that resolutions leave of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest

from live_trading.ledger import found_entries, order_entries, settlement_entries
from live_trading.ledger.found_entries import Adopted
from live_trading.nouns.markets import PayoutVector, ResolutionState
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import Fill, FillStatus, LiquidityRole
from live_trading.nouns.trades import Side
from live_trading.nouns.wallets import SignatureType, TradingWallet, WalletVerification
from live_trading.services.settling.resolution_booking import Resolved
from live_trading.store.books import ledger
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.feed import markets
from live_trading.store.feed.markets import SeenMarket
from live_trading.store.positions import position_corrections
from local.chain import PreparedMarket
from tests.builders import NOON, a_market
from tests.settlement.parts.bookkeeping_fixtures import Bookkeeping, HandClock, Holder

VECTORS = ((1, 0), (0, 1), (1, 1), (3, 1), (1, 2))
_BOOKS = """
SELECT 'ledger' AS part, booked.source_reference AS name, entry.account, entry.lt_strategy_id::text AS whose,
    entry.token_id, entry.amount_usd, entry.shares
FROM ledger_transactions AS booked INNER JOIN ledger_entries AS entry USING (ledger_transaction_id)
UNION ALL
SELECT 'kept', account, trading_wallet_id::text, lt_strategy_id::text, token_id, amount_usd, shares FROM ledger_holdings
UNION ALL
SELECT 'order', lt_order_id::text, outcome, resolved_at::text, token_id, pnl_usd, order_shares FROM lt_orders
UNION ALL
SELECT 'redemption', lt_redemption_id::text, kind || ' ' || state, trading_wallet_id::text, condition_id,
    expected_usd, 0
FROM lt_redemptions
UNION ALL
SELECT 'market', condition_id, resolution_state, payout_numerators::text, resolved_at::text, payout_denominator, 0
FROM markets
UNION ALL
SELECT 'gift', position_correction_id::text, counted_at::text, lt_strategy_id::text, token_id, usd, shares
FROM position_corrections
UNION ALL
SELECT 'alert', subject, status, alert_type, severity, 0, 0 FROM lt_alerts
ORDER BY 1, 2, 3, 4, 5, 6, 7
"""


class _TakenBack(Exception):
    """Ends a transaction of which nothing is to stay."""


@dataclass(kw_only=True)
class SettlingWorld(Bookkeeping):
    """Two wallets with two strategies each, and markets in which they did this and that."""

    resolved: list[Resolved] = field(default_factory=list)

    def holders(self) -> list[Holder]:
        found: list[Holder] = []
        for number in range(2):
            wallet = TradingWallet(
                trading_wallet_id=uuid4(),
                owner_id="operator",
                address="0x" + f"{number + 1:02x}" * 20,
                signature_type=SignatureType.EOA,
                secret_name="wallet",
                verification=WalletVerification.VERIFIED,
            )
            self._write_wallet(wallet)
            for _ in range(2):
                strategy = self._write_strategy(wallet)
                found.append(Holder(wallet=wallet, owner_key="", payer="", lt_strategy_id=strategy))
        return found

    def market(self, number: int, numerators: Sequence[int], *, neg_risk: bool = False) -> PreparedMarket:
        """A market that is stored and that the chain has resolved so."""
        condition_id = f"0x{number:064x}"
        tokens = (str(10_001 + 2 * number), str(10_002 + 2 * number))
        market = a_market(condition_id=condition_id, token_ids=tokens, neg_risk=neg_risk)
        seen = SeenMarket(market=market, resolution_hint=ResolutionState.OPEN)
        with self.database.transaction() as transaction:
            markets.save(transaction, [seen], self.clock.now())
        vector = PayoutVector(condition_id=condition_id, numerators=tuple(numerators), denominator=sum(numerators))
        self.resolved.append(Resolved(market=market, vector=vector))
        return PreparedMarket(question_id="", condition_id=condition_id, token_ids=tokens, neg_risk=neg_risk)

    def bought(self, holder: Holder, market: PreparedMarket, outcome: int, shares: str, usd: str, fee: str) -> UUID:
        """A BUY whose trade is settled."""
        fill = self._fill(market.token_ids[outcome], Side.BUY, shares, usd, fee)
        return self._write_fill(holder, market, outcome, fill)

    def sold(self, holder: Holder, market: PreparedMarket, outcome: int, shares: str, usd: str, cost: str) -> UUID:
        """A SELL whose trade is settled."""
        fill = self._fill(market.token_ids[outcome], Side.SELL, shares, usd, "0")
        order = self._write_order(holder, market, outcome, fill)
        whose: dict[str, Any] = _of(holder)
        with self.database.transaction() as transaction:
            sale = order_entries.sell_fill(fill=fill, average_cost=Usd(cost), **whose)
            ledger.post(transaction, sale, self.clock.now())
            done = order_entries.settlement(fill=fill, occurred_at=self.clock.now(), **whose)
            ledger.post(transaction, done, self.clock.now())
        return order

    def given(self, holder: Holder, market: PreparedMarket, outcome: int, number: int) -> None:
        """Five shares that a person gave to a strategy for two dollars."""
        token_id, now = market.token_ids[outcome], self.clock.now()
        adopted = Adopted(
            lt_strategy_id=holder.lt_strategy_id,
            token_id=token_id,
            shares=Shares(5),
            cost=Usd(2),
            known=Shares.zero(),
            to_wallet=Usd.zero(),
            payout=None,
        )
        booked = found_entries.adoption(
            break_id=number,
            trading_wallet_id=holder.wallet.trading_wallet_id,
            adopted=[adopted],
            difference=Usd.zero(),
            occurred_at=now,
        )
        with self.database.transaction() as transaction:
            ledger.post(transaction, booked, now)
            position_corrections.add(
                transaction,
                condition_id=market.condition_id,
                token_id=token_id,
                shares=Shares(5),
                usd=Usd(2),
                source_reference=booked.source_reference,
                is_counted=False,
                now=now,
                **_of(holder),
            )

    def moves(self, lt_order_id: UUID) -> None:
        """An order that may still change."""
        self.change("UPDATE lt_orders SET state = 'LIVE', finished_at = NULL WHERE lt_order_id = :id", id=lt_order_id)

    def resolved_before(self, holder: Holder, market: PreparedMarket, outcome: int) -> None:
        """One share, which had cost a tenth of a dollar, was booked as resolved to nothing; now there are others."""
        booked = settlement_entries.resolution(
            token_id=market.token_ids[outcome],
            condition_id=market.condition_id,
            shares=Shares(1),
            cost=Usd("0.1"),
            payout=Usd.zero(),
            occurred_at=self.clock.now(),
            **_of(holder),
        )
        with self.database.transaction() as transaction:
            ledger.post(transaction, booked, self.clock.now())

    def owed_before(self, holder: Holder, market: PreparedMarket, state: str) -> None:
        """A redemption of the condition, in this state."""
        self.change(
            """
            INSERT INTO lt_redemptions (
                lt_redemption_id, trading_wallet_id, condition_id, action, kind, state, expected_usd,
                market_resolved_at, created_at
            ) VALUES (:id, :wallet, :condition, 'REDEEM', 'STANDARD', :state, 3, :now, :now)
            """,
            id=uuid4(),
            wallet=holder.wallet.trading_wallet_id,
            condition=market.condition_id,
            state=state,
            now=self.clock.now(),
        )

    def fill_at_random(self, seed: int, count: int) -> None:
        """This many markets, in each of which some of the holders have done something."""
        chance = random.Random(seed)
        holders = self.holders()
        for number in range(1, count + 1):
            market = self.market(number, chance.choice(VECTORS), neg_risk=chance.random() < 0.3)
            for place, holder in enumerate(chance.sample(holders, chance.randint(1, 4))):
                self._acts(chance, holder, market, number=1000 * number + place)

    def _acts(self, chance: random.Random, holder: Holder, market: PreparedMarket, *, number: int) -> None:
        outcome = chance.randrange(2)
        orders = [
            self.bought(holder, market, outcome, f"{chance.randint(5, 20)}.{chance.randrange(10**6):06}", "3", "0.013")
            for _ in range(chance.randint(1, 3))
        ]
        if chance.random() < 0.3:
            self.bought(holder, market, 1 - outcome, "7", "2.5", "0")
        if chance.random() < 0.3:
            self.sold(holder, market, outcome, "4", "2", "1")
        if chance.random() < 0.2:
            self.given(holder, market, outcome, number)
        if chance.random() < 0.2:
            self.resolved_before(holder, market, outcome)
        if chance.random() < 0.15:
            self.moves(orders[-1])
        if chance.random() < 0.2 and not self._has_redemption(holder, market):
            self.owed_before(holder, market, chance.choice(("DUE", "FAILED", "NOTHING_TO_DO")))

    def _has_redemption(self, holder: Holder, market: PreparedMarket) -> bool:
        wallet, condition = holder.wallet.trading_wallet_id, market.condition_id
        return any((row["trading_wallet_id"], row["condition_id"]) == (wallet, condition) for row in self.redemptions())

    def books_after(self, act: Callable[[Transaction], None]) -> list[dict[str, Any]]:
        """All that is written once `act` has run, which is then taken back."""
        books: list[dict[str, Any]] = []

        def read(transaction: Transaction) -> None:
            act(transaction)
            transaction.execute("SET CONSTRAINTS ALL IMMEDIATE")
            books.extend(transaction.rows(_BOOKS))
            raise _TakenBack

        with suppress(_TakenBack), self.database.transaction() as transaction:
            read(transaction)
        return books

    def books(self) -> list[dict[str, Any]]:
        return self.rows(_BOOKS)

    def _fill(self, token_id: str, side: Side, shares: str, usd: str, fee: str) -> Fill:
        return Fill(
            venue_trade_id=str(uuid4()),
            order_hash=f"0x{uuid4().hex * 2}",
            token_id=token_id,
            side=side,
            shares=Shares(shares),
            price=Price("0.5"),
            usd=Usd(usd),
            fee=Usd(fee),
            role=LiquidityRole.TAKER,
            status=FillStatus.CONFIRMED,
            transaction_hash=f"0x{uuid4().hex * 2}",
            match_time=self.clock.now(),
        )


def _of(holder: Holder) -> dict[str, Any]:
    return {"trading_wallet_id": holder.wallet.trading_wallet_id, "lt_strategy_id": holder.lt_strategy_id}


@pytest.fixture
def settling_world(database: Database) -> SettlingWorld:
    return SettlingWorld(database=database, clock=HandClock(NOON))
