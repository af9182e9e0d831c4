"""What the venue pays to an account of ours unasked: rebates, rewards, yield, deposits, as its own activity lists them.

The rows say what a payment is for; how much arrived is the chain's word, not theirs. Types that are no payment (trades,
splits, redemptions) or that nobody knows are passed over: what they moved is seen on the chain.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field

from live_trading.ledger.accounts import IncomeType
from live_trading.nouns.chance import Chance
from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.money import Usd
from live_trading.polymarket.endpoints import VenueEndpoints
from live_trading.polymarket.wire.field_types import Amount, Moment, OptionalHash, WireModel, read
from live_trading.polymarket.wire.http_questions import HttpQuestions
from live_trading.polymarket.wire.pages import PageWatch, numbered
from live_trading.polymarket.wire.set_aside import ROW_FAILURES

PAID = frozenset(
    {
        IncomeType.TAKER_REBATE,
        IncomeType.MAKER_REBATE,
        IncomeType.REWARD,
        IncomeType.YIELD,
        IncomeType.REFERRAL_REWARD,
        IncomeType.DEPOSIT,
    }
)
"""Types of `/v2/activity` that bring money; a WITHDRAWAL takes it, and what is missing is never explained away."""

_PATH = "/v2/activity"
# The feed writes an absent time as the first second of all time.
_NO_YEAR = 1970
_ROWS_A_PAGE = 500
# The newest come first and the walk ends at `since`; more pages than this are not looked through for a payment.
_MOST_PAGES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPayment:
    """One row: what it was for, how much it says, and the transaction that paid it where it names one.

    `occurrence` tells rows apart that are equal in everything else, as rows have no id.
    """

    income_type: IncomeType
    amount: Usd
    paid_at: datetime
    transaction_hash: str | None
    occurrence: int

    @property
    def key(self) -> str:
        """What makes it one payment, however often it is listed."""
        where = self.transaction_hash or int(self.paid_at.timestamp())
        return f"{where}:{self.amount}:{self.occurrence}"


def _absent_if_zero(raw: object) -> object:
    return None if raw in ("", 0, "0", Decimal(0)) else raw


class _Row(WireModel):
    type: str
    usdc_size: Annotated[Amount | None, BeforeValidator(_absent_if_zero)] = Field(
        default=None, validation_alias=AliasChoices("usdc_size", "usdcSize")
    )
    size: Annotated[Amount | None, BeforeValidator(_absent_if_zero)] = None
    timestamp: Moment
    transaction_hash: OptionalHash = Field(
        default=None, validation_alias=AliasChoices("transaction_hash", "transactionHash")
    )


class _Pagination(WireModel):
    has_more: bool = False
    next_cursor: str | None = None


class _Page(WireModel):
    data: list[object]
    pagination: _Pagination = _Pagination()


class OwnPayments:
    """Reads an account's activity."""

    def __init__(self, endpoints: VenueEndpoints, chance: Chance) -> None:
        self._http = HttpQuestions(endpoints.data_api_url, chance)

    def since(self, address: str, since: datetime) -> list[OwnPayment]:
        """Payments to `address` from `since` on, oldest first; a row that cannot be read is passed over.

        Raises RetryLater, GiveUp and MalformedAnswer as `HttpQuestions` does.
        """
        found = read_payments(list(self._pages(address, since)))
        return sorted((each for each in found if each.paid_at >= since), key=lambda each: each.paid_at)

    def close(self) -> None:
        self._http.close()

    def _pages(self, address: str, since: datetime) -> Iterator[list[object]]:
        filters = [
            ("user", address),
            ("start", str(int(since.timestamp()))),
            ("sort_direction", "DESC"),
            # Deposits are left out unless they are asked for.
            ("exclude_deposits_withdrawals", "false"),
        ]
        cursor: str | None = None
        watch = PageWatch(_PATH)
        for _ in range(_MOST_PAGES):
            here = [("cursor", cursor)] if cursor is not None else []
            page = read(_Page, self._http.get(_PATH, [*filters, ("limit", str(_ROWS_A_PAGE)), *here]), _PATH)
            watch.seen(page.data)
            yield page.data
            if not page.pagination.has_more or not page.data:
                return
            if page.pagination.next_cursor in (None, "", cursor):
                raise MalformedAnswer(f"{_PATH}: more pages, but no new cursor", raw=str(page.pagination))
            cursor = page.pagination.next_cursor


def read_payments(pages: Sequence[Sequence[object]]) -> list[OwnPayment]:
    """The payments among these rows; one that an earlier page has shown is the same payment again."""
    read = [[payment for row in rows if (payment := read_payment(row)) is not None] for rows in pages]
    return [
        replace(payment, occurrence=occurrence)
        for payment, occurrence, is_repeated in numbered(read, lambda each: each)
        if not is_repeated
    ]


def read_payment(row: object) -> OwnPayment | None:
    """A row of the activity as a payment; None for every other activity, and for one that cannot be read."""
    try:
        return _payment(row)
    except ROW_FAILURES:
        return None


def _payment(row: object) -> OwnPayment | None:
    if not isinstance(row, dict) or row.get("type") not in PAID:
        return None
    seen = _Row.model_validate(row)
    stated = seen.usdc_size or seen.size
    if stated is None or stated <= 0 or seen.timestamp.year <= _NO_YEAR:
        return None
    amount = Usd.nearest(stated)
    if not amount:
        return None
    return OwnPayment(
        income_type=IncomeType(seen.type),
        amount=amount,
        paid_at=seen.timestamp,
        transaction_hash=seen.transaction_hash,
        occurrence=0,
    )
