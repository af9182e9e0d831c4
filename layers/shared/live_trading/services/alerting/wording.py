"""What is said of alerts, as a pure function: from what is due in one channel to a handful of messages.

What is urgent stands by itself. Of each alert only the newest word is said. Few are told one by one; where there are
many they are counted by type, the worst are named, and each stays in the list of alerts. What was over before anybody
was told of it is one line.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from live_trading.nouns.alerts import MessageKind, Outgoing, Severity, ToldOf
from live_trading.store.watch.alert_outbox import TakenMessage

MOST_ONE_BY_ONE = 5
MOST_NAMED = 20
MOST_LISTED = 500
_LONGEST_NAME = 150
_BADNESS = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}
LIST = "GET /api/lt/alerts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message, and which of the waiting ones it tells."""

    outgoing: Outgoing
    covers: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _About:
    """All that waits of one alert; the newest of it is what there is to say."""

    newest: TakenMessage
    covers: tuple[int, ...]

    @property
    def is_over_untold(self) -> bool:
        return self.newest.kind is MessageKind.ENDED and not self.newest.was_told


def worded(waiting: Sequence[TakenMessage], *, longest: int) -> list[Said]:
    """The messages to send, the worst first; together they cover all that waits. No text is longer than `longest`."""
    about = _by_alert(waiting)
    urgent = [each for each in about if each.newest.is_urgent and not each.is_over_untold]
    over = [each for each in about if each.is_over_untold]
    others = [each for each in about if not each.newest.is_urgent and not each.is_over_untold]
    said = [_single(each, longest) for each in urgent]
    if len(others) <= MOST_ONE_BY_ONE:
        said += [_single(each, longest) for each in others]
        return [*said, *([_digest(over, longest)] if over else [])]
    return [*said, _digest([*others, *over], longest)]


def _by_alert(waiting: Sequence[TakenMessage]) -> list[_About]:
    groups: dict[object, list[TakenMessage]] = {}
    for each in waiting:
        key = ("event", each.alert_message_id) if each.lt_alert_id is None else ("alert", each.lt_alert_id)
        groups.setdefault(key, []).append(each)
    about = [
        _About(
            newest=max(group, key=lambda each: each.alert_message_id),
            covers=tuple(sorted(each.alert_message_id for each in group)),
        )
        for group in groups.values()
    ]
    return sorted(about, key=_worst_first)


def _worst_first(about: _About) -> tuple[bool, int, int]:
    newest = about.newest
    return newest.kind is MessageKind.ENDED, _BADNESS[newest.severity], newest.alert_message_id


def _single(about: _About, longest: int) -> Said:
    newest = about.newest
    facts = [newest.message, *_facts(newest)]
    return _said(
        [about],
        severity=Severity.INFO if newest.kind is MessageKind.ENDED else newest.severity,
        title=_title(newest),
        text=_cut("\n\n".join(facts), longest, newest),
    )


def _title(message: TakenMessage) -> str:
    match message.kind:
        case MessageKind.BEGAN | MessageKind.WORSE:
            return f"{message.severity}: {message.title}"
        case MessageKind.AGED:
            return f"{message.severity} (nobody has acknowledged it): {message.title}"
        case MessageKind.REPEATED:
            return f"still {message.severity}: {message.title}"
        case MessageKind.ENDED:
            return f"ended: {message.title}"
        case MessageKind.HAPPENED:
            return message.title


def _facts(message: TakenMessage) -> list[str]:
    """What is known of the alert besides its text."""
    if message.lt_alert_id is None:
        return []
    since = "" if message.first_seen_at is None else f", first seen {_at(message.first_seen_at)}"
    times = "" if message.times_seen is None else f", seen {message.times_seen} times"
    ended = ""
    if message.kind is MessageKind.ENDED:
        by = "by itself" if message.resolved_by is None else f"by {message.resolved_by}: {message.resolve_reason}"
        ended = f", ended {_at(message.at)} {by}"
    return [f"Alert {message.lt_alert_id} ({message.alert_type}: {message.subject}){since}{times}{ended}."]


def _digest(about: Sequence[_About], longest: int) -> Said:
    """Many at once: counts, then the worst by name, then what is over."""
    over = [each for each in about if each.is_over_untold]
    news = [each for each in about if not each.is_over_untold]
    counts = Counter(_sort(each) for each in news)
    begun = [each for each in news if each.newest.kind not in (MessageKind.ENDED, MessageKind.HAPPENED)]
    by_severity = Counter(each.newest.severity for each in begun)
    summed = ", ".join(f"{by_severity[one]} {one}" for one in _BADNESS if by_severity[one])
    ended = sum(each.newest.kind is MessageKind.ENDED for each in news)
    happened = len(news) - len(begun) - ended
    parts = [
        f"{len(begun)} alerts ({summed})" if begun else "",
        f"{ended} ended" if ended else "",
        f"{happened} messages" if happened else "",
        f"{len(over)} began and ended" if over else "",
    ]
    lines = [f"{count} × {what}" for what, count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))]
    lines += ["", *_named(news)] if news else []
    lines += ["", "Over before it was told:", *_named(over)] if over else []
    tail = f"\n\nEach alert is in {LIST}." if any(each.newest.lt_alert_id for each in about) else ""
    return _said(
        about,
        severity=min((each.newest.severity for each in news), key=_BADNESS.__getitem__, default=Severity.INFO),
        title=" and ".join(part for part in parts if part),
        text=_lines_within(lines, longest - len(tail)) + tail,
        is_digest=True,
    )


def _sort(about: _About) -> str:
    newest = about.newest
    what = "message" if newest.alert_type is None else str(newest.alert_type)
    return f"{what} ended" if newest.kind is MessageKind.ENDED else f"{what} {newest.severity}"


def _named(about: Sequence[_About]) -> list[str]:
    named = [f"- {_title(each.newest)[:_LONGEST_NAME]}" for each in about[:MOST_NAMED]]
    return [*named, *([f"- and {len(about) - MOST_NAMED} more"] if len(about) > MOST_NAMED else [])]


def _said(about: Sequence[_About], *, severity: Severity, title: str, text: str, is_digest: bool = False) -> Said:
    covers = tuple(sorted(one for each in about for one in each.covers))
    return Said(
        outgoing=Outgoing(
            reference=_reference(covers),
            severity=severity,
            title=title,
            text=text,
            told=tuple(_told_of(each.newest) for each in about[:MOST_LISTED]),
            count=len(about),
            is_digest=is_digest,
        ),
        covers=covers,
    )


def _told_of(message: TakenMessage) -> ToldOf:
    return ToldOf(
        kind=message.kind,
        severity=message.severity,
        title=message.title,
        at=message.at,
        lt_alert_id=message.lt_alert_id,
        alert_type=message.alert_type,
        subject=message.subject,
    )


def _reference(covers: Iterable[int]) -> str:
    return hashlib.sha256(",".join(str(each) for each in covers).encode()).hexdigest()[:32]


def _cut(text: str, longest: int, message: TakenMessage) -> str:
    if len(text) <= longest:
        return text
    tail = "… (cut)" if message.lt_alert_id is None else f"… (the rest: {LIST}/{message.lt_alert_id})"
    return text[: longest - len(tail)] + tail


def _lines_within(lines: Sequence[str], longest: int) -> str:
    kept: list[str] = []
    used = 0
    for line in lines:
        used += len(line) + 1
        if used > longest:
            break
        kept.append(line)
    return "\n".join(kept)


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
