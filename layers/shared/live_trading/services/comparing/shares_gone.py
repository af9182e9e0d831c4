"""Books shares that left a wallet beside this system: whose they were, and what they brought.

Those that are nobody's go first. What strategies have goes pro rata or out of one of them: at cost while the market
runs, out of what is owed once it has resolved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.ledger import found_entries
from live_trading.ledger.accounts import Account
from live_trading.ledger.found_entries import Gone, Stake
from live_trading.nouns.errors import DoesNotFit, WrongState
from live_trading.nouns.money import Shares, Usd, total_shares
from live_trading.services.comparing.explanations import (
    Booked,
    Explanation,
    market_of,
    post,
    require_settled,
    require_strategy,
)
from live_trading.store.books import ledger, surpluses
from live_trading.store.books.breaks import COLLATERAL, BreakKind, StoredBreak
from live_trading.store.chain import redemptions
from live_trading.store.database.connection import Transaction
from live_trading.store.positions import position_corrections


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """Shares to take out of strategies, what changes of those that are nobody's, and where the proceeds are now.

    `from_token` of them are credited to the token, `from_income` as dollars that nothing explained.
    """

    missing: Shares
    external: Shares
    proceeds: Usd
    from_token: Usd
    from_income: Usd


def book(transaction: Transaction, found: StoredBreak, said: Explanation, now: datetime) -> Booked:
    """Books a shortage of a token as the person says; raises NoSuch, WrongState and DoesNotFit."""
    token_id = found.found.subject
    require_settled(transaction, found, token_id)
    stakes = _stakes(transaction, found, said.lt_strategy_id)
    is_sale = found.found.kind is BreakKind.UNKNOWN_TRADE
    taken = _sold(transaction, found, said, stakes) if is_sale else _sent(transaction, found, said)
    gone = _gone(stakes, taken, said)
    _require_unallocated(transaction, found, taken.from_token + taken.from_income)
    if not gone and not taken.external:
        return Booked(reference=None)
    entry = found_entries.departure(
        break_id=found.break_id,
        trading_wallet_id=found.trading_wallet_id,
        token_id=token_id,
        gone=gone,
        external=taken.external,
        from_token=taken.from_token,
        from_income=taken.from_income,
        occurred_at=now,
    )
    post(transaction, entry, now)
    _note(transaction, found, gone, entry.source_reference, now)
    return Booked(reference=entry.source_reference, conditions=_owe_less(transaction, found, gone))


def _sold(transaction: Transaction, found: StoredBreak, said: Explanation, stakes: Sequence[Stake]) -> _Taken:
    """Shares that trades beside this system sold, and what is credited to the token for them."""
    nobodys, credited = ledger.external_of_token(transaction, found.trading_wallet_id, found.found.subject)
    missing = max(-nobodys, Shares.zero())
    proceeds = _sold_for(said, credited) if stakes and missing else said.proceeds or Usd.zero()
    return _Taken(missing=missing, external=missing, proceeds=proceeds, from_token=proceeds, from_income=Usd.zero())


def _sent(transaction: Transaction, found: StoredBreak, said: Explanation) -> _Taken:
    """Shares that are gone without a trade here; those that are nobody's first."""
    nobodys, _ = ledger.external_of_token(transaction, found.trading_wallet_id, found.found.subject)
    missing = Shares(found.found.expected - found.found.observed)
    own = min(max(nobodys, Shares.zero()), missing)
    return _Taken(
        missing=missing - own,
        external=-own,
        proceeds=said.proceeds or Usd.zero(),
        from_token=Usd.zero(),
        from_income=_had_already(transaction, found, said.proceeds),
    )


def _stakes(transaction: Transaction, found: StoredBreak, lt_strategy_id: UUID | None) -> list[Stake]:
    held = [
        Stake(lt_strategy_id=each.lt_strategy_id, account=account, shares=each.shares, amount=each.amount)
        for account in (Account.POSITION_COST, Account.PENDING_REDEMPTION)
        for each in ledger.holdings(transaction, account, [found.found.subject])
        if each.trading_wallet_id == found.trading_wallet_id and each.shares.is_positive
    ]
    if lt_strategy_id is None:
        return held
    require_strategy(transaction, found, lt_strategy_id)
    return [each for each in held if each.lt_strategy_id == lt_strategy_id]


def _gone(stakes: Sequence[Stake], taken: _Taken, said: Explanation) -> list[Gone]:
    there = total_shares([each.shares for each in stakes])
    if said.lt_strategy_id is not None and taken.missing > there:
        raise DoesNotFit(
            "lt_strategy_id", f"has {there} of the {taken.missing} shares that are gone", allowed="no strategy"
        )
    gone = found_entries.shared_among(stakes, taken.missing, taken.proceeds) if there and taken.missing else []
    if taken.proceeds and not gone:
        raise DoesNotFit("proceeds_usd", "belongs to no strategy: none has had these shares", allowed="0")
    return gone


def _sold_for(said: Explanation, credited: Usd) -> Usd:
    """What the sale brought: what is credited to the token, or what the person says of that."""
    known = max(-credited, Usd.zero())
    if said.proceeds is None:
        return known
    if said.proceeds > known:
        raise DoesNotFit("proceeds_usd", "is more than these sales brought", allowed=f"0 to {known}")
    return said.proceeds


def _had_already(transaction: Transaction, found: StoredBreak, proceeds: Usd | None) -> Usd:
    """The part of the proceeds that the wallet had booked as unexplained; the rest is seen above the ledger."""
    if not proceeds:
        return Usd.zero()
    seen = surpluses.of_wallet(transaction, found.trading_wallet_id).get(COLLATERAL)
    above = Usd.zero() if seen is None else Usd(seen.amount)
    unexplained = max(surpluses.unexplained(transaction, found.trading_wallet_id), Usd.zero())
    if proceeds > above + unexplained:
        raise DoesNotFit("proceeds_usd", "is more than came unexplained", allowed=f"0 to {above + unexplained}")
    return max(proceeds - above, Usd.zero())


def _require_unallocated(transaction: Transaction, found: StoredBreak, amount: Usd) -> None:
    there = ledger.unallocated(transaction, found.trading_wallet_id)
    if amount.is_positive and amount > there:
        raise DoesNotFit("proceeds_usd", "is more than the wallet has for nobody", allowed=f"0 to {there}")


def _note(transaction: Transaction, found: StoredBreak, gone: Sequence[Gone], reference: str, now: datetime) -> None:
    if not gone:
        return
    condition_id = market_of(transaction, found.found.subject).condition_id
    for each in gone:
        position_corrections.add(
            transaction,
            trading_wallet_id=found.trading_wallet_id,
            lt_strategy_id=each.stake.lt_strategy_id,
            condition_id=condition_id,
            token_id=found.found.subject,
            shares=-each.shares,
            usd=each.proceeds,
            source_reference=reference,
            is_counted=each.stake.account is Account.PENDING_REDEMPTION,
            now=now,
        )


def _owe_less(transaction: Transaction, found: StoredBreak, gone: Sequence[Gone]) -> frozenset[str]:
    """Takes what is gone out of the redemption of a resolved market; the conditions that this concerns."""
    if not any(each.stake.account is Account.PENDING_REDEMPTION for each in gone):
        return frozenset()
    condition_id = market_of(transaction, found.found.subject).condition_id
    redemption = redemptions.of_condition(transaction, found.trading_wallet_id, condition_id)
    less = found_entries.owed_no_more(gone)
    if redemption is not None and not redemptions.owe(transaction, redemption.lt_redemption_id, -less):
        raise WrongState(f"the redemption of {condition_id} is {redemption.state}", current_state=redemption.state)
    return frozenset({condition_id})
