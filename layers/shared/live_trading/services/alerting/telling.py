"""Sends what waits to be told: each minute, after each run of health, and at once where it is urgent.

What is told was committed with its cause. A message is taken for a minute, sent, and noted; who dies in between has not
noted it, and it is sent once more: at least once. Two senders at once take different messages. A channel that refuses
keeps no other back, and what it refused is tried again, later each time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from live_trading.nouns.alerts import ChannelName, MessageKind, Outgoing, Severity, ToldOf
from live_trading.nouns.chance import Chance
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import GiveUp, LiveTradingError, RetryLater
from live_trading.services.alerting.channels import Channel
from live_trading.services.alerting.quiet_hours import QuietHours
from live_trading.services.alerting.wording import Said, worded
from live_trading.store.database.connection import Database
from live_trading.store.watch import alert_due, alert_outbox

logger = logging.getLogger(__name__)

# Longer than any sending takes; then somebody else takes what was not noted.
TAKEN_FOR = timedelta(minutes=1)
GIVE_UP_AFTER = timedelta(days=3)
SEND_SECONDS = 5.0
URGENT_SECONDS = 2.0
# Less than the function has.
RUN_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TellingRules:
    """When something is told again and when nothing is told; None for never."""

    escalate_after: timedelta | None
    repeat_after: timedelta | None
    quiet: QuietHours | None


@dataclass(slots=True, kw_only=True)
class TellReport:
    """How many were escalated, what each channel was sent, and what a channel refused, by its name."""

    escalated: int = 0
    repeated: int = 0
    sent: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


class AlertTeller:
    """Tells through every channel. Without a channel everything waits for one."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        chance: Chance,
        channels: Sequence[Channel],
        rules: TellingRules,
        note_events: Callable[[datetime], None] | None = None,
    ) -> None:
        """`note_events` writes what happened and is no alert into the outbox, where that is wanted."""
        self._database = database
        self._clock = clock
        self._chance = chance
        self._channels = channels
        self._rules = rules
        self._note_events = note_events

    @property
    def _names(self) -> list[ChannelName]:
        return [channel.name for channel in self._channels]

    def run(self) -> TellReport:
        """Escalates what is old, and sends what is due. Raises StoreUnavailable where the database is away."""
        now = self._clock.now()
        report = TellReport()
        if self._note_events is not None:
            self._note_events(now)
        is_quiet = self._rules.quiet is not None and self._rules.quiet.hold(now)
        # Nobody is woken because a warning has become a day older.
        escalate_before = None if is_quiet else _before(now, self._rules.escalate_after)
        repeat_before = _before(now, self._rules.repeat_after)
        with self._database.reading() as reading:
            due = alert_due.due(
                reading,
                now=now,
                channels=self._names,
                escalate_before=escalate_before,
                repeat_before=repeat_before,
            )
        if not due:
            return report
        with self._database.transaction() as transaction:
            if due.to_repeat and repeat_before is not None:
                report.repeated = alert_due.repeat(transaction, before=repeat_before, now=now)
            if due.to_escalate and escalate_before is not None:
                report.escalated = alert_due.escalate(transaction, before=escalate_before, now=now)
            if self._channels:
                alert_due.give_up_others(transaction, self._names)
                alert_due.spread(transaction, self._names, now)
        self._through_all(lambda channel: self._tell(channel, report, is_quiet=is_quiet), report, seconds=RUN_SECONDS)
        return report

    def tell_urgent(self, title: str, message: str) -> TellReport:
        """Sends what is urgent at once, and nothing else; whatever fails is in the report, and tried again later.

        Where the database is away the channels are told the title and the message, which it then knows nothing of.
        """
        report = TellReport()
        direct = _unkept(title, message, self._clock.now())
        self._through_all(
            lambda channel: self._tell_urgent(channel, direct, report), report, seconds=2 * URGENT_SECONDS
        )
        return report

    def _tell_urgent(self, channel: Channel, direct: Outgoing, report: TellReport) -> None:
        now = self._clock.now()
        try:
            with self._database.transaction() as transaction:
                alert_due.spread(transaction, self._names, now, only_urgent=True)
            self._tell(channel, report, is_quiet=False, only_urgent=True)
        except LiveTradingError as error:
            logger.warning("what is urgent is told without a note", extra={"error": type(error).__name__})
            self._tell_unkept(channel, direct, report)

    def _through_all(self, tell: Callable[[Channel], None], report: TellReport, *, seconds: float) -> None:
        """Every channel beside the others. One that is not done in time goes on alone, and is waited for no longer."""
        if not self._channels:
            return
        pool = self._chance.side_by_side(len(self._channels))
        telling = {pool.submit(tell, channel): channel for channel in self._channels}
        done, late = wait(telling, timeout=seconds)
        pool.shutdown(wait=False)
        for each in late:
            report.refused[telling[each].name] = f"it was not done in {seconds:.0f} seconds"
        for each in done:
            each.result()

    def _tell(self, channel: Channel, report: TellReport, *, is_quiet: bool, only_urgent: bool = False) -> None:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            waiting = alert_outbox.take(
                transaction,
                channel.name,
                now=now,
                until=now + TAKEN_FOR,
                is_quiet=is_quiet,
                only_urgent=only_urgent,
            )
        said = worded(waiting, longest=channel.longest)
        for place, each in enumerate(said):
            try:
                channel.send(each.outgoing, timeout_seconds=URGENT_SECONDS if only_urgent else SEND_SECONDS)
            except RetryLater as error:
                # The channel is away: what is left of this run would only wait for it too.
                self._note_failed(channel, said[place:], error, report)
                return
            except GiveUp as error:
                self._note_failed(channel, [each], error, report)
            except Exception as error:
                logger.exception("a channel failed in a way that nobody foresaw", extra={"channel": channel.name})
                self._note_failed(channel, [each], error, report)
            else:
                sent_at = self._clock.now()
                with self._database.transaction() as transaction:
                    alert_outbox.note_sent(transaction, channel.name, each.covers, sent_at)
                report.sent[channel.name] = report.sent.get(channel.name, 0) + 1

    def _note_failed(self, channel: Channel, said: Sequence[Said], error: Exception, report: TellReport) -> None:
        # What our own errors say holds no secret; of others only the class is known to hold none.
        text = f"{type(error).__name__}: {error}" if isinstance(error, LiveTradingError) else type(error).__name__
        logger.warning("a channel did not take a message", extra={"channel": channel.name, "error": text})
        report.refused[channel.name] = text
        now = self._clock.now()
        wait = getattr(error, "retry_after_seconds", None) or 0
        with self._database.transaction() as transaction:
            alert_outbox.note_failed(
                transaction,
                channel.name,
                [one for each in said for one in each.covers],
                error=text,
                now=now,
                not_before=now + timedelta(seconds=wait),
                give_up_before=now - GIVE_UP_AFTER,
            )

    def _tell_unkept(self, channel: Channel, outgoing: Outgoing, report: TellReport) -> None:
        try:
            channel.send(outgoing, timeout_seconds=URGENT_SECONDS)
        except Exception as error:
            logger.exception("what is urgent was not taken", extra={"channel": channel.name})
            report.refused[channel.name] = type(error).__name__
        else:
            report.sent[channel.name] = report.sent.get(channel.name, 0) + 1


def _before(now: datetime, age: timedelta | None) -> datetime | None:
    return None if age is None else now - age


def _unkept(title: str, message: str, now: datetime) -> Outgoing:
    told = ToldOf(kind=MessageKind.BEGAN, severity=Severity.CRITICAL, title=title, at=now)
    return Outgoing(
        reference=f"urgent-{now.isoformat()}",
        severity=Severity.CRITICAL,
        title=f"{Severity.CRITICAL}: {title}",
        text=message,
        told=(told,),
        count=1,
    )
