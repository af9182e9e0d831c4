"""The verdict on trades that are too old for their subjects, on many in one statement.

What decides is in the trade's own row and the few values here, and the hash is of those: `late_hash`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from live_trading.nouns.decisions import Reason
from live_trading.store.database.connection import Transaction
from live_trading.store.feed.subjects import SubjectKey

# So many in a statement, well inside the time that one may take.
_AT_ONCE = 20_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_INSERT = """
INSERT INTO decisions (
    source_trade_id, ft_wallet_id, lt_strategy_id, config_version, verdict, reason, checks, stake_usd, own, hash,
    decided_at
)
SELECT
    source_trade_id, asked.ft_wallet_id, asked.lt_strategy_id, asked.config_version, 'REJECTED', asked.reason,
    jsonb_build_array(jsonb_build_array(
        'signal_age_seconds', round(extract(EPOCH FROM :now::timestamptz - trade.trade_time), 3)::text,
        asked.limit_seconds::text, FALSE
    )),
    0, jsonb_build_object('too_old_after', asked.limit_seconds),
    sha256(convert_to(
        concat_ws(
            '|', source_trade_id, (extract(EPOCH FROM trade.trade_time) * 1000000)::bigint,
            (extract(EPOCH FROM :now::timestamptz) * 1000000)::bigint, asked.limit_seconds, asked.config_version,
            asked.reason
        ),
        'UTF8'
    )),
    :now::timestamptz
FROM unnest(
    :trades::bigint[], :wallets::uuid[], :strategies::uuid[], :versions::integer[], :reasons::text[],
    :limits::integer[]
) AS asked (source_trade_id, ft_wallet_id, lt_strategy_id, config_version, reason, limit_seconds)
INNER JOIN source_trades AS trade USING (source_trade_id)
ON CONFLICT DO NOTHING
RETURNING source_trade_id, ft_wallet_id, lt_strategy_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TooOld:
    """A trade that is older than `limit_seconds` for a subject that runs, or whose subject does not run."""

    key: SubjectKey
    config_version: int
    source_trade_id: int
    reason: Reason
    limit_seconds: int


def record(transaction: Transaction, old: Sequence[TooOld], now: datetime) -> set[tuple[SubjectKey, int]]:
    """Stores the refusals that are not there yet, and says which."""
    made: set[tuple[SubjectKey, int]] = set()
    for start in range(0, len(old), _AT_ONCE):
        part = old[start : start + _AT_ONCE]
        rows = transaction.rows(
            _INSERT,
            trades=[each.source_trade_id for each in part],
            wallets=[str(each.key[0]) for each in part],
            strategies=[None if each.key[1] is None else str(each.key[1]) for each in part],
            versions=[each.config_version for each in part],
            reasons=[each.reason.value for each in part],
            limits=[each.limit_seconds for each in part],
            now=now,
        )
        made.update(((row["ft_wallet_id"], row["lt_strategy_id"]), row["source_trade_id"]) for row in rows)
    return made


def late_hash(
    *, source_trade_id: int, trade_time: datetime, decided_at: datetime, limit_seconds: int, version: int, reason: str
) -> str:
    """The hash of such a decision, in hex, as the statement makes it."""
    parts = (source_trade_id, _micros(trade_time), _micros(decided_at), limit_seconds, version, reason)
    return hashlib.sha256("|".join(str(each) for each in parts).encode()).hexdigest()


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
