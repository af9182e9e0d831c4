"""How recorded markets ended: what each outcome paid and since when, from whatever row of the recording says it.

The catalogue's row of a closed and resolved market has the prices of its outcomes at the end; a position that can be
redeemed has the price of its own. What neither says stays open, and is worth its last price.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.markets import PayoutVector
from live_trading.polymarket.wire.json_text import parse_json

_DENOMINATOR = 1_000_000
_FINAL = ("resolved", "settled")
_TIMES_OF_THE_CATALOGUE = ("closedTime", "umaEndDate", "resolvedAt", "endDate")
_BINARY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What a market paid; `at` is None where the recording does not say when."""

    vector: PayoutVector
    at: datetime | None


def endings_of(rows: Iterable[object]) -> dict[str, Ending]:
    """By condition, of rows of the catalogue and of positions; other rows say nothing."""
    found: dict[str, Ending] = {}
    for row in rows:
        if isinstance(row, dict) and (ending := _of_market(row) or _of_position(row)) is not None:
            found.setdefault(ending.vector.condition_id, ending)
    return found


def _of_market(row: Mapping[str, object]) -> Ending | None:
    condition = row.get("conditionId")
    is_final = str(row.get("umaResolutionStatus") or row.get("resolutionStatus") or "").lower() in _FINAL
    if row.get("closed") is not True or not is_final or not isinstance(condition, str):
        return None
    prices = [_price(each) for each in _listed(row.get("outcomePrices"))]
    if len(prices) != _BINARY or None in prices or sum(each or 0 for each in prices) != 1:
        return None
    return _ending(condition, [each or Decimal(0) for each in prices], _first_time(row, _TIMES_OF_THE_CATALOGUE))


def _of_position(row: Mapping[str, object]) -> Ending | None:
    condition, index, price = row.get("conditionId"), row.get("outcomeIndex"), _price(row.get("curPrice"))
    if row.get("redeemable") is not True or not isinstance(condition, str) or index not in (0, 1) or price is None:
        return None
    prices = [price, 1 - price] if index == 0 else [1 - price, price]
    return _ending(condition, prices, _first_time(row, ("endDate",)))


def _ending(condition: str, prices: list[Decimal], at: datetime | None) -> Ending:
    numerators = tuple(int(each * _DENOMINATOR) for each in prices)
    return Ending(
        vector=PayoutVector(condition_id=condition.lower(), numerators=numerators, denominator=sum(numerators)), at=at
    )


def _listed(value: object) -> list[object]:
    if isinstance(value, str):
        try:
            value = parse_json(value)
        except MalformedAnswer:
            return []
    return value if isinstance(value, list) else []


def _price(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    try:
        price = Decimal(value)
    except InvalidOperation:
        return None
    return price.quantize(Decimal("0.000001")) if price.is_finite() and 0 <= price <= 1 else None


def _first_time(row: Mapping[str, object], names: Iterable[str]) -> datetime | None:
    for name in names:
        value = row.get(name)
        if isinstance(value, str) and value:
            try:
                read = datetime.fromisoformat(value.replace("Z", "+00:00"))
            except ValueError:
                continue
            return read if read.tzinfo is not None else read.replace(tzinfo=UTC)
    return None
