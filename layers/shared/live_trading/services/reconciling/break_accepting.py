"""Books what a person says that a break is: found tokens as positions, tokens gone as sold, dollars as moved.

Invariants: one break is explained by one entry; nothing is booked that the chain did not show; what strategies hold
afterwards, with what is nobody's, is what the chain has. Raises NoSuch, WrongState and DoesNotFit with nothing written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.ledger import found_entries
from live_trading.ledger.accounts import Account
from live_trading.ledger.found_entries import Adopted, Gone, Stake
from live_trading.ledger.payouts import split_payout
from live_trading.ledger.transactions import LedgerTransaction
from live_trading.nouns.errors import DoesNotFit, NoSuch, WrongState
from live_trading.nouns.markets import Market
from live_trading.nouns.money import Shares, Usd, total_shares, total_usd
from live_trading.store.accounts import live_strategies
from live_trading.store.books import ledger, position_corrections, surpluses
from live_trading.store.books.breaks import COLLATERAL, BreakKind, StoredBreak
from live_trading.store.books.surpluses import Surplus
from live_trading.store.chain import redemptions
from live_trading.store.database.connection import Transaction
from live_trading.store.feed import markets


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt:
    """A token to give to a strategy; all of it that is nobody's, unless `shares` says how many."""

    token_id: str
    lt_strategy_id: UUID
    shares: Shares | None
    cost: Usd | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What a person says: which tokens the dollars bought (None: nothing said), or whose shares went for how much."""

    adopt: tuple[Adopt, ...] | None = None
    lt_strategy_id: UUID | None = None
    proceeds: Usd | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """The entry that explains a break, None where nothing was left to book; `conditions` have other redemptions now."""

    reference: str | None
    conditions: frozenset[str] = frozenset()


def explain(transaction: Transaction, found: StoredBreak, said: Explanation, now: datetime) -> Booked:
    """Books it; the wallet's row is locked by the caller."""
    match found.found.kind:
        case BreakKind.COLLATERAL:
            _refuse_sale(said)
            return _dollars(transaction, found, said, now)
        case BreakKind.TOKEN_BALANCE | BreakKind.UNKNOWN_TRADE if found.is_shortage:
            _refuse_adoption(said)
            return _departure(transaction, found, said, now)
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
        _require_strategy(transaction, found, each.lt_strategy_id)
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


def _require_strategy(transaction: Transaction, found: StoredBreak, lt_strategy_id: UUID) -> None:
    if not live_strategies.trades_from(transaction, lt_strategy_id, found.trading_wallet_id):
        raise NoSuch("strategy")


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
    places = {each.token_id: _market(transaction, each.token_id) for each in adopted}
    owed = [_with_payout(transaction, found, each, places[each.token_id]) for each in adopted]
    entry = found_entries.adoption(
        break_id=found.break_id,
        trading_wallet_id=found.trading_wallet_id,
        adopted=owed,
        difference=difference,
        occurred_at=now,
    )
    _post(transaction, entry, now)
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


def _post(transaction: Transaction, entry: LedgerTransaction, now: datetime) -> None:
    if not ledger.post(transaction, entry, now):
        raise WrongState("the break is explained already", current_state="explained")


def _market(transaction: Transaction, token_id: str) -> Market:
    market = markets.of_token(transaction, token_id)
    if market is None:
        raise WrongState(f"the market of token {token_id} is not known here", current_state="unknown_market")
    return market


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


def _departure(transaction: Transaction, found: StoredBreak, said: Explanation, now: datetime) -> Booked:
    """Shares that are gone, out of those that nobody has first, then out of what strategies have."""
    token_id = found.found.subject
    missing = Shares(found.found.expected - found.found.observed)
    nobodys, credited = ledger.external_of_token(transaction, found.trading_wallet_id, token_id)
    stakes = _stakes(transaction, found, said.lt_strategy_id)
    if found.found.kind is BreakKind.UNKNOWN_TRADE:
        missing = min(missing, -nobodys) if nobodys.is_negative else Shares.zero()
        external, own = missing, Shares.zero()
        from_token, from_income = _sold_for(said, credited), Usd.zero()
    else:
        own = min(max(nobodys, Shares.zero()), missing)
        external = -own
        from_token, from_income = Usd.zero(), _had_already(transaction, found, said.proceeds)
    proceeds = from_token if found.found.kind is BreakKind.UNKNOWN_TRADE else said.proceeds or Usd.zero()
    gone = _gone(stakes, missing - own, proceeds, said)
    _require_unallocated(transaction, found, from_token + from_income)
    if not gone and not external:
        return Booked(reference=None)
    entry = found_entries.departure(
        break_id=found.break_id,
        trading_wallet_id=found.trading_wallet_id,
        token_id=token_id,
        gone=gone,
        external=external,
        from_token=from_token,
        from_income=from_income,
        occurred_at=now,
    )
    _post(transaction, entry, now)
    return _note_departure(transaction, found, gone, entry.source_reference, now)


def _stakes(transaction: Transaction, found: StoredBreak, lt_strategy_id: UUID | None) -> list[Stake]:
    held = [
        Stake(lt_strategy_id=each.lt_strategy_id, account=account, shares=each.shares, amount=each.amount)
        for account in (Account.POSITION_COST, Account.PENDING_REDEMPTION)
        for each in ledger.holdings(transaction, account, [found.found.subject])
        if each.trading_wallet_id == found.trading_wallet_id and each.shares.is_positive
    ]
    if lt_strategy_id is None:
        return held
    _require_strategy(transaction, found, lt_strategy_id)
    return [each for each in held if each.lt_strategy_id == lt_strategy_id]


def _gone(stakes: Sequence[Stake], missing: Shares, proceeds: Usd, said: Explanation) -> list[Gone]:
    there = total_shares([each.shares for each in stakes])
    if said.lt_strategy_id is not None and missing > there:
        raise DoesNotFit("lt_strategy_id", f"has {there} of the {missing} shares that are gone", allowed="no strategy")
    gone = found_entries.shared_among(stakes, missing, proceeds) if there and missing else []
    if proceeds and not gone:
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


def _note_departure(
    transaction: Transaction, found: StoredBreak, gone: Sequence[Gone], reference: str, now: datetime
) -> Booked:
    if not gone:
        return Booked(reference=reference)
    condition_id = _market(transaction, found.found.subject).condition_id
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
    if not any(each.stake.account is Account.PENDING_REDEMPTION for each in gone):
        return Booked(reference=reference)
    redemption = redemptions.of_condition(transaction, found.trading_wallet_id, condition_id)
    if redemption is not None and not redemptions.owe(
        transaction, redemption.lt_redemption_id, -found_entries.owed_no_more(gone)
    ):
        raise WrongState(f"the redemption of {condition_id} is {redemption.state}", current_state=redemption.state)
    return Booked(reference=reference, conditions=frozenset({condition_id}))
