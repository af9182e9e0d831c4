"""A desk for proofs of settlement: real Postgres, a chain with the real contracts, the product's own jobs over them.

Every test has wallets, markets and a database of its own on one chain a session.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from live_trading.ledger import order_entries
from live_trading.nouns.markets import FeeSchedule, Market, ProtocolVersion, ResolutionState
from live_trading.nouns.money import Price, Shares, Usd, average_price
from live_trading.nouns.orders import Fill, FillStatus, LiquidityRole
from live_trading.nouns.trades import Side
from live_trading.nouns.wallets import SignatureType, TradingWallet
from live_trading.polymarket.signing.wallet_secret import WalletSecret
from live_trading.services.reconciling.outside_adoption import adopt
from live_trading.services.reconciling.outside_plan import OutsideFill, OutsidePlan
from live_trading.store.books import ledger
from live_trading.store.feed import markets
from live_trading.store.feed.markets import SeenMarket
from live_trading.wiring.database import database_of
from local.chain import LocalChain, PreparedMarket
from local.chain.safes import place_relayed_wallet, place_safe
from local.exchange.identity.wallet_addresses import deposit_wallet_addresses, proxy_address, safe_address
from tests.integration.chain_fixtures import SettledTrade, fresh_id, new_account, running_chain, trade
from tests.settlement.parts.bookkeeping_fixtures import CAPITAL, HandClock, Holder
from tests.settlement.parts.job_fixtures import Jobs

START = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def settlement_chain() -> Iterator[LocalChain]:
    """One chain for all proofs; no two tests share an account or a market."""
    with running_chain() as chain:
        yield chain


@dataclass(kw_only=True)
class SettlementDesk(Jobs):
    """Markets that resolve, wallets that hold parts of them, and whether ledger and chain agree about it."""

    database_url: str

    def market(self, *, neg_risk: bool = False, stored_as_neg_risk: bool | None = None) -> PreparedMarket:
        """A market on the chain and in the database."""
        market = self.chain.prepare_market(fresh_id(), neg_risk=neg_risk)
        flag = neg_risk if stored_as_neg_risk is None else stored_as_neg_risk
        with self.database.transaction() as transaction:
            seen = SeenMarket(market=stored(market, neg_risk=flag), resolution_hint=ResolutionState.OPEN)
            markets.save(transaction, [seen], self.clock.now())
        return market

    def holder(self, kind: SignatureType = SignatureType.EOA, *, relayer_key: str | None = None) -> Holder:
        """A wallet with 500 dollars, all given to its one strategy, and every approval."""
        owner = new_account(self.chain, collateral="0.000001")
        address = _address_of(kind, owner.address)
        if kind is not SignatureType.EOA:
            self.chain.fund_gas(address)
            if kind is SignatureType.SAFE:
                place_safe(self.chain, address, owner.address)
            else:
                place_relayed_wallet(self.chain, address)
            self.chain.approve_trading_of(address)
        else:
            self.rpc.call("anvil_setBalance", address, hex(10**20))
        held = self.chain.collateral_balance(address)
        self.chain.mint_collateral(address, CAPITAL - held)
        wallet = TradingWallet(
            trading_wallet_id=uuid4(),
            owner_id="operator",
            address=address,
            signature_type=kind,
            secret_name=f"wallet-{address}",
        )
        self.keys[wallet.trading_wallet_id] = WalletSecret(
            private_key=owner.private_key,
            api_key="k",
            api_secret="s",
            api_passphrase="p",
            relayer_api_key=relayer_key,
        )
        self._write_wallet(wallet)
        strategy = self._write_strategy(wallet)
        return Holder(wallet=wallet, owner_key=owner.private_key, payer=owner.address, lt_strategy_id=strategy)

    def partner(self, holder: Holder) -> Holder:
        """A second strategy that trades from the same wallet, with 500 dollars of its own."""
        self.chain.mint_collateral(holder.address, CAPITAL)
        self._write_deposit(holder.wallet)
        return replace(holder, lt_strategy_id=self._write_strategy(holder.wallet))

    def buys(
        self,
        holder: Holder,
        market: PreparedMarket,
        *,
        outcome: int = 0,
        shares: str = "10",
        usd: str = "4",
        fee: str = "0",
    ) -> UUID:
        """A settled BUY on the chain, in the orders, in the fills and in the ledger; its order's id."""
        traded = trade(self.chain, holder.account, market, Side.BUY, outcome=outcome, shares=shares, usd=usd, fee=fee)
        fill = self._fill(market.token_ids[outcome], Side.BUY, shares, usd, fee, traded)
        return self._write_fill(holder, market, outcome, fill)

    def outsider_buys(
        self, holder: Holder, market: PreparedMarket, *, outcome: int = 0, shares: str = "3", usd: str = "1"
    ) -> None:
        """A BUY that the wallet's owner made beside the system, as a reconciliation adopts it."""
        traded = trade(self.chain, holder.account, market, Side.BUY, outcome=outcome, shares=shares, usd=usd)
        fill = self._fill(market.token_ids[outcome], Side.BUY, shares, usd, "0", traded)
        found = OutsideFill(condition_id=market.condition_id, fill=fill)
        read = {fill.order_hash: {traded.transaction_hash: fill.moved}}
        plan = OutsidePlan(orders=(), fills=(found,), unreadable=(), moved=read)
        with self.database.transaction() as transaction:
            adopt(transaction, holder.wallet.trading_wallet_id, plan, self.clock.now())

    def sells(
        self,
        holder: Holder,
        market: PreparedMarket,
        *,
        shares: str,
        usd: str,
        outcome: int = 0,
        fee: str = "0",
        cost: str,
    ) -> None:
        """A settled SELL of shares that had cost `cost`."""
        now = self.clock.now()
        traded = trade(self.chain, holder.account, market, Side.SELL, outcome=outcome, shares=shares, usd=usd, fee=fee)
        fill = self._fill(market.token_ids[outcome], Side.SELL, shares, usd, fee, traded)
        self._write_order(holder, market, outcome, fill)
        whose: dict[str, Any] = {
            "trading_wallet_id": holder.wallet.trading_wallet_id,
            "lt_strategy_id": holder.lt_strategy_id,
        }
        with self.database.transaction() as transaction:
            ledger.post(transaction, order_entries.sell_fill(fill=fill, average_cost=Usd(cost), **whose), now)
            ledger.post(transaction, order_entries.settlement(fill=fill, occurred_at=now, **whose), now)

    def resolves(self, market: PreparedMarket, numerators: Sequence[int]) -> None:
        """The oracle's word on the chain, and then lt-resolve."""
        self.chain.report_payouts(market.question_id, numerators, neg_risk=market.neg_risk)
        self.resolve()

    def due(
        self,
        numerators: Sequence[int] = (1, 0),
        *,
        kind: SignatureType = SignatureType.EOA,
        relayer_key: str | None = None,
        neg_risk: bool = False,
        outcome: int = 0,
        **bought: str,
    ) -> tuple[Holder, PreparedMarket]:
        """A resolved market with a redemption that is due."""
        holder, market = self.holder(kind, relayer_key=relayer_key), self.market(neg_risk=neg_risk)
        self.buys(holder, market, outcome=outcome, **bought)
        self.resolves(market, numerators)
        return holder, market

    def _fill(self, token_id: str, side: Side, shares: str, usd: str, fee: str, traded: SettledTrade) -> Fill:
        return Fill(
            venue_trade_id=str(uuid4()),
            order_hash=traded.order_hash,
            token_id=token_id,
            side=side,
            shares=Shares(shares),
            price=average_price(Usd(usd), Shares(shares)) or Price("0.5"),
            usd=Usd(usd),
            fee=Usd(fee),
            role=LiquidityRole.TAKER,
            status=FillStatus.CONFIRMED,
            transaction_hash=traded.transaction_hash,
            match_time=self.clock.now(),
        )

    def assert_ledger_is_chain(self, holder: Holder) -> None:
        """Collateral and every token, those apart that pay nothing and are burnt: ledger and chain agree exactly."""
        with self.database.transaction() as transaction:
            expected = ledger.expected_of_wallet(transaction, holder.wallet.trading_wallet_id)
        assert self.chain.collateral_balance(holder.address) == expected.collateral
        there = self.reader.token_balances(holder.address, list(expected.tokens))
        burnt = {token for token in expected.worthless if not there[token]}
        wanted = {token: Shares.zero() if token in burnt else shares for token, shares in expected.tokens.items()}
        assert there == wanted
        assert self.breaks(holder) == 0


@pytest.fixture
def settling(settlement_chain: LocalChain, database_url: str) -> Iterator[SettlementDesk]:
    """A desk on an empty database."""
    database = database_of(database_url, application_name="settlement")
    yield SettlementDesk(
        chain=settlement_chain,
        database=database,
        database_url=database_url,
        clock=HandClock(START),
        rpc_url=settlement_chain.rpc_url,
    )
    database.close()


def stored(market: PreparedMarket, *, neg_risk: bool) -> Market:
    """The market as the catalogue would show it."""
    return Market(
        condition_id=market.condition_id,
        version=ProtocolVersion.V1,
        question="Will it rain?",
        slug=market.condition_id[:20],
        category="Weather",
        tags=(),
        event_id=None,
        outcomes=("Yes", "No"),
        token_ids=market.token_ids,
        is_open=True,
        accepting_orders=True,
        end_time=START + timedelta(days=1),
        game_start_time=None,
        tick_size=Price("0.01"),
        minimum_order_shares=Shares(5),
        fees=FeeSchedule(rate=Decimal(0), exponent=Decimal(1)),
        neg_risk=neg_risk,
    )


def _address_of(kind: SignatureType, owner: str) -> str:
    """Where the venue's factories put the owner's wallet."""
    match kind:
        case SignatureType.SAFE:
            return safe_address(owner)
        case SignatureType.PROXY:
            return proxy_address(owner)
        case SignatureType.DEPOSIT_WALLET:
            return deposit_wallet_addresses(owner)[0]
        case _:
            return owner
