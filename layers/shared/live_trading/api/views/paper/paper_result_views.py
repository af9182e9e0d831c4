"""How the API shows what became of an FT wallet: its versions, what it holds, and its results."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from pydantic import WithJsonSchema
from typing_extensions import TypedDict

from live_trading.api.shapes import (
    DayAnswer,
    IdAnswer,
    MomentAnswer,
    NextCursor,
    PriceText,
    SharesText,
    TokenIdAnswer,
    UsdText,
)
from live_trading.api.views.plain import moment, text
from live_trading.nouns.money import Usd, notional, total_usd
from live_trading.nouns.wallets import Outcome
from live_trading.store.paper.ft_wallets import FtWalletRow, FtWalletVersionRow
from live_trading.store.shown.paper_wallets import EndedOrders, OpenSum, PaperPosition

_Config = Annotated[dict[str, Any], WithJsonSchema({"type": "object", "description": "a whole configuration"})]


class FtVersionView(TypedDict):
    """A configuration as it was put in force; it never changes."""

    version: int
    config: _Config
    config_hash: str
    created_by: str
    created_at: MomentAnswer


class FtVersionsView(TypedDict):
    """A page of versions, newest first."""

    versions: list[FtVersionView]
    next_cursor: NextCursor


class PaperPositionView(TypedDict):
    """The open orders of one token. `cost_usd` and `fee_usd` are of all that they bought; `exited_usd` came back since.

    `executable_price`, what a share would have fetched at `looked_at`, is known of positions that exit rules look at;
    without it `value_usd` and `unrealised_pnl_usd` are null.
    """

    token_id: TokenIdAnswer
    condition_id: str
    outcome_index: int
    outcome_label: str | None
    question: str
    slug: str
    orders: int
    shares: SharesText
    bought_shares: SharesText
    cost_usd: UsdText
    fee_usd: UsdText
    exited_usd: UsdText
    opened_at: MomentAnswer
    executable_price: PriceText | None
    looked_at: MomentAnswer | None
    value_usd: UsdText | None
    unrealised_pnl_usd: UsdText | None


class PaperPositionsView(TypedDict):
    """A page of what an FT wallet holds, by token id."""

    positions: list[PaperPositionView]
    next_cursor: NextCursor


class EndedView(TypedDict):
    """Orders that ended, and what they brought after fees. A SPLIT paid each outcome a part; SOLD was left before."""

    orders: int
    won: int
    lost: int
    split: int
    sold: int
    not_filled: int
    realised_pnl_usd: UsdText


class EndedDayView(EndedView):
    """The orders that ended on a day, in UTC."""

    day: DayAnswer


class PaperResultsView(TypedDict):
    """What an FT wallet has made of its money.

    `bankroll_usd` is what it may bet; `bound_usd` what open orders have cost less what was sold of them; `equity_usd`
    both together, which is open orders at cost. `days` are those of the period that have any, newest first.
    """

    ft_wallet_id: IdAnswer
    starting_balance_usd: UsdText
    bankroll_usd: UsdText
    bound_usd: UsdText
    equity_usd: UsdText
    open_positions: int
    open_orders: int
    in_all: EndedView
    since_day: DayAnswer
    until_day: DayAnswer
    days: list[EndedDayView]


def version_view(row: FtWalletVersionRow) -> FtVersionView:
    """One version."""
    return FtVersionView(
        version=row.version,
        config=row.config,
        config_hash=row.config_hash,
        created_by=row.created_by,
        created_at=row.created_at.isoformat(),
    )


def paper_position_view(position: PaperPosition) -> PaperPositionView:
    """One position."""
    price = position.executable_price
    value = None if price is None else notional(price, position.shares)
    gained = None if value is None else value + position.exited - position.cost - position.fee
    return PaperPositionView(
        token_id=position.token_id,
        condition_id=position.condition_id,
        outcome_index=position.outcome_index,
        outcome_label=position.outcome_label,
        question=position.question,
        slug=position.slug,
        orders=position.orders,
        shares=str(position.shares),
        bought_shares=str(position.bought),
        cost_usd=str(position.cost),
        fee_usd=str(position.fee),
        exited_usd=str(position.exited),
        opened_at=position.opened_at.isoformat(),
        executable_price=text(price),
        looked_at=moment(position.looked_at),
        value_usd=text(value),
        unrealised_pnl_usd=text(gained),
    )


def paper_results_view(
    wallet: FtWalletRow,
    *,
    bankroll: Usd,
    open_: OpenSum,
    in_all: Sequence[EndedOrders],
    by_day: Sequence[EndedOrders],
    since: date,
    until: date,
) -> PaperResultsView:
    """A wallet's results."""
    days = dict.fromkeys(each.day for each in by_day if each.day is not None)
    return PaperResultsView(
        ft_wallet_id=str(wallet.ft_wallet_id),
        starting_balance_usd=str(wallet.starting_balance),
        bankroll_usd=str(bankroll),
        bound_usd=str(open_.bound),
        equity_usd=str(bankroll + open_.bound),
        open_positions=open_.positions,
        open_orders=open_.orders,
        in_all=_ended(in_all),
        since_day=since.isoformat(),
        until_day=until.isoformat(),
        days=[
            EndedDayView(day=day.isoformat(), **_ended([each for each in by_day if each.day == day])) for day in days
        ],
    )


def _ended(ended: Sequence[EndedOrders]) -> EndedView:
    orders = {each.outcome: each.orders for each in ended}
    return EndedView(
        orders=sum(orders.values()),
        won=orders.get(Outcome.WON, 0),
        lost=orders.get(Outcome.LOST, 0),
        split=orders.get(Outcome.SPLIT, 0),
        sold=orders.get(Outcome.SOLD, 0),
        not_filled=orders.get(Outcome.NOT_FILLED, 0),
        realised_pnl_usd=str(total_usd([each.pnl for each in ended])),
    )
