"""Money and tokens that came to a wallet unasked: what the venue says that it paid, and what nothing explains.

A payment that the venue lists is booked by its type, as much of it as its transaction's receipt proves. What the chain
has above that is booked as EXTERNAL once two comparisons in a row have seen it, and an alert tells of it. Neither stops
the wallet. A payment that is listed later than its money was seen takes the place of the unexplained dollars.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from live_trading.chain.reading.reader import ChainReader
from live_trading.ledger import income_entries
from live_trading.ledger.transactions import LedgerTransaction
from live_trading.nouns.alerts import AlertType, Concern, Severity
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import GiveUp, RetryLater
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.wallets import TradingWallet
from live_trading.polymarket.data.payments import OwnPayment
from live_trading.store.books import breaks, ledger, surpluses, wallet_payments
from live_trading.store.books.breaks import COLLATERAL, Break, BreakKind
from live_trading.store.books.surpluses import Surplus
from live_trading.store.database import cursors, leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease
from live_trading.store.watch import alerts

# The activity lags the chain by minutes, and pays once a day what the day before has earned.
LOOK_BACK = timedelta(days=3)
ASK_AGAIN_AFTER = timedelta(minutes=5)
# The chain's clock and ours may differ by so much.
CLOCKS_DIFFER = timedelta(minutes=10)

ListPayments = Callable[[str, datetime], Sequence[OwnPayment]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proved:
    """A payment, and how much its transaction moved to the wallet; None where nobody can say."""

    payment: OwnPayment
    received: Usd | None


class UnaskedMoney:
    """Keeps the income of one wallet at a time; the caller holds the wallet's lease."""

    def __init__(self, *, database: Database, chain: ChainReader, payments: ListPayments | None, clock: Clock) -> None:
        """`payments` lists what the venue says that it paid to an address; None where nobody is asked."""
        self._database = database
        self._chain = chain
        self._payments = payments
        self._clock = clock

    def explain(self, lease: Lease, wallet: TradingWallet, *, is_urgent: bool) -> Usd:
        """Books what the venue's activity explains; how much collateral the ledger has gained by it.

        Asks at once where there `is_urgent` need, else every few minutes while dollars are unexplained. A venue that
        does not answer stops nothing: it is told of, and asked again.
        """
        if self._payments is None:
            return Usd.zero()
        now, wallet_id = self._clock.now(), wallet.trading_wallet_id
        cursor = f"own_payments:{wallet_id}"
        with self._database.transaction() as transaction:
            asked_at = cursors.times(transaction, [cursor]).get(cursor)
            since = max(now - LOOK_BACK, wallet_payments.registered_at(transaction, wallet_id))
            is_unexplained = surpluses.unexplained(transaction, wallet_id, since).is_positive
        is_due = asked_at is None or now - asked_at >= ASK_AGAIN_AFTER
        if not is_urgent and not (is_unexplained and is_due):
            return Usd.zero()
        try:
            proved = self._proved(wallet, since)
        except (RetryLater, GiveUp) as error:
            self._tell_of_silence(lease, wallet, error)
            return Usd.zero()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            gained = [self._book(transaction, wallet, each, now) for each in proved]
            cursors.advance_times(transaction, {cursor: now}, now)
            alerts.resolve_alert(transaction, alert_type=AlertType.OWN_PAYMENTS, subject=str(wallet_id), at=now)
            if not surpluses.unexplained(transaction, wallet_id).is_positive:
                subject = _alert_subject(wallet, COLLATERAL)
                alerts.resolve_alert(transaction, alert_type=AlertType.UNEXPLAINED_INCOME, subject=subject, at=now)
        return Usd.of_base_units(sum(each.base_units for each in gained))

    def _proved(self, wallet: TradingWallet, since: datetime) -> list[_Proved]:
        """Payments that are not booked, each with what the receipt of its transaction shows."""
        listed = [] if self._payments is None else list(self._payments(wallet.address, since))
        with self._database.transaction() as transaction:
            known = wallet_payments.known(transaction, wallet.trading_wallet_id, [_key(each) for each in listed])
        return [
            _Proved(payment=each, received=self._received(wallet, each)) for each in listed if _key(each) not in known
        ]

    def _received(self, wallet: TradingWallet, payment: OwnPayment) -> Usd | None:
        if payment.transaction_hash is None:
            return None
        receipt = self._chain.receipt(payment.transaction_hash, wallet.address)
        return None if receipt is None else receipt.collateral_received

    def _book(self, transaction: Transaction, wallet: TradingWallet, proved: _Proved, now: datetime) -> Usd:
        """Books one payment once; the collateral that the ledger gains by it.

        Where no receipt proves it, it only names dollars that were seen and not explained, and waits until there are
        enough of them.
        """
        payment, wallet_id = proved.payment, wallet.trading_wallet_id
        unexplained = min(
            surpluses.unexplained(transaction, wallet_id),
            surpluses.unexplained(transaction, wallet_id, payment.paid_at - CLOCKS_DIFFER),
        )
        amount = self._proved_amount(transaction, wallet_id, proved)
        if not amount.is_positive:
            amount = payment.amount
            if unexplained < amount:
                return Usd.zero()
        external = max(min(amount, unexplained), Usd.zero())
        is_new = wallet_payments.insert(
            transaction,
            trading_wallet_id=wallet_id,
            payment_key=_key(payment),
            income_type=payment.income_type,
            amount=payment.amount,
            booked=amount,
            external=external,
            transaction_hash=payment.transaction_hash,
            paid_at=payment.paid_at,
            now=now,
        )
        if not is_new:
            return Usd.zero()
        booked = income_entries.income(
            trading_wallet_id=wallet_id,
            income_type=payment.income_type,
            source=payment.key,
            amount=amount,
            occurred_at=payment.paid_at,
            already_external=external,
        )
        return amount - external if ledger.post(transaction, booked, now) else Usd.zero()

    def _proved_amount(self, transaction: Transaction, trading_wallet_id: UUID, proved: _Proved) -> Usd:
        """How much of what the row says its transaction has moved, less what other rows have had of it."""
        payment, received = proved.payment, proved.received
        if payment.transaction_hash is None or received is None:
            return Usd.zero()
        rest = received - wallet_payments.booked_of(transaction, trading_wallet_id, payment.transaction_hash)
        return min(payment.amount, rest)

    def _tell_of_silence(self, lease: Lease, wallet: TradingWallet, error: Exception) -> None:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            alerts.raise_alert(
                transaction,
                alert_type=AlertType.OWN_PAYMENTS,
                severity=Severity.WARNING,
                subject=str(wallet.trading_wallet_id),
                title=f"payments to {wallet.address} cannot be read",
                message=f"what came to the wallet stays unexplained until they can: {error}",
                at=now,
                concern=Concern(trading_wallet_id=wallet.trading_wallet_id),
            )

    def note(
        self,
        transaction: Transaction,
        wallet: TradingWallet,
        incoming: Sequence[Break],
        now: datetime,
        *,
        may_book: bool,
    ) -> None:
        """Books what two comparisons in a row have seen above the ledger, and remembers the rest for the next one.

        `may_book` is False where something is missing too, or the ledger has moved since the look: then the two may be
        sides of one trade or redemption that is not booked yet.
        """
        before = surpluses.of_wallet(transaction, wallet.trading_wallet_id)
        seen: dict[str, Decimal] = {}
        for each in incoming:
            above = each.observed - each.expected
            earlier = before.get(each.subject)
            if may_book and earlier is not None:
                above -= self._book_unexplained(transaction, wallet, each, earlier, now)
            if above > 0:
                seen[each.subject] = above
        surpluses.replace(transaction, wallet.trading_wallet_id, seen, now)

    def _book_unexplained(
        self, transaction: Transaction, wallet: TradingWallet, found: Break, earlier: Surplus, now: datetime
    ) -> Decimal:
        amount = min(earlier.amount, found.observed - found.expected)
        entry = _unexplained(wallet.trading_wallet_id, found, amount, source=f"surplus:{earlier.surplus_id}", now=now)
        surpluses.end(transaction, earlier.surplus_id)
        if not ledger.post(transaction, entry, now):
            return Decimal(0)
        breaks.record_explained(
            transaction, wallet.trading_wallet_id, found, correction_reference=entry.source_reference, now=now
        )
        alerts.raise_alert(
            transaction,
            alert_type=AlertType.UNEXPLAINED_INCOME,
            severity=Severity.WARNING,
            subject=_alert_subject(wallet, found.subject),
            title=f"{_what(found, amount)} came to {wallet.address} unasked",
            message=_may_explain(found),
            at=now,
            concern=Concern(trading_wallet_id=wallet.trading_wallet_id),
        )
        return amount


def split(found: Sequence[Break]) -> tuple[list[Break], list[Break]]:
    """What is above the ledger, and every other difference: only the latter are breaks."""
    incoming = [each for each in found if is_incoming(each)]
    return incoming, [each for each in found if not is_incoming(each)]


def is_incoming(found: Break) -> bool:
    """Whether the chain has more of it than the ledger."""
    return found.kind in (BreakKind.COLLATERAL, BreakKind.TOKEN_BALANCE) and found.observed > found.expected


def _unexplained(
    trading_wallet_id: UUID, found: Break, amount: Decimal, *, source: str, now: datetime
) -> LedgerTransaction:
    if found.kind is BreakKind.COLLATERAL:
        return income_entries.unexplained_collateral(
            trading_wallet_id=trading_wallet_id, source=source, amount=Usd(amount), occurred_at=now
        )
    return income_entries.unexplained_tokens(
        trading_wallet_id=trading_wallet_id,
        source=source,
        token_id=found.subject,
        shares=Shares(amount),
        occurred_at=now,
    )


def _key(payment: OwnPayment) -> str:
    return f"{payment.income_type}:{payment.key}"


def _alert_subject(wallet: TradingWallet, subject: str) -> str:
    return f"{wallet.trading_wallet_id}:{subject}"


def _what(found: Break, amount: Decimal) -> str:
    return f"{amount} pUSD" if found.kind is BreakKind.COLLATERAL else f"{amount} shares of token {found.subject}"


_KINDS: Mapping[BreakKind, str] = {
    BreakKind.COLLATERAL: (
        "the venue's activity lists no payment for it yet; it may be a deposit, a rebate or a reward that is listed "
        "late, a wrap, or a gift. It is booked as EXTERNAL in the wallet's unallocated money, and stops nothing"
    ),
    BreakKind.TOKEN_BALANCE: (
        "it may be a split or a purchase beside this system that is listed late, or a gift. It is booked as EXTERNAL "
        "shares, which no strategy sells, and stops nothing"
    ),
}


def _may_explain(found: Break) -> str:
    return f"expected {found.expected}, found {found.observed}: {_KINDS[found.kind]}"
