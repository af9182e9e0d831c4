"""The report of the main job: for a person on the terminal, and the same numbers as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from local.demo.comparison import Line
from local.demo.facts import Facts
from local.demo.gap_report import waterfall_text

SHOWN_FILLS = 15
SHOWN_TOKENS = 6


def text(facts: Facts, lines: list[Line], seconds: float) -> str:
    """What happened, in the order in which it happened."""
    parts = [
        f"Source trades seen: {facts.source_trades} (scripted traders; quarantined rows: {facts.quarantined})",
        _counted(f"Decisions of LT strategies by reason, of {facts.to_decide} due", facts.decisions),
        _counted("Decisions of FT wallets by reason", facts.paper_decisions),
        _counted("Risk rules that cut or stopped entries", facts.stopping_rules),
        _counted("Locks that were put", facts.locks),
        _counted("Orders by state", facts.orders),
        _counted("Refused by the venue", facts.rejections),
        _fills(facts),
        _counted("Fills by kind of market", facts.fills_by_kind),
        _counted("Positions", facts.positions),
        _counted("Live positions that were left, by what ended them", facts.exits),
        _worth_of_exits(facts),
        _redemptions(facts),
        _unasked(facts),
        _paper_and_live(facts),
        waterfall_text(facts.waterfall),
        _comparison(lines),
        f"Open breaks: {facts.open_breaks}. Trades that went the whole way: {facts.whole_way}. Took {seconds:.0f} s.",
    ]
    return "\n\n".join(part for part in parts if part)


def write_summary(path: Path, facts: Facts, lines: list[Line], seconds: float) -> None:
    """The same as JSON; dollars are decimal text."""
    differing = sum(1 for line in lines if not line.agrees)
    path.parent.mkdir(parents=True, exist_ok=True)
    summary = {
        "source_trades": facts.source_trades,
        "to_decide": facts.to_decide,
        "decisions": facts.decisions,
        "paper_decisions": facts.paper_decisions,
        "stopping_rules": facts.stopping_rules,
        "locks": facts.locks,
        "orders": facts.orders,
        "rejections": facts.rejections,
        "fills": len(facts.fills),
        "filled_usd": str(sum((fill["cost_usd"] for fill in facts.fills), Decimal(0))),
        "fees_usd": str(sum((fill["fee_usd"] for fill in facts.fills), Decimal(0))),
        "fills_by_kind": facts.fills_by_kind,
        "unasked_usd": {name: str(usd) for name, usd in facts.unasked.items()},
        "resolved": facts.positions,
        "exits": facts.exits,
        "worth_of_exits": [
            {"rule": each.rule, "bets": each.bets, "sales": each.sales, "pnl_usd": str(each.pnl)}
            for each in facts.worth_of_exits
        ],
        "redemptions": facts.redemptions,
        "strategies": [
            {
                "name": each.name,
                "paper_bets": each.paper_orders,
                "paper_pnl_usd": str(each.paper_pnl),
                "live_bets": each.live_orders,
                "live_pnl_usd": str(each.live_pnl),
                "equity_usd": str(each.live_equity),
            }
            for each in facts.strategies
        ],
        "paper_pnl_usd": str(facts.paper_pnl),
        "live_pnl_usd": str(facts.live_pnl),
        "leader_pnl_usd": str(facts.waterfall.leader),
        "gap": {
            "terms": {name: str(usd) for name, usd in (facts.waterfall.to_paper | facts.waterfall.to_live).items()},
            "total": str(facts.waterfall.leader - facts.waterfall.live),
            "identity_error": str(facts.waterfall.identity_error),
        },
        "breaks": differing + facts.open_breaks,
        "whole_way": facts.whole_way,
        "seconds": round(seconds, 1),
    }
    path.write_text(json.dumps(summary, indent=2) + "\n")


def agrees(facts: Facts, lines: list[Line]) -> bool:
    """True where ledger, venue and chain agree to 1e-6, the gap is explained, and a trade went the whole way."""
    is_explained = facts.waterfall.identity_error < Decimal("0.000001")
    return all(line.agrees for line in lines) and facts.open_breaks == 0 and facts.whole_way > 0 and is_explained


def _counted(title: str, counts: dict[str, int]) -> str:
    if not counts:
        return ""
    width = max(len(name) for name in counts)
    return f"{title}\n" + "\n".join(f"  {name:<{width}}  {count:>6}" for name, count in counts.items())


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Left-aligned first column, right-aligned others."""
    cells = [list(header), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return "\n".join(
        "  "
        + "  ".join(
            value.ljust(width) if column == 0 else value.rjust(width)
            for column, (value, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )


def _basis_points(fill_price: Decimal, signal_price: Decimal) -> str:
    return f"{(fill_price - signal_price) / signal_price * 10_000:+.0f}"


def _fills(facts: Facts) -> str:
    if not facts.fills:
        return "Fills: none"
    header = ["market", "side", "signal", "limit", "fill", "bp", "shares", "cost", "fee", "status"]
    rows = [
        [
            fill["slug"],
            fill["outcome"],
            f"{fill['signal_price']:.3f}",
            f"{fill['limit_price']:.3f}",
            f"{fill['price']:.4f}",
            _basis_points(fill["price"], fill["signal_price"]),
            f"{fill['shares']:.2f}",
            f"{fill['cost_usd']:.2f}",
            f"{fill['fee_usd']:.4f}",
            fill["status"],
        ]
        for fill in facts.fills[:SHOWN_FILLS]
    ]
    more = len(facts.fills) - SHOWN_FILLS
    tail = f"\n  … and {more} more" if more > 0 else ""
    mean = sum(
        ((fill["price"] - fill["signal_price"]) / fill["signal_price"] for fill in facts.fills), Decimal(0)
    ) / len(facts.fills)
    return (
        f"Fills: {len(facts.fills)}, on average {mean * 10_000:+.0f} bp against the signal\n"
        + _table(header, rows)
        + tail
    )


def _redemptions(facts: Facts) -> str:
    if not facts.redemptions:
        return ""
    total = sum((row["redemption_amount_usd"] for row in facts.redeemed), Decimal(0))
    lines = [_counted("Redemptions", facts.redemptions)]
    lines += [
        f"  {row['slug']}  {row['redemption_amount_usd']:>12.6f} USD  {row['transaction_hash']}"
        for row in facts.redeemed
    ]
    lines.append(f"  {total:.6f} USD in all")
    return "\n".join(lines)


def _worth_of_exits(facts: Facts) -> str:
    """The same paper wallet without and with each rule of leaving; over so few bets it is an anecdote, and says n."""
    if not facts.worth_of_exits:
        return ""
    without = facts.worth_of_exits[0]
    rows = [
        [each.rule, str(each.bets), str(each.sales), f"{each.pnl:+.2f}", f"{each.pnl - without.pnl:+.2f}"]
        for each in facts.worth_of_exits
    ]
    header = ["What a rule of leaving was worth on paper", "bets (n)", "sales", "P&L", "against none"]
    return _table(header, rows)[2:]


def _unasked(facts: Facts) -> str:
    """Rebates and gifts: money that no trade of ours asked for, the wallet's and no strategy's."""
    if not facts.unasked:
        return ""
    rows = [f"  {name:<22}{usd:>14.6f} USD" for name, usd in facts.unasked.items()]
    return "\n".join(["Money that came unasked", *rows])


def _paper_and_live(facts: Facts) -> str:
    header = [
        "Paper and live, USD after fees",
        "capital",
        "paper bets",
        "paper P&L",
        "live bets",
        "live P&L",
        "equity",
    ]
    rows = [
        [
            each.name,
            f"{each.capital:.2f}",
            str(each.paper_orders),
            f"{each.paper_pnl:+.2f}",
            str(each.live_orders),
            f"{each.live_pnl:+.2f}",
            f"{each.live_equity:.2f}",
        ]
        for each in facts.strategies
    ]
    total = ["all", "", "", f"{facts.paper_pnl:+.2f}", "", f"{facts.live_pnl:+.2f}", ""]
    return _table(header, [*rows, total])[2:]


def _comparison(lines: list[Line]) -> str:
    """Collateral and the tokens that matter: all that differ, and the first few that are held."""
    tokens = [line for line in lines[1:] if not line.agrees]
    tokens += [line for line in lines[1:] if line.agrees and line.ledger][:SHOWN_TOKENS]
    rows = [
        [line.subject, f"{line.ledger:.6f}", f"{line.venue:.6f}", f"{line.chain:.6f}", "yes" if line.agrees else "NO"]
        for line in [lines[0], *tokens]
    ]
    agreeing = sum(1 for line in lines if line.agrees)
    return (
        _table(["Ledger = venue = chain", "ledger", "venue", "chain", "agree"], rows)[2:]
        + f"\n  {agreeing} of {len(lines)} agree to 1e-6"
    )
