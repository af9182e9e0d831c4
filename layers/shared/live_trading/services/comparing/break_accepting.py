"""Books what a person says that a break is: found tokens as positions, tokens gone as sold, dollars as moved.

Invariants: one break is explained by one entry; nothing is booked that the chain did not show; what strategies hold
afterwards, with what is nobody's, is what the chain has. Raises NoSuch, WrongState and DoesNotFit with nothing written.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from live_trading.ledger import found_entries
from live_trading.ledger.found_entries import Adopted
from live_trading.ledger.payouts import split_payout
from live_trading.nouns.errors import DoesNotFit, WrongState
from live_trading.nouns.markets import Market
from live_trading.nouns.money import Shares, Usd, total_usd
from live_trading.services.comparing import shares_gone
from live_trading.services.comparing.explanations import (
    Adopt,
    Booked,
    Explanation,
    market_of,
    post,
    require_settled,
    require_strategy,
)
from live_trading.store.books import ledger, surpluses
from live_trading.store.books.breaks import COLLATERAL, BreakKind, StoredBreak
from live_trading.store.books.surpluses import Surplus
from live_trading.store.chain import redemptions
from live_trading.store.database.connection import Transaction
from live_trading.store.feed import markets
from live_trading.store.positions import position_corrections


def explain(transaction: Transaction, found: StoredBreak, said: Explanation, now: datetime) -> Booked:
    """Books it; the wallet's row is locked by the caller."""
    match found.found.kind:
        case BreakKind.COLLATERAL:
            _refuse_sale(said)
            return _dollars(transaction, found, said, now)
        case BreakKind.TOKEN_BALANCE | BreakKind.UNKNOWN_TRADE if found.is_shortage:
            _refuse_adoption(said)
            return shares_gone.book(transaction, found, said, now)
        case BreakKind.TOKEN_BALANCE | BreakKind.UNKNOWN_TRADE if found.correction_reference is not None:
            _refuse_sale(said)
            return _tokens(transaction, found, found.correction_reference, said, now)
        case _:
            raise WrongState("only the difference of a balance can be accepted", current_state=found.found.kind)


def _refuse_sale(said: Explanation) -> None:
    for field, value in (("lt_strategy_id", said.lt_strategy_id), ("proceeds_usd", said.proceeds)):
        if value is not None:
            raise DoesNotFit(field, "is for shares that are gone", allowed="nothing here")


def _refuse_adoption(said: Explanation) -> None:
    if said.adopt:
        raise DoesNotFit("adopt", "is for tokens that were found", allowed="nothing where shares are gone")


def _dollars(transaction: Transaction, found: StoredBreak, said: Explanation, now: datetime) -> Booked:
    """Missing dollars that bought tokens, and the rest of the difference as moved by the owner."""
    above = surpluses.of_wallet(transaction, found.trading_wallet_id)
    tokens = [each for each in above.values() if each.subject != COLLATERAL]
    if said.adopt is None and tokens:
        there = "; ".join(f"{each.amount} shares of {each.subject}" for each in tokens)
        raise DoesNotFit(
            "adopt",
            f"says nothing, and tokens lie in the wallet that are booked for nobody: {there}",
            allowed="the tokens that these dollars bought, each with its strategy and cost; [] for none",
        )
    difference = Usd(found.found.observed - found.found.expected)
    missing = max(-difference, Usd.zero())
    asked = said.adopt or ()
    adopted = _adopted(transaction, found, asked, above, missing if len(asked) == 1 else None, missing)
    explained = total_usd([each.cost - each.to_wallet for each in adopted])
    return _book_adoption(transaction, found, adopted, difference + explained, above, now)


def _tokens(transaction: Transaction, found: StoredBreak, reference: str, said: Explanation, now: datetime) -> Booked:
    """Tokens that the entry `reference` booked for nobody go to a strategy, which pays the wallet their cost."""
    asked = said.adopt or ()
    booked = {each.token_id for each in ledger.booked(transaction, reference).entries if each.shares.is_positive}
    if len(asked) != 1 or asked[0].token_id not in booked:
        there = ", ".join(sorted(token for token in booked if token is not None)) or "nothing"
        raise DoesNotFit("adopt", "is not about the token of this break", allowed=f"one of token {there}")
    adopted = _adopted(transaction, found, asked, {}, None, Usd.zero())
    return _book_adoption(transaction, found, adopted, Usd.zero(), {}, now)


def _adopted(
    transaction: Transaction,
    found: StoredBreak,
    asked: Sequence[Adopt],
    above: dict[str, Surplus],
    default_cost: Usd | None,
    missing: Usd,
) -> list[Adopted]:
    """Each with what the chain shows for it; together they cost no more of what is `missing` than that."""
    if len({each.token_id for each in asked}) != len(asked):
        raise DoesNotFit("adopt", "names a token twice", allowed="each token once")
    nobodys = ledger.external_shares(transaction, found.trading_wallet_id, [each.token_id for each in asked])
    adopted: list[Adopted] = []
    left = missing
    for each in asked:
        require_strategy(transaction, found, each.lt_strategy_id)
        require_settled(transaction, found, each.token_id)
        unbooked = Shares(above[each.token_id].amount) if each.token_id in above else Shares.zero()
        there = unbooked + max(nobodys.get(each.token_id, Shares.zero()), Shares.zero())
        shares = there if each.shares is None else each.shares
        if not shares.is_positive or shares > there:
            raise DoesNotFit("adopt.shares", "is not what is nobody's of this token", allowed=f"above 0, up to {there}")
        cost = default_cost if each.cost is None else each.cost
        if cost is None:
            raise DoesNotFit("adopt.cost_usd", "is missing", allowed="what the shares cost, 0 for a gift")
        from_missing = min(cost, left)
        known = max(shares - unbooked, Shares.zero())
        if cost > from_missing and not known:
            raise DoesNotFit("adopt.cost_usd", "is more than is missing", allowed=f"0 to {left}")
        left -= from_missing
        adopted.append(
            Adopted(
                lt_strategy_id=each.lt_strategy_id,
                token_id=each.token_id,
                shares=shares,
                cost=cost,
                known=known,
                to_wallet=cost - from_missing,
                payout=None,
            )
        )
    _require_cash(transaction, adopted)
    return adopted


def _require_cash(transaction: Transaction, adopted: Sequence[Adopted]) -> None:
    for strategy in {each.lt_strategy_id for each in adopted}:
        wanted = total_usd([each.cost for each in adopted if each.lt_strategy_id == strategy])
        available = ledger.balances_of_strategy(transaction, strategy).available
        if wanted > available:
            raise DoesNotFit("adopt.cost_usd", "is more than the strategy has", allowed=f"0 to {available}")


def _book_adoption(
    transaction: Transaction,
    found: StoredBreak,
    adopted: Sequence[Adopted],
    difference: Usd,
    above: dict[str, Surplus],
    now: datetime,
) -> Booked:
    places = {each.token_id: market_of(transaction, each.token_id) for each in adopted}
    owed = [_with_payout(transaction, found, each, places[each.token_id]) for each in adopted]
    entry = found_entries.adoption(
        break_id=found.break_id,
        trading_wallet_id=found.trading_wallet_id,
        adopted=owed,
        difference=difference,
        occurred_at=now,
    )
    post(transaction, entry, now)
    for each in owed:
        if each.token_id in above:
            surpluses.end(transaction, above[each.token_id].surplus_id)
        position_corrections.add(
            transaction,
            trading_wallet_id=found.trading_wallet_id,
            lt_strategy_id=each.lt_strategy_id,
            condition_id=places[each.token_id].condition_id,
            token_id=each.token_id,
            shares=each.shares,
            usd=each.cost,
            source_reference=entry.source_reference,
            is_counted=each.payout is not None,
            now=now,
        )
    conditions = frozenset(places[each.token_id].condition_id for each in owed if each.payout is not None)
    return Booked(reference=entry.source_reference, conditions=conditions)


def _with_payout(transaction: Transaction, found: StoredBreak, adopted: Adopted, market: Market) -> Adopted:
    """What the shares are owed where their market's redemption was opened before they were found."""
    redemption = redemptions.of_condition(transaction, found.trading_wallet_id, market.condition_id)
    vector = markets.payout_vectors(transaction, [market.condition_id]).get(market.condition_id)
    if redemption is None or vector is None:
        return adopted
    (payout,) = split_payout(vector, market.token_ids.index(adopted.token_id), [adopted.shares])
    if not redemptions.owe(transaction, redemption.lt_redemption_id, payout):
        raise WrongState(
            f"the redemption of {market.condition_id} is {redemption.state}", current_state=redemption.state
        )
    return adopted.owed(payout)
