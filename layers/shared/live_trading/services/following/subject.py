"""Who decides: an FT wallet, or an LT strategy with its FT wallet's current configuration."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from live_trading.services.running.failures import PartFailure, contained
from live_trading.signals.config import WalletConfig, parse_config
from live_trading.store.database.connection import Transaction
from live_trading.store.feed import subjects
from live_trading.store.feed.subjects import SubjectKey, SubjectRow

# A text is read once for as long as the process lives; more configurations than these are seldom in force at once.
_KEPT = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who decides, by which rules, and about trades from when on."""

    ft_wallet_id: UUID
    lt_strategy_id: UUID | None
    name: str
    config: WalletConfig
    config_version: int
    is_active: bool
    starts_at: datetime

    @property
    def key(self) -> SubjectKey:
        return self.ft_wallet_id, self.lt_strategy_id

    @property
    def part(self) -> str:
        """Its name in a report."""
        if self.lt_strategy_id is None:
            return f"ft_wallet {self.ft_wallet_id}"
        return f"strategy {self.lt_strategy_id}"

    @property
    def cursor_name(self) -> str:
        if self.lt_strategy_id is None:
            return f"decided:ft:{self.ft_wallet_id}"
        return f"decided:lt:{self.lt_strategy_id}"


@lru_cache(maxsize=_KEPT)
def parsed(config: str) -> WalletConfig:
    """The configuration of a stored text. Raises InvalidConfig."""
    return parse_config(json.loads(config))


def subject_of(row: SubjectRow) -> Subject:
    """A stored subject with its configuration read. Raises InvalidConfig."""
    return Subject(
        ft_wallet_id=row.ft_wallet_id,
        lt_strategy_id=row.lt_strategy_id,
        name=row.name,
        config=parsed(row.config),
        config_version=row.config_version,
        is_active=row.is_active,
        starts_at=row.starts_at,
    )


def strategy_subject(transaction: Transaction, lt_strategy_id: UUID) -> Subject:
    """An LT strategy as a subject. Raises LookupError or InvalidConfig."""
    (row,) = subjects.strategies(transaction, [lt_strategy_id])
    return subject_of(row)


def strategy_subjects(transaction: Transaction, lt_strategy_ids: Sequence[UUID]) -> list[Subject | PartFailure]:
    """LT strategies as subjects, in this order; one whose configuration cannot be read is a failure of its own.

    Raises LookupError.
    """
    return _read(subjects.strategies(transaction, lt_strategy_ids))


def wallet_subjects(transaction: Transaction) -> list[Subject | PartFailure]:
    """The FT wallets that are run, oldest first; one whose configuration cannot be read is a failure of its own."""
    return _read(subjects.active_ft_wallets(transaction))


def _read(rows: Sequence[SubjectRow]) -> list[Subject | PartFailure]:
    found: list[Subject | PartFailure] = []
    for row in rows:
        wallet, strategy = row.ft_wallet_id, row.lt_strategy_id
        failures: list[PartFailure] = []
        with contained(f"ft_wallet {wallet}" if strategy is None else f"strategy {strategy}", failures):
            found.append(subject_of(row))
        found += failures
    return found
