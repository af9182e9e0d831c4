"""Wallets, strategies, orders and fills as the trading side would have left them, and what there is to see of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from live_trading.ledger import capital_entries, found_entries, order_entries
from live_trading.nouns.money import Usd
from live_trading.nouns.orders import Fill
from live_trading.nouns.trades import Side
from live_trading.nouns.wallets import TradingWallet
from live_trading.store.books import ledger
from live_trading.store.books.ledger import StrategyBalances
from live_trading.store.database.connection import Database
from local.chain import PreparedMarket
from tests.integration.chain_fixtures import Account as Trader

CAPITAL = Usd(500)


@dataclass(slots=True)
class HandClock:
    """Stands where the test puts it."""

    at: datetime

    def now(self) -> datetime:
        return self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A trading wallet with one strategy; `owner_key` signs for it."""

    wallet: TradingWallet
    owner_key: str
    payer: str
    lt_strategy_id: UUID

    @property
    def address(self) -> str:
        return self.wallet.address

    @property
    def account(self) -> Trader:
        """Who signs the wallet's orders."""
        return Trader(private_key=self.owner_key, address=self.address, signature_type=self.wallet.signature_type)


@dataclass(kw_only=True)
class Bookkeeping:
    """Writes rows and ledger entries, and reads them."""

    database: Database
    clock: HandClock

    def rows(self, sql: str, **parameters: object) -> list[dict[str, Any]]:
        with self.database.transaction() as transaction:
            return transaction.rows(sql, **parameters)

    def change(self, sql: str, **parameters: object) -> None:
        with self.database.transaction() as transaction:
            transaction.execute(sql, **parameters)

    def redemptions(self) -> list[dict[str, Any]]:
        return self.rows("SELECT * FROM lt_redemptions ORDER BY created_at, lt_redemption_id")

    def states(self) -> list[str]:
        return [row["state"] for row in self.redemptions()]

    def balances(self, holder: Holder) -> StrategyBalances:
        with self.database.transaction() as transaction:
            return ledger.balances_of_strategy(transaction, holder.lt_strategy_id)

    def unallocated(self, holder: Holder) -> Usd:
        """What the wallet holds for no strategy."""
        (row,) = self.rows(
            """
            SELECT coalesce(sum(amount_usd), 0) AS usd FROM ledger_entries
            WHERE account = 'UNALLOCATED' AND trading_wallet_id = :id
            """,
            id=holder.wallet.trading_wallet_id,
        )
        return Usd(row["usd"])

    def _write_wallet(self, wallet: TradingWallet) -> None:
        now, wallet_id = self.clock.now(), wallet.trading_wallet_id
        with self.database.transaction() as transaction:
            transaction.execute(
                "INSERT INTO trading_wallets VALUES (:id, 'operator', :name, :address, :kind, :secret, 500, :now)",
                id=wallet_id,
                name=wallet.address[:20],
                address=wallet.address,
                kind=int(wallet.signature_type),
                secret=wallet.secret_name,
                now=now,
            )
            transaction.execute(_VERIFIED, id=wallet_id)
            opening = capital_entries.opening_deposit(trading_wallet_id=wallet_id, amount=CAPITAL, occurred_at=now)
            ledger.post(transaction, opening, now)

    def _write_deposit(self, wallet: TradingWallet) -> None:
        now, wallet_id = self.clock.now(), wallet.trading_wallet_id
        deposit = found_entries.adoption(
            trading_wallet_id=wallet_id, break_id=10**9, adopted=(), difference=CAPITAL, occurred_at=now
        )
        with self.database.transaction() as transaction:
            ledger.post(transaction, deposit, now)

    def _write_strategy(self, wallet: TradingWallet) -> UUID:
        """A strategy that gets the capital out of what its wallet holds for nobody."""
        now, ft_wallet_id, strategy_id = self.clock.now(), uuid4(), uuid4()
        with self.database.transaction() as transaction:
            transaction.execute(
                "INSERT INTO ft_wallets VALUES (:id, 'operator', :name, TRUE, 1000, 1, :now, :now)",
                id=ft_wallet_id,
                name=str(ft_wallet_id),
                now=now,
            )
            transaction.execute(
                "INSERT INTO ft_wallet_versions VALUES (:id, 1, '{}', :hash, 'operator', :now)",
                id=ft_wallet_id,
                hash="0" * 64,
                now=now,
            )
            transaction.execute(
                """
                INSERT INTO lt_strategies VALUES (
                    :id, 'operator', :name, :ft, :wallet, TRUE, 500, 'FAK', 0.05, 600, 'UTC', :now, :now, :now
                )
                """,
                id=strategy_id,
                name=str(strategy_id),
                ft=ft_wallet_id,
                wallet=wallet.trading_wallet_id,
                now=now,
            )
            given = capital_entries.allocation(
                lt_strategy_id=strategy_id,
                trading_wallet_id=wallet.trading_wallet_id,
                amount=CAPITAL,
                occurred_at=now,
            )
            ledger.post(transaction, given, now)
        return strategy_id

    def _write_fill(self, holder: Holder, market: PreparedMarket, outcome: int, fill: Fill) -> UUID:
        now = self.clock.now()
        order_id = self._write_order(holder, market, outcome, fill)
        whose: dict[str, Any] = {
            "trading_wallet_id": holder.wallet.trading_wallet_id,
            "lt_strategy_id": holder.lt_strategy_id,
        }
        with self.database.transaction() as transaction:
            reserved = order_entries.reservation(
                lt_order_id=order_id, amount=fill.usd + fill.fee, occurred_at=now, **whose
            )
            ledger.post(transaction, reserved, now)
            ledger.post(transaction, order_entries.buy_fill(fill=fill, **whose), now)
        return order_id

    def _write_order(self, holder: Holder, market: PreparedMarket, outcome: int, fill: Fill) -> UUID:
        """A finished order with its settled fill."""
        return self.write_order(holder, market, outcome, fill, is_filled=True)

    def write_order(
        self, holder: Holder, market: PreparedMarket, outcome: int, fill: Fill, *, is_filled: bool = False
    ) -> UUID:
        """A finished order of what the fill says; the fill is still to be heard of unless `is_filled`."""
        order_id = uuid4()
        facts: dict[str, object] = {
            "id": order_id,
            "strategy": holder.lt_strategy_id,
            "wallet": holder.wallet.trading_wallet_id,
            "condition": market.condition_id,
            "token": fill.token_id,
            "outcome": outcome,
            "side": fill.side,
            "shares": fill.shares,
            "usd": fill.usd,
            "fee": fill.fee,
            "hash": fill.order_hash,
            "now": self.clock.now(),
        }
        with self.database.transaction() as transaction:
            transaction.execute(_ORDER, purpose="ENTRY" if fill.side is Side.BUY else "EXIT", **facts)
            if not is_filled:
                return order_id
            transaction.execute(
                _FILL,
                trade=fill.venue_trade_id,
                price=fill.price,
                transaction=fill.transaction_hash,
                **facts,
            )
        return order_id


_VERIFIED = "UPDATE trading_wallets SET verification = 'VERIFIED' WHERE trading_wallet_id = :id"
_ORDER = """
INSERT INTO lt_orders (
    lt_order_id, lt_strategy_id, trading_wallet_id, purpose, token_id, condition_id, outcome_index, side, order_type,
    limit_price, order_usd, order_shares, fee_bound_usd, reserved_usd, signed_payload, order_hash, state, best_ask,
    decided_at, intent_at, sent_at, finished_at
) VALUES (
    :id, :strategy, :wallet, :purpose, :token, :condition, :outcome, :side, 'FAK', 0.9, :usd, :shares, :fee, :usd,
    '{}', :hash, 'FILLED', 0.4, :now, :now, :now, :now
)
"""
_FILL = """
INSERT INTO fills (
    venue_trade_id, order_hash, lt_order_id, lt_strategy_id, trading_wallet_id, condition_id, token_id, outcome_index,
    side, shares, price, cost_usd, fee_usd, role, status, transaction_hash, match_time, confirmed_at, recorded_at
) VALUES (
    :trade, :hash, :id, :strategy, :wallet, :condition, :token, :outcome, :side, :shares, :price, :usd, :fee, 'TAKER',
    'CONFIRMED', :transaction, :now, :now, :now
)
"""
