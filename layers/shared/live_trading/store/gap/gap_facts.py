"""Both sides of source trades as they stand: what paper and live have of each, ended or at what it is worth now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from live_trading.gap.attribution import LiveSide, PaperSide
from live_trading.gap.whole import TradeSides
from live_trading.nouns.decisions import Reason
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.risk.results import RuleVerdict
from live_trading.store.database.connection import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldToken:
    """What a strategy holds of a token: its cost, and what the best bid would pay for a share, where one was seen."""

    shares: Shares
    cost: Usd
    bid: Price | None

    def worth(self, shares: Shares) -> Usd:
        """So many of the shares at the bid, else at what they cost."""
        if self.bid is not None:
            return Usd.floor(shares.value * self.bid.value)
        return Usd.nearest(self.cost.value * shares.value / self.shares.value) if self.shares else Usd.zero()


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingTrade:
    """One source trade of a strategy on whichever side it is, as it stands.

    `open_entries` are live's orders without an outcome. `is_final` where both sides and the market have ended.
    `why_one_sided` is the reason that the other side gave, None where both have it.
    """

    lt_strategy_id: UUID
    source_trade_id: int
    condition_id: str
    token_id: str
    sides: TradeSides
    open_entries: tuple[UUID, ...]
    is_final: bool
    why_one_sided: str | None


_BY_A_RULE = frozenset({Reason.RISK_REJECTED, Reason.RISK_NO_DATA, Reason.RISK_TRIPPED})
_HINDERING = frozenset({RuleVerdict.REJECT, RuleVerdict.TRIP, RuleVerdict.NO_DATA})
_STANDING_TRADES = """
SELECT
    strategy.lt_strategy_id, asked.source_trade_id, trade.condition_id, trade.token_id, trade.price AS leader_price,
    trade.trade_time < strategy.launched_at AS is_before_launch,
    market.resolution_state = 'RESOLVED' AS is_resolved, market.payout_numerators, market.payout_denominator,
    array_position(market.token_ids, trade.token_id) AS outcome_place,
    twin.stake_usd AS paper_stake, twin.shares AS paper_shares, twin.cost_usd AS paper_cost, twin.fee_usd AS paper_fee,
    twin.outcome AS paper_outcome, twin.pnl_usd AS paper_pnl, twin.exited_shares, twin.exit_proceeds_usd,
    twin.exit_fee_usd, watch.executable_price AS paper_bid,
    live.*, decision.stake_usd AS live_stake,
    live.rejection_code AS why_refused, decision.reason AS why_not_live, decision.risk_checks,
    paper_decision.reason AS why_not_paper
FROM (
    SELECT ft_wallet_id, source_trade_id FROM changed_twins WHERE changed_twin_id = ANY(:changed::bigint[])
    UNION
    SELECT strategy.ft_wallet_id, open.source_trade_id FROM (
        SELECT lt_strategy_id, source_trade_id FROM gap_trades
        WHERE NOT is_final AND kind <> 'REST' ORDER BY computed_at LIMIT :most_open
    ) AS open INNER JOIN lt_strategies AS strategy USING (lt_strategy_id)
) AS asked
INNER JOIN lt_strategies AS strategy ON strategy.ft_wallet_id = asked.ft_wallet_id
-- One by one through their keys: the planner knows not how few have changed.
CROSS JOIN LATERAL (
    SELECT condition_id, token_id, price, trade_time FROM source_trades
    WHERE source_trade_id = asked.source_trade_id LIMIT 1
) AS trade
CROSS JOIN LATERAL (SELECT * FROM markets WHERE condition_id = trade.condition_id LIMIT 1) AS market
LEFT JOIN LATERAL (
    SELECT * FROM ft_orders
    WHERE ft_wallet_id = asked.ft_wallet_id AND source_trade_id = asked.source_trade_id LIMIT 1
) AS twin ON TRUE
LEFT JOIN LATERAL (
    SELECT executable_price FROM exit_watches
    WHERE subject_id = asked.ft_wallet_id AND token_id = trade.token_id LIMIT 1
) AS watch ON TRUE
LEFT JOIN LATERAL (
    SELECT stake_usd, reason, risk_checks FROM decisions
    WHERE lt_strategy_id = strategy.lt_strategy_id AND source_trade_id = asked.source_trade_id LIMIT 1
) AS decision ON TRUE
LEFT JOIN LATERAL (
    SELECT reason FROM decisions
    WHERE ft_wallet_id = asked.ft_wallet_id AND source_trade_id = asked.source_trade_id LIMIT 1
) AS paper_decision ON TRUE
CROSS JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE intent.state <> 'REJECTED') AS orders,
        sum(intent.order_usd) FILTER (WHERE intent.state <> 'REJECTED') AS order_usd,
        max(intent.best_ask) AS best_ask,
        sum(intent.paper_then_usd) AS paper_then_usd, sum(intent.paper_then_shares) AS paper_then_shares,
        max(intent.rejection_code) AS rejection_code,
        coalesce(sum(intent.pnl_usd), 0) AS live_pnl,
        coalesce(sum(fill.shares), 0) AS shares, coalesce(sum(fill.cost), 0) AS cost,
        coalesce(sum(fill.fee), 0) AS fee, coalesce(sum(fill.failed_shares), 0) AS failed_shares,
        coalesce(sum(fill.failed_cost), 0) AS failed_cost, coalesce(sum(fill.failed_fee), 0) AS failed_fee,
        coalesce(array_agg(intent.lt_order_id) FILTER (WHERE intent.outcome = 'OPEN'), '{}') AS open_entries
    FROM lt_orders AS intent
    CROSS JOIN LATERAL (
        SELECT
            sum(shares) FILTER (WHERE status = 'CONFIRMED') AS shares,
            sum(cost_usd) FILTER (WHERE status = 'CONFIRMED') AS cost,
            sum(fee_usd) FILTER (WHERE status = 'CONFIRMED') AS fee,
            sum(shares) FILTER (WHERE status = 'FAILED') AS failed_shares,
            sum(cost_usd) FILTER (WHERE status = 'FAILED') AS failed_cost,
            sum(fee_usd) FILTER (WHERE status = 'FAILED') AS failed_fee
        FROM fills WHERE fills.lt_order_id = intent.lt_order_id
    ) AS fill
    WHERE
        intent.lt_strategy_id = strategy.lt_strategy_id
        AND intent.source_trade_id = asked.source_trade_id
        AND intent.purpose = 'ENTRY'
) AS live
WHERE
    (strategy.ended_at IS NULL OR trade.trade_time < strategy.ended_at)
    AND (
        live.orders > 0
        OR (
            twin.ft_order_id IS NOT NULL
            AND (trade.trade_time >= strategy.launched_at OR coalesce(twin.resolved_at > strategy.launched_at, TRUE))
        )
    )
ORDER BY strategy.made_number, asked.source_trade_id
"""


def standing_trades(
    transaction: Transaction, changes: Sequence[int], marks: Mapping[tuple[UUID, str], HeldToken], *, most_open: int
) -> list[StandingTrade]:
    """The trades of these changes, and those that were not final when they were last told, the longest ago first."""
    rows = transaction.rows(_STANDING_TRADES, changed=list(changes), most_open=most_open)
    return [_trade(row, marks.get((row["lt_strategy_id"], row["token_id"]))) for row in rows]


def held(transaction: Transaction) -> dict[tuple[UUID, str], HeldToken]:
    """What every strategy holds by token, with the marks that were last taken."""
    rows = transaction.rows(
        """
        SELECT position.lt_strategy_id, position.token_id, position.shares, position.amount_usd, mark.bid_price
        FROM ledger_holdings AS position
        LEFT JOIN position_marks AS mark USING (trading_wallet_id, token_id)
        WHERE position.account = 'POSITION_COST' AND position.shares <> 0 AND position.lt_strategy_id IS NOT NULL
        """
    )
    return {
        (row["lt_strategy_id"], row["token_id"]): HeldToken(
            shares=Shares(row["shares"]),
            cost=Usd(row["amount_usd"]),
            bid=None if row["bid_price"] is None else Price(row["bid_price"]),
        )
        for row in rows
    }


def _trade(row: Row, mark: HeldToken | None) -> StandingTrade:
    has_live = bool(row["orders"])
    bid = mark.bid if mark is not None and mark.bid is not None else _price(row["paper_bid"])
    per_share = _per_share(row, bid)
    paper = _paper(row, per_share)
    is_paper_open = row["paper_outcome"] == "OPEN"
    return StandingTrade(
        lt_strategy_id=row["lt_strategy_id"],
        source_trade_id=row["source_trade_id"],
        condition_id=row["condition_id"],
        token_id=row["token_id"],
        sides=TradeSides(
            paper=paper,
            live=_live(row) if has_live else None,
            leader_price=Price(row["leader_price"]),
            per_share=_worth_of_a_share(row, per_share),
            is_before_launch=row["is_before_launch"],
        ),
        open_entries=tuple(row["open_entries"]) if has_live else (),
        is_final=bool(row["is_resolved"]) and not is_paper_open and not row["open_entries"],
        why_one_sided=_why(row, has_paper=paper is not None, has_live=has_live and bool(row["shares"])),
    )


def _why(row: Row, *, has_paper: bool, has_live: bool) -> str | None:
    if has_paper and not has_live:
        return str(row["why_refused"] or _why_not_decided(row))
    if has_live and not has_paper:
        return str(row["why_not_paper"] or "not_decided")
    if has_live and not row["paper_shares"]:
        return "paper_unfilled"
    return None


def _why_not_decided(row: Row) -> str:
    """The decision's reason, and the rule where it was one of the limits: what each of them cost or saved."""
    reason = row["why_not_live"]
    if reason is None:
        return "not_decided"
    rule = next((each["rule"] for each in row["risk_checks"] or () if each["verdict"] in _HINDERING), None)
    return f"{reason}:{rule}" if rule is not None and reason in _BY_A_RULE else str(reason)


def _per_share(row: Row, bid: Price | None) -> Decimal | None:
    """What the chain pays for a share, else the bid; None where neither is known."""
    if row["is_resolved"] and row["outcome_place"] is not None:
        return Decimal(int(row["payout_numerators"][row["outcome_place"] - 1])) / int(row["payout_denominator"])
    return None if bid is None else bid.value


def _worth_of_a_share(row: Row, per_share: Decimal | None) -> Decimal:
    """Where nothing is known a share is worth what it cost on paper, else what the leader paid."""
    if per_share is not None:
        return per_share
    if row["paper_shares"]:
        return Decimal(row["paper_cost"]) / Decimal(row["paper_shares"])
    return Decimal(row["leader_price"])


def _paper(row: Row, per_share: Decimal | None) -> PaperSide | None:
    if row["paper_stake"] is None:
        return None
    cost, fee = Usd(row["paper_cost"]), Usd(row["paper_fee"])
    pnl = Usd(row["paper_pnl"] or 0)
    if row["paper_outcome"] == "OPEN":
        left = row["paper_shares"] - row["exited_shares"]
        a_share = per_share if per_share is not None else Decimal(row["paper_cost"]) / Decimal(row["paper_shares"])
        brought = Usd(row["exit_proceeds_usd"]) - Usd(row["exit_fee_usd"])
        pnl = brought + Usd.floor(left * a_share) - cost - fee
    return PaperSide(stake=Usd(row["paper_stake"]), shares=Shares(row["paper_shares"]), cost=cost, fee=fee, pnl=pnl)


def _live(row: Row) -> LiveSide:
    """`pnl` is that of the orders that have ended; what open ones are worth is added by who knows their position."""
    order_usd = Usd(row["order_usd"])
    then_usd, then_shares = row["paper_then_usd"], row["paper_then_shares"]
    return LiveSide(
        stake=Usd(row["live_stake"]) if row["live_stake"] else order_usd,
        order_usd=order_usd,
        best_offer=_price(row["best_ask"]),
        shares=Shares(row["shares"]),
        cost=Usd(row["cost"]),
        fee=Usd(row["fee"]),
        failed_shares=Shares(row["failed_shares"]),
        failed_cost=Usd(row["failed_cost"]),
        failed_fee=Usd(row["failed_fee"]),
        pnl=Usd(row["live_pnl"]),
        paper_then=Decimal(then_usd) / Decimal(then_shares) if then_shares else None,
    )


def _price(value: Decimal | None) -> Price | None:
    return None if value is None else Price(value)
