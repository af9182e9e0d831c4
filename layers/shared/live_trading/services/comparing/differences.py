"""What the chain has and the ledger has not, and the other way round. Pure.

Invariants: a token that anything on its way touches is not judged; collateral is judged only beyond what all that is on
its way can put it off together. So a trade that never settles hides no more than its own amount.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from live_trading.chain.reading.reader import Holdings
from live_trading.nouns.money import Shares, Usd, total_usd
from live_trading.store.books.breaks import COLLATERAL, Break, BreakKind
from live_trading.store.books.ledger import ExpectedHoldings
from live_trading.store.books.undecided import OnItsWay


def differences(
    *, expected: ExpectedHoldings, observed: Holdings, on_its_way: Sequence[OnItsWay], gained: Usd
) -> list[Break]:
    """Every difference between the two: collateral, tokens in order of their id, sales by others, allowances.

    `gained` is collateral that was booked since `expected` was read and that the chain was seen with.
    """
    return [
        *_of_collateral(expected.collateral + gained, observed.collateral, on_its_way),
        *_of_tokens(expected, observed.tokens, touched_by(on_its_way)),
        *_sold_by_others(expected),
        *_of_allowances(needed=expected.collateral, allowances=observed.allowances),
    ]


def touched_by(on_its_way: Sequence[OnItsWay]) -> frozenset[str]:
    """Tokens about which nothing can be said yet."""
    return frozenset().union(*(each.tokens for each in on_its_way))


def _of_collateral(expected: Usd, observed: Usd, on_its_way: Sequence[OnItsWay]) -> list[Break]:
    least = expected + total_usd([each.least for each in on_its_way])
    most = expected + total_usd([each.most for each in on_its_way])
    if least <= observed <= most:
        return []
    bound = least if observed < least else most
    return [Break(kind=BreakKind.COLLATERAL, subject=COLLATERAL, expected=bound.value, observed=observed.value)]


def _of_tokens(expected: ExpectedHoldings, observed: Mapping[str, Shares], untold: Collection[str]) -> list[Break]:
    """Worthless tokens have resolved and pay nothing: whoever redeems their market burns them, and that is none."""
    found: list[Break] = []
    for token_id in sorted((expected.tokens.keys() | observed.keys()) - set(untold)):
        held, there = expected.tokens.get(token_id, Shares.zero()), observed.get(token_id, Shares.zero())
        is_burnt = token_id in expected.worthless and not there
        if held != there and not is_burnt:
            found.append(
                Break(kind=BreakKind.TOKEN_BALANCE, subject=token_id, expected=held.value, observed=there.value)
            )
    return found


def _sold_by_others(expected: ExpectedHoldings) -> list[Break]:
    return [
        Break(kind=BreakKind.UNKNOWN_TRADE, subject=token_id, expected=held.value, observed=left_over.value)
        for token_id, (held, left_over) in sorted(expected.sold_by_others.items())
    ]


def _of_allowances(*, needed: Usd, allowances: Mapping[str, int]) -> list[Break]:
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
