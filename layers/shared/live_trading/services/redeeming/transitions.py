"""Moves redemptions by named causes, with an audit line each, and raises and ends the alerts that go with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from live_trading.nouns.alerts import AlertType, Concern, Severity
from live_trading.nouns.money import Usd
from live_trading.services.running.trail import Key, Step, passed
from live_trading.settlement.advice import WHAT_TO_DO
from live_trading.settlement.machine import Cause, RedemptionState, next_state
from live_trading.settlement.preflight import PATIENT, WAITING, FailureCode
from live_trading.store.chain import redemption_changes, redemptions, wallet_approvals
from live_trading.store.chain.chain_sends import ChainSend
from live_trading.store.chain.redemptions import Redemption, SettledBy
from live_trading.store.database import audit
from live_trading.store.database.connection import Transaction
from live_trading.store.watch import alerts

RETRY_AFTER = timedelta(minutes=10)
MAX_ATTEMPTS = 5
# Pauses and quotas are the venue's everyday; one that lasts for longer keeps money from being used.
TELL_AFTER = timedelta(hours=1)
_LONGEST_PAUSE_SECONDS = 24 * 3600
_LOUD = frozenset({FailureCode.PAID_NOTHING, FailureCode.PAID_OTHERWISE, FailureCode.PAYMENT_NOT_FOUND})
_MOST_SHOWN = 500
_STEPS = {
    (Cause.SENT, RedemptionState.BROADCAST): Step.REDEMPTION_SENT,
    (Cause.PAID, RedemptionState.BOOKED): Step.REDEMPTION_BOOKED,
    (Cause.PAID_ELSEWHERE, RedemptionState.BOOKED): Step.REDEMPTION_BOOKED,
}


def move(transaction: Transaction, redemption: Redemption, cause: Cause, *, actor: str, now: datetime) -> Redemption:
    """The redemption in its next state.

    What comes next in the transaction, or its end, raises StopEverything where the row has moved on meanwhile.
    """
    to = next_state(redemption.state, cause)
    redemption_changes.move(transaction, redemption, to)
    audit.record(
        transaction,
        actor=actor,
        action="redemption_state",
        subject_type="lt_redemption",
        subject_id=str(redemption.lt_redemption_id),
        before={"state": redemption.state},
        after={"state": to},
        cause=cause,
        at=now,
    )
    step = _STEPS.get((cause, to))
    if step is not None:
        keys = {
            Key.LT_REDEMPTION_ID: redemption.lt_redemption_id,
            Key.CONDITION_ID: redemption.condition_id,
            Key.TRADING_WALLET_ID: redemption.trading_wallet_id,
        }
        passed(transaction, step, keys)
    return replace(redemption, state=to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Why a send will never be mined.

    `is_skipped`: the relayer found no tokens to turn in, so that who was paid is looked for at once. `is_waiting`:
    nobody has taken it and nothing is wrong; it is signed again after `retry_after_seconds`, where those are known.
    """

    why: str
    is_skipped: bool = False
    is_waiting: bool = False
    retry_after_seconds: float | None = None


def carry(
    transaction: Transaction,
    send: ChainSend,
    cause: Cause,
    ending: Ending | None = None,
    *,
    actor: str,
    now: datetime,
) -> None:
    """Moves every redemption and approval that a transaction carries by the cause that moved the transaction.

    `ending` says why, where the cause is that it will never be mined. What has ended before its transaction was done
    with stays as it is.
    """
    carried = redemptions.of_send(transaction, send.chain_send_id)
    for redemption in carried:
        if redemption.state is not send.state:
            continue
        moved = move(transaction, redemption, cause, actor=actor, now=now)
        if moved.state is RedemptionState.FAILED:
            _end_unsent(transaction, moved, send, ending, actor=actor, now=now)
    redemption_changes.copy_send(transaction, send.chain_send_id)
    wallet_approvals.mirror(transaction, send.chain_send_id, now)


def _end_unsent(
    transaction: Transaction,
    redemption: Redemption,
    send: ChainSend,
    ending: Ending | None,
    *,
    actor: str,
    now: datetime,
) -> None:
    if ending is not None and ending.is_waiting:
        redemption_changes.uncount_attempt(transaction, redemption)
        pause = max(RETRY_AFTER, timedelta(seconds=min(ending.retry_after_seconds or 0, _LONGEST_PAUSE_SECONDS)))
        wait(transaction, redemption, FailureCode.RELAYER_QUOTA, ending.why, now, actor=actor, pause=pause)
        return
    why = f"transaction {send.transaction_hash} will never be mined"
    if ending is not None:
        why = f"{why}: {ending.why}"
    # Who was paid is looked for at once, but only once: the relayer's node may be behind ours.
    is_looked_at = ending is not None and ending.is_skipped and redemption.attempts <= 1
    pause = timedelta(0) if is_looked_at else RETRY_AFTER
    fail(transaction, redemption, FailureCode.NEVER_MINED, why, now, actor=actor, pause=pause)


def settle(
    transaction: Transaction,
    redemption: Redemption,
    cause: Cause,
    *,
    amount: Usd,
    settled_by: SettledBy,
    actor: str,
    now: datetime,
    transaction_hash: str | None = None,
    remark: str | None = None,
) -> Redemption:
    """Ends a redemption: BOOKED or NOTHING_TO_DO with what arrived; its alert ends with it."""
    moved = move(transaction, redemption, cause, actor=actor, now=now)
    redemption_changes.note_settled(
        transaction,
        moved,
        amount=amount,
        settled_by=settled_by,
        transaction_hash=transaction_hash,
        remark=remark,
        now=now,
    )
    alerts.resolve_alert(transaction, alert_type=AlertType.REDEMPTION, subject=str(moved.lt_redemption_id), at=now)
    return moved


def refuse(
    transaction: Transaction, redemption: Redemption, code: FailureCode, text: str, *, actor: str, now: datetime
) -> Redemption:
    """A redemption that is not signed fails a check: FAILED with its next attempt, or the operator's after enough.

    What the venue only puts off stays DUE.
    """
    if code in WAITING:
        return wait(transaction, redemption, code, text, now, actor=actor)
    moved = redemption
    if redemption.state is not RedemptionState.FAILED or redemption.failure_code is not code:
        moved = move(transaction, redemption, Cause.CHECK_FAILED, actor=actor, now=now)
    if code not in PATIENT:
        redemption_changes.count_attempt(transaction, moved)
        moved = replace(moved, attempts=moved.attempts + 1)
    return fail(transaction, moved, code, text, now, actor=actor)


def wait(
    transaction: Transaction,
    redemption: Redemption,
    code: FailureCode,
    text: str,
    now: datetime,
    *,
    actor: str,
    pause: timedelta = RETRY_AFTER,
) -> Redemption:
    """Leaves a redemption DUE and tries it again after `pause`; whoever waits for long raises an alert."""
    moved = redemption
    if redemption.state is RedemptionState.FAILED:
        moved = move(transaction, redemption, Cause.TOLD_TO_WAIT, actor=actor, now=now)
    since = redemption_changes.note_waiting(
        transaction, moved, error=f"{code}: {text}", next_attempt_at=now + pause, now=now
    )
    if now - since >= TELL_AFTER:
        alerts.raise_alert(
            transaction,
            alert_type=AlertType.REDEMPTION,
            severity=Severity.WARNING,
            subject=str(moved.lt_redemption_id),
            title=f"redemption of {moved.condition_id} waits: {code}",
            message=f"since {since.isoformat()}: {_told(moved, code, text)}",
            at=now,
            concern=Concern(trading_wallet_id=moved.trading_wallet_id),
        )
    return moved


def fail(
    transaction: Transaction,
    redemption: Redemption,
    code: FailureCode,
    text: str,
    now: datetime,
    *,
    actor: str = "lt-redemptions",
    pause: timedelta = RETRY_AFTER,
) -> Redemption:
    """Writes why a FAILED redemption failed; one that has been tried enough goes to the operator. Raises an alert."""
    if redemption.state is RedemptionState.FAILED and redemption.attempts >= MAX_ATTEMPTS and code not in PATIENT:
        redemption = move(transaction, redemption, Cause.TRIED_ENOUGH, actor=actor, now=now)
    is_for_operator = redemption.state is RedemptionState.NEEDS_OPERATOR
    redemption_changes.note_failure(
        transaction,
        redemption,
        code=code,
        error=text,
        next_attempt_at=None if is_for_operator else now + pause,
        now=now,
    )
    alerts.raise_alert(
        transaction,
        alert_type=AlertType.REDEMPTION,
        severity=Severity.CRITICAL if is_for_operator or code in _LOUD else Severity.WARNING,
        subject=str(redemption.lt_redemption_id),
        title=f"redemption of {redemption.condition_id}: {code}",
        message=_told(redemption, code, text),
        at=now,
        concern=Concern(trading_wallet_id=redemption.trading_wallet_id),
    )
    return redemption


def hand_over(
    transaction: Transaction, redemption: Redemption, code: FailureCode, text: str, *, actor: str, now: datetime
) -> Redemption:
    """A redemption whose payment is proved and cannot be booked becomes the operator's; it alone stops."""
    moved = move(transaction, redemption, Cause.NOT_BOOKABLE, actor=actor, now=now)
    return fail(transaction, moved, code, text[:_MOST_SHOWN], now, actor=actor)


def tell_of_trouble(transaction: Transaction, redemption: Redemption, error: Exception, *, now: datetime) -> None:
    """An alert that a step of a redemption failed in a way that nobody foresaw; the next run takes the step again."""
    alerts.raise_alert(
        transaction,
        alert_type=AlertType.REDEMPTION,
        severity=Severity.CRITICAL,
        subject=str(redemption.lt_redemption_id),
        title=f"redemption of {redemption.condition_id} does not go on: {type(error).__name__}",
        message=_context(redemption, f"it is {redemption.state}, and {str(error)[:_MOST_SHOWN]}")
        + ". What to do: read the log of lt-redemptions; the same step is taken again at its next run, and every other "
        "redemption goes on.",
        at=now,
        concern=Concern(trading_wallet_id=redemption.trading_wallet_id),
    )


def tell_of_reorg(transaction: Transaction, redemption: Redemption, transaction_hash: str, *, now: datetime) -> None:
    """An alert that a booked payment is on the chain no more; it ends when the redemption is paid again."""
    text = f"transaction {transaction_hash} paid it and a reorganisation has taken it off the chain"
    alerts.raise_alert(
        transaction,
        alert_type=AlertType.REDEMPTION,
        severity=Severity.CRITICAL,
        subject=str(redemption.lt_redemption_id),
        title=f"redemption of {redemption.condition_id}: its payment was taken back",
        message=f"{_context(redemption, text)}. What it had booked is reversed, and it is {redemption.state} again. "
        "What to do: nothing, unless it stays so for an hour; the money cannot be spent meanwhile.",
        at=now,
        concern=Concern(trading_wallet_id=redemption.trading_wallet_id),
    )


def _told(redemption: Redemption, code: FailureCode, text: str) -> str:
    return f"{_context(redemption, text)}. What to do: {WHAT_TO_DO[code]}."


def _context(redemption: Redemption, text: str) -> str:
    return (
        f"{redemption.action.lower()} {redemption.lt_redemption_id} of wallet {redemption.trading_wallet_id}, "
        f"{redemption.expected} USD in market {redemption.condition_id}, due since {redemption.opened_at.isoformat()}: "
        f"{text}"
    )
