"""What must hold before a redemption is signed and paid for. Pure: facts in, one decision out.

It exists because the chain does not refuse what is useless: a call for tokens that are gone costs gas, succeeds and
pays nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from live_trading.nouns.markets import PayoutVector
from live_trading.nouns.money import Shares, Usd
from live_trading.settlement.proof import payout_of


class FailureCode(StrEnum):
    """Why a redemption failed, stable for callers; the text beside it may change."""

    NOT_RESOLVED = "not_resolved"
    TOKENS_MISSING = "tokens_missing"
    APPROVAL_MISSING = "approval_missing"
    KIND_UNPROVEN = "kind_unproven"
    CALL_REVERTS = "call_reverts"
    CALL_PAYS_OTHERWISE = "call_pays_otherwise"
    NO_SENDER = "no_sender"
    FEES_TOO_HIGH = "fees_too_high"
    NO_GAS_MONEY = "no_gas_money"
    REVERTED = "reverted"
    PAID_NOTHING = "paid_nothing"
    PAID_OTHERWISE = "paid_otherwise"
    PAYMENT_NOT_FOUND = "payment_not_found"
    NEVER_MINED = "never_mined"
    ADAPTER_PAUSED = "adapter_paused"
    RELAYER_QUOTA = "relayer_quota"
    LEDGER_DISAGREES = "ledger_disagrees"
    BOOKING_FAILED = "booking_failed"


# Nothing was spent on these and they end by themselves or by an operator's act, so they are tried for ever.
PATIENT = frozenset(
    {
        FailureCode.NOT_RESOLVED,
        FailureCode.APPROVAL_MISSING,
        FailureCode.NO_SENDER,
        FailureCode.FEES_TOO_HIGH,
        FailureCode.NO_GAS_MONEY,
        FailureCode.ADAPTER_PAUSED,
        FailureCode.RELAYER_QUOTA,
    }
)
# The venue's own way of saying "later": no failure of a redemption, which stays due and is told of only after a while.
WAITING = frozenset({FailureCode.ADAPTER_PAUSED, FailureCode.RELAYER_QUOTA})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Sign it: the chain owes this for what the wallet holds now."""

    owed: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingOwed:
    """Losers, or a holding that pays nothing: no transaction is worth its gas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensGone:
    """Somebody else turned them in, or took them: look for the payment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Not now; `code` says whether waiting can help."""

    code: FailureCode
    text: str


Preflight = Ready | NothingOwed | TokensGone | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionFacts:
    """What ledger and chain say just before signing; holdings by outcome index.

    `expected` is what the ledger is owed. `is_kind_proven` says that the market's token ids are those of the kind's
    backing. `operator` must be approved for the wallet's tokens, None where the call needs nobody.
    """

    vector: PayoutVector | None
    expected: Usd
    held: tuple[Shares, ...]
    on_chain: tuple[Shares, ...]
    is_kind_proven: bool
    operator: str | None
    is_approved: bool


def before_redeeming(facts: RedemptionFacts) -> Preflight:
    """The first thing that is in the way, or Ready."""
    if facts.vector is None:
        return Refused(code=FailureCode.NOT_RESOLVED, text="the chain has no payout vector for the condition")
    if not facts.expected:
        return NothingOwed()
    if not any(facts.on_chain):
        return TokensGone()
    if any(there < held for there, held in zip(facts.on_chain, facts.held, strict=True)):
        return Refused(
            code=FailureCode.TOKENS_MISSING,
            text=f"the ledger holds {_text(facts.held)}, the wallet {_text(facts.on_chain)}",
        )
    if not facts.is_kind_proven:
        return Refused(code=FailureCode.KIND_UNPROVEN, text="the market's token ids are of no known backing")
    if not facts.is_approved:
        return Refused(
            code=FailureCode.APPROVAL_MISSING,
            text=f"{facts.operator} is no approved operator of the wallet's outcome tokens",
        )
    return Ready(owed=payout_of(facts.vector, facts.on_chain))


def after_dry_run(ready: Ready, predicted: Usd | None) -> Preflight:
    """Ready only where the node's dry run pays what is owed, or more; a node that cannot predict does not stop it.

    More, because an adapter pays out whatever collateral lies on it (reference/polymarket.md, 2026-11-26).
    """
    if predicted is None or predicted >= ready.owed:
        return ready
    return Refused(
        code=FailureCode.CALL_PAYS_OTHERWISE, text=f"the call would pay {predicted}, and {ready.owed} is owed"
    )


def _text(amounts: tuple[Shares, ...]) -> str:
    return " and ".join(str(amount) for amount in amounts)
