"""Why live differed from paper, trade by trade, as it is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.gap.whole import GapKind, GapTerm, LeaderTerm
from live_trading.nouns.errors import DoesNotFit
from live_trading.nouns.money import Usd
from live_trading.nouns.pages import PageAsked
from live_trading.store.database.connection import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownGap:
    """One source trade with its bars and terms, as it is kept; `terms` and `averages` are from paper to live.

    `reason` is why only one side has it.
    """

    lt_strategy_id: UUID
    source_trade_id: int
    condition_id: str
    slug: str | None
    kind: GapKind
    is_final: bool
    leader: Usd
    paper: Usd
    live: Usd
    leader_terms: Mapping[LeaderTerm, Usd]
    terms: Mapping[GapTerm, Usd]
    averages: Mapping[GapTerm, Usd]
    reason: str | None
    computed_at: datetime

    @property
    def row(self) -> str:
        """What tells it apart in a list over all strategies."""
        return f"{self.source_trade_id}/{self.lt_strategy_id}"


_ROW = re.compile(r"([0-9]{1,18})/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_LAST = (2**63 - 1, str(UUID(int=2**128 - 1)))


def of_owner(
    transaction: Transaction,
    owner_id: str,
    *,
    lt_strategy_id: UUID | None,
    page: PageAsked,
    term: GapTerm | LeaderTerm | None = None,
) -> list[ShownGap]:
    """The owner's trades, those with a term where one is named, of the newest source trade first.

    Raises DoesNotFit for a row of no such list.
    """
    number, strategy = _after(page)
    rows = transaction.rows(
        """
        SELECT newest.*, market.slug
        FROM (
            SELECT one.* FROM (
                SELECT lt_strategy_id FROM lt_strategies
                WHERE owner_id = :owner_id AND (:lt_strategy_id::uuid IS NULL OR lt_strategy_id = :lt_strategy_id)
            ) AS whose
            CROSS JOIN LATERAL (
                SELECT gap.* FROM gap_trades AS gap
                WHERE
                    gap.lt_strategy_id = whose.lt_strategy_id AND gap.source_trade_id <= :after_number
                    AND (gap.source_trade_id, gap.lt_strategy_id::text) < (:after_number, :after_strategy)
                    AND (:term::text IS NULL OR gap.terms ? :term OR gap.leader_terms ? :term)
                ORDER BY gap.source_trade_id DESC LIMIT :rows_to_read
            ) AS one
            ORDER BY one.source_trade_id DESC, one.lt_strategy_id::text DESC LIMIT :rows_to_read
        ) AS newest
        LEFT JOIN LATERAL (
            SELECT slug FROM markets WHERE markets.condition_id = newest.condition_id LIMIT 1
        ) AS market ON TRUE
        ORDER BY newest.source_trade_id DESC, newest.lt_strategy_id::text DESC
        """,
        owner_id=owner_id,
        lt_strategy_id=lt_strategy_id,
        after_number=number,
        after_strategy=strategy,
        rows_to_read=page.rows_to_read,
        term=term,
    )
    return [_gap(row) for row in rows]


def _after(page: PageAsked) -> tuple[int, str]:
    if page.after is None:
        return _LAST
    found = _ROW.fullmatch(page.after.row)
    if found is None:
        raise DoesNotFit("cursor", "is no cursor of this list", allowed="the next_cursor of a page of this list")
    return int(found.group(1)), found.group(2)


def _gap(row: Row) -> ShownGap:
    return ShownGap(
        lt_strategy_id=row["lt_strategy_id"],
        source_trade_id=row["source_trade_id"],
        condition_id=row["condition_id"],
        slug=row["slug"],
        kind=GapKind(row["kind"]),
        is_final=row["is_final"],
        leader=Usd(row["leader_usd"]),
        paper=Usd(row["paper_usd"]),
        live=Usd(row["live_usd"]),
        leader_terms={LeaderTerm(name): Usd(usd) for name, usd in row["leader_terms"].items()},
        terms={GapTerm(name): Usd(usd) for name, usd in row["terms"].items()},
        averages={GapTerm(name): Usd(usd) for name, usd in row["averages"].items()},
        reason=row["reason"],
        computed_at=row["computed_at"],
    )
