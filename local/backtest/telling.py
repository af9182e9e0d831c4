"""A back-test in words, as a summary for programs, and as a tearsheet."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from live_trading.analytics.ended_trades import ResultFigures, TradeResult, grouped, price_bucket, results
from live_trading.analytics.intervals import Interval
from live_trading.analytics.returns import ReturnFigures, figures_of
from live_trading.analytics.tearsheet import Table, Tearsheet, page
from local.backtest.results import Bet, Results
from local.backtest.run import Question, Walked
from local.replay_data import Recording

_UNKNOWN = "not known"
_SHOWN_BETS = 40
_SEED = 7


class Told:
    """The figures of one back-test, computed once."""

    def __init__(self, found: Results, walked: Walked, question: Question, recording: Recording) -> None:
        self._found = found
        self._walked = walked
        self._question = question
        self._recording = recording
        self._ended = [bet.result for bet in found.bets if not bet.is_open]
        self._figures = results([bet.result for bet in found.bets], Random(_SEED))  # noqa: S311 (draws, no secret)
        self._returns = figures_of(found.curve)

    def verdict(self) -> str:
        """The answer in one sentence."""
        if not self._found.bets:
            reasons = ", ".join(f"{reason} ({count})" for reason, count in self._found.decisions.most_common(3))
            return f"Nothing would have been bought: {reasons or 'the trader made no trade'}."
        profit, cost = self._found.profit, self._figures.cost
        word = "made" if profit.value > 0 else "lost" if profit.value < 0 else "come out even with"
        open_part = ""
        if len(self._ended) < len(self._found.bets):
            open_part = f", of which {_usd(self._found.open_profit.value)} is not decided yet"
        return (
            f"Copying would have {word} {_usd(abs(profit.value))} on {_usd(cost.value)} of stakes "
            f"in {_counted(len(self._found.bets), 'bet')}{open_part}. {self._certainty()}"
        )

    def _certainty(self) -> str:
        ended = results(self._ended, Random(_SEED))  # noqa: S311 (draws, no secret)
        interval = ended.expectancy_interval
        if interval is None:
            return f"Decided in {_counted(ended.markets, 'market')}: too few to tell skill from luck."
        low, high = interval.low, interval.high
        if low > 0:
            return f"Per bet {_usd(low)} to {_usd(high)} (95 %, by market): more than luck would bring."
        if high < 0:
            return f"Per bet {_usd(low)} to {_usd(high)} (95 %, by market): worse than luck."
        return f"Per bet {_usd(low)} to {_usd(high)} (95 %, by market): it may be luck."

    def text(self, page_path: Path, summary_path: Path) -> str:
        """What a person reads in the terminal."""
        lines = [self.verdict(), ""]
        for table in (self._bars(), self._all(), self._decided()):
            lines += [table.heading, *_aligned(table), ""]
        lines += ["What to know of these figures", *(f"  {each}" for each in self._remarks()), ""]
        lines += [f"Tearsheet: {page_path}", f"Summary:   {summary_path}"]
        return "\n".join(lines)

    def html(self) -> str:
        """The tearsheet."""
        return page(
            Tearsheet(
                title=f"Copying {self._question.trader}",
                verdict=self.verdict(),
                curve=self._found.curve,
                tables=[self._bars(), self._all(), self._by_price(), self._decided(), self._bets()],
                remarks=self._remarks(),
            )
        )

    def summary(self) -> str:
        """The same for a program; dollars and ratios are decimal text."""
        found, figures, returns = self._found, self._figures, self._returns
        assumed = self._walked.assumed
        told: dict[str, Any] = {
            "trader": self._question.trader,
            "config": {name: str(value) for name, value in self._question.config.items()},
            "verdict": self.verdict(),
            "bets": len(found.bets),
            "open_bets": len(found.bets) - len(self._ended),
            "unfilled": found.unfilled,
            "stakes_usd": str(figures.cost),
            "profit_usd": str(found.profit),
            "open_profit_usd": str(found.open_profit),
            "leader_profit_usd": str(found.leader_profit),
            "gap": {"price_and_book_usd": str(found.paid_more), "fees_usd": str(found.fees)},
            "won": figures.won,
            "lost": figures.lost,
            "win_rate": _text(figures.win_rate),
            "expectancy_usd": _text(figures.expectancy),
            "sharpe": _text(returns.sharpe),
            "max_drawdown": None if returns.drawdown is None else str(returns.drawdown.fraction),
            "decisions": dict(found.decisions),
            "assumed": {
                "markets": len(assumed.markets),
                "versions": len(assumed.versions),
                "books": len(assumed.books),
                "times_of_endings": len(assumed.times_of_endings),
            },
            "quarantined": len(self._recording.quarantined),
            "failures": len(self._walked.failures),
        }
        return json.dumps(told, indent=2) + "\n"

    def _bars(self) -> Table:
        found = self._found
        return Table(
            heading="From the leader's profit to yours",
            columns=("", "USD"),
            rows=[
                ("the leader's prices, your stakes", _usd(found.leader_profit.value)),
                ("prices that had moved, and the book", _usd(-found.paid_more.value)),
                ("fees", _usd(-found.fees.value)),
                ("yours on paper", _usd(found.profit.value)),
            ],
            numbers=frozenset({1}),
        )

    def _all(self) -> Table:
        return Table(
            heading="Figures", columns=("", ""), rows=_rows(self._figures, self._returns), numbers=frozenset({1})
        )

    def _by_price(self) -> Table:
        by_price = grouped([bet.result for bet in self._found.bets], lambda each: price_bucket(each.price))
        return Table(
            heading="By the price of a share",
            columns=("price", "bets", "won", "profit USD"),
            rows=[(bucket, *_short(trades)) for bucket, trades in sorted(by_price.items())],
            numbers=frozenset({1, 2, 3}),
        )

    def _decided(self) -> Table:
        return Table(
            heading="What was decided of the trader's trades",
            columns=("reason", "trades"),
            rows=[
                *((reason, str(count)) for reason, count in self._found.decisions.most_common()),
                *([("accepted, and not filled", str(self._found.unfilled))] if self._found.unfilled else []),
            ],
            numbers=frozenset({1}),
        )

    def _bets(self) -> Table:
        best = sorted(self._found.bets, key=lambda bet: abs(bet.result.profit.value), reverse=True)[:_SHOWN_BETS]
        return Table(
            heading=f"The {len(best)} bets that moved most",
            columns=("when", "market", "price", "stake", "profit USD", "end"),
            rows=[_bet_row(bet) for bet in best],
            numbers=frozenset({2, 3, 4}),
        )

    def _remarks(self) -> list[str]:
        assumed, recording = self._walked.assumed, self._recording
        said = [
            "Each trade is decided at the end of its minute, by what was known then; nothing later is looked at.",
            f"Open bets ({len(self._found.bets) - len(self._ended)}) are worth the last recorded price of their token.",
        ]
        if assumed.markets:
            said.append(
                f"Not described in the data: {_counted(len(assumed.markets), 'market')}, taken as open, with two "
                "outcomes, no fees and a tick of a tenth of a cent."
            )
        if assumed.books:
            percent = self._question.slippage_fraction * 100
            said.append(
                f"Without a recorded book: {_counted(len(assumed.books), 'token')}, bought {percent.normalize():f} % "
                "above the last price and sold as much below it, whatever the size."
            )
        if assumed.versions:
            said.append(f"Without a named protocol: {_counted(len(assumed.versions), 'market')}, taken for the first.")
        if assumed.times_of_endings:
            said.append(
                f"Endings without a time: {len(assumed.times_of_endings)}, taken a minute after the last trade."
            )
        if recording.quarantined:
            said.append(
                f"{_counted(len(recording.quarantined), 'row')} could not be read; the first: {_why(recording)}."
            )
        said += [f"Failed: {each.part}: {each.error}: {each.message}" for each in self._walked.failures[:5]]
        return said


def _rows(figures: ResultFigures, returns: ReturnFigures) -> list[tuple[str, str]]:
    fall = returns.drawdown
    return [
        ("bets, markets", f"{figures.trades}, {figures.markets}"),
        ("won, lost", f"{figures.won}, {figures.lost}"),
        ("win rate (95 %)", f"{_percent(figures.win_rate)} {_between(figures.win_rate_interval)}"),
        ("profit a bet USD (95 %)", f"{_or(figures.expectancy)} {_plain(figures.expectancy_interval)}"),
        ("return on stakes", _percent(figures.return_on_cost)),
        ("won over lost", _or(figures.profit_factor)),
        ("held, median", _UNKNOWN if figures.median_held is None else str(figures.median_held).split(".")[0]),
        ("days", str(returns.days)),
        ("return of the balance", _percent(returns.total_return)),
        ("Sharpe, Sortino, a year", f"{_or(returns.sharpe)}, {_or(returns.sortino)}"),
        ("deepest fall", _UNKNOWN if fall is None else f"{_percent(fall.fraction)} in {_counted(fall.days, 'day')}"),
    ]


def _short(trades: Sequence[TradeResult]) -> tuple[str, str, str]:
    won = sum(1 for each in trades if each.profit.value > 0)
    return str(len(trades)), str(won), _usd(sum((each.profit.value for each in trades), Decimal(0)))


def _bet_row(bet: Bet) -> tuple[str, ...]:
    result = bet.result
    return (
        f"{result.opened_at:%Y-%m-%d %H:%M}",
        f"{bet.title[:60]}: {bet.outcome}",
        f"{result.price.value:.3f}",
        _usd(result.cost.value),
        _usd(result.profit.value),
        "open" if bet.is_open else result.exit_reason.lower(),
    )


def _aligned(table: Table) -> list[str]:
    widths = [max((len(row[place]) for row in table.rows), default=0) for place in range(len(table.columns))]
    return [
        "  "
        + "  ".join(
            cell.rjust(width) if place in table.numbers else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table.rows
    ]


def _why(recording: Recording) -> str:
    return recording.quarantined[0].reason[:120].replace("\n", " ")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _usd(value: Decimal) -> str:
    text = f"{value:.2f}"
    return text.removeprefix("-") if Decimal(text) == 0 else text


def _or(value: Decimal | None) -> str:
    return _UNKNOWN if value is None else f"{value:.2f}"


def _percent(value: Decimal | None) -> str:
    return _UNKNOWN if value is None else f"{value * 100:.1f} %"


def _between(interval: Interval | None) -> str:
    return "" if interval is None else f"({interval.low * 100:.0f} to {interval.high * 100:.0f} %)"


def _plain(interval: Interval | None) -> str:
    return "" if interval is None else f"({interval.low:.2f} to {interval.high:.2f})"


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
