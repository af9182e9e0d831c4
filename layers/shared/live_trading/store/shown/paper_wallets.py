"""What became of an FT wallet: its versions, what it holds, and how its orders ended, by day and in all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.pages import PageAsked
from live_trading.nouns.wallets import Outcome
from live_trading.store.database.connection import Row, Transaction
from live_trading.store.paper.ft_wallets import FtWalletVersionRow


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperPosition:
    """The open orders of one token together. `cost` and `fee` are of all that they bought; `exited` came back since.

    `executable_price` is what a share would have fetched at `looked_at`; None where no exit rule has it looked at.
    """

    token_id: str
    condition_id: str
    outcome_index: int
    outcome_label: str | None
    question: str
    slug: str
    orders: int
    shares: Shares
    bought: Shares
    cost: Usd
    fee: Usd
    exited: Usd
    opened_at: datetime
    executable_price: Price | None
    looked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedOrders:
    """Orders that ended one way on a day, in UTC, and what they brought after fees; on all days where it is None."""

    day: date | None
    outcome: Outcome
    orders: int
    pnl: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSum:
    """All open orders of a wallet: how many positions and orders, and what they have cost so far, fees and sales in."""

    positions: int
    orders: int
    bound: Usd


def versions_of(
    transaction: Transaction, owner_id: str, ft_wallet_id: UUID, *, page: PageAsked
) -> list[FtWalletVersionRow]:
    """The configurations of one of the owner's FT wallets, newest first."""
    rows = transaction.rows(
        """
        SELECT version, config, config_hash, created_by, created_at FROM ft_wallet_versions
        WHERE
            ft_wallet_id = :ft_wallet_id AND version < :after_number::bigint
            AND EXISTS (SELECT 1 FROM ft_wallets WHERE ft_wallet_id = :ft_wallet_id AND owner_id = :owner_id)
        ORDER BY version DESC LIMIT :rows_to_read
        """,
        owner_id=owner_id,
        ft_wallet_id=ft_wallet_id,
        after_number=page.after_number,
        rows_to_read=page.rows_to_read,
    )
    return [_version(row) for row in rows]


def version_of(transaction: Transaction, owner_id: str, ft_wallet_id: UUID, version: int) -> FtWalletVersionRow | None:
    """One configuration of one of the owner's FT wallets."""
    row = transaction.row(
        """
        SELECT version, config, config_hash, created_by, created_at FROM ft_wallet_versions
        WHERE
            ft_wallet_id = :ft_wallet_id AND version = :version::bigint
            AND EXISTS (SELECT 1 FROM ft_wallets WHERE ft_wallet_id = :ft_wallet_id AND owner_id = :owner_id)
        """,
        owner_id=owner_id,
        ft_wallet_id=ft_wallet_id,
        version=version,
    )
    return None if row is None else _version(row)


def positions_of(
    transaction: Transaction, owner_id: str, ft_wallet_id: UUID, *, after_token: str, rows_to_read: int
) -> list[PaperPosition]:
    """What one of the owner's FT wallets holds, by token from after `after_token` on."""
    rows = transaction.rows(
        """
        SELECT
            held.*, market.outcomes[held.outcome_index + 1] AS outcome_label, market.question, market.slug,
            watch.executable_price, watch.looked_at
        FROM (
            SELECT
                token_id, min(condition_id) AS condition_id, min(outcome_index) AS outcome_index, count(*) AS orders,
                sum(shares - exited_shares) AS left_shares, sum(shares) AS bought_shares, sum(cost_usd) AS cost_usd,
                sum(fee_usd) AS fee_usd, sum(exit_proceeds_usd - exit_fee_usd) AS exited_usd,
                min(decided_at) AS opened_at
            FROM ft_orders
            WHERE
                ft_wallet_id = :ft_wallet_id AND outcome = 'OPEN' AND token_id > :after_token
                AND EXISTS (SELECT 1 FROM ft_wallets WHERE ft_wallet_id = :ft_wallet_id AND owner_id = :owner_id)
            GROUP BY token_id ORDER BY token_id LIMIT :rows_to_read
        ) AS held
        INNER JOIN markets AS market USING (condition_id)
        LEFT JOIN exit_watches AS watch ON watch.subject_id = :ft_wallet_id AND watch.token_id = held.token_id
        ORDER BY held.token_id
        """,
        owner_id=owner_id,
        ft_wallet_id=ft_wallet_id,
        after_token=after_token,
        rows_to_read=rows_to_read,
    )
    return [_position(row) for row in rows]


def open_sum(transaction: Transaction, ft_wallet_id: UUID) -> OpenSum:
    """What a wallet has in open orders."""
    row = transaction.only(
        """
        SELECT
            count(DISTINCT token_id) AS positions, count(*) AS orders,
            coalesce(sum(cost_usd + fee_usd - exit_proceeds_usd + exit_fee_usd), 0) AS bound_usd
        FROM ft_orders WHERE ft_wallet_id = :ft_wallet_id AND outcome = 'OPEN'
        """,
        ft_wallet_id=ft_wallet_id,
    )
    return OpenSum(positions=row["positions"], orders=row["orders"], bound=Usd(row["bound_usd"]))


def ended_in_all(transaction: Transaction, ft_wallet_id: UUID) -> list[EndedOrders]:
    """How a wallet's orders ended, by outcome."""
    rows = transaction.rows(
        """
        SELECT day, outcome, orders, pnl_usd FROM ft_result_days
        WHERE ft_wallet_id = :ft_wallet_id AND day IS NULL ORDER BY outcome
        """,
        ft_wallet_id=ft_wallet_id,
    )
    return [_ended(row) for row in rows]


def ended_by_day(transaction: Transaction, ft_wallet_id: UUID, *, since: date, until: date) -> list[EndedOrders]:
    """How a wallet's orders ended from the day `since` up to and with `until`, by day, newest first, and outcome."""
    rows = transaction.rows(
        """
        SELECT day, outcome, orders, pnl_usd FROM ft_result_days
        WHERE ft_wallet_id = :ft_wallet_id AND day BETWEEN :since AND :until AND orders <> 0
        ORDER BY day DESC, outcome
        """,
        ft_wallet_id=ft_wallet_id,
        since=since,
        until=until,
    )
    return [_ended(row) for row in rows]


def _ended(row: Row) -> EndedOrders:
    return EndedOrders(day=row["day"], outcome=Outcome(row["outcome"]), orders=row["orders"], pnl=Usd(row["pnl_usd"]))


def _version(row: Row) -> FtWalletVersionRow:
    config: dict[str, Any] = row["config"]
    return FtWalletVersionRow(
        version=row["version"],
        config=config,
        config_hash=row["config_hash"],
        created_by=row["created_by"],
        created_at=row["created_at"],
    )


def _position(row: Row) -> PaperPosition:
    price = row["executable_price"]
    return PaperPosition(
        token_id=row["token_id"],
        condition_id=row["condition_id"],
        outcome_index=row["outcome_index"],
        outcome_label=row["outcome_label"],
        question=row["question"],
        slug=row["slug"],
        orders=row["orders"],
        shares=Shares(row["left_shares"]),
        bought=Shares(row["bought_shares"]),
        cost=Usd(row["cost_usd"]),
        fee=Usd(row["fee_usd"]),
        exited=Usd(row["exited_usd"]),
        opened_at=row["opened_at"],
        executable_price=None if price is None else Price(price),
        looked_at=row["looked_at"],
    )
