"""The rows of the Data API v2: trades, activity, positions, resolutions.

The API writes stand-ins where it has no value, and so do these rows, always the same ones of the same thing: 999 for an
outcome's number, 0 for a time, 1970-01-01 for a date, and a resolution without its moment.
"""

from __future__ import annotations

from typing import Any

from local.exchange.feeds.portfolio import Position
from local.exchange.json_values import iso, moment, number, plain
from local.exchange.tape.listings import Listing, Stage
from local.exchange.tape.tape import TapeEvent, TapePayment, TapeRedemption, TapeTrade
from local.exchange.tape.traders import Trader
from local.exchange.terms import Side
from local.exchange.units import Usd

ICON = "https://polymarket-upload.s3.us-east-2.amazonaws.com/BTC+fullsize.png"
_UNSET_PRICE = "69"
# What the venue writes for an outcome that there is none of.
NO_OUTCOME = 999
_UNSET_DATE = "1970-01-01"


def trade_row(trade: TapeTrade, listing: Listing | None, trader: Trader | None) -> dict[str, Any]:
    """One fill as `/v2/trades` shows it."""
    return {
        "proxy_wallet": trade.account,
        "side": trade.side.value,
        "token_id": trade.token_id,
        "condition_id": trade.condition_id,
        "size": number(trade.shares.value),
        "price": number(trade.price.value),
        "timestamp": trade.block_ms // 1000,
        **_market_fields(listing),
        "outcome": trade.outcome,
        "outcome_index": NO_OUTCOME if _is_unset(trade.transaction_hash) else trade.outcome_index,
        **_profile_fields(trader),
        "transaction_hash": trade.transaction_hash,
    }


def activity_type(event: TapeEvent) -> str:
    """What an event is called in the activity."""
    match event:
        case TapeTrade():
            return "TRADE"
        case TapeRedemption():
            return "REDEEM"
        case TapePayment():
            return event.kind


def activity_row(event: TapeEvent, listing: Listing | None, trader: Trader | None) -> dict[str, Any]:
    """One event as `/v2/activity` shows it."""
    if isinstance(event, TapeTrade):
        return {
            **trade_row(event, listing, trader),
            "type": activity_type(event),
            "usdc_size": number(_moved(event).value),
            "is_combo": False,
        }
    if isinstance(event, TapePayment):
        return _payment_row(event, trader)
    return _redemption_row(event, listing, trader)


def _moved(trade: TapeTrade) -> Usd:
    """The dollars of a trade with its fee, which a buyer pays on top and a seller out of them."""
    return trade.usd + trade.fee if trade.side is Side.BUY else trade.usd - trade.fee


def _payment_row(payment: TapePayment, trader: Trader | None) -> dict[str, Any]:
    return {
        "proxy_wallet": payment.account,
        "side": "",
        "token_id": "",
        "condition_id": "",
        "size": number(payment.usd.value),
        "price": 0,
        "timestamp": payment.block_ms // 1000,
        **_market_fields(None),
        "outcome": "",
        "outcome_index": NO_OUTCOME,
        **_profile_fields(trader),
        "transaction_hash": payment.transaction_hash,
        "type": activity_type(payment),
        "usdc_size": number(payment.usd.value),
        "is_combo": False,
    }


def _redemption_row(redemption: TapeRedemption, listing: Listing | None, trader: Trader | None) -> dict[str, Any]:
    return {
        "proxy_wallet": redemption.account,
        "side": "",
        "token_id": redemption.token_id,
        "condition_id": redemption.condition_id,
        "size": number(redemption.shares.value),
        "price": 0,
        "timestamp": redemption.block_ms // 1000,
        **_market_fields(listing),
        "outcome": redemption.outcome,
        "outcome_index": redemption.outcome_index,
        **_profile_fields(trader),
        "transaction_hash": redemption.transaction_hash,
        "type": "REDEEM",
        "usdc_size": number(redemption.usd.value),
        "is_combo": False,
    }


def position_row(
    position: Position, listing: Listing | None, trader: Trader | None, *, is_mergeable: bool
) -> dict[str, Any]:
    """One position as `/v2/positions` shows it; sizes are shares, the rest dollars or percentages."""
    cost = position.average_price * position.bought
    is_unset = _is_unset(hex(int(position.token_id)))
    return {
        "proxy_wallet": position.account,
        "token_id": position.token_id,
        "condition_id": position.condition_id,
        "current_size": _six(position.held),
        "avg_price": _six(position.average_price),
        "entry_cost_usdc": _six(position.entry_cost),
        "entry_fees_usdc": _six(position.entry_fees),
        "total_cost_usdc": _six(position.total_cost),
        "current_price": _six(position.current_price),
        "current_value": _six(position.current_value),
        "total_size": _six(position.bought),
        "realized_pnl": _six(position.realized_pnl),
        "unrealized_pnl": _six(position.unrealized_pnl),
        "total_pnl": _six(position.total_pnl),
        "percent_pnl": _six(100 * position.total_pnl / cost) if cost else 0,
        "percent_realized_pnl": _six(100 * position.realized_pnl / cost) if cost else 0,
        "status": position.status.value,
        "redeemable": position.status == "REDEEMABLE",
        "mergeable": is_mergeable,
        "negative_risk": listing.neg_risk if listing else False,
        "archived": False,
        **_market_fields(listing),
        "event_id": str(listing.event_id) if listing else "0",
        "outcome": position.outcome,
        "outcome_index": NO_OUTCOME if is_unset else position.outcome_index,
        **_opposite_fields(position, listing),
        **({"end_date": _UNSET_DATE} if is_unset else {}),
        # what was sold has a date, what its market resolved may have none
        "last_event_at": 0 if is_unset and position.status == "REDEEMABLE" else position.last_event_ms // 1000,
        "first_entry_at": position.first_entry_ms // 1000,
        "name": trader.label if trader else "",
        "profile_image": "",
        "verified": False,
    }


def _opposite_fields(position: Position, listing: Listing | None) -> dict[str, str]:
    if listing is None:
        return {"opposite_outcome": "", "opposite_token_id": "", "end_date": _UNSET_DATE}
    other = 1 - position.outcome_index
    return {
        "opposite_outcome": listing.outcomes[other],
        "opposite_token_id": listing.asset_ids[other],
        "end_date": moment(listing.end_ms).date().isoformat(),
    }


def resolution_row(listing: Listing, stage: Stage, now_ms: int, resolution: tuple[int, str] | None) -> dict[str, Any]:
    """One market's resolution as `/v2/resolutions` shows it; payouts are millionths of a dollar a share."""
    payouts = [int(listing.payout_per_share(index) * 1_000_000) for index in (0, 1)] if listing.payouts else []
    proposed = stage in {Stage.PROPOSED, Stage.RESOLVED} and bool(payouts)
    resolved_ms, transaction_hash = resolution if resolution and stage is Stage.RESOLVED else (None, None)
    price = plain(listing.payout_per_share(0)) if proposed else _UNSET_PRICE
    return {
        "question_id": listing.question_id,
        "condition_id": listing.condition_id,
        "status": {Stage.PROPOSED: "proposed", Stage.RESOLVED: "resolved"}.get(stage, "posed"),
        "extended_review": False,
        "was_disputed": False,
        "new_version_q": False,
        "proposed_price": price,
        "reproposed_price": _UNSET_PRICE,
        "price": price if resolved_ms is not None else _UNSET_PRICE,
        "transaction_hash": transaction_hash or "",
        "log_index": None,
        "last_update_timestamp": _last_update_ms(listing, stage, now_ms, resolved_ms) // 1000,
        "market_type": "BINARY",
        "payouts": payouts if resolved_ms is not None else None,
        "resolution_source": "reported" if resolved_ms is not None else None,
        "reporter": "EOA" if resolved_ms is not None else None,
        "was_arbitrated": False,
        "resolved_block": None,
        "resolved_at": None if resolved_ms is None or _is_unset(listing.question_id) else iso(resolved_ms),
    }


def _last_update_ms(listing: Listing, stage: Stage, now_ms: int, resolved_ms: int | None) -> int:
    if resolved_ms is not None:
        return resolved_ms
    if stage is Stage.PROPOSED and listing.proposed_ms is not None:
        return listing.proposed_ms
    return min(now_ms, listing.end_ms if stage is Stage.REQUESTED else listing.opens_ms)


def _is_unset(identity: str) -> bool:
    """Whether the API has no value for this thing: for one of four, by the last digit of its hexadecimal id."""
    return identity[-1] in "048c"


def _six(value: Any) -> float:
    return round(number(value), 6)


def _market_fields(listing: Listing | None) -> dict[str, str]:
    if listing is None:
        return {"title": "", "slug": "", "icon": "", "event_slug": ""}
    return {"title": listing.question, "slug": listing.slug, "icon": ICON, "event_slug": listing.slug}


def _profile_fields(trader: Trader | None) -> dict[str, str]:
    return {
        "name": trader.label if trader else "",
        "pseudonym": f"Synthetic {trader.style.value}" if trader else "",
        "bio": "A scripted trader of the exchange simulator, not a person." if trader else "",
        "profile_image": "",
        "profile_image_optimized": "",
    }
