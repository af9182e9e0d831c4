"""Markets as last seen, and what the chain has said of them.

Two writers: `save` for what the venue's catalogue shows, and `record_resolutions` for the chain's payout vector.
The catalogue can only hint at a resolution; nothing but the chain makes a market RESOLVED, and nothing undoes it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from live_trading.nouns.errors import GiveUp
from live_trading.nouns.markets import FeeSchedule, Market, PayoutVector, ProtocolVersion, ResolutionState
from live_trading.nouns.money import Price, Shares
from live_trading.orders.fees import dearer
from live_trading.store.database.connection import Row, Transaction
from live_trading.store.database.text import storable


class ContradictingResolution(GiveUp):
    """The chain now states another payout vector than the one that is booked for this condition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMarket:
    """A market as the catalogue shows it now, with its hint about the resolution."""

    market: Market
    resolution_hint: ResolutionState


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMarket:
    """A market as it was at `refreshed_at`."""

    market: Market
    resolution_state: ResolutionState
    resolution_state_since: datetime
    refreshed_at: datetime


def save(transaction: Transaction, seen: Sequence[SeenMarket], now: datetime) -> None:
    """Stores or refreshes markets.

    A hint of RESOLVED is kept as PROPOSED: an answer is there and the chain's word is awaited. A market that
    the chain has resolved keeps that state and stays closed whatever the catalogue shows.
    """
    if not seen:
        return
    transaction.execute(
        """
        INSERT INTO markets (
            condition_id, version, question, slug, category, tags, event_id, outcomes, token_ids, is_open,
            accepting_orders, end_time, game_start_time, tick_size, minimum_order_shares, fee_rate, fee_exponent,
            neg_risk, resolution_state, resolution_state_since, refreshed_at
        )
        SELECT seen.*, :now::timestamptz, :now::timestamptz
        FROM jsonb_to_recordset(:seen::jsonb) AS seen (
            condition_id text, version text, question text, slug text, category text, tags text [], event_id text,
            outcomes text [], token_ids text [], is_open boolean, accepting_orders boolean, end_time timestamptz,
            game_start_time timestamptz, tick_size numeric, minimum_order_shares numeric, fee_rate numeric,
            fee_exponent numeric, neg_risk boolean, resolution_state text
        )
        ORDER BY seen.condition_id
        ON CONFLICT (condition_id) DO UPDATE SET
            version = excluded.version,
            question = excluded.question,
            slug = excluded.slug,
            category = excluded.category,
            tags = excluded.tags,
            event_id = excluded.event_id,
            outcomes = excluded.outcomes,
            token_ids = excluded.token_ids,
            is_open = excluded.is_open AND markets.resolution_state <> 'RESOLVED',
            accepting_orders = excluded.accepting_orders AND markets.resolution_state <> 'RESOLVED',
            end_time = excluded.end_time,
            game_start_time = excluded.game_start_time,
            tick_size = excluded.tick_size,
            minimum_order_shares = excluded.minimum_order_shares,
            fee_rate = excluded.fee_rate,
            fee_exponent = excluded.fee_exponent,
            neg_risk = coalesce(excluded.neg_risk, markets.neg_risk),
            resolution_state = CASE markets.resolution_state
                WHEN 'RESOLVED' THEN 'RESOLVED' ELSE excluded.resolution_state
            END,
            resolution_state_since = CASE
                WHEN markets.resolution_state IN ('RESOLVED', excluded.resolution_state)
                    THEN markets.resolution_state_since
                ELSE excluded.resolution_state_since
            END,
            refreshed_at = excluded.refreshed_at
        WHERE markets.refreshed_at <= excluded.refreshed_at
        """,
        seen=json.dumps([_as_json(each) for each in seen]),
        now=now,
    )


def record_resolutions(transaction: Transaction, vectors: Sequence[PayoutVector], now: datetime) -> set[str]:
    """Books the chain's payout vectors and closes their markets; the conditions of which none was booked before.

    Raises ContradictingResolution where another one is, LookupError for a market that is not stored; then none is to be
    kept.
    """
    in_order = sorted(vectors, key=lambda each: each.condition_id)
    resolved = transaction.rows(
        """
        UPDATE markets SET
            resolution_state = 'RESOLVED',
            resolution_state_since = :now,
            payout_numerators = said.numerators::numeric[],
            payout_denominator = said.denominator,
            resolved_at = :now,
            is_open = FALSE,
            accepting_orders = FALSE
        FROM unnest(:conditions::text[], :numerators::text[], :denominators::numeric[])
            AS said (condition_id, numerators, denominator)
        WHERE markets.condition_id = said.condition_id AND markets.resolution_state <> 'RESOLVED'
        RETURNING markets.condition_id
        """,
        now=now,
        conditions=[each.condition_id for each in in_order],
        numerators=["{" + ",".join(str(numerator) for numerator in each.numerators) + "}" for each in in_order],
        denominators=[str(each.denominator) for each in in_order],
    )
    new = {row["condition_id"] for row in resolved}
    known = [each for each in in_order if each.condition_id not in new]
    booked = payout_vectors(transaction, [each.condition_id for each in known]) if known else {}
    for vector in known:
        before = booked.get(vector.condition_id)
        if before is None:
            raise LookupError(f"no market {vector.condition_id}")
        if before != vector:
            raise ContradictingResolution(f"{vector.condition_id} is booked as {before}, the chain now says {vector}")
    return new


_MARKETS = """
SELECT market.*, book.fee_rate AS book_rate, book.fee_exponent AS book_exponent
FROM markets AS market LEFT JOIN market_book_fees AS book USING (condition_id)
"""


def stored(transaction: Transaction, condition_ids: Collection[str]) -> dict[str, StoredMarket]:
    """Markets with their state and age; those that are not stored are missing."""
    rows = transaction.rows(
        _MARKETS + "WHERE market.condition_id = ANY(:condition_ids::text[])", condition_ids=sorted(condition_ids)
    )
    return {
        row["condition_id"]: StoredMarket(
            market=_market(row),
            resolution_state=ResolutionState(row["resolution_state"]),
            resolution_state_since=row["resolution_state_since"],
            refreshed_at=row["refreshed_at"],
        )
        for row in rows
    }


def by_condition(transaction: Transaction, condition_ids: Collection[str]) -> dict[str, Market]:
    """Markets as last seen; those that are not stored are missing."""
    return {condition_id: each.market for condition_id, each in stored(transaction, condition_ids).items()}


def of_token(transaction: Transaction, token_id: str) -> Market | None:
    """The market that a token is an outcome of, as last seen; None where it is not stored."""
    row = transaction.row(_MARKETS + "WHERE :token_id = ANY(market.token_ids)", token_id=token_id)
    return None if row is None else _market(row)


def of_tokens(transaction: Transaction, token_ids: Collection[str]) -> dict[str, Market]:
    """The markets of these tokens by token, as last seen; tokens of markets that are not stored are missing."""
    asked = set(token_ids)
    rows = transaction.rows(_MARKETS + "WHERE market.token_ids && :token_ids::text[]", token_ids=sorted(asked))
    found = [_market(row) for row in rows]
    return {token_id: market for market in found for token_id in market.token_ids if token_id in asked}


def payout_vectors(transaction: Transaction, condition_ids: Collection[str]) -> dict[str, PayoutVector]:
    """The booked payout vectors; markets that are not resolved are missing."""
    rows = transaction.rows(
        """
        SELECT condition_id, payout_numerators, payout_denominator FROM markets
        WHERE condition_id = ANY(:condition_ids::text[]) AND resolution_state = 'RESOLVED'
        """,
        condition_ids=sorted(condition_ids),
    )
    return {row["condition_id"]: _vector(row) for row in rows}


def _vector(row: Row) -> PayoutVector:
    return PayoutVector(
        condition_id=row["condition_id"],
        numerators=tuple(int(numerator) for numerator in row["payout_numerators"]),
        denominator=int(row["payout_denominator"]),
    )


def _as_json(seen: SeenMarket) -> dict[str, object]:
    market = seen.market
    is_hinted = seen.resolution_hint is ResolutionState.RESOLVED
    return {
        "condition_id": market.condition_id,
        "version": market.version,
        "question": storable(market.question),
        "slug": storable(market.slug),
        "category": _text(market.category),
        "tags": [storable(tag) for tag in market.tags],
        "event_id": _text(market.event_id),
        "outcomes": [storable(outcome) for outcome in market.outcomes],
        "token_ids": market.token_ids,
        "is_open": market.is_open,
        "accepting_orders": market.accepting_orders,
        "end_time": _instant(market.end_time),
        "game_start_time": _instant(market.game_start_time),
        "tick_size": str(market.tick_size),
        "minimum_order_shares": str(market.minimum_order_shares),
        "fee_rate": str(market.fees.rate),
        "fee_exponent": str(market.fees.exponent),
        "neg_risk": market.neg_risk,
        "resolution_state": ResolutionState.PROPOSED if is_hinted else seen.resolution_hint,
    }


def _text(value: str | None) -> str | None:
    return None if value is None else storable(value)


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _fees(row: Row) -> FeeSchedule:
    """The catalogue's schedule, and where the order book states another one, what is dearer than both."""
    stated = FeeSchedule(rate=row["fee_rate"], exponent=row["fee_exponent"])
    if row["book_rate"] is None:
        return stated
    return dearer(stated, FeeSchedule(rate=row["book_rate"], exponent=row["book_exponent"]))


def _market(row: Row) -> Market:
    return Market(
        condition_id=row["condition_id"],
        version=ProtocolVersion(row["version"]),
        question=row["question"],
        slug=row["slug"],
        category=row["category"],
        tags=tuple(row["tags"]),
        event_id=row["event_id"],
        outcomes=tuple(row["outcomes"]),
        token_ids=tuple(row["token_ids"]),
        is_open=row["is_open"],
        accepting_orders=row["accepting_orders"],
        end_time=row["end_time"],
        game_start_time=row["game_start_time"],
        tick_size=Price(row["tick_size"]),
        minimum_order_shares=Shares(row["minimum_order_shares"]),
        fees=_fees(row),
        neg_risk=row["neg_risk"],
    )
