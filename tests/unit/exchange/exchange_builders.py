"""Test data for the exchange simulator's pure parts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from eth_hash.auto import keccak

from local.exchange.arithmetic import collateral_of
from local.exchange.tape.recorded import RecordedMarkets, load_recorded_markets
from local.exchange.tape.tape import TapeRedemption, TapeTrade
from local.exchange.terms import Side
from local.exchange.units import Price, Shares, Usd

ACCOUNT = "0x" + "a1" * 20
CONDITION = "0x" + "c0" * 32


@dataclass(frozen=True, kw_only=True)
class PreparedIds:
    condition_id: str
    token_ids: tuple[str, str]


class HashedIds:
    """Gives markets ids that follow from their question alone."""

    def prepare_market(self, question_id: str, *, neg_risk: bool = False) -> PreparedIds:
        digest = keccak(f"{question_id}{'neg risk' if neg_risk else ''}".encode())
        first = int.from_bytes(digest, "big")
        return PreparedIds(condition_id="0x" + digest.hex(), token_ids=(str(first), str(first ^ 1)))

    def prepare_v2_market(self, question_id: str) -> PreparedIds:
        digest = keccak(question_id.encode())
        first = int.from_bytes(digest[:19], "big") << 104
        return PreparedIds(condition_id=f"0x{first >> 8:062x}", token_ids=(str(first), str(first | 1)))


@cache
def recorded_markets(limit: int | None = 3) -> RecordedMarkets:
    """The recording, read once a test session for every limit."""
    return load_recorded_markets(HashedIds(), limit=limit)


def tape_trade(
    *,
    account: str = ACCOUNT,
    side: Side = Side.BUY,
    token_id: str = "1",
    condition_id: str = CONDITION,
    price: str = "0.5",
    shares: str = "10",
    fee: str = "0",
    settled_ms: int = 1_000,
    visible_ms: int | None = None,
    is_maker: bool = False,
    transaction_hash: str = "0x" + "7a" * 32,
) -> TapeTrade:
    return TapeTrade(
        transaction_hash=transaction_hash,
        account=account,
        side=side,
        token_id=token_id,
        condition_id=condition_id,
        outcome="Up",
        outcome_index=0,
        price=Price(price),
        shares=Shares(shares),
        usd=collateral_of(Price(price), Shares(shares)),
        fee=Usd(fee),
        matched_ms=settled_ms,
        settled_ms=settled_ms,
        visible_ms=settled_ms if visible_ms is None else visible_ms,
        is_synthetic=True,
        is_maker=is_maker,
    )


def tape_redemption(
    *, token_id: str = "1", shares: str = "10", usd: str = "10", visible_ms: int = 9_000
) -> TapeRedemption:
    return TapeRedemption(
        transaction_hash="0x" + "7b" * 32,
        account=ACCOUNT,
        token_id=token_id,
        condition_id=CONDITION,
        outcome="Up",
        outcome_index=0,
        shares=Shares(shares),
        usd=Usd(usd),
        visible_ms=visible_ms,
        is_synthetic=True,
    )
