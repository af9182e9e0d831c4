"""The verdict on trades that are too old for their subjects, on many in one statement.

What decides is in the trade's own row and the few values here, and the hash is of those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from live_trading.nouns.decisions import Reason
from live_trading.store.database.connection import Transaction
from live_trading.store.feed.subjects import SubjectKey

# So many in a statement, well inside the time that one may take.
_AT_ONCE = 20_000

_INSERT = """
WITH old AS (
    SELECT
        asked.*, trade.trade_time, round(extract(EPOCH FROM :now::timestamptz - trade.trade_time), 3)::text AS age,
        jsonb_build_object(
            'trade', jsonb_build_object(
                'transaction_hash', trade.transaction_hash, 'token_id', trade.token_id,
                'trader', trade.trader_address, 'side', trade.side, 'price', trade.price::text,
                'shares', trade.shares::text, 'occurrence', trade.occurrence,
                'condition_id', trade.condition_id, 'trade_time', trade.trade_time
            ),
            'now', :now::timestamptz, 'is_running', asked.reason <> 'wallet_not_running',
            'max_signal_age_seconds', asked.limit_seconds, 'config_version', asked.config_version
        ) AS inputs
    FROM unnest(
        :trades::bigint[], :wallets::uuid[], :strategies::uuid[], :versions::integer[], :reasons::text[],
        :limits::integer[]
    ) AS asked (source_trade_id, ft_wallet_id, lt_strategy_id, config_version, reason, limit_seconds)
    INNER JOIN source_trades AS trade USING (source_trade_id)
)
INSERT INTO decisions (
    source_trade_id, ft_wallet_id, lt_strategy_id, config_version, verdict, reason, checks, stake_usd, inputs,
    inputs_hash, decided_at
)
SELECT
    old.source_trade_id, old.ft_wallet_id, old.lt_strategy_id, old.config_version, 'REJECTED', old.reason,
    jsonb_build_array(jsonb_build_object(
        'name', 'signal_age_seconds', 'observed', old.age, 'limit', old.limit_seconds::text,
        'passed', FALSE, 'reason', 'signal_too_old'
    )),
    0, old.inputs, encode(sha256(convert_to(old.inputs::text, 'UTF8')), 'hex'), :now
FROM old
ORDER BY old.source_trade_id
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
