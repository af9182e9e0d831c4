"""How the API shows how well orders are executed: one order, and the percentiles of many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from typing_extensions import TypedDict

from live_trading.api.shapes import DecimalText, FractionText, PriceText, UsdText
from live_trading.api.views.plain import text
from live_trading.nouns.money import Price, total_usd
from live_trading.nouns.trades import Side
from live_trading.orders import quality
from live_trading.orders.quality import Percentiles, Reference, Slippage, Stage
from live_trading.store.orders.order_history import OrderHistory


class SlippageView(TypedDict):
    """What an order cost more than by a reference, negative where less: in basis points of it, and in dollars."""

    basis_points: DecimalText
    usd: UsdText


class SlippageByReference(TypedDict):
    """Against each price that was known at the decision; null where it was not, or nothing is filled."""

    signal: SlippageView | None
    best: SlippageView | None
    midpoint: SlippageView | None
    limit: SlippageView | None


class StageMilliseconds(TypedDict):
    """How long each stage took; null where it is not over. The venue stamps in whole seconds, by its own clock."""

    trade_to_seen: int | None
    seen_to_decided: int | None
    decided_to_sent: int | None
    sent_to_answered: int | None
    sent_to_filled: int | None
    filled_to_confirmed: int | None
    trade_to_confirmed: int | None


class ExecutionView(TypedDict):
    """Prices at the decision, the fill price, slippage against each, the filled part, and milliseconds by stage."""

    signal_price: PriceText | None
    best_price: PriceText | None
    midpoint: PriceText | None
    depth_usd: UsdText | None
    limit_price: PriceText
    fill_price: PriceText | None
    fill_rate: FractionText
    slippage: SlippageByReference
    milliseconds: StageMilliseconds


class PercentilesView(TypedDict):
    """Of `count` values, by nearest rank; all zero where there are none."""

    count: int
    p50: DecimalText
    p90: DecimalText
    p95: DecimalText
    highest: DecimalText


class PercentilesByReference(TypedDict):
    """Basis points by reference."""

    signal: PercentilesView
    best: PercentilesView
    midpoint: PercentilesView
    limit: PercentilesView


class UsdByReference(TypedDict):
    """Dollars by reference, over all orders."""

    signal: UsdText
    best: UsdText
    midpoint: UsdText
    limit: UsdText


class PercentilesByStage(TypedDict):
    """Milliseconds by stage."""

    trade_to_seen: PercentilesView
    seen_to_decided: PercentilesView
    decided_to_sent: PercentilesView
    sent_to_answered: PercentilesView
    sent_to_filled: PercentilesView
    filled_to_confirmed: PercentilesView
    trade_to_confirmed: PercentilesView


class ExecutionSummaryView(TypedDict):
    """Percentiles over the newest orders; the fill rate is of those that were sent."""

    orders: int
    filled_orders: int
    fill_rate: PercentilesView
    slippage_basis_points: PercentilesByReference
    slippage_usd: UsdByReference
    milliseconds: PercentilesByStage


def execution_of(order: OrderHistory) -> ExecutionView:
    """The execution of one order."""
    return ExecutionView(
        signal_price=text(order.signal_price),
        best_price=text(best_price(order)),
        midpoint=text(order.midpoint),
        depth_usd=text(order.depth),
        limit_price=str(order.limit_price),
        fill_price=text(order.fill_price),
        fill_rate=f"{_fill_rate(order):f}",
        slippage=SlippageByReference(
            signal=_slippage_view(order, Reference.SIGNAL),
            best=_slippage_view(order, Reference.BEST),
            midpoint=_slippage_view(order, Reference.MIDPOINT),
            limit=_slippage_view(order, Reference.LIMIT),
        ),
        milliseconds=_milliseconds(order),
    )


def execution_summary(orders: Sequence[OrderHistory]) -> ExecutionSummaryView:
    """The execution of many orders: percentiles of slippage by reference, of fill rate, and of each stage."""
    filled = [order for order in orders if order.filled]
    by_reference = {reference: _slippages(filled, reference) for reference in Reference}
    stages = quality.by_stage([quality.latencies(order.times) for order in orders])
    return ExecutionSummaryView(
        orders=len(orders),
        filled_orders=len(filled),
        fill_rate=_of_values(_fill_rate(order) for order in orders if _reached(order)),
        slippage_basis_points=PercentilesByReference(
            signal=_basis_points(by_reference[Reference.SIGNAL]),
            best=_basis_points(by_reference[Reference.BEST]),
            midpoint=_basis_points(by_reference[Reference.MIDPOINT]),
            limit=_basis_points(by_reference[Reference.LIMIT]),
        ),
        slippage_usd=UsdByReference(
            signal=_usd(by_reference[Reference.SIGNAL]),
            best=_usd(by_reference[Reference.BEST]),
            midpoint=_usd(by_reference[Reference.MIDPOINT]),
            limit=_usd(by_reference[Reference.LIMIT]),
        ),
        milliseconds=PercentilesByStage(
            trade_to_seen=_percentiles(stages[Stage.TRADE_TO_SEEN]),
            seen_to_decided=_percentiles(stages[Stage.SEEN_TO_DECIDED]),
            decided_to_sent=_percentiles(stages[Stage.DECIDED_TO_SENT]),
            sent_to_answered=_percentiles(stages[Stage.SENT_TO_ANSWERED]),
            sent_to_filled=_percentiles(stages[Stage.SENT_TO_FILLED]),
            filled_to_confirmed=_percentiles(stages[Stage.FILLED_TO_CONFIRMED]),
            trade_to_confirmed=_percentiles(stages[Stage.TRADE_TO_CONFIRMED]),
        ),
    )


def best_price(order: OrderHistory) -> Price | None:
    """The best price on the other side of the book when the order was decided."""
    return order.best_ask if order.side is Side.BUY else order.best_bid


def references(order: OrderHistory) -> dict[Reference, Price | None]:
    """What the fill price is held against."""
    return {
        Reference.SIGNAL: order.signal_price,
        Reference.BEST: best_price(order),
        Reference.MIDPOINT: order.midpoint,
        Reference.LIMIT: order.limit_price,
    }


def _milliseconds(order: OrderHistory) -> StageMilliseconds:
    took = quality.latencies(order.times)
    return StageMilliseconds(
        trade_to_seen=took.get(Stage.TRADE_TO_SEEN),
        seen_to_decided=took.get(Stage.SEEN_TO_DECIDED),
        decided_to_sent=took.get(Stage.DECIDED_TO_SENT),
        sent_to_answered=took.get(Stage.SENT_TO_ANSWERED),
        sent_to_filled=took.get(Stage.SENT_TO_FILLED),
        filled_to_confirmed=took.get(Stage.FILLED_TO_CONFIRMED),
        trade_to_confirmed=took.get(Stage.TRADE_TO_CONFIRMED),
    )


def _reached(order: OrderHistory) -> bool:
    """Whether the order was ever the venue's to fill."""
    return order.times.sent_at is not None


def _slippage(order: OrderHistory, reference: Reference) -> Slippage | None:
    return quality.slippage(order.side, references(order)[reference], order.fill_price, order.filled)


def _slippages(filled: Sequence[OrderHistory], reference: Reference) -> list[Slippage]:
    return [found for order in filled if (found := _slippage(order, reference)) is not None]


def _slippage_view(order: OrderHistory, reference: Reference) -> SlippageView | None:
    found = _slippage(order, reference)
    return None if found is None else SlippageView(basis_points=f"{found.basis_points:f}", usd=str(found.usd))


def _basis_points(found: Sequence[Slippage]) -> PercentilesView:
    return _of_values(each.basis_points for each in found)


def _usd(found: Sequence[Slippage]) -> UsdText:
    return str(total_usd([each.usd for each in found]))


def _fill_rate(order: OrderHistory) -> Decimal:
    return quality.fill_rate(
        order.side,
        filled_usd=order.filled_usd,
        order_usd=order.order_usd,
        filled=order.filled,
        ordered=order.order_shares,
    )


def _of_values(values: Iterable[Decimal]) -> PercentilesView:
    return _percentiles(quality.percentiles(list(values)))


def _percentiles(found: Percentiles) -> PercentilesView:
    return PercentilesView(
        count=found.count,
        p50=f"{found.p50:f}",
        p90=f"{found.p90:f}",
        p95=f"{found.p95:f}",
        highest=f"{found.highest:f}",
    )
