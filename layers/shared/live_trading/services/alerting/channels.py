"""What the sender needs of a channel."""

from __future__ import annotations

from typing import Protocol

from live_trading.nouns.alerts import ChannelName, Outgoing


class Channel(Protocol):
    """One way to the operator; `longest` is how many characters of text it takes."""

    @property
    def name(self) -> ChannelName: ...

    @property
    def longest(self) -> int: ...

    def send(self, message: Outgoing, *, timeout_seconds: float) -> None:
        """Raises RetryLater or GiveUp where the message was not taken, in no more than some seconds."""
        ...
