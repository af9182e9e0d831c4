"""Rows of an account's own activity as payments: types, amounts, times, and what is passed over."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from live_trading.ledger.accounts import IncomeType
from live_trading.nouns.money import Usd
from live_trading.polymarket.data.payments import OwnPayment, read_payment

HASH = "0x" + "ab" * 32
PAID_AT = datetime(2026, 11, 20, 0, 5, tzinfo=UTC)


def row(**changes: Any) -> dict[str, Any]:
    """A rebate, as the activity lists one: most fields of a trade are there and empty."""
    values: dict[str, Any] = {
        "proxy_wallet": "0x" + "11" * 20,
        "type": "TAKER_REBATE",
        "side": "",
        "token_id": "",
        "condition_id": "",
        "size": Decimal("1.250001"),
        "usdc_size": Decimal("1.250001"),
        "price": 0,
        "outcome_index": 999,
        "timestamp": int(PAID_AT.timestamp()),
        "transaction_hash": HASH.upper().replace("0X", "0x"),
    }
    return {**values, **changes}


@pytest.mark.parametrize("kind", ["TAKER_REBATE", "MAKER_REBATE", "REWARD", "YIELD", "REFERRAL_REWARD", "DEPOSIT"])
def test_what_the_venue_pays_is_a_payment_of_its_type(kind: str) -> None:
    assert read_payment(row(type=kind)) == OwnPayment(
        income_type=IncomeType(kind), amount=Usd("1.250001"), paid_at=PAID_AT, transaction_hash=HASH, occurrence=0
    )


@pytest.mark.parametrize("kind", ["TRADE", "SPLIT", "MERGE", "REDEEM", "CONVERSION", "WITHDRAWAL", "TIP", "NEW", None])
def test_every_other_activity_is_passed_over(kind: str | None) -> None:
    assert read_payment(row(type=kind)) is None


@pytest.mark.parametrize("absent", [0, "0", "", None, Decimal("0.0")])
def test_an_absent_dollar_size_is_the_size(absent: Any) -> None:
    payment = read_payment(row(usdc_size=absent))

    assert payment is not None
    assert payment.amount == Usd("1.250001")


@pytest.mark.parametrize(
    "changes",
    [
        {"usdc_size": 0, "size": 0},
        {"usdc_size": Decimal(-1)},
        {"usdc_size": Decimal("0.0000001"), "size": 0},
        {"usdc_size": "much"},
        {"timestamp": 0},
        {"timestamp": "1970-01-01"},
    ],
)
def test_a_row_that_names_no_amount_or_time_is_passed_over(changes: dict[str, Any]) -> None:
    assert read_payment(row(**changes)) is None


@pytest.mark.parametrize("absent", ["", None])
def test_a_payment_without_a_transaction_is_known_by_its_time(absent: str | None) -> None:
    payment = read_payment(row(transaction_hash=absent))

    assert payment is not None
    assert payment.key == f"{int(PAID_AT.timestamp())}:1.250001:0"


def test_older_names_of_the_fields_are_read() -> None:
    old = row(usdcSize=Decimal(2), transactionHash=HASH)
    payment = read_payment(
        {name: value for name, value in old.items() if name not in ("usdc_size", "transaction_hash")}
    )

    assert payment is not None
    assert (payment.amount, payment.transaction_hash) == (Usd(2), HASH)
