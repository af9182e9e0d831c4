"""What can go wrong on the way to the chain, by what the caller may do next."""

from __future__ import annotations

from live_trading.nouns.errors import GiveUp, OutcomeUnknown, RetryLater


class RpcUnavailable(RetryLater):
    """The node could not be reached or refused to work; the request did nothing."""


class RpcAnswerLost(RpcUnavailable):
    """The request was sent and no readable answer came back. Harmless for a read, unknown for a broadcast."""


class RpcBroke(RpcAnswerLost):
    """The node says that it failed inside. Of a broadcast its text may still tell that nothing was taken."""


class RpcRefused(GiveUp):
    """The node understood the request and answered with an error.

    `code` is the JSON-RPC error code, `data` the revert data in hex where the node gave any.
    """

    def __init__(self, message: str, *, code: int, data: str | None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data


class RangeTooWide(RpcRefused):
    """The node does not look for logs in so many blocks, or has found too many: fewer blocks may be answered."""


class TooManyTopics(RpcRefused):
    """The node takes no filter of so many addresses: a shorter one may be answered."""


class BlockNotThere(RpcUnavailable):
    """The node that was asked has not come to this block yet; a provider's nodes do not all stand at the same one."""


class Reverted(GiveUp):
    """The contract refuses the call; `reason` is its own text, or its revert data where it has none."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the contract refuses the call: {reason}")
        self.reason = reason


class Paused(Reverted):
    """The contract refuses the call because its owner has paused it for now: the same call works later."""


class ContractMissing(GiveUp):
    """No code, or code of another contract, stands at a configured address."""


class FeeAboveCap(RetryLater):
    """The chain asks for more gas money than the caps allow; nothing was signed."""


class GasAboveCap(GiveUp):
    """The call needs more gas than the caps allow; nothing was signed."""


class NotEnoughGasMoney(RetryLater):
    """The sender cannot pay for the gas; the same bytes work once it can."""


class FeeTooLow(RetryLater):
    """The node takes no transaction at this fee now; the same bytes may work later, or be outbid."""


class NonceTaken(GiveUp):
    """Another transaction has used the nonce for good: these bytes can never be mined."""


class Unmineable(GiveUp):
    """The node will never take these bytes: wrong chain, bad signature, malformed or oversized."""


class BroadcastOutcomeUnknown(OutcomeUnknown):
    """The bytes may or may not be in the pool; sending the same bytes again is harmless."""


class UnusableKey(GiveUp):
    """A private key that is not one; its text is never part of the message."""
