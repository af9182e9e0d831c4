"""Whose decisions are due: FT wallets and LT strategies with the configuration that is in force for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Usd
from live_trading.store.database.connection import Row, Transaction

SubjectKey = tuple[UUID, UUID | None]
"""An FT wallet, and the strategy where it is one that decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierConfig:
    """A configuration, as stored, that was in force until another took its place."""

    config: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectRow:
    """An FT wallet, or an LT strategy with its FT wallet's current configuration.

    Trades made before `starts_at` are none of its business. `config` is the text as stored, not yet parsed.
    """

    ft_wallet_id: UUID
    lt_strategy_id: UUID | None
    name: str
    config: str
    config_version: int
    is_active: bool
    starts_at: datetime


def active_ft_wallets(transaction: Transaction) -> list[SubjectRow]:
    """FT wallets that are run, oldest first."""
    rows = transaction.rows(
        """
        SELECT
            wallet.ft_wallet_id, NULL AS lt_strategy_id, wallet.name, version.config::text AS config,
            wallet.current_version, wallet.is_active, wallet.created_at AS starts_at
        FROM ft_wallets AS wallet
        INNER JOIN ft_wallet_versions AS version
            ON version.ft_wallet_id = wallet.ft_wallet_id AND version.version = wallet.current_version
        WHERE wallet.is_active
        ORDER BY wallet.created_at, wallet.made_number
        """
    )
    return [_subject(row) for row in rows]


def strategies(transaction: Transaction, lt_strategy_ids: Sequence[UUID]) -> list[SubjectRow]:
    """LT strategies as subjects, in the order asked for; `is_active` is their FT wallet's. Raises LookupError."""
    rows = transaction.rows(
        """
        SELECT
            wallet.ft_wallet_id, strategy.lt_strategy_id, strategy.name, version.config::text AS config,
            wallet.current_version, wallet.is_active, strategy.launched_at AS starts_at
        FROM lt_strategies AS strategy
        INNER JOIN ft_wallets AS wallet ON wallet.ft_wallet_id = strategy.ft_wallet_id
        INNER JOIN ft_wallet_versions AS version
            ON version.ft_wallet_id = wallet.ft_wallet_id AND version.version = wallet.current_version
        WHERE strategy.lt_strategy_id = ANY(:lt_strategy_ids::uuid[])
        """,
        lt_strategy_ids=list(lt_strategy_ids),
    )
    by_id = {row["lt_strategy_id"]: _subject(row) for row in rows}
    unknown = [each for each in lt_strategy_ids if each not in by_id]
    if unknown:
        raise LookupError(f"no strategy {unknown[0]}")
    return [by_id[each] for each in lt_strategy_ids]


def earlier_configs(
    transaction: Transaction, ft_wallet_ids: Sequence[UUID], since: datetime
) -> dict[UUID, list[EarlierConfig]]:
    """By wallet the configurations before the present one that were in force after `since`, oldest first."""
    rows = transaction.rows(
        """
        SELECT version.ft_wallet_id, version.config::text AS config, following.created_at AS until
        FROM ft_wallets AS wallet
        INNER JOIN ft_wallet_versions AS version
            ON version.ft_wallet_id = wallet.ft_wallet_id AND version.version < wallet.current_version
        INNER JOIN ft_wallet_versions AS following
            ON following.ft_wallet_id = version.ft_wallet_id AND following.version = version.version + 1
        WHERE wallet.ft_wallet_id = ANY(:ft_wallet_ids::uuid[]) AND following.created_at > :since
        ORDER BY version.ft_wallet_id, version.version
        """,
        ft_wallet_ids=[str(each) for each in ft_wallet_ids],
        since=since,
    )
    found: dict[UUID, list[EarlierConfig]] = {}
    for row in rows:
        found.setdefault(row["ft_wallet_id"], []).append(EarlierConfig(config=row["config"], until=row["until"]))
    return found


def paper_bankroll(transaction: Transaction, ft_wallet_id: UUID) -> Usd:
    """As `paper_bankrolls`, of one wallet. Raises LookupError."""
    found = paper_bankrolls(transaction, [ft_wallet_id])
    if ft_wallet_id not in found:
        raise LookupError(f"no FT wallet {ft_wallet_id}")
    return found[ft_wallet_id]


def paper_bankrolls(transaction: Transaction, ft_wallet_ids: Collection[UUID]) -> dict[UUID, Usd]:
    """Starting balance + realised P&L − what open paper positions cost, fees included, + what left of them brought."""
    rows = transaction.rows(
        """
        SELECT wallet.ft_wallet_id, wallet.starting_balance_usd + coalesce(kept.result_usd, 0) AS bankroll_usd
        FROM ft_wallets AS wallet LEFT JOIN ft_results AS kept USING (ft_wallet_id)
        WHERE wallet.ft_wallet_id = ANY(:ft_wallet_ids::uuid[])
        """,
        ft_wallet_ids=list(ft_wallet_ids),
    )
    return {row["ft_wallet_id"]: Usd(row["bankroll_usd"]) for row in rows}


def _subject(row: Row) -> SubjectRow:
    return SubjectRow(
        ft_wallet_id=row["ft_wallet_id"],
        lt_strategy_id=row["lt_strategy_id"],
        name=row["name"],
        config=row["config"],
        config_version=row["current_version"],
        is_active=row["is_active"],
        starts_at=row["starts_at"],
    )
