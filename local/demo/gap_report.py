"""From the leader's profit over paper's to live's: every dollar between them by its term, and whether they add up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from live_trading.store.database.connection import Transaction

_WIDEST_BAR = 24
_TOLD_BY_REASON = ("missed", "rest")
_WORDS = {
    "moved_price": "prices that had moved, and the book",
    "paper_fee": "fees on paper",
    "paper_unfilled": "what the book did not have",
    "paper_missed": "trades that only live made",
    "sizing": "other stakes",
    "rounding": "the venue's rounding",
    "timing": "the book moved until live looked",
    "spread_and_depth": "spread and depth",
    "partial_fill": "parts that did not match",
    "fee": "fees",
    "settlement_failure": "matches that failed to settle",
    "exit": "left at another time or price",
    "missed": "not traded",
    "live_only": "trades that only live made",
    "before_launch": "paper trades from before the launch",
    "rest": "of no trade",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """All strategies together, in dollars: the three bars, and the terms between them by name and reason.

    `identity_error` is what the terms do not explain, and by how much live's bar is not the ledger's marked profit.
    """

    leader: Decimal
    paper: Decimal
    live: Decimal
    to_paper: dict[str, Decimal]
    to_live: dict[str, Decimal]
    identity_error: Decimal


def read_waterfall(transaction: Transaction) -> Waterfall:
    """The sums as they are kept, held against the ledger."""
    rows = transaction.rows(
        """
        SELECT part, name, reason, sum(usd) AS usd FROM gap_totals
        GROUP BY part, name, reason HAVING sum(usd) <> 0 ORDER BY part, sum(usd) DESC, name, reason
        """
    )
    bars = {row["part"]: row["usd"] for row in rows if not row["name"]}
    leader, paper, live = (Decimal(bars.get(part, 0)) for part in ("LEADER", "PAPER", "LIVE"))
    to_paper = _by_key((row["name"], row["usd"]) for row in rows if row["part"] == "LEADER_TERM")
    to_live = _by_key((_key(row["name"], row["reason"]), row["usd"]) for row in rows if row["part"] == "TERM")
    unexplained = abs(leader - paper - sum(to_paper.values())) + abs(paper - live - sum(to_live.values()))
    booked = transaction.only(_MARKED_PROFIT)["profit"]
    return Waterfall(
        leader=leader,
        paper=paper,
        live=live,
        to_paper=to_paper,
        to_live=to_live,
        identity_error=unexplained + abs(live - booked),
    )


_MARKED_PROFIT = """
SELECT
    (
        SELECT -coalesce(sum(amount_usd), 0) FROM ledger_entries
        WHERE account IN ('REALISED_PNL', 'FEES') AND lt_strategy_id IS NOT NULL
    ) + (
        SELECT
            coalesce(sum(
                coalesce(floor(position.shares * mark.bid_price * 1000000) / 1000000, position.amount_usd)
                - position.amount_usd
            ), 0)
        FROM ledger_holdings AS position LEFT JOIN position_marks AS mark USING (trading_wallet_id, token_id)
        WHERE position.account = 'POSITION_COST' AND position.shares <> 0 AND position.lt_strategy_id IS NOT NULL
    ) AS profit
"""


def _key(name: str, reason: str) -> str:
    """A term, and its reason where that is what it is told by."""
    return f"{name}:{reason}" if reason and name in _TOLD_BY_REASON else name


def _by_key(found: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    summed: dict[str, Decimal] = {}
    for key, usd in found:
        summed[key] = summed.get(key, Decimal(0)) + usd
    return dict(sorted(summed.items(), key=lambda each: -each[1]))


def waterfall_text(found: Waterfall) -> str:
    """The bars and terms as lines, each with a bar of its length."""
    widest = max((abs(usd) for usd in (found.leader, found.paper, found.live)), default=Decimal(0)) or Decimal(1)
    lines = [
        "From the leader's profit to live's, USD",
        _line("the leader's prices, paper's stakes", found.leader, widest),
    ]
    lines += [_line(f"  {_said(name)}", -usd, widest) for name, usd in found.to_paper.items()]
    lines += [_line("paper", found.paper, widest)]
    lines += [_line(f"  {_said(name)}", -usd, widest) for name, usd in found.to_live.items()]
    lines += [_line("live", found.live, widest), f"  not explained: {found.identity_error:.6f}"]
    return "\n".join(lines)


def _said(key: str) -> str:
    name, _, reason = key.partition(":")
    words = _WORDS.get(name, name)
    return f"{words} ({reason})" if reason else words


def _line(label: str, usd: Decimal, widest: Decimal) -> str:
    length = min(int(abs(usd) / widest * _WIDEST_BAR), _WIDEST_BAR)
    return f"  {label:<58}{usd:>12.2f}  {('+' if usd > 0 else '-') * length}".rstrip()
