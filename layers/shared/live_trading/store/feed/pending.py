"""What a subject has not decided: its oldest such trade, and in one statement the verdict on all that are too old."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.store.database.connection import Transaction

_BY_WALLET = """
NOT EXISTS (
    SELECT 1 FROM decisions
    WHERE
        decisions.ft_wallet_id = :ft_wallet_id
        AND decisions.lt_strategy_id IS NULL
        AND decisions.source_trade_id = trade.source_trade_id
)
"""
_BY_STRATEGY = """
NOT EXISTS (
    SELECT 1 FROM decisions
    WHERE
        decisions.lt_strategy_id = :lt_strategy_id
        AND decisions.source_trade_id = trade.source_trade_id
)
"""
_FIRST = """
SELECT min(source_trade_id) AS first FROM source_trades AS trade
WHERE source_trade_id > :after AND trade_time >= :since AND
"""
_OLD_HEAD = """
WITH old AS (
    SELECT
        trade.source_trade_id, trade.trade_time,
        CASE
            WHEN trade.side <> 'BUY' THEN 'not_an_entry'
            WHEN NOT :is_running::boolean THEN 'wallet_not_running'
            ELSE 'signal_too_old'
        END AS reason,
        round(extract(EPOCH FROM :now::timestamptz - trade.trade_time), 3)::text AS age,
        jsonb_build_object(
            'trade', jsonb_build_object(
                'transaction_hash', trade.transaction_hash, 'token_id', trade.token_id,
                'trader', trade.trader_address, 'side', trade.side, 'price', trade.price::text,
                'shares', trade.shares::text, 'occurrence', trade.occurrence,
                'condition_id', trade.condition_id, 'trade_time', trade.trade_time
            ),
            'now', :now::timestamptz, 'is_running', :is_running::boolean,
            'max_signal_age_seconds', :max_age_seconds::integer, 'config_version', :config_version::integer
        ) AS inputs
    FROM source_trades AS trade
    WHERE
        trade.source_trade_id > :after AND trade.trade_time >= :since
        AND trade.trade_time < :too_old_before
        AND (trade.side = 'BUY' OR NOT :keeps_sales::boolean) AND
"""
_OLD_TAIL = """
    ORDER BY trade.source_trade_id LIMIT :most
), made AS (
    INSERT INTO decisions (
        source_trade_id, ft_wallet_id, lt_strategy_id, config_version, verdict, reason, checks, stake_usd,
        inputs, inputs_hash, decided_at
    )
    SELECT
        old.source_trade_id, :ft_wallet_id::uuid, :lt_strategy_id::uuid, :config_version, 'REJECTED',
        old.reason,
        jsonb_build_array(jsonb_build_object(
            'name', 'signal_age_seconds', 'observed', old.age, 'limit', :max_age_seconds::text,
            'passed', FALSE, 'reason', 'signal_too_old'
        )),
        0, old.inputs, encode(sha256(convert_to(old.inputs::text, 'UTF8')), 'hex'), :now
    FROM old
    ON CONFLICT DO NOTHING
    RETURNING reason
)
SELECT reason, count(*) AS decided FROM made GROUP BY reason ORDER BY reason
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """The trades of one subject that may be undecided: numbered above `after`, and made at or after `since`."""

    ft_wallet_id: UUID
    lt_strategy_id: UUID | None
    after: int
    since: datetime


def first_number(transaction: Transaction, pending: Pending) -> int | None:
    """The number of the oldest trade without a decision."""
    row = transaction.only(
        _FIRST + _undecided(pending),
        **_parameters(pending),
    )
    return None if row["first"] is None else int(row["first"])


def decide_too_old(
    transaction: Transaction,
    pending: Pending,
    *,
    config_version: int,
    is_running: bool,
    max_age_seconds: int,
    keeps_sales: bool,
    too_old_before: datetime,
    now: datetime,
    most: int,
) -> dict[str, int]:
    """Decides up to `most` trades made before `too_old_before`, oldest first: how many by reason.

    With `keeps_sales` a trader's sales are left to the evaluation. The reasons are those that the evaluation finds
    before or at the age. What is kept of the inputs is what they need, and the hash is of that.
    """
    rows = transaction.rows(
        _OLD_HEAD + _undecided(pending) + _OLD_TAIL,
        **_parameters(pending),
        config_version=config_version,
        is_running=is_running,
        max_age_seconds=max_age_seconds,
        keeps_sales=keeps_sales,
        too_old_before=too_old_before,
        now=now,
        most=most,
    )
    return {row["reason"]: int(row["decided"]) for row in rows}


def _undecided(pending: Pending) -> str:
    return _BY_WALLET if pending.lt_strategy_id is None else _BY_STRATEGY


def _parameters(pending: Pending) -> dict[str, object]:
    return {
        "ft_wallet_id": pending.ft_wallet_id,
        "lt_strategy_id": pending.lt_strategy_id,
        "after": pending.after,
        "since": pending.since,
    }
