"""A desk for proofs of settlement: real Postgres, a chain with the real contracts, the product's own jobs over them.

Every test has wallets, markets and a database of its own on one chain a session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from eth_hash.auto import keccak

from live_trading.chain.abi import Function
from live_trading.chain.contracts import ContractAddresses
from live_trading.chain.reader import ChainReader
from live_trading.chain.rpc import JsonRpc
from live_trading.chain.sender import FeeCaps
from live_trading.ledger import entries
from live_trading.nouns.errors import RetryLater
from live_trading.nouns.markets import FeeSchedule, Market, ProtocolVersion, ResolutionState
from live_trading.nouns.money import Price, Shares, Usd, average_price
from live_trading.nouns.orders import Fill, FillStatus, LiquidityRole
from live_trading.nouns.trades import Side
from live_trading.nouns.wallets import SignatureType, TradingWallet
from live_trading.polymarket.endpoints import VenueEndpoints
from live_trading.polymarket.gamma import Gamma
from live_trading.polymarket.wallet_secret import WalletSecret
from live_trading.services.carriers import Carrier
from live_trading.services.compare import Comparison
from live_trading.services.markets import MarketKeeper
from live_trading.services.reconcile import Reconciler
from live_trading.services.redeem import Redeemer, RedeemPolicy
from live_trading.services.redeem_report import RedeemReport
from live_trading.services.resolve import Resolver, ResolveReport
from live_trading.store import ledger, markets
from live_trading.store.database import Database
from live_trading.store.ledger import StrategyBalances
from live_trading.store.markets import SeenMarket
from live_trading.wiring.carriers import carriers_of
from live_trading.wiring.composition import Parts
from live_trading.wiring.database import database_of
from live_trading.wiring.settings import Settings
from local.chain import (
    ADDRESSES,
    AUTO_REDEEMER,
    NEG_RISK_EXCHANGE,
    ORACLE,
    STANDARD_EXCHANGE,
    LocalChain,
    PreparedMarket,
)
from local.chain.deployment import RELAYED_WALLET
from local.chain.safes import place_safe
from local.exchange.contracts import DEPOSIT_WALLET_FACTORY, PROXY_FACTORY
from local.exchange.wallet_addresses import deposit_wallet_addresses, proxy_address, safe_address
from tests.integration.chain_fixtures import GWEI, buy, fresh_id, new_account, running_chain

CAPITAL = Usd(500)
RELAY_HUB = "0xd216153c06e857cd7f72665e0af1d7d82172f494"
_SETTING_OF = {"router": "protocol_v2_router"}
AUTO_REDEEM = Function("redeem(address,bytes32,address,bool)")
TAKE_AWAY = Function("takeAway(address,bytes32,bool)")
# Where ConditionalTokens keeps who may move whose tokens.
_APPROVALS_SLOT = 2
CONFIRMATIONS = 4
PATIENCE = timedelta(minutes=3)
CAPS = FeeCaps(max_fee=500 * GWEI, max_priority_fee=50 * GWEI, max_gas=1_000_000)
COIN_USD = Decimal("0.25")
START = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)


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


@pytest.fixture(scope="session")
def settlement_chain() -> Iterator[LocalChain]:
    """One chain for all proofs; no two tests share an account or a market."""
    with running_chain() as chain:
        yield chain


@dataclass(slots=True, kw_only=True)
class SettlementDesk:
    """The jobs of settlement, and the levers of the world around them."""

    chain: LocalChain
    database: Database
    database_url: str
    clock: HandClock
    rpc_url: str
    relayer_url: str = "http://127.0.0.1:9"
    addresses: ContractAddresses = ADDRESSES
    patience: timedelta = PATIENCE
    keys: dict[UUID, WalletSecret] = field(default_factory=dict)
    reports: list[RedeemReport] = field(default_factory=list)

    # The world.

    @property
    def rpc(self) -> JsonRpc:
        return JsonRpc(self.chain.rpc_url)

    @property
    def reader(self) -> ChainReader:
        return ChainReader(self.chain.rpc_url, ADDRESSES)

    def wait(self, **span: float) -> None:
        self.clock.at += timedelta(**span)

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
                code = self.rpc.call("eth_getCode", RELAYED_WALLET, "latest")
                self.rpc.call("anvil_setCode", address, code)
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
        strategy = self._write_wallet(wallet)
        return Holder(wallet=wallet, owner_key=owner.private_key, payer=owner.address, lt_strategy_id=strategy)

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
        transaction_hash = buy(self.chain, holder.address, market, outcome=outcome, shares=shares, usd=usd, fee=fee)
        fill = Fill(
            venue_trade_id=str(uuid4()),
            order_hash=fresh_id(),
            token_id=market.token_ids[outcome],
            side=Side.BUY,
            shares=Shares(shares),
            price=average_price(Usd(usd), Shares(shares)) or Price("0.5"),
            usd=Usd(usd),
            fee=Usd(fee),
            role=LiquidityRole.TAKER,
            status=FillStatus.CONFIRMED,
            transaction_hash=transaction_hash,
            match_time=self.clock.now(),
        )
        return self._write_fill(holder, market, outcome, fill)

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
        order_hash, now = fresh_id(), self.clock.now()
        transaction_hash = self.chain.settle_fill(
            exchange=NEG_RISK_EXCHANGE if market.neg_risk else STANDARD_EXCHANGE,
            order_hash=order_hash,
            account=holder.address,
            side=Side.SELL,
            token_id=market.token_ids[outcome],
            condition_id=market.condition_id,
            usd=Usd(usd),
            shares=Shares(shares),
            fee=Usd(fee),
        )
        fill = Fill(
            venue_trade_id=str(uuid4()),
            order_hash=order_hash,
            token_id=market.token_ids[outcome],
            side=Side.SELL,
            shares=Shares(shares),
            price=average_price(Usd(usd), Shares(shares)) or Price("0.5"),
            usd=Usd(usd),
            fee=Usd(fee),
            role=LiquidityRole.TAKER,
            status=FillStatus.CONFIRMED,
            transaction_hash=transaction_hash,
            match_time=now,
        )
        self._write_order(holder, market, outcome, fill)
        whose: dict[str, Any] = {
            "trading_wallet_id": holder.wallet.trading_wallet_id,
            "lt_strategy_id": holder.lt_strategy_id,
        }
        with self.database.transaction() as transaction:
            ledger.post(transaction, entries.sell_fill(fill=fill, average_cost=Usd(cost), **whose), now)
            ledger.post(transaction, entries.settlement(fill=fill, occurred_at=now, **whose), now)

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

    def auto_redeem(self, holder: Holder, market: PreparedMarket) -> str:
        """The venue's auto-redeemer redeems for the wallet; the hash of its transaction."""
        adapter = ADDRESSES.neg_risk_ctf_collateral_adapter if market.neg_risk else ADDRESSES.ctf_collateral_adapter
        self.let_auto_redeemer(holder)
        return self.chain.send_as(
            ORACLE, AUTO_REDEEMER, AUTO_REDEEM, holder.address, market.condition_id, adapter, market.neg_risk
        )

    def take_away(self, holder: Holder, market: PreparedMarket) -> None:
        """Somebody takes the tokens and pays nothing."""
        self.let_auto_redeemer(holder)
        self.chain.send_as(ORACLE, AUTO_REDEEMER, TAKE_AWAY, holder.address, market.condition_id, market.neg_risk)

    def let_auto_redeemer(self, holder: Holder) -> None:
        """Writes the approval into the chain's state, so that it takes no nonce of the wallet."""
        outer = keccak(bytes(12) + bytes.fromhex(holder.address[2:]) + _APPROVALS_SLOT.to_bytes(32, "big"))
        slot = keccak(bytes(12) + bytes.fromhex(AUTO_REDEEMER[2:]) + outer)
        self.rpc.call("anvil_setStorageAt", ADDRESSES.conditional_tokens, "0x" + slot.hex(), "0x" + "0" * 63 + "1")

    @contextmanager
    def blocks_held_back(self) -> Iterator[JsonRpc]:
        """No block is made inside, unless asked for."""
        rpc = self.rpc
        rpc.call("evm_setAutomine", False)
        try:
            yield rpc
        finally:
            rpc.call("evm_setAutomine", True)
            rpc.call("anvil_mine", "0x1")

    @contextmanager
    def broken(self, contract: str) -> Iterator[None]:
        """Every call of the contract reverts inside."""
        code = self.rpc.call("eth_getCode", contract, "latest")
        self.rpc.call("anvil_setCode", contract, "0x60006000fd")
        try:
            yield
        finally:
            self.rpc.call("anvil_setCode", contract, code)

    def sent_by(self, holder: Holder) -> int:
        """How many transactions the one who pays has had mined."""
        return self.rpc.quantity("eth_getTransactionCount", holder.payer, "latest")

    # The jobs.

    def resolver(self) -> Resolver:
        comparison = Comparison(
            database=self.database,
            chain=self.reader,
            exchange_address=STANDARD_EXCHANGE,
            clock=self.clock,
            actor="test",
        )
        reconciler = Reconciler(
            database=self.database,
            account=_venue_is_away,
            market_keeper=self.market_keeper,
            comparison=comparison,
            clock=self.clock,
            holder="test",
        )
        return Resolver(
            database=self.database,
            chain=self.reader,
            markets=self.market_keeper,
            clock=self.clock,
            reconciler=reconciler,
            holder=str(uuid4()),
        )

    @property
    def market_keeper(self) -> MarketKeeper:
        return MarketKeeper(database=self.database, gamma=Gamma(self.endpoints), chain=self.reader)

    @property
    def endpoints(self) -> VenueEndpoints:
        return Parts(environment={name.upper(): str(value) for name, value in self.settings if value}).endpoints

    def resolve(self) -> ResolveReport:
        return self.resolver().run()

    def carriers(self, wallet: TradingWallet) -> list[Carrier]:
        settings = self.settings
        return carriers_of(
            wallet,
            self.keys[wallet.trading_wallet_id],
            settings=settings,
            addresses=self.addresses,
            caps=CAPS,
            now=self.clock.now,
        )

    @property
    def settings(self) -> Settings:
        named = {f"{name}_url": "http://127.0.0.1:9" for name in ("clob", "gamma", "data_api", "geoblock", "clock")}
        return Settings.model_validate(
            {
                **named,
                "database_url": "postgresql://nobody@127.0.0.1/none",
                "relayer_url": self.relayer_url,
                "rpc_url": self.rpc_url,
                "chain_id": 137,
                **{_SETTING_OF.get(name, name): address for name, address in self.addresses.named()},
                "proxy_factory": PROXY_FACTORY,
                "deposit_wallet_factory": DEPOSIT_WALLET_FACTORY,
                "relay_hub": RELAY_HUB,
                "standard_exchange": ADDRESSES.conditional_tokens,
                "neg_risk_exchange": ADDRESSES.conditional_tokens,
                "exchange_v3": ADDRESSES.conditional_tokens,
            }
        )

    def redeemer(self, *, carriers: Callable[[TradingWallet], Sequence[Carrier]] | None = None) -> Redeemer:
        return Redeemer(
            database=self.database,
            chain=ChainReader(self.rpc_url, self.addresses),
            addresses=self.addresses,
            carriers=carriers or self.carriers,
            clock=self.clock,
            policy=RedeemPolicy(
                confirmations=CONFIRMATIONS, patience=self.patience, gas_coin_usd=COIN_USD, low_gas_wei=10**18
            ),
            new_id=uuid4,
            holder=str(uuid4()),
        )

    def redeem(self) -> RedeemReport:
        return self.redeemer().run()

    def redeem_twice(self) -> None:
        """The two runs of an undisturbed redemption: one sends, the next one finds it deep enough."""
        self.redeem()
        self.chain.mine(CONFIRMATIONS)
        self.wait(minutes=11)
        self.redeem()

    def redeem_to_the_end(self, runs: int = 6) -> list[str]:
        """Runs of lt-redemptions with blocks in between, until every redemption is at rest; their states."""
        for _ in range(runs):
            self.reports.append(self.redeem())
            self.chain.mine(CONFIRMATIONS)
            self.wait(minutes=11)
            if all(state in ("BOOKED", "NOTHING_TO_DO", "NEEDS_OPERATOR") for state in self.states()):
                break
        return self.states()

    # What there is to see.

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

    def assert_ledger_is_chain(self, holder: Holder) -> None:
        """Collateral and every token: ledger and chain agree to the base unit."""
        with self.database.transaction() as transaction:
            collateral = ledger.expected_collateral(transaction, holder.wallet.trading_wallet_id)
            tokens = ledger.expected_tokens(transaction, holder.wallet.trading_wallet_id)
        assert self.chain.collateral_balance(holder.address) == collateral
        assert {token: self.chain.token_balance(holder.address, token) for token in tokens} == tokens

    def _write_wallet(self, wallet: TradingWallet) -> UUID:
        now, ft_wallet_id, strategy_id = self.clock.now(), uuid4(), uuid4()
        with self.database.transaction() as transaction:
            transaction.execute(
                "INSERT INTO trading_wallets VALUES (:id, 'operator', :name, :address, :kind, :secret, 500, :now)",
                id=wallet.trading_wallet_id,
                name=wallet.address[:20],
                address=wallet.address,
                kind=int(wallet.signature_type),
                secret=wallet.secret_name,
                now=now,
            )
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
                    :id, 'operator', 'live', :ft, :wallet, TRUE, 500, 'FAK', 0.05, 600, 'UTC', :now, :now, :now
                )
                """,
                id=strategy_id,
                ft=ft_wallet_id,
                wallet=wallet.trading_wallet_id,
                now=now,
            )
            whose: dict[str, Any] = {
                "trading_wallet_id": wallet.trading_wallet_id,
                "amount": CAPITAL,
                "occurred_at": now,
            }
            ledger.post(transaction, entries.opening_deposit(**whose), now)
            ledger.post(transaction, entries.allocation(lt_strategy_id=strategy_id, **whose), now)
        return strategy_id

    def _write_fill(self, holder: Holder, market: PreparedMarket, outcome: int, fill: Fill) -> UUID:
        now = self.clock.now()
        order_id = self._write_order(holder, market, outcome, fill)
        whose: dict[str, Any] = {
            "trading_wallet_id": holder.wallet.trading_wallet_id,
            "lt_strategy_id": holder.lt_strategy_id,
        }
        with self.database.transaction() as transaction:
            reserved = entries.reservation(lt_order_id=order_id, amount=fill.usd + fill.fee, occurred_at=now, **whose)
            ledger.post(transaction, reserved, now)
            ledger.post(transaction, entries.buy_fill(fill=fill, **whose), now)
        return order_id

    def _write_order(self, holder: Holder, market: PreparedMarket, outcome: int, fill: Fill) -> UUID:
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
            transaction.execute(
                _FILL,
                trade=fill.venue_trade_id,
                price=fill.price,
                transaction=fill.transaction_hash,
                **facts,
            )
        return order_id


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


def _venue_is_away(wallet: TradingWallet) -> Any:
    """Nothing here trades; settlement goes on without the venue."""
    raise RetryLater(f"the venue is away for {wallet.address}")
