"""What a redemption is owed, and whether what a transaction did proves its payment. Pure, to the base unit.

A status of 1 proves nothing: wrong and repeated calls succeed and pay 0. The proof is what the wallet gave (its
tokens, from the transaction's own logs) against what it got. It may get more: an adapter pays out all that lies on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from live_trading.nouns.markets import PayoutVector
from live_trading.nouns.money import Shares, Usd, total_usd


class PayoutOutOfRange(ValueError):
    """A holding of an outcome that the payout vector does not have."""


class Verdict(StrEnum):
    """What a transaction that is deep enough did for one redemption."""

    PAID = "paid"
    GONE_BEFORE = "gone_before"
    PAID_NOTHING = "paid_nothing"
    PAID_OTHERWISE = "paid_otherwise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One redemption's part of a transaction, all by outcome index.

    `held` is what the ledger holds, `given` what the transaction took from the wallet, `left` what the wallet still
    has. `owed_for_given` prices what was given: by the payout vector, or at one dollar a pair for a merge.
    """

    held: tuple[Shares, ...]
    given: tuple[Shares, ...]
    left: tuple[Shares, ...]
    owed_for_given: Usd


def payout_of(vector: PayoutVector, holdings: Sequence[Shares]) -> Usd:
    """What the chain pays for whole holdings: each outcome's part rounded down to the base unit, then summed."""
    if len(holdings) > len(vector.numerators):
        raise PayoutOutOfRange(f"{len(holdings)} outcomes held of {vector.condition_id}")
    units = [
        held.base_units * numerator // vector.denominator
        for held, numerator in zip(holdings, vector.numerators, strict=False)
    ]
    return Usd.of_base_units(sum(units))


def verdicts(claims: Sequence[Claim], received: Usd) -> list[Verdict]:
    """What each redemption of one transaction can be said to have got, in the same order.

    The transaction's whole payment must reach what all given tokens are owed; otherwise nothing is proved for any
    redemption that gave something.
    """
    is_enough = received >= total_usd([claim.owed_for_given for claim in claims])
    return [_verdict(claim, is_enough=is_enough) for claim in claims]


def surplus_of(claims: Sequence[Claim], received: Usd) -> Usd:
    """What one transaction paid above everything that all given tokens are owed, zero where it paid less."""
    above = received - total_usd([claim.owed_for_given for claim in claims])
    return above if above.is_positive else Usd.zero()


def _verdict(claim: Claim, *, is_enough: bool) -> Verdict:
    if not any(claim.given):
        return Verdict.PAID_NOTHING if any(claim.left) else Verdict.GONE_BEFORE
    covers = all(given >= held for given, held in zip(claim.given, claim.held, strict=True))
    return Verdict.PAID if covers and is_enough else Verdict.PAID_OTHERWISE


def proves_payment_elsewhere(
    vector: PayoutVector, held: Sequence[Shares], given: Sequence[Shares], received: Usd
) -> bool:
    """Whether a transaction that we did not send turned the whole holding into at least what it is owed."""
    covers = all(out >= have for out, have in zip(given, held, strict=True)) and any(given)
    return covers and received >= payout_of(vector, given)


def by_outcome(token_ids: Sequence[str], amounts: Mapping[str, Shares]) -> tuple[Shares, ...]:
    """Amounts in the order of the market's tokens, zero where there is none."""
    return tuple(amounts.get(token_id, Shares.zero()) for token_id in token_ids)
