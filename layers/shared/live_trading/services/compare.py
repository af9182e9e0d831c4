"""Compares what the ledger says a trading wallet has with what the chain says, to the base unit.

It overwrites nothing: a difference is written down as a break and stays open until a later comparison agrees, or until
the operator explains it. While one is open that nobody can explain, the wallet's entries stand still.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from live_trading.chain.reader import ChainReader
from live_trading.nouns.clock import Clock
from live_trading.nouns.locks import LockReason, LockScope
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.wallets import TradingWallet
from live_trading.store import breaks, fills, leases, ledger, locks, redemptions
from live_trading.store.breaks import Break, BreakKind
from live_trading.store.database import Database, Transaction
from live_trading.store.leases import Lease

# What is looked at also while something settles.
_AT_ANY_TIME = (BreakKind.UNREADABLE_ANSWER,)


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
                subject="collateral",
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


def allowance_difference(*, needed: Usd, allowed_base_units: int) -> list[Break]:
    """Where the exchange may take less than the wallet has, its orders will be refused."""
    if allowed_base_units >= needed.base_units:
        return []
    allowed = Usd.of_base_units(allowed_base_units)
    return [Break(kind=BreakKind.ALLOWANCE, subject="exchange", expected=needed.value, observed=allowed.value)]


class Comparison:
    """Looks at one wallet at a time and keeps its breaks, and the lock that follows from them."""

    def __init__(
        self, *, database: Database, chain: ChainReader, exchange_address: str, clock: Clock, actor: str
    ) -> None:
        """`exchange_address` is the contract whose allowance orders need."""
        self._database = database
        self._chain = chain
        self._exchange_address = exchange_address
        self._clock = clock
        self._actor = actor

    def run(self, lease: Lease, wallet: TradingWallet, unreadable: Sequence[Break] = ()) -> int | None:
        """How many differences there are; None while something of the wallet is still settling.

        A fill between match and confirmation, or a redemption between broadcast and booking, is on one side only, so
        nothing can be said until it is through. `unreadable` are differences that the venue's answers are themselves.
        """
        found = self._observed(wallet)
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            kinds = _AT_ANY_TIME if found is None else tuple(BreakKind)
            seen = [*(found or []), *unreadable]
            breaks.replace_open(transaction, wallet.trading_wallet_id, seen, now, kinds=kinds)
            self._halt(transaction, wallet, now)
        return None if found is None else len(seen)

    def _observed(self, wallet: TradingWallet) -> list[Break] | None:
        with self._database.transaction() as transaction:
            if _is_settling(transaction, wallet):
                return None
            expected_collateral = ledger.expected_collateral(transaction, wallet.trading_wallet_id)
            expected_tokens = ledger.expected_tokens(transaction, wallet.trading_wallet_id)
            worthless = ledger.worthless_tokens(transaction, wallet.trading_wallet_id)
            sold = ledger.sold_by_others(transaction, wallet.trading_wallet_id)
        exchange = self._exchange_address
        found = differences(
            expected_collateral=expected_collateral,
            observed_collateral=self._chain.collateral_balance(wallet.address),
            expected_tokens=expected_tokens,
            observed_tokens=self._chain.token_balances(wallet.address, sorted(expected_tokens)),
            worthless=worthless,
        )
        found += [
            Break(kind=BreakKind.UNKNOWN_TRADE, subject=token, expected=held.value, observed=left_over.value)
            for token, (held, left_over) in sorted(sold.items())
        ]
        allowed = self._chain.allowances(wallet.address, [exchange])[exchange]
        return found + allowance_difference(needed=expected_collateral, allowed_base_units=allowed)

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


def _is_settling(transaction: Transaction, wallet: TradingWallet) -> bool:
    return fills.any_unsettled(transaction, wallet.trading_wallet_id) or redemptions.any_in_flight(
        transaction, wallet.trading_wallet_id
    )
