"""For how many of its newest decisions each check and risk rule of a strategy had data, and stood in the way.

Counted for a few strategies at a time and kept, so that a look costs the same however many there are.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Self
from uuid import UUID

from live_trading.nouns.decisions import MISSING_DATA
from live_trading.nouns.risk_rules import RiskRules
from live_trading.store.database.connection import Row, Transaction
from live_trading.store.database.pending import Pending, ask

_PLACES = Decimal("0.0001")


class GuardKind(StrEnum):
    """CHECK is one of the evaluation, RISK_RULE one of the gate before an order."""

    CHECK = "CHECK"
    RISK_RULE = "RISK_RULE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """A strategy with what it is guarded by: its limits, and its FT wallet's configuration as stored.

    Both are in force since `limits_since` and from `config_version` on.
    """

    lt_strategy_id: UUID
    rules: RiskRules
    limits_since: datetime
    config: str
    config_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardCount:
    """Of `decisions` in which the guard had its say, those `with_data` and those that it refused."""

    lt_strategy_id: UUID
    kind: GuardKind
    guard: str
    decisions: int
    with_data: int
    bit: int

    @property
    def share_with_data(self) -> Decimal | None:
        """0..1; None where it never had its say."""
        return self._share(self.with_data)

    @property
    def share_bit(self) -> Decimal | None:
        """0..1; None where it never had its say."""
        return self._share(self.bit)

    def _share(self, part: int) -> Decimal | None:
        return (Decimal(part) / self.decisions).quantize(_PLACES) if self.decisions else None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardPlace:
    """Where a guard stands in the list of all."""

    lt_strategy_id: UUID
    kind: GuardKind
    guard: str

    @classmethod
    def of(cls, count: GuardCount) -> Self:
        return cls(lt_strategy_id=count.lt_strategy_id, kind=count.kind, guard=count.guard)

    @classmethod
    def of_text(cls, text: str) -> Self:
        """Raises ValueError for what is no place."""
        strategy, kind, guard = text.split(" ", 2)
        return cls(lt_strategy_id=UUID(strategy), kind=GuardKind(kind), guard=guard)

    @property
    def text(self) -> str:
        return f"{self.lt_strategy_id} {self.kind} {self.guard}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardCounts:
    """What decisions say of their guards. By strategy, of those by what is in force now: `accepted` keep every check,
    and `judged` every risk rule.
    """

    accepted: dict[UUID, int]
    judged: dict[UUID, int]
    counts: list[GuardCount]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardFigures:
    """What is kept of one guard of a strategy."""

    count: GuardCount
    owner_id: str
    strategy: str
    counted_at: datetime


def due(transaction: Transaction, most: int) -> list[Guarded]:
    """Active strategies that were counted least recently, those never counted first."""
    rows = transaction.rows(
        """
        SELECT rules.*, strategy.lt_strategy_id AS id, version.config::text AS config, version.version
        FROM lt_strategies AS strategy
        INNER JOIN lt_risk_rules AS rules USING (lt_strategy_id)
        INNER JOIN ft_wallets AS wallet USING (ft_wallet_id)
        INNER JOIN ft_wallet_versions AS version
            ON version.ft_wallet_id = wallet.ft_wallet_id AND version.version = wallet.current_version
        CROSS JOIN LATERAL (
            SELECT max(counted_at) AS at FROM execution_figures WHERE lt_strategy_id = strategy.lt_strategy_id
        ) AS counted
        WHERE strategy.is_active
        ORDER BY counted.at NULLS FIRST, strategy.made_number LIMIT :most
        """,
        most=most,
    )
    return [
        Guarded(
            lt_strategy_id=row["id"],
            rules=RiskRules.of(row),
            limits_since=row["updated_at"],
            config=row["config"],
            config_version=row["version"],
        )
        for row in rows
    ]


def ask_counts(transaction: Transaction, guarded: Sequence[Guarded], *, decisions: int) -> Pending[GuardCounts]:
    """What of so many newest decisions is kept of each guard, and in how many each should have had its say.

    A decision that a check refused keeps that check alone; the others count where it was not refused. A check that is
    off, or lacks what it looks at and lets pass, has not had any data; nor has a refusal for want of data.
    """
    return ask(
        transaction,
        """
        WITH newest AS MATERIALIZED (
            SELECT asked.lt_strategy_id, asked.limits_since, asked.config_version AS version, decision.*
            FROM unnest(:strategies::uuid[], :limits_since::timestamptz[], :versions::int[])
                AS asked (lt_strategy_id, limits_since, config_version)
            CROSS JOIN LATERAL (
                SELECT verdict, checks, risk_checks, reason, config_version, decided_at FROM decisions
                WHERE lt_strategy_id = asked.lt_strategy_id
                ORDER BY source_trade_id DESC LIMIT :most
            ) AS decision
        )
        SELECT
            lt_strategy_id, 'RISK_RULE' AS kind, rule ->> 'rule' AS guard, count(*) AS decisions,
            count(*) FILTER (WHERE rule ->> 'verdict' <> 'NO_DATA') AS with_data,
            count(*) FILTER (WHERE rule ->> 'verdict' IN ('REJECT', 'SHRINK', 'TRIP')) AS bit
        FROM newest CROSS JOIN LATERAL jsonb_array_elements(risk_checks) AS rule
        GROUP BY lt_strategy_id, rule ->> 'rule'
        UNION ALL
        SELECT
            lt_strategy_id, 'CHECK', found ->> 0, count(*),
            count(*) FILTER (
                WHERE (found -> 3) IN ('true', 'false') AND NOT (
                    (found -> 3) = 'false' AND reason = ANY(:missing::text[])
                )
            ),
            count(*) FILTER (WHERE (found -> 3) = 'false')
        FROM newest CROSS JOIN LATERAL jsonb_array_elements(checks) AS found
        -- What was off by an earlier configuration was not asked.
        WHERE jsonb_typeof(found) = 'array' AND (config_version = version OR (found -> 3) IN ('true', 'false'))
        GROUP BY lt_strategy_id, found ->> 0
        UNION ALL
        SELECT
            lt_strategy_id, NULL, NULL, count(*), count(*) FILTER (
                -- Those of rows from before are kept in another form.
                WHERE
                    verdict = 'ACCEPTED' AND jsonb_typeof(checks -> 0) = 'array' AND config_version = version
            ),
            count(*) FILTER (WHERE risk_checks <> '[]' AND decided_at > limits_since)
        FROM newest GROUP BY lt_strategy_id
        """,
        _counts,
        strategies=[each.lt_strategy_id for each in guarded],
        limits_since=[each.limits_since for each in guarded],
        versions=[each.config_version for each in guarded],
        most=decisions,
        missing=sorted(MISSING_DATA),
    )


def _counts(rows: list[Row]) -> GuardCounts:
    wholes = [row for row in rows if row["kind"] is None]
    return GuardCounts(
        accepted={row["lt_strategy_id"]: int(row["with_data"]) for row in wholes},
        judged={row["lt_strategy_id"]: int(row["bit"]) for row in wholes},
        counts=[_count(row) for row in rows if row["kind"] is not None],
    )


def _count(row: Row) -> GuardCount:
    return GuardCount(
        lt_strategy_id=row["lt_strategy_id"],
        kind=GuardKind(row["kind"]),
        guard=row["guard"],
        decisions=int(row["decisions"]),
        with_data=int(row["with_data"]),
        bit=int(row["bit"]),
    )


def keep(
    transaction: Transaction, lt_strategy_ids: Collection[UUID], counts: Sequence[GuardCount], now: datetime
) -> None:
    """Keeps these counts of these strategies in place of those before them."""
    known = sorted(counts, key=lambda each: (each.lt_strategy_id, each.kind, each.guard))
    transaction.later(
        "DELETE FROM guard_figures WHERE lt_strategy_id = ANY(:strategies::uuid[]) AND counted_at <= :now",
        strategies=sorted(lt_strategy_ids),
        now=now,
    )
    transaction.later(
        """
        INSERT INTO guard_figures (lt_strategy_id, kind, guard, decisions, with_data, bit, counted_at)
        SELECT *, :now::timestamptz FROM unnest(
            :strategies::uuid[], :kinds::text[], :guards::text[], :decisions::int[], :with_data::int[], :bit::int[]
        )
        ON CONFLICT (lt_strategy_id, kind, guard) DO UPDATE SET
            decisions = excluded.decisions, with_data = excluded.with_data, bit = excluded.bit,
            counted_at = excluded.counted_at
        """,
        strategies=[each.lt_strategy_id for each in known],
        kinds=[each.kind for each in known],
        guards=[each.guard for each in known],
        decisions=[each.decisions for each in known],
        with_data=[each.with_data for each in known],
        bit=[each.bit for each in known],
        now=now,
    )


_FIGURES = """
SELECT kept.*, strategy.owner_id, strategy.name AS strategy
FROM guard_figures AS kept INNER JOIN lt_strategies AS strategy USING (lt_strategy_id)
"""


def ask_inert(
    transaction: Transaction, *, least: int, most: int, but_for: Collection[str]
) -> Pending[list[GuardFigures]]:
    """Guards of active strategies that had no data in any of at least so many decisions."""
    return ask(
        transaction,
        _FIGURES
        + """
        WHERE
            strategy.is_active AND kept.with_data = 0 AND kept.decisions >= :least
            AND kept.guard <> ALL(:but_for::text[])
        ORDER BY strategy.made_number, kept.kind, kept.guard LIMIT :most
        """,
        lambda rows: [_figures(row) for row in rows],
        least=least,
        most=most,
        but_for=sorted(but_for),
    )


def of_owner(
    transaction: Transaction,
    owner_id: str,
    *,
    lt_strategy_id: UUID | None,
    after: GuardPlace | None,
    limit: int,
) -> list[GuardFigures]:
    """The guards of an owner's strategies, of one where it is named, behind a place (strategy, kind, guard)."""
    rows = transaction.rows(
        _FIGURES
        + """
        WHERE
            strategy.owner_id = :owner AND (:strategy::uuid IS NULL OR kept.lt_strategy_id = :strategy)
            AND (
                :after_strategy::uuid IS NULL
                OR (kept.lt_strategy_id, kept.kind, kept.guard)
                > (:after_strategy::uuid, :after_kind::text, :after_guard::text)
            )
        ORDER BY kept.lt_strategy_id, kept.kind, kept.guard LIMIT :limit
        """,
        owner=owner_id,
        strategy=lt_strategy_id,
        after_strategy=None if after is None else after.lt_strategy_id,
        after_kind=None if after is None else after.kind,
        after_guard=None if after is None else after.guard,
        limit=limit,
    )
    return [_figures(row) for row in rows]


def _figures(row: Row) -> GuardFigures:
    return GuardFigures(
        count=_count(row), owner_id=row["owner_id"], strategy=row["strategy"], counted_at=row["counted_at"]
    )
