"""A paper wallet's bankroll is kept by whatever writes its orders, and is what the orders say."""

from __future__ import annotations

import random
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from live_trading.store.database.connection import Database, Transaction
from live_trading.store.feed import subjects
from live_trading.store.paper import ft_results
from tests.integration.source_builders import (
    NOON,
    a_trade,
    create_wallet,
    follow,
    seconds,
    store_market,
    store_trades,
)

pytestmark = pytest.mark.integration

_SUMMED = """
SELECT wallet.ft_wallet_id, wallet.starting_balance_usd + coalesce(sum(
    CASE paper.outcome
        WHEN 'OPEN' THEN paper.exit_proceeds_usd - paper.exit_fee_usd - paper.cost_usd - paper.fee_usd
        ELSE paper.pnl_usd
    END
), 0) AS usd
FROM ft_wallets AS wallet LEFT JOIN ft_orders AS paper USING (ft_wallet_id)
GROUP BY wallet.ft_wallet_id
"""


@pytest.fixture
def wallets(database: Database) -> list[UUID]:
    follow(database)
    store_market(database)
    store_trades(database, [a_trade(number, trade_time=NOON + seconds(number)) for number in range(30)])
    return [create_wallet(database, name=f"wallet {number}") for number in range(4)]


def bet(transaction: Transaction, wallet: UUID, trade: int, dice: random.Random) -> None:
    is_filled = dice.random() < 0.8
    cost = Decimal(dice.randint(1, 9_999_999)) / 1_000_000 if is_filled else Decimal(0)
    transaction.execute(
        """
        INSERT INTO ft_orders (
            ft_order_id, ft_wallet_id, config_version, source_trade_id, token_id, condition_id, outcome_index,
            signal_price, stake_usd, fill_method, fill_result, shares, cost_usd, fee_usd, trade_time, decided_at,
            outcome, pnl_usd, resolved_at
        )
        SELECT
            :id, :wallet, 1, source_trade_id, token_id, condition_id, 0, 0.5, 10, 'book',
            CASE WHEN :filled::boolean THEN 'FULL' ELSE 'NONE' END, 2 * :cost::numeric, :cost, :cost::numeric / 100,
            trade_time, trade_time, CASE WHEN :filled::boolean THEN 'OPEN' ELSE 'NOT_FILLED' END,
            CASE WHEN NOT :filled::boolean THEN 0 END, CASE WHEN NOT :filled::boolean THEN trade_time END
        FROM source_trades ORDER BY source_trade_id OFFSET :trade LIMIT 1
        """,
        id=uuid4(),
        wallet=wallet,
        trade=trade,
        filled=is_filled,
        cost=cost,
    )


def move(transaction: Transaction, dice: random.Random) -> None:
    """Sells a part of some open orders of all wallets, or ends some."""
    if dice.random() < 0.5:
        transaction.execute(
            """
            UPDATE ft_orders SET
                exited_shares = shares / 2, exit_proceeds_usd = exit_proceeds_usd + :usd,
                exit_fee_usd = exit_fee_usd + 0.01
            WHERE outcome = 'OPEN' AND source_trade_id % 3 = :which
            """,
            usd=Decimal(dice.randint(1, 999)) / 1000,
            which=dice.randrange(3),
        )
        return
    transaction.execute(
        """
        UPDATE ft_orders SET outcome = 'WON', pnl_usd = shares - cost_usd - fee_usd, resolved_at = decided_at
        WHERE outcome = 'OPEN' AND source_trade_id % 4 = :which
        """,
        which=dice.randrange(4),
    )


@pytest.mark.parametrize("seed", range(5))
def test_after_any_history_the_kept_bankroll_is_that_of_the_orders(
    database: Database, wallets: list[UUID], seed: int
) -> None:
    dice = random.Random(seed)
    for trade in range(30):
        with database.transaction() as transaction:
            for wallet in dice.sample(wallets, dice.randint(1, 3)):
                bet(transaction, wallet, trade, dice)
            if trade % 4 == 3:
                move(transaction, dice)

    with database.transaction() as transaction:
        kept = subjects.paper_bankrolls(transaction, wallets)
        summed = {row["ft_wallet_id"]: row["usd"] for row in transaction.rows(_SUMMED)}
        assert ft_results.rebuild(transaction) == []
        assert ft_results.rebuild_days(transaction) == []
    assert {wallet: usd.value for wallet, usd in kept.items()} == summed


def test_a_kept_sum_that_is_wrong_is_summed_anew_and_named(database: Database, wallets: list[UUID]) -> None:
    with database.transaction() as transaction:
        for number, wallet in enumerate(wallets):
            bet(transaction, wallet, number, random.Random(1))
        transaction.execute(
            "UPDATE ft_results SET result_usd = result_usd + 1 WHERE ft_wallet_id = :wallet", wallet=wallets[1]
        )
        transaction.execute("DELETE FROM ft_results WHERE ft_wallet_id = :wallet", wallet=wallets[2])

        assert sorted(ft_results.rebuild(transaction)) == sorted([wallets[1], wallets[2]])
        summed = {row["ft_wallet_id"]: row["usd"] for row in transaction.rows(_SUMMED)}
        kept = subjects.paper_bankrolls(transaction, wallets)
    assert {wallet: usd.value for wallet, usd in kept.items()} == summed


def test_a_kept_day_that_is_wrong_is_summed_anew_and_its_wallet_named(database: Database, wallets: list[UUID]) -> None:
    dice = random.Random(2)
    with database.transaction() as transaction:
        for trade in range(12):
            for wallet in wallets:
                bet(transaction, wallet, trade, dice)
        for _ in range(8):
            move(transaction, dice)
        before = transaction.rows("SELECT * FROM ft_result_days WHERE orders <> 0 ORDER BY 1, 2, 3")
        transaction.execute("UPDATE ft_result_days SET orders = orders + 1 WHERE ft_wallet_id = :id", id=wallets[1])
        transaction.execute("DELETE FROM ft_result_days WHERE ft_wallet_id = :id AND day IS NULL", id=wallets[2])

        assert ft_results.rebuild_days(transaction) == sorted([wallets[1], wallets[2]])
        assert transaction.rows("SELECT * FROM ft_result_days WHERE orders <> 0 ORDER BY 1, 2, 3") == before
        assert ft_results.rebuild_days(transaction) == []
    assert before
