"""A tearsheet: one page of HTML with a curve and tables, without script or anything from elsewhere; prints on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape

from live_trading.analytics.returns import EquityDay

_WIDTH, _HEIGHT, _MARGIN = 720, 220, 8
_STYLE = """
:root{color-scheme:light dark}body{font:14px/1.45 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.05rem;margin-top:1.6rem}table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.15rem .6rem .15rem 0;border-bottom:1px solid #8884;vertical-align:top}
td.n{text-align:right;font-variant-numeric:tabular-nums}svg{width:100%;height:auto}
@media print{body{margin:0;max-width:none}h2{break-after:avoid}tr{break-inside:avoid}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A heading, the names of columns, and rows of text; `numbers` are the columns that are aligned to the right."""

    heading: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tearsheet:
    """What stands on the page, in its order."""

    title: str
    verdict: str
    curve: Sequence[EquityDay]
    tables: Sequence[Table]
    remarks: Sequence[str]


def page(sheet: Tearsheet) -> str:
    """The page. Every text in it is escaped."""
    remarks = "".join(f"<li>{escape(each)}" for each in sheet.remarks)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(sheet.title)}</title>'
        f"<style>{_STYLE}</style><h1>{escape(sheet.title)}</h1><p><strong>{escape(sheet.verdict)}</strong></p>"
        f"{_curve(sheet.curve)}{''.join(_table(each) for each in sheet.tables)}"
        f"<h2>What to know of these figures</h2><ul>{remarks}</ul></html>"
    )


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(each)}" for each in table.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td{_number(table, place)}>{escape(cell)}" for place, cell in enumerate(row))
        for row in table.rows
    )
    return f"<h2>{escape(table.heading)}</h2><table><tr>{head}{rows}</table>"


def _number(table: Table, place: int) -> str:
    return ' class="n"' if place in table.numbers else ""


def _curve(days: Sequence[EquityDay]) -> str:
    """Equity by day as a line, with its lowest and highest value in words."""
    if len(days) < 2:
        return "<p>There are too few days for a curve.</p>"
    values = [each.equity.value for each in days]
    low, high = min(values), max(values)
    points = " ".join(f"{_x(number, len(days)):.1f},{_y(value, low, high):.1f}" for number, value in enumerate(values))
    said = (
        f"Equity from {days[0].day} to {days[-1].day}: lowest ${low:.2f}, highest ${high:.2f}, last ${values[-1]:.2f}"
    )
    return (
        f'<figure><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(said)}">'
        f'<polyline fill="none" stroke="currentColor" stroke-width="1.5" points="{points}"/></svg>'
        f"<figcaption>{escape(said)}</figcaption></figure>"
    )


def _x(number: int, count: int) -> Decimal:
    return _MARGIN + Decimal(number * (_WIDTH - 2 * _MARGIN)) / (count - 1)


def _y(value: Decimal, low: Decimal, high: Decimal) -> Decimal:
    share = (value - low) / (high - low) if high > low else Decimal("0.5")
    return _MARGIN + (1 - share) * (_HEIGHT - 2 * _MARGIN)
