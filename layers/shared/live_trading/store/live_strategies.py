"""What the executor reads of strategies: who may trade, under which limits, and how they stand now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from live_trading.nouns.money import Usd
from live_trading.nouns.orders import OrderType
from live_trading.nouns.wallets import RiskRules, SignatureType, TradingWallet
from live_trading.risk.periods import day_start, month_start, week_start
from live_trading.risk.snapshot import RiskSnapshot
from live_trading.store import ledger
from live_trading.store.database import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveStrategy:
    """An active strategy with its limits."""

    lt_strategy_id: UUID
    name: str
    ft_wallet_id: UUID
    trading_wallet_id: UUID
    order_type: OrderType
    slippage_bound_fraction: Decimal
    max_signal_age_seconds: int
    time_zone: str
    launched_at: datetime
    rules: RiskRules


def _usd(value: Decimal | None) -> Usd | None:
    return None if value is None else Usd(value)


def rules_of(row: Row) -> RiskRules:
    """The limits in a row of lt_risk_rules."""
    return RiskRules(
        daily_budget_usd=_usd(row["daily_budget_usd"]),
        weekly_budget_usd=_usd(row["weekly_budget_usd"]),
        monthly_budget_usd=_usd(row["monthly_budget_usd"]),
        daily_budget_fraction=row["daily_budget_fraction"],
        weekly_budget_fraction=row["weekly_budget_fraction"],
        monthly_budget_fraction=row["monthly_budget_fraction"],
        max_position_usd=_usd(row["max_position_usd"]),
        max_position_fraction=row["max_position_fraction"],
        max_total_exposure_usd=_usd(row["max_total_exposure_usd"]),
        max_total_exposure_fraction=row["max_total_exposure_fraction"],
        max_concurrent_positions=row["max_concurrent_positions"],
    )


_STRATEGIES = """
SELECT strategy.*, rules.*, strategy.lt_strategy_id AS id
FROM lt_strategies AS strategy INNER JOIN lt_risk_rules AS rules USING (lt_strategy_id)
"""


def _live(row: Row) -> LiveStrategy:
    return LiveStrategy(
        lt_strategy_id=row["id"],
        name=row["name"],
        ft_wallet_id=row["ft_wallet_id"],
        trading_wallet_id=row["trading_wallet_id"],
        order_type=OrderType(row["order_type"]),
        slippage_bound_fraction=row["slippage_bound_fraction"],
        max_signal_age_seconds=row["max_signal_age_seconds"],
        time_zone=row["time_zone"],
        launched_at=row["launched_at"],
        rules=rules_of(row),
    )


def active(transaction: Transaction, trading_wallet_id: UUID) -> list[LiveStrategy]:
    """Strategies that trade from this wallet, oldest first."""
    rows = transaction.rows(
        _STRATEGIES
        + """
        WHERE strategy.trading_wallet_id = :trading_wallet_id AND strategy.is_active
        ORDER BY strategy.created_at, strategy.lt_strategy_id
        """,
        trading_wallet_id=trading_wallet_id,
    )
    return [_live(row) for row in rows]


def of_owner(transaction: Transaction, lt_strategy_id: UUID, owner_id: str) -> LiveStrategy | None:
    """The owner's strategy of that id, active or not."""
    row = transaction.row(
        _STRATEGIES + "WHERE strategy.lt_strategy_id = :lt_strategy_id AND strategy.owner_id = :owner_id",
        lt_strategy_id=lt_strategy_id,
        owner_id=owner_id,
    )
    return None if row is None else _live(row)


_WALLETS = """
SELECT trading_wallet_id, owner_id, address, signature_type, secret_name FROM trading_wallets
"""


def _wallet(row: Row) -> TradingWallet:
    return TradingWallet(
        trading_wallet_id=row["trading_wallet_id"],
        owner_id=row["owner_id"],
        address=row["address"],
        signature_type=SignatureType(row["signature_type"]),
        secret_name=row["secret_name"],
    )


def trading_wallet(transaction: Transaction, trading_wallet_id: UUID) -> TradingWallet:
    """One wallet. Raises LookupError."""
    return _wallet(
        transaction.only(_WALLETS + "WHERE trading_wallet_id = :trading_wallet_id", trading_wallet_id=trading_wallet_id)
    )


def trading_wallet_of_owner(transaction: Transaction, trading_wallet_id: UUID, owner_id: str) -> TradingWallet | None:
    """The owner's wallet of that id."""
    row = transaction.row(
        _WALLETS + "WHERE trading_wallet_id = :trading_wallet_id AND owner_id = :owner_id",
        trading_wallet_id=trading_wallet_id,
        owner_id=owner_id,
    )
    return None if row is None else _wallet(row)


def trading_wallets(transaction: Transaction) -> list[TradingWallet]:
    """Wallets that any strategy trades from, whether or not it is active now."""
    rows = transaction.rows(
        """
        SELECT trading_wallet_id, owner_id, address, signature_type, secret_name FROM trading_wallets
        WHERE trading_wallet_id IN (SELECT trading_wallet_id FROM lt_strategies)
        ORDER BY created_at, trading_wallet_id
        """
    )
    return [_wallet(row) for row in rows]


def settling_wallets(transaction: Transaction) -> list[TradingWallet]:
    """Wallets that any strategy trades from, and those with an approval or a transaction that is not final."""
    rows = transaction.rows(
        """
        SELECT trading_wallet_id, owner_id, address, signature_type, secret_name FROM trading_wallets
        WHERE
            trading_wallet_id IN (SELECT trading_wallet_id FROM lt_strategies)
            OR trading_wallet_id IN (SELECT trading_wallet_id FROM wallet_approvals WHERE finished_at IS NULL)
            OR trading_wallet_id IN (SELECT trading_wallet_id FROM chain_sends WHERE finished_at IS NULL)
        ORDER BY created_at, trading_wallet_id
        """
    )
    return [_wallet(row) for row in rows]


def lock_for_entry(transaction: Transaction, strategy: LiveStrategy) -> bool:
    """Locks the wallet's and the strategy's rows, in this order everywhere; False where it is not active now."""
    transaction.only(
        "SELECT trading_wallet_id FROM trading_wallets WHERE trading_wallet_id = :trading_wallet_id FOR UPDATE",
        trading_wallet_id=strategy.trading_wallet_id,
    )
    row = transaction.only(
        "SELECT is_active FROM lt_strategies WHERE lt_strategy_id = :lt_strategy_id FOR UPDATE",
        lt_strategy_id=strategy.lt_strategy_id,
    )
    return bool(row["is_active"])


def _spent_since(transaction: Transaction, lt_strategy_id: UUID, since: datetime) -> Usd:
    """Entries begun since a moment: what unfinished ones may cost, and what finished ones did cost."""
    row = transaction.only(
        """
        SELECT coalesce(sum(CASE
            WHEN intent.state IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED') THEN bought.usd
            ELSE intent.reserved_usd
        END), 0) AS spent
        FROM lt_orders AS intent
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(fill.cost_usd + fill.fee_usd), 0) AS usd FROM fills AS fill
            WHERE fill.lt_order_id = intent.lt_order_id AND fill.status <> 'FAILED'
        ) AS bought
        WHERE
            intent.lt_strategy_id = :lt_strategy_id
            AND intent.purpose = 'ENTRY'
            AND intent.intent_at >= :since
        """,
        lt_strategy_id=lt_strategy_id,
        since=since,
    )
    return Usd(row["spent"])


def _open_positions(transaction: Transaction, lt_strategy_id: UUID) -> dict[str, Usd]:
    """USD by token that is held at cost or may still be bought by an order in flight."""
    rows = transaction.rows(
        """
        SELECT token_id, sum(usd) AS usd FROM (
            SELECT token_id, sum(amount_usd) AS usd FROM ledger_entries
            WHERE lt_strategy_id = :lt_strategy_id AND account = 'POSITION_COST'
            GROUP BY token_id HAVING sum(shares) <> 0
            UNION ALL
            SELECT intent.token_id, intent.reserved_usd - bought.usd AS usd
            FROM lt_orders AS intent
            CROSS JOIN LATERAL (
                SELECT coalesce(sum(fill.cost_usd + fill.fee_usd), 0) AS usd FROM fills AS fill
                WHERE fill.lt_order_id = intent.lt_order_id AND fill.status <> 'FAILED'
            ) AS bought
            WHERE
                intent.lt_strategy_id = :lt_strategy_id
                AND intent.purpose = 'ENTRY'
                AND intent.state NOT IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED')
        ) AS held GROUP BY token_id
        """,
        lt_strategy_id=lt_strategy_id,
    )
    return {row["token_id"]: Usd(row["usd"]) for row in rows}


def snapshot(transaction: Transaction, strategy: LiveStrategy, token_id: str, now: datetime) -> RiskSnapshot:
    """The committed state that a proposed entry in `token_id` is judged on.

    Call it with the strategy's rows locked (`lock_for_entry`), else two entries could each see room for one.
    """
    strategy_id = strategy.lt_strategy_id
    day = day_start(now, strategy.time_zone)
    week = week_start(now, strategy.time_zone)
    month = month_start(now, strategy.time_zone)
    balances = ledger.balances_of_strategy(transaction, strategy_id)
    held = _open_positions(transaction, strategy_id)
    return RiskSnapshot(
        equity=balances.equity,
        day_start_equity=_period_equity(transaction, strategy, day),
        week_start_equity=_period_equity(transaction, strategy, week),
        month_start_equity=_period_equity(transaction, strategy, month),
        available=balances.available,
        exposure=balances.exposure,
        position_usd=held.get(token_id, Usd.zero()),
        holds_this_position=token_id in held,
        open_positions=len(held),
        spent_today=_spent_since(transaction, strategy_id, day),
        spent_this_week=_spent_since(transaction, strategy_id, week),
        spent_this_month=_spent_since(transaction, strategy_id, month),
    )


def _period_equity(transaction: Transaction, strategy: LiveStrategy, start: datetime) -> Usd:
    """Equity when the period began; a strategy launched inside it began with its first capital."""
    equity = ledger.equity_at(transaction, strategy.lt_strategy_id, start)
    if strategy.launched_at < start:
        return equity
    row = transaction.only(
        "SELECT initial_capital_usd FROM lt_strategies WHERE lt_strategy_id = :lt_strategy_id",
        lt_strategy_id=strategy.lt_strategy_id,
    )
    return Usd(row["initial_capital_usd"])


def consecutive_losses(transaction: Transaction, lt_strategy_id: UUID) -> int:
    """Resolved orders in a row, newest first, that lost money."""
    row = transaction.only(
        """
        WITH resolved AS (
            SELECT pnl_usd, row_number() OVER (ORDER BY resolved_at DESC, lt_order_id) AS place
            FROM lt_orders WHERE lt_strategy_id = :lt_strategy_id AND resolved_at IS NOT NULL
        )
        SELECT coalesce(min(place) FILTER (WHERE pnl_usd >= 0) - 1, count(*)) AS losses FROM resolved
        """,
        lt_strategy_id=lt_strategy_id,
    )
    return int(row["losses"])


def project_state(transaction: Transaction, strategy: LiveStrategy, now: datetime) -> None:
    """Rebuilds `lt_risk_state` and takes an equity snapshot, both from ledger and fills alone."""
    state = snapshot(transaction, strategy, "", now)
    balances = ledger.balances_of_strategy(transaction, strategy.lt_strategy_id)
    facts = {
        "lt_strategy_id": strategy.lt_strategy_id,
        "equity": state.equity,
        "available": state.available,
        "reserved": balances.reserved,
        "now": now,
    }
    transaction.execute(
        """
        INSERT INTO lt_risk_state (
            lt_strategy_id, equity_usd, peak_equity_usd, available_usd, reserved_usd, exposure_usd,
            open_positions, daily_spent_usd, weekly_spent_usd, monthly_spent_usd, consecutive_losses, computed_at
        ) VALUES (
            :lt_strategy_id, :equity, :equity, :available, :reserved, :exposure, :open_positions, :daily, :weekly,
            :monthly, :losses, :now
        )
        ON CONFLICT (lt_strategy_id) DO UPDATE SET
            equity_usd = excluded.equity_usd,
            peak_equity_usd = greatest(lt_risk_state.peak_equity_usd, excluded.equity_usd),
            available_usd = excluded.available_usd,
            reserved_usd = excluded.reserved_usd,
            exposure_usd = excluded.exposure_usd,
            open_positions = excluded.open_positions,
            daily_spent_usd = excluded.daily_spent_usd,
            weekly_spent_usd = excluded.weekly_spent_usd,
            monthly_spent_usd = excluded.monthly_spent_usd,
            consecutive_losses = excluded.consecutive_losses,
            computed_at = excluded.computed_at
        """,
        exposure=state.exposure,
        open_positions=state.open_positions,
        daily=state.spent_today,
        weekly=state.spent_this_week,
        monthly=state.spent_this_month,
        losses=consecutive_losses(transaction, strategy.lt_strategy_id),
        **facts,
    )
    transaction.execute(
        """
        INSERT INTO equity_snapshots (
            lt_strategy_id, taken_at, equity_usd, available_usd, reserved_usd, position_cost_usd,
            pending_redemption_usd, realised_pnl_usd
        ) VALUES (
            :lt_strategy_id, :now, :equity, :available, :reserved, :position_cost, :pending, :realised
        )
        ON CONFLICT (lt_strategy_id, taken_at) DO NOTHING
        """,
        position_cost=balances.position_cost,
        pending=balances.pending_redemption,
        realised=balances.net_pnl,
        **facts,
    )
