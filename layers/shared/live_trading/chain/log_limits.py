"""What providers say when a question for logs asks for too much, told apart by what helps.

There is no standard. Each has its own number and words, and -32005 is a rate limit for one and too many results for
another, so the words decide: fewer blocks, fewer addresses, another moment, or nothing that helps.
"""

from __future__ import annotations

import re

from live_trading.chain.errors import BlockNotThere, RangeTooWide, RpcRefused, RpcUnavailable, TooManyTopics

# "block range extends beyond current head block", "One of the blocks specified in filter cannot be found",
# "invalid block range params" where the end lies behind the node's head.
_NOT_THERE = re.compile(
    r"beyond (the )?(current )?head|blocks? .*(cannot be|not) found|unknown block|block .*in the future"
    r"|invalid block range params|header not found",
    re.IGNORECASE,
)
# "Your app has exceeded its compute units per second capacity", "rate limit exceeded", "Too many requests".
_RATE = re.compile(
    r"rate.?limit|too many requests|per (second|minute|hour|day)\b|compute units|request count exceeded|daily request"
    r"|throughput|quota",
    re.IGNORECASE,
)
# "exceed max topics", "exceed max addresses or topics per search position", "a maximum of 5,000 parameters".
_TOPICS = re.compile(
    r"topics|addresses|parameters in|too many param|(payload|request|body).{0,20}too large", re.IGNORECASE
)
# Words such as "query returned more than 10000 results", "Log response size exceeded", "Block range is too large",
# "eth_getLogs is limited to a 10,000 range", "up to a 10 block range", "Block range limit exceeded",
# "ranges over 10000 blocks are not supported", "exceed maximum block range: 50000", "query timeout exceeded".
_WIDE = re.compile(
    r"range|results|response (size|is too)|too many (logs|blocks)|query.{0,12}time.?(d )?out|timed? ?out"
    r"|blocks? (limit|count)|max(imum)? .{0,20}blocks",
    re.IGNORECASE,
)


def refusal_of_logs(message: str, code: int) -> RpcRefused | RpcUnavailable | None:
    """The error of a refused `eth_getLogs` by what may help; None where its words are none of these."""
    if _NOT_THERE.search(message):
        return BlockNotThere(message)
    if _TOPICS.search(message) and not _WIDE.search(message):
        return TooManyTopics(message, code=code, data=None)
    if _RATE.search(message):
        return RpcUnavailable(message)
    if _WIDE.search(message):
        return RangeTooWide(message, code=code, data=None)
    return None
