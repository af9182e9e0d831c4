"""Compares what the ledger says a trading wallet has with what the chain says, to the base unit.

It overwrites nothing: what is missing is written down as a break and stays open until a later comparison agrees, or
until the operator explains it. While one is open that nobody can explain, the wallet's entries stand still. What came
unasked is booked (see `unasked_money`) and stops nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.chain.reading.reader import ChainReader, Holdings
from live_trading.nouns.clock import Clock
from live_trading.nouns.locks import LockReason, LockScope
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.wallets import AssetType, TradingWallet
from live_trading.services.reconciling.unasked_money import (
    COLLATERAL,
    ListPayments,
    UnaskedMoney,
    split,
)
from live_trading.store.books import breaks, ledger, surpluses
from live_trading.store.books.breaks import Break, BreakKind
from live_trading.store.books.ledger import ExpectedHoldings
from live_trading.store.chain import redemptions, venue_spenders
from live_trading.store.database import cursors, leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease
from live_trading.store.orders import fills
from live_trading.store.risk import locks

# What is looked at also while something settles.
_AT_ANY_TIME = (BreakKind.UNREADABLE_ANSWER,)
# A quiet wallet writes nothing in most of its comparisons, and reads so many blocks of arrivals again.
_BLOCKS_TO_REMEMBER = 200
_BALANCES = (BreakKind.COLLATERAL, BreakKind.TOKEN_BALANCE)


def differences(
    *,
    expected_collateral: Usd,
    observed_collateral: Usd,
    expected_tokens: dict[str, Shares],
    observed_tokens: dict[str, Shares],
    worthless: Collection[str] = (),
) -> list[Break]:
    """Every difference between the two, collateral first, then tokens in order of their id.

    `worthless` tokens have resolved and pay nothing. Whoever redeems their market burns them too, so that they are
    gone is no difference.
    """
    found: list[Break] = []
    if expected_collateral != observed_collateral:
        found.append(
            Break(
                kind=BreakKind.COLLATERAL,
                subject=COLLATERAL,
                expected=expected_collateral.value,
                observed=observed_collateral.value,
            )
        )
    for token_id in sorted(expected_tokens.keys() | observed_tokens.keys()):
        expected = expected_tokens.get(token_id, Shares.zero())
        observed = observed_tokens.get(token_id, Shares.zero())
        is_burnt = token_id in worthless and not observed
        if expected != observed and not is_burnt:
            found.append(
                Break(
                    kind=BreakKind.TOKEN_BALANCE,
                    subject=token_id,
                    expected=expected.value,
                    observed=observed.value,
                )
            )
    return found


def allowance_differences(*, needed: Usd, allowances: Mapping[str, int]) -> list[Break]:
    """Where a contract that the venue checks may take less than the wallet has, orders will be refused.

    `allowances` are base units by spender.
    """
    return [
        Break(
            kind=BreakKind.ALLOWANCE,
            subject=spender,
            expected=needed.value,
            observed=Usd.of_base_units(allowed).value,
        )
        for spender, allowed in sorted(allowances.items())
        if allowed < needed.base_units
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What the ledger says of a wallet: nothing while it is settling. `has_breaks`: earlier ones stand.

    `spenders` are the contracts whose allowance of collateral the venue checks.
    `has_surplus`: the last comparison saw more than the ledger has, of `surplus_tokens` among others.
    `is_unexplained`: dollars were booked that nothing explains yet. `arrivals_read_to`: the block up to which tokens
    that came unasked have been looked for.
    """

    holdings: ExpectedHoldings | None
    has_breaks: bool
    spenders: tuple[str, ...]
    has_surplus: bool = False
    is_unexplained: bool = False
    surplus_tokens: frozenset[str] = frozenset()
    arrivals_read_to: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the ledger expects and what the chain has; `observed` is None where nothing can be expected."""

    expected: Expectation
    observed: Holdings | None
    arrivals_read_to: int = 0

    @property
    def is_worth_noting(self) -> bool:
        """Whether the place up to which arrivals were read has moved far enough to be remembered."""
        before, after = self.expected.arrivals_read_to, self.arrivals_read_to
        return after > 0 and (before == 0 or after - before >= _BLOCKS_TO_REMEMBER)

    def differences(self, gained: Usd | None = None) -> list[Break] | None:
        """Every difference; None where there is nothing to compare yet.

        `gained` is collateral that was booked since the look and that it has seen.
        """
        expected, observed = self.expected.holdings, self.observed
        if expected is None or observed is None:
            return None
        found = differences(
            expected_collateral=expected.collateral + (gained or Usd.zero()),
            observed_collateral=observed.collateral,
            expected_tokens=expected.tokens,
            observed_tokens=observed.tokens,
            worthless=expected.worthless,
        )
        found += [
            Break(kind=BreakKind.UNKNOWN_TRADE, subject=token, expected=held.value, observed=left_over.value)
            for token, (held, left_over) in sorted(expected.sold_by_others.items())
        ]
        return found + allowance_differences(needed=expected.collateral, allowances=observed.allowances)


class Comparison:
    """Looks at one wallet at a time and keeps its breaks, and the lock that follows from them."""

    def __init__(
        self,
        *,
        database: Database,
        chain: ChainReader,
        exchange_address: str,
        clock: Clock,
        actor: str,
        payments: ListPayments | None = None,
    ) -> None:
        """`exchange_address` is the contract whose allowance orders need, before the venue has said which it checks.

        `payments` lists what the venue says that it paid to an address; without it such money is unexplained.
        """
        self._database = database
        self._chain = chain
        self._exchange_address = exchange_address
        self._clock = clock
        self._actor = actor
        self._unasked = UnaskedMoney(database=database, chain=chain, payments=payments, clock=clock)

    def expectation(self, transaction: Transaction, wallet: TradingWallet) -> Expectation:
        """What the ledger says at this moment."""
        wallet_id = wallet.trading_wallet_id
        is_settling = _is_settling(transaction, wallet_id)
        has_surplus, is_unexplained = surpluses.standing(transaction, wallet_id)
        return Expectation(
            holdings=None if is_settling else ledger.expected_of_wallet(transaction, wallet_id),
            has_breaks=breaks.any_standing(transaction, wallet_id),
            spenders=self._spenders(transaction, wallet_id),
            has_surplus=has_surplus,
            is_unexplained=is_unexplained,
            surplus_tokens=frozenset(surpluses.of_wallet(transaction, wallet_id)) - {COLLATERAL}
            if has_surplus
            else frozenset(),
            arrivals_read_to=cursors.number(transaction, _arrivals(wallet)),
        )

    def _spenders(self, transaction: Transaction, trading_wallet_id: UUID) -> tuple[str, ...]:
        known = venue_spenders.of_wallet(transaction, trading_wallet_id)
        return tuple(each.spender for each in known if each.asset_type is AssetType.COLLATERAL) or (
            self._exchange_address,
        )

    def look(self, wallet: TradingWallet, expected: Expectation) -> Look:
        """Asks the chain about what is expected; touches no database. Raises as ChainReader does."""
        if expected.holdings is None:
            return Look(expected=expected, observed=None)
        arrived, read_to = self._chain.arrived_tokens(wallet.address, expected.arrivals_read_to)
        tokens = sorted({*expected.holdings.tokens, *expected.surplus_tokens, *arrived})
        observed = self._chain.holdings(wallet.address, tokens, expected.spenders)
        return Look(expected=expected, observed=observed, arrivals_read_to=read_to)

    def run(self, lease: Lease, wallet: TradingWallet, unreadable: Sequence[Break] = ()) -> int | None:
        """How many breaks there are; None while something of the wallet is still settling.

        A fill between match and confirmation, or a redemption between broadcast and booking, is on one side only, so
        nothing can be said until it is through. `unreadable` are differences that the venue's answers are themselves.
        """
        with self._database.transaction() as transaction:
            expected = self.expectation(transaction, wallet)
        return self.conclude(lease, wallet, self.look(wallet, expected), unreadable)

    def conclude(self, lease: Lease, wallet: TradingWallet, look: Look, unreadable: Sequence[Break] = ()) -> int | None:
        """The same from a look at the chain since which nothing of the wallet was booked."""
        gained = self._explained(lease, wallet, look)
        found = look.differences(gained)
        incoming, differing = split(found or [])
        seen = [*differing, *unreadable]
        is_news = bool(seen or incoming or look.expected.has_breaks or look.expected.has_surplus)
        if is_news or look.is_worth_noting:
            now = self._clock.now()
            with self._database.transaction() as transaction:
                leases.assert_held(transaction, lease)
                if found is not None:
                    cursors.advance_number(transaction, _arrivals(wallet), look.arrivals_read_to, now)
                kinds = _AT_ANY_TIME if found is None else tuple(BreakKind)
                breaks.replace_open(transaction, wallet.trading_wallet_id, seen, now, kinds=kinds)
                if found is not None:
                    is_whole = not any(each.kind in _BALANCES for each in differing)
                    may_book = is_whole and self._stands(transaction, wallet, look, gained)
                    self._unasked.note(transaction, wallet, incoming, now, may_book=may_book)
                self._halt(transaction, wallet, now)
        return None if found is None else len(seen)

    def _explained(self, lease: Lease, wallet: TradingWallet, look: Look) -> Usd:
        """Collateral that the ledger has gained from what the venue says that it paid."""
        incoming, _ = split(look.differences() or [])
        is_urgent = any(each.kind is BreakKind.COLLATERAL for each in incoming)
        if is_urgent or (look.observed is not None and look.expected.is_unexplained):
            return self._unasked.explain(lease, wallet, is_urgent=is_urgent)
        return Usd.zero()

    def _stands(self, transaction: Transaction, wallet: TradingWallet, look: Look, gained: Usd) -> bool:
        """Whether the ledger still is what the look was compared with.

        Else something was sent or booked meanwhile, and the difference may be a side of it.
        """
        before, after = look.expected.holdings, self.expectation(transaction, wallet).holdings
        if before is None or after is None:
            return False
        return after.collateral == before.collateral + gained and after.tokens == before.tokens

    def _halt(self, transaction: Transaction, wallet: TradingWallet, now: datetime) -> None:
        """Locks the wallet's entries while a break stands that two comparisons have seen, and frees them after."""
        standing = breaks.halting(transaction, wallet.trading_wallet_id)
        scope_id = str(wallet.trading_wallet_id)
        if standing:
            locks.put(
                transaction,
                scope=LockScope.TRADING_WALLET,
                scope_id=scope_id,
                reason=LockReason.BREAK_FOUND,
                detail=", ".join(f"{each.found.kind} {each.found.subject}" for each in standing)[:500],
                created_by=self._actor,
                now=now,
            )
            return
        locks.release(
            transaction,
            scope=LockScope.TRADING_WALLET,
            scope_id=scope_id,
            reason=LockReason.BREAK_FOUND,
            released_by=self._actor,
            now=now,
        )


def _arrivals(wallet: TradingWallet) -> str:
    return f"arrived_tokens:{wallet.trading_wallet_id}"


def _is_settling(transaction: Transaction, trading_wallet_id: UUID) -> bool:
    return fills.any_unsettled(transaction, trading_wallet_id) or redemptions.any_in_flight(
        transaction, trading_wallet_id
    )
