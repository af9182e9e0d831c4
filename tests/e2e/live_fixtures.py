"""A whole stack for each module, and for each test a strategy of its own on a fresh database over it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from aws_lambda_powertools.utilities import parameters

from live_trading.ledger import capital_entries
from live_trading.nouns.markets import OrderBook
from live_trading.nouns.money import Usd
from live_trading.services.entering.execute import ExecuteReport
from live_trading.signals.config import config_hash, parse_config
from live_trading.store.books import ledger
from live_trading.store.books.ledger import StrategyBalances
from live_trading.store.database.connection import Database, Transaction
from live_trading.wiring.composition import Parts
from local.chain import LocalChain
from local.lambdas.template.intrinsics import REGION
from local.machine.patience import HANG_SECONDS
from local.postgres.databases import create_database, drop_database
from local.stack.assembly import Stack, StackFacts
from local.stack.trading_wallet import KeyedWallet, fund, secret_of, wallet_of_seed

TRADER = "0x" + "ab" * 20
CAPITAL = Usd(500)
WALLET_MONEY = Usd(2000)
INTO_A_MARKET_MS = 120_000
# Of the last markets of the replay any is taken.
KEPT_MARKETS = 5


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackFacts]:
    """Postgres, chain, exchange, AWS and the functions; the replay stands still until a test moves it."""
    directory: Path = tmp_path_factory.mktemp("stack")
    # The secrets and the client of an earlier stack in this process.
    parameters.clear_caches()  # type: ignore[no-untyped-call]
    with Stack(directory=directory, front_door_port=None, exchange_options={"traders": 0}) as facts:
        yield facts


@dataclass(slots=True, kw_only=True)
class LiveDesk:
    """One strategy with its own database, and the levers of the world around it."""

    stack: StackFacts
    parts: Parts
    database: Database
    database_url: str
    trading_wallet_id: uuid.UUID
    ft_wallet_id: uuid.UUID
    lt_strategy_id: uuid.UUID
    market: dict[str, Any]

    def now(self) -> datetime:
        return self.parts.clock.now()

    def advance(self, seconds: float) -> None:
        self._control("POST", "/clock/advance", {"seconds": seconds})

    def advance_to(self, to_ms: int) -> None:
        self._control("POST", "/clock/advance", {"to_ms": to_ms})

    def arm(self, kind: str, **details: Any) -> None:
        self._control("POST", "/faults", {"kind": kind, **details})

    @property
    def settings(self) -> dict[str, str]:
        """What the functions would find in their environment."""
        return {**self.stack.settings, "DATABASE_URL": _plain(self.database_url)}

    def let_leases_end(self) -> None:
        """What waiting would do: the leases of killed runs are over."""
        now = self.now()
        with self.database.transaction() as transaction:
            transaction.execute("UPDATE leases SET expires_at = least(expires_at, :now)", now=now)

    def clear_faults(self) -> None:
        httpx.delete(f"{self.stack.control_url}/faults", timeout=HANG_SECONDS).raise_for_status()

    def book(self, outcome_index: int = 0) -> OrderBook:
        token = self.market["token_ids"][outcome_index]
        return self.parts.market_data.books([token])[token]

    def signal(
        self, *, outcome_index: int = 0, shares: str = "40", price: Decimal | None = None, trader: str = TRADER
    ) -> int:
        """A fresh BUY of a followed trader at the best offer; the number of its row."""
        best = self.book(outcome_index).best_ask
        assert best is not None
        with self.database.transaction() as transaction:
            row = transaction.only(
                """
                INSERT INTO source_trades (
                    transaction_hash, token_id, trader_address, side, price, shares, occurrence, condition_id, outcome,
                    outcome_index, title, slug, trade_time, seen_at
                ) VALUES (
                    :hash, :token, :trader, 'BUY', :price, :shares::numeric, 0, :condition, :outcome, :outcome_index,
                    'a recorded market', :slug, :now, :now
                ) RETURNING source_trade_id
                """,
                hash="0x" + uuid.uuid4().hex * 2,
                token=self.market["token_ids"][outcome_index],
                trader=trader,
                price=best if price is None else price,
                shares=shares,
                condition=self.market["condition_id"],
                outcome=("Up", "Down")[outcome_index],
                outcome_index=outcome_index,
                slug=self.market["slug"],
                now=self.now(),
            )
        return int(row["source_trade_id"])

    def dearer(self) -> int:
        """The outcome that costs more, so that ten shares of it are worth the venue's dollar."""
        asks = {index: ask.value for index in (0, 1) if (ask := self.book(index).best_ask) is not None}
        return max(asks, key=lambda index: asks[index])

    def settle(self) -> ExecuteReport:
        """What is under way is listed by the venue, settles on the chain, and is followed."""
        self.advance(10)
        return self.execute()

    def execute(self) -> ExecuteReport:
        return self.parts.executor(f"test-{uuid.uuid4().hex[:8]}").run()

    def orders(self) -> list[dict[str, Any]]:
        return self.rows("SELECT * FROM lt_orders ORDER BY intent_at, lt_order_id")

    def rows(self, sql: str) -> list[dict[str, Any]]:
        with self.database.transaction() as transaction:
            return transaction.rows(sql)

    def change(self, sql: str) -> None:
        with self.database.transaction() as transaction:
            transaction.execute(sql)

    def balances(self) -> StrategyBalances:
        with self.database.transaction() as transaction:
            return ledger.balances_of_strategy(transaction, self.lt_strategy_id)

    def reasons(self) -> list[str]:
        rows = self.rows("SELECT reason FROM decisions WHERE lt_strategy_id IS NOT NULL ORDER BY decision_id")
        return [row["reason"] for row in rows]

    def venue_orders(self) -> dict[str, dict[str, Any]]:
        """Every order that the venue ever saw of this strategy, by hash."""
        found = httpx.get(f"{self.stack.control_url}/orders", timeout=HANG_SECONDS).raise_for_status().json()["orders"]
        ours = {order["order_hash"] for order in self.orders()}
        return {order["order_hash"]: order for order in found if order["order_hash"] in ours}

    def _control(self, method: str, path: str, body: dict[str, Any]) -> None:
        httpx.request(method, self.stack.control_url + path, json=body, timeout=HANG_SECONDS).raise_for_status()


class DeskMaker:
    """Makes desks, each with a database and a trading wallet of its own, and takes them down together."""

    def __init__(self, stack: StackFacts, server: str, template: str) -> None:
        self._stack = stack
        self._server = server
        self._template = template
        self._made: list[tuple[LiveDesk, str]] = []

    def make(self, *, seconds_left: int = 600, settle_seconds: int = 30) -> LiveDesk:
        """A strategy with 500 dollars, a FAK at 5 percent slippage and no limits, two minutes into a market.

        The market has at least `seconds_left` to go; `settle_seconds` pass first, so that what an earlier test left to
        settle takes no fault that this one arms.
        """
        name = f"live_{uuid.uuid4().hex[:12]}"
        url = create_database(self._server, name, template=self._template)
        parts = Parts({**self._stack.settings, "DATABASE_URL": _plain(url)})
        desk = desk_on(self._stack, parts, url, seconds_left=seconds_left, settle_seconds=settle_seconds)
        self._made.append((desk, name))
        return desk

    def close(self) -> None:
        while self._made:
            desk, name = self._made.pop()
            desk.clear_faults()
            desk.parts.database.close()
            drop_database(self._server, name)


@pytest.fixture
def desks(
    stack: StackFacts, postgres_server: str, migrated_template: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DeskMaker]:
    for name, value in {
        "AWS_ENDPOINT_URL": stack.aws_endpoint_url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }.items():
        monkeypatch.setenv(name, value)
    maker = DeskMaker(stack, postgres_server, migrated_template)
    yield maker
    maker.close()


@pytest.fixture
def desk(desks: DeskMaker) -> LiveDesk:
    return desks.make()


def _plain(url: str) -> str:
    return url if "sslmode" in url else f"{url}?sslmode=disable"


def _wallet_with_money(stack: StackFacts) -> tuple[KeyedWallet, str]:
    """A new trading wallet that may trade, and the name of its secret: no test sees another's tokens."""
    seed = uuid.uuid4().int
    wallet, secret_name = wallet_of_seed(seed), f"live-trading/wallets/{seed}"
    fund(LocalChain.attach(stack.rpc_url), wallet, WALLET_MONEY)
    boto3.client("secretsmanager").create_secret(
        Name=secret_name, SecretString=json.dumps(secret_of(wallet, stack.clob_url))
    )
    return wallet, secret_name


def desk_on(
    stack: StackFacts, parts: Parts, url: str, *, seconds_left: int = 600, settle_seconds: int = 30
) -> LiveDesk:
    """A desk on a migrated database without rows, with a new trading wallet that has money."""
    desk = LiveDesk(
        stack=stack,
        parts=parts,
        database=parts.database,
        database_url=url,
        trading_wallet_id=uuid.uuid4(),
        ft_wallet_id=uuid.uuid4(),
        lt_strategy_id=uuid.uuid4(),
        market={},
    )
    desk.market = market_with_time_left(desk, seconds_left=seconds_left, settle_seconds=settle_seconds)
    _write_rows(desk, *_wallet_with_money(stack))
    return desk


def beside(desk: LiveDesk) -> LiveDesk:
    """Another strategy in the same database, with a new trading wallet, in the same market."""
    other = replace(desk, trading_wallet_id=uuid.uuid4(), ft_wallet_id=uuid.uuid4(), lt_strategy_id=uuid.uuid4())
    _write_rows(other, *_wallet_with_money(desk.stack))
    return other


def sibling(desk: LiveDesk, *, capital: Usd = CAPITAL) -> LiveDesk:
    """Another strategy of the same trading wallet, by the same configuration of its own."""
    other = replace(desk, ft_wallet_id=uuid.uuid4(), lt_strategy_id=uuid.uuid4())
    now = desk.now() - timedelta(seconds=1)
    with desk.database.transaction() as transaction:
        _write_strategy(transaction, other, capital, now)
    return other


def market_with_time_left(desk: LiveDesk, *, seconds_left: int, settle_seconds: int) -> dict[str, Any]:
    """The recorded market that runs now, or the next one, entered early enough for a test to play in it.

    Where its outcomes are as good as decided the next one is taken while there are some: ten shares of an outcome at
    seven cents are under the venue's dollar, and where a test finds the replay depends on the tests before it.
    """
    replay = httpx.get(f"{desk.stack.control_url}/replay", timeout=HANG_SECONDS).raise_for_status().json()
    now_ms = int(httpx.get(f"{desk.stack.control_url}/clock", timeout=HANG_SECONDS).json()["now_ms"])
    for number, market in enumerate(replay["markets"]):
        if now_ms <= market["end_ms"] - seconds_left * 1000:
            now_ms = max(now_ms + settle_seconds * 1000, market["start_ms"] + INTO_A_MARKET_MS)
            desk.advance_to(now_ms)
            if _is_open_to_both(desk, market) or number >= len(replay["markets"]) - KEPT_MARKETS:
                return dict(market)
    pytest.fail("the replay has no market left: this module uses more of it than there is")


def _is_open_to_both(desk: LiveDesk, market: dict[str, Any]) -> bool:
    token = market["token_ids"][0]
    book = desk.parts.market_data.books([token]).get(token)
    middle = None if book is None else book.midpoint
    return middle is not None and Decimal("0.2") <= middle.value <= Decimal("0.8")


def _write_rows(desk: LiveDesk, wallet: KeyedWallet, secret_name: str) -> None:
    now = desk.now() - timedelta(seconds=1)
    with desk.database.transaction() as transaction:
        follow_trader(transaction, TRADER, now)
        transaction.execute(
            "INSERT INTO trading_wallets VALUES (:id, 'operator', :name, :address, 0, :secret, :balance, :now)",
            id=desk.trading_wallet_id,
            name=f"main {desk.trading_wallet_id}",
            address=wallet.address,
            secret=secret_name,
            balance=WALLET_MONEY,
            now=now,
        )
        transaction.execute(
            "UPDATE trading_wallets SET verification = 'VERIFIED' WHERE trading_wallet_id = :id",
            id=desk.trading_wallet_id,
        )
        deposit = capital_entries.opening_deposit(
            trading_wallet_id=desk.trading_wallet_id, amount=WALLET_MONEY, occurred_at=now
        )
        ledger.post(transaction, deposit, now)
        _write_strategy(transaction, desk, CAPITAL, now)


def follow_trader(transaction: Transaction, trader: str, now: datetime) -> None:
    """A trader with a record, in this hour and the next."""
    transaction.execute(
        "INSERT INTO traders VALUES (:trader, FALSE, :now) ON CONFLICT DO NOTHING", trader=trader, now=now
    )
    hour = now.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    for moment in (hour, hour + timedelta(hours=1)):
        transaction.execute(
            "INSERT INTO trader_stats VALUES (:trader, :hour, 40, 26, 60, 200, 120, 60) ON CONFLICT DO NOTHING",
            trader=trader,
            hour=moment,
        )


def _write_strategy(transaction: Transaction, desk: LiveDesk, capital: Usd, now: datetime) -> None:
    """The desk's strategy and its FT wallet, with its capital."""
    config = parse_config(
        {
            "bet_size": "20",
            "max_bet": "50",
            "min_bet": "1",
            "min_edge": "-1",
            "min_trader_resolved_count": 10,
            "probability_source": "trader_win_rate",
        }
    )
    transaction.execute(
        "INSERT INTO ft_wallets VALUES (:id, 'operator', :name, TRUE, 1000, 1, :now, :now)",
        id=desk.ft_wallet_id,
        name=f"paper {desk.ft_wallet_id}",
        now=now,
    )
    transaction.execute(
        "INSERT INTO ft_wallet_versions VALUES (:id, 1, :config::jsonb, :hash, 'operator', :now)",
        id=desk.ft_wallet_id,
        config=config.model_dump(mode="json"),
        hash=config_hash(config),
        now=now,
    )
    transaction.execute(
        """
        INSERT INTO lt_strategies VALUES (
            :id, 'operator', 'live', :ft, :wallet, TRUE, :capital, 'FAK', 0.05, 600, 'UTC', :now, :now, :now
        )
        """,
        id=desk.lt_strategy_id,
        ft=desk.ft_wallet_id,
        wallet=desk.trading_wallet_id,
        capital=capital,
        now=now,
    )
    transaction.execute(
        "INSERT INTO lt_risk_rules (lt_strategy_id, updated_at) VALUES (:id, :now)", id=desk.lt_strategy_id, now=now
    )
    given = capital_entries.allocation(
        trading_wallet_id=desk.trading_wallet_id,
        lt_strategy_id=desk.lt_strategy_id,
        amount=capital,
        occurred_at=now,
    )
    ledger.post(transaction, given, now)
