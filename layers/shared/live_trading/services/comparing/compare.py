"""Compares what the ledger says a trading wallet has with what the chain says, to the base unit.

It overwrites nothing: what is missing is written down as a break and stays open until a later comparison agrees, or
until the operator explains it. While one is open that nobody can explain, the wallet's entries stand still. What came
unasked is booked (see `unasked_money`) and stops nothing. What is on its way is told apart (see `differences`), so that
it takes the rest of the wallet out of no comparison.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from live_trading.chain.reading.reader import ChainReader, Holdings
from live_trading.nouns.clock import Clock
from live_trading.nouns.locks import LockReason, LockScope
from live_trading.nouns.money import Usd
from live_trading.nouns.wallets import TradingWallet
from live_trading.services.comparing import break_alerts, spender_watch
from live_trading.services.comparing.differences import differences, touched_by
from live_trading.services.comparing.missing_tokens import Missing, MissingTokens
from live_trading.services.comparing.unasked_money import ListPayments, UnaskedMoney, split
from live_trading.services.comparing.uncompared import ComparisonAge
from live_trading.store.books import breaks, ledger, surpluses, undecided
from live_trading.store.books.breaks import BALANCES, COLLATERAL, Break, StoredBreak
from live_trading.store.books.ledger import ExpectedHoldings
from live_trading.store.books.undecided import OnItsWay
from live_trading.store.database import cursors, leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease
from live_trading.store.positions import touched_tokens
from live_trading.store.risk import locks

# A quiet wallet writes nothing in most of its comparisons, and reads so many blocks of arrivals again.
_BLOCKS_TO_REMEMBER = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What the ledger says of a wallet, and what of it is on its way.

    `has_breaks`: breaks or a lock for them stand; `standing` are those breaks. `spenders` are the contracts whose
    allowance of collateral orders need. `touched` are tokens that orders could have brought.
    `has_surplus`: the last comparison saw more than the ledger has, of `surplus_tokens` among others.
    `is_unexplained`: dollars were booked that nothing explains yet. `arrivals_read_to`: the block up to which tokens
    that came unasked have been looked for. `compared_at`: when all of the wallet was last compared.
    """

    holdings: ExpectedHoldings
    has_breaks: bool
    spenders: tuple[str, ...]
    on_its_way: tuple[OnItsWay, ...] = ()
    standing: tuple[StoredBreak, ...] = ()
    touched: frozenset[str] = frozenset()
    has_surplus: bool = False
    is_unexplained: bool = False
    surplus_tokens: frozenset[str] = frozenset()
    arrivals_read_to: int = 0
    compared_at: datetime | None = None

    @property
    def tokens(self) -> list[str]:
        """What to ask the chain for: what is held first, so that it is read at one block with the collateral."""
        held = {token_id for token_id, shares in self.holdings.tokens.items() if shares}
        stood = {each.found.subject for each in self.standing if each.is_shortage}
        return [*sorted(held), *sorted((self.touched | self.surplus_tokens | stood) - held)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the ledger expects and what the chain has."""

    expected: Expectation
    observed: Holdings
    arrivals_read_to: int = 0

    @property
    def is_worth_noting(self) -> bool:
        """Whether the place up to which arrivals were read has moved far enough to be remembered."""
        before, after = self.expected.arrivals_read_to, self.arrivals_read_to
        return after > 0 and (before == 0 or after - before >= _BLOCKS_TO_REMEMBER)

    def differences(self, gained: Usd | None = None, unseen: Sequence[OnItsWay] = ()) -> list[Break]:
        """Every difference; `gained` is collateral booked since the look, `unseen` what proved undecided since."""
        return differences(
            expected=self.expected.holdings,
            observed=self.observed,
            on_its_way=[*self.expected.on_its_way, *unseen],
            gained=gained or Usd.zero(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    """What one comparison says: what is missing or at odds, what is above the ledger, and about what it is silent."""

    differing: list[Break]
    incoming: list[Break]
    untold: frozenset[str]
    transfers: dict[str, tuple[str, ...]]

    @property
    def may_book(self) -> bool:
        """Not where something is missing too, or may be: then the two can be sides of one trade or redemption."""
        return not self.untold and not any(each.kind in BALANCES for each in self.differing)


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
        exchanges: spender_watch.Spenders | None = None,
    ) -> None:
        """`exchange_address` is the contract whose allowance orders need, before the venue has said which it checks.

        `payments` lists what the venue says that it paid to an address; without it such money is unexplained.
        `exchanges` are the contracts that take the dollars of orders in markets of each kind.
        """
        self._database = database
        self._chain = chain
        self._spenders = exchanges or spender_watch.Spenders(standard=exchange_address)
        self._clock = clock
        self._actor = actor
        self._unasked = UnaskedMoney(database=database, chain=chain, payments=payments, clock=clock)
        self._missing = MissingTokens(database=database, chain=chain)
        self._age = ComparisonAge(database=database, clock=clock)

    def expectation(self, transaction: Transaction, wallet: TradingWallet) -> Expectation:
        """What the ledger says at this moment."""
        wallet_id = wallet.trading_wallet_id
        has_surplus, is_unexplained = surpluses.standing(transaction, wallet_id)
        has_breaks = breaks.any_standing(transaction, wallet_id)
        standing = tuple(breaks.standing(transaction, wallet_id)) if has_breaks else ()
        touched = touched_tokens.of_wallet(transaction, wallet_id)
        surplus_tokens = (
            frozenset(surpluses.of_wallet(transaction, wallet_id)) - {COLLATERAL} if has_surplus else frozenset()
        )
        asked_for = {*touched, *surplus_tokens, *(each.found.subject for each in standing if each.is_shortage)}
        return Expectation(
            holdings=ledger.expected_of_wallet(transaction, wallet_id, asked_for),
            has_breaks=has_breaks,
            spenders=spender_watch.needed(transaction, wallet_id, self._spenders),
            on_its_way=undecided.of_wallet(transaction, wallet_id),
            standing=standing,
            touched=touched,
            has_surplus=has_surplus,
            is_unexplained=is_unexplained,
            surplus_tokens=surplus_tokens,
            arrivals_read_to=cursors.number(transaction, _arrivals(wallet)),
            compared_at=self._age.compared_at(transaction, wallet_id),
        )

    def look(self, wallet: TradingWallet, expected: Expectation) -> Look:
        """Asks the chain about what is expected; touches no database. Raises as ChainReader does."""
        arrived, read_to = self._chain.arrived_tokens(wallet.address, expected.arrivals_read_to)
        tokens = list(dict.fromkeys([*expected.tokens, *arrived]))
        observed = self._chain.holdings(wallet.address, tokens, expected.spenders)
        return Look(expected=expected, observed=observed, arrivals_read_to=read_to)

    def run(
        self,
        lease: Lease,
        wallet: TradingWallet,
        unreadable: Sequence[Break] = (),
        unseen_orders: Collection[UUID] = (),
    ) -> int | None:
        """How many breaks there are; None where there is none, and something of the wallet is still on its way.

        `unreadable` are differences that the venue's answers are themselves, `unseen_orders` could not be looked up.
        """
        with self._database.transaction() as transaction:
            expected = self.expectation(transaction, wallet)
        return self.conclude(lease, wallet, self.look(wallet, expected), unreadable, unseen_orders)

    def conclude(
        self,
        lease: Lease,
        wallet: TradingWallet,
        look: Look,
        unreadable: Sequence[Break] = (),
        unseen_orders: Collection[UUID] = (),
    ) -> int | None:
        """The same from a look at the chain since which nothing of the wallet was booked."""
        look = self._with_arrivals(wallet, look)
        unseen = self._unseen(wallet, look, unseen_orders)
        gained = self._explained(lease, wallet, look, unseen)
        verdict = self._verdict(wallet, look, gained, unseen)
        seen = [*verdict.differing, *unreadable]
        is_news = bool(seen or verdict.incoming or look.expected.has_breaks or look.expected.has_surplus)
        if is_news or look.is_worth_noting:
            now = self._clock.now()
            with self._database.transaction() as transaction:
                leases.assert_held(transaction, lease)
                cursors.advance_number(transaction, _arrivals(wallet), look.arrivals_read_to, now)
                closed = breaks.replace_open(transaction, wallet.trading_wallet_id, seen, now, untold=verdict.untold)
                may_book = verdict.may_book and self._stands(transaction, wallet, look, gained)
                self._unasked.note(transaction, wallet, verdict.incoming, now, may_book=may_book)
                standing = breaks.standing(transaction, wallet.trading_wallet_id)
                break_alerts.tell(transaction, wallet, standing, verdict.transfers, now)
                break_alerts.resolve(transaction, closed, now)
                self._halt(transaction, wallet, [each for each in standing if each.is_halting], now)
        on_its_way = [*look.expected.on_its_way, *unseen]
        self._age.note(lease, wallet, look.expected.compared_at, on_its_way)
        return len(seen) if seen or not (on_its_way or verdict.untold) else None

    def note_silence(self, lease: Lease, wallet: TradingWallet) -> None:
        """For a pass that came to no comparison: tells of the wallet once that has gone on for long."""
        with self._database.transaction() as transaction:
            compared_at = self._age.compared_at(transaction, wallet.trading_wallet_id)
            on_its_way = undecided.of_wallet(transaction, wallet.trading_wallet_id)
        self._age.tell(lease, wallet, compared_at, on_its_way)

    def _with_arrivals(self, wallet: TradingWallet, look: Look) -> Look:
        """What the ledger has of tokens that the chain alone told of: losing outcomes that it left out, or nothing."""
        arrived = look.observed.tokens.keys() - set(look.expected.tokens) - look.expected.holdings.tokens.keys()
        if not arrived:
            return look
        with self._database.transaction() as transaction:
            holdings = ledger.expected_of_wallet(
                transaction, wallet.trading_wallet_id, {*look.expected.holdings.tokens, *arrived}
            )
        return replace(look, expected=replace(look.expected, holdings=holdings))

    def _unseen(self, wallet: TradingWallet, look: Look, unseen_orders: Collection[UUID]) -> list[OnItsWay]:
        """What is on its way because its orders could not be looked up in this pass."""
        if not unseen_orders:
            return []
        with self._database.transaction() as transaction:
            now_known = undecided.of_wallet(transaction, wallet.trading_wallet_id, unseen_orders)
        before = {each.what for each in look.expected.on_its_way}
        return [each for each in now_known if each.what not in before]

    def _verdict(self, wallet: TradingWallet, look: Look, gained: Usd, unseen: Sequence[OnItsWay]) -> _Verdict:
        incoming, differing = split(look.differences(gained, unseen))
        missing = self._missing.judge(wallet, differing, look.expected.standing, look.observed)
        return _Verdict(
            differing=[each for each in differing if not missing.is_silent_about(each)],
            incoming=incoming,
            untold=self._untold(look, unseen, missing),
            transfers=missing.transfers,
        )

    def _untold(self, look: Look, unseen: Sequence[OnItsWay], missing: Missing) -> frozenset[str]:
        on_its_way = [*look.expected.on_its_way, *unseen]
        dollars = {COLLATERAL} if any(each.least != each.most for each in on_its_way) else set()
        return frozenset({*touched_by(on_its_way), *missing.silent, *dollars})

    def _explained(self, lease: Lease, wallet: TradingWallet, look: Look, unseen: Sequence[OnItsWay]) -> Usd:
        """Collateral that the ledger has gained from what the venue says that it paid."""
        incoming, _ = split(look.differences(unseen=unseen))
        is_urgent = any(each.subject == COLLATERAL for each in incoming)
        if is_urgent or look.expected.is_unexplained:
            return self._unasked.explain(lease, wallet, is_urgent=is_urgent)
        return Usd.zero()

    def _stands(self, transaction: Transaction, wallet: TradingWallet, look: Look, gained: Usd) -> bool:
        """Whether the ledger still is what the look was compared with.

        Else something was sent or booked meanwhile, and the difference may be a side of it.
        """
        before = look.expected
        after = ledger.expected_of_wallet(transaction, wallet.trading_wallet_id, before.holdings.tokens)
        is_same = undecided.of_wallet(transaction, wallet.trading_wallet_id) == before.on_its_way
        return (
            is_same
            and after.collateral == before.holdings.collateral + gained
            and after.tokens == before.holdings.tokens
        )

    def _halt(
        self, transaction: Transaction, wallet: TradingWallet, halting: Sequence[StoredBreak], now: datetime
    ) -> None:
        """Locks the wallet's entries while a break stands that two comparisons have seen, and frees them after."""
        scope_id = str(wallet.trading_wallet_id)
        if halting:
            locks.put(
                transaction,
                scope=LockScope.TRADING_WALLET,
                scope_id=scope_id,
                reason=LockReason.BREAK_FOUND,
                detail=", ".join(f"{each.found.kind} {each.found.subject}" for each in halting)[:500],
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
