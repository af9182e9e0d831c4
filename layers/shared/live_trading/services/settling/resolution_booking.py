"""Books what the chain says of conditions, for every strategy that holds a part of them: many in one transaction.

The books are the same as if each condition had been booked alone. Wallets in which something is still moving in a
condition are left for later there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from live_trading.chain.redemption import RedemptionKind
from live_trading.ledger import settlement_entries
from live_trading.ledger.accounts import Account
from live_trading.ledger.payouts import split_payout
from live_trading.ledger.transactions import LedgerTransaction
from live_trading.nouns.alerts import AlertType
from live_trading.nouns.markets import Market, PayoutVector, ProtocolVersion
from live_trading.nouns.money import Usd, total_usd
from live_trading.nouns.wallets import Outcome
from live_trading.services.running.trail import Key, Step, passed
from live_trading.settlement.outcomes import OrderOutcome, ended, is_sold_out, label_of
from live_trading.store.books import ledger, resolutions
from live_trading.store.books.resolutions import OpenPosition, Position
from live_trading.store.chain import redemptions_owed
from live_trading.store.chain.redemptions_owed import NewRedemption, Owed
from live_trading.store.database.connection import Transaction
from live_trading.store.feed import markets
from live_trading.store.watch import alert_sets

# Redemption ids are derived, so that a second booking of the same condition names the same row.
_REDEMPTION_NAMESPACE = UUID("6d3f6f3a-1f0a-5d5a-9c39-5d1c7c1a7e10")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A market that the chain has resolved, and how."""

    market: Market
    vector: PayoutVector


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """Outcomes of orders that ended, and the conditions in which some wallet was left for later."""

    outcomes: Sequence[Outcome]
    unsettled: Collection[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Share:
    """What one strategy is paid for its shares of a token."""

    condition_id: str
    part: ledger.Holding
    payout: Usd


def end_sold_out(transaction: Transaction, condition_ids: Sequence[str], now: datetime) -> list[Outcome]:
    """Ends positions that have left as a whole; they wait for no resolution. The outcomes of their orders."""
    moving = resolutions.lock_conditions(transaction, condition_ids)
    gone = [
        (condition_id, position)
        for condition_id, several in resolutions.open_positions(transaction, condition_ids).items()
        for position in several
        if position.trading_wallet_id not in moving[condition_id] and is_sold_out(position.entries, position.left)
    ]
    ends = [end for _, position in gone for end in ended(position.entries, position.left, Usd.zero(), Outcome.SOLD)]
    return _close(transaction, [_key(condition_id, position) for condition_id, position in gone], ends, now)


def book(transaction: Transaction, resolved: Sequence[Resolved], now: datetime) -> Booked:
    """Books payout vectors: what is owed, the redemptions of it, and how each order ended.

    Raises ContradictingResolution where another vector is booked of one of them; nothing is to be kept then.
    """
    conditions = [each.market.condition_id for each in resolved]
    moving = resolutions.lock_conditions(transaction, conditions)
    markets.record_resolutions(transaction, [each.vector for each in resolved], now)
    payouts = _book_positions(transaction, resolved, moving, now)
    opened = resolutions.open_positions(transaction, conditions)
    keys: list[Position] = []
    ends: list[OrderOutcome] = []
    for each in resolved:
        condition_id = each.market.condition_id
        for position in opened[condition_id]:
            if position.trading_wallet_id in moving[condition_id]:
                continue
            payout = payouts.get((condition_id, position.lt_strategy_id, position.token_id), Usd.zero())
            label = label_of(each.vector, each.market.token_ids.index(position.token_id))
            ends += ended(position.entries, position.left, payout, label)
            keys.append(_key(condition_id, position))
    outcomes = _close(transaction, keys, ends, now)
    alert_sets.resolve_all(transaction, alert_type=AlertType.RESOLUTION, subjects=conditions, at=now)
    return Booked(outcomes=outcomes, unsettled=[each for each in conditions if moving[each]])


def _key(condition_id: str, position: OpenPosition) -> Position:
    return condition_id, position.lt_strategy_id, position.token_id


def _close(
    transaction: Transaction, positions: Sequence[Position], ends: Sequence[OrderOutcome], now: datetime
) -> list[Outcome]:
    """Writes the outcome of every entry of positions, and counts what had left them."""
    closed = resolutions.close_orders(transaction, ends, now)
    resolutions.count_departures(transaction, positions, now)
    for each in closed:
        keys = {Key.LT_ORDER_ID: each.lt_order_id, Key.CONDITION_ID: each.condition_id, Key.STATE: each.outcome}
        passed(transaction, Step.RESOLVED, keys)
    return [each.outcome for each in closed]


def _book_positions(
    transaction: Transaction, resolved: Sequence[Resolved], moving: Mapping[str, Collection[UUID]], now: datetime
) -> dict[Position, Usd]:
    """Moves each position's cost to what it is owed and opens one redemption a wallet and condition; the payouts.

    The chain pays a wallet's whole balance of an outcome at once, so that is what is shared out.
    """
    tokens = [token_id for each in resolved for token_id in each.market.token_ids]
    held: dict[str, list[ledger.Holding]] = defaultdict(list)
    for holding in ledger.holdings(transaction, Account.POSITION_COST, tokens):
        held[holding.token_id].append(holding)
    shares: list[_Share] = []
    owed: list[Owed] = []
    for each in resolved:
        mine = _shared_out(each, held, moving[each.market.condition_id])
        shares += mine
        owed += _owed(each.market.condition_id, mine)
    _post(transaction, shares, now)
    _owe(transaction, owed, {each.market.condition_id: each.market for each in resolved}, now)
    return {(each.condition_id, each.part.lt_strategy_id, each.part.token_id): each.payout for each in shares}


def _shared_out(
    resolved: Resolved, held: Mapping[str, Sequence[ledger.Holding]], moving: Collection[UUID]
) -> list[_Share]:
    found: list[_Share] = []
    for index, token_id in enumerate(resolved.market.token_ids):
        by_wallet: dict[UUID, list[ledger.Holding]] = defaultdict(list)
        for part in held.get(token_id, ()):
            if part.trading_wallet_id not in moving:
                by_wallet[part.trading_wallet_id].append(part)
        for parts in by_wallet.values():
            payouts = split_payout(resolved.vector, index, [each.shares for each in parts])
            found += [
                _Share(condition_id=resolved.market.condition_id, part=part, payout=payout)
                for part, payout in zip(parts, payouts, strict=True)
            ]
    return found


def _owed(condition_id: str, shares: Sequence[_Share]) -> list[Owed]:
    by_wallet: dict[UUID, list[Usd]] = defaultdict(list)
    for each in shares:
        by_wallet[each.part.trading_wallet_id].append(each.payout)
    return [
        Owed(trading_wallet_id=wallet_id, condition_id=condition_id, more=total_usd(payouts))
        for wallet_id, payouts in by_wallet.items()
    ]


def _post(transaction: Transaction, shares: Sequence[_Share], now: datetime) -> None:
    """Books each share under the first number that is free: these shares are in the ledger."""
    left, number = list(shares), 1
    while left:
        entries = [_resolution(each, number, now) for each in left]
        written = ledger.post_all(transaction, entries, now)
        left = [each for each, entry in zip(left, entries, strict=True) if entry.source_reference not in written]
        number += 1


def _resolution(share: _Share, number: int, now: datetime) -> LedgerTransaction:
    return settlement_entries.resolution(
        trading_wallet_id=share.part.trading_wallet_id,
        lt_strategy_id=share.part.lt_strategy_id,
        token_id=share.part.token_id,
        condition_id=share.condition_id,
        shares=share.part.shares,
        cost=share.part.amount,
        payout=share.payout,
        occurred_at=now,
        number=number,
    )


def _owe(transaction: Transaction, owed: Sequence[Owed], known: Mapping[str, Market], now: datetime) -> None:
    """Opens the redemptions of what wallets are owed, or adds to those that are under way.

    A trade that the venue lists after the market was booked comes second: the chain pays it with the rest where the
    rest has not been paid, else in a redemption of its own.
    """
    due: list[NewRedemption] = []
    for each, before in redemptions_owed.add_expected(transaction, owed):
        name = f"{each.trading_wallet_id}:{each.condition_id}" + (f":{before}" if before else "")
        due.append(
            NewRedemption(
                lt_redemption_id=uuid5(_REDEMPTION_NAMESPACE, name), kind=_kind(known[each.condition_id]), owed=each
            )
        )
    redemptions_owed.open_all(transaction, due, now)


def _kind(market: Market) -> RedemptionKind:
    """What the catalogue says; the market's token ids have the last word before anything is signed."""
    if market.version is ProtocolVersion.V2:
        return RedemptionKind.ROUTER_V2
    return RedemptionKind.NEG_RISK if market.neg_risk else RedemptionKind.STANDARD
