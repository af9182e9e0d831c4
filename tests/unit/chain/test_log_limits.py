"""What providers say when a question for logs is too much, in their own words, and what helps."""

from __future__ import annotations

import pytest

from live_trading.chain.errors import BlockNotThere, RangeTooWide, RpcUnavailable, TooManyTopics
from live_trading.chain.log_limits import refusal_of_logs

_RESPONSE_SIZE = (
    "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range and no limit on the "
    "response size, or you can request any block range with a cap of 10K logs in the response. Based on your "
    "parameters and the response size limit, this block range should work: [0x1, 0x2]"
)
_FREE_TIER = (
    "Under the Free tier plan, you can make eth_getLogs requests with up to a 10 block range. Based on your "
    "parameters, this block range should work: [0x1, 0xa]. Upgrade to PAYG for expanded block range."
)
_FEWER_BLOCKS = [
    (-32005, "query returned more than 10000 results"),
    (-32005, "query timeout exceeded"),
    (-32005, "query exceeds max block range"),
    (-32602, _RESPONSE_SIZE),
    (-32600, _FREE_TIER),
    (-32614, "eth_getLogs is limited to a 10,000 range"),
    (-32000, "Block range limit exceeded. See more details at https://docs.chainstack.com/docs/limits"),
    (-32062, "Block range is too large"),
    (-32701, "exceed maximum block range: 50000"),
    (-32000, "eth_getLogs is limited to 0 - 50 blocks range"),
    (35, "ranges over 10000 blocks are not supported on freetier"),
    (-32002, "request timed out"),
]
_FEWER_ADDRESSES = [
    (-32602, "exceed max topics"),
    (-32602, "exceed max addresses or topics per search position"),
    (-32000, "request entity: payload too large"),
]
_LATER = [
    (429, "Your app has exceeded its compute units per second capacity. If you have retries enabled, you can ignore"),
    (-32005, "daily request count exceeded, request rate limited"),
    (-32007, "100/second request limit reached - reduce calls per second or upgrade your account"),
    (-32097, "rate limit exceeded"),
]
_OTHER_BLOCK = [
    (-32602, "block range extends beyond current head block"),
    (-32001, "One of the blocks specified in filter (fromBlock, toBlock or blockHash) cannot be found."),
    (-32000, "invalid block range params"),
]


@pytest.mark.parametrize(
    ("code", "words", "kind"),
    [
        *((code, words, RangeTooWide) for code, words in _FEWER_BLOCKS),
        *((code, words, TooManyTopics) for code, words in _FEWER_ADDRESSES),
        *((code, words, RpcUnavailable) for code, words in _LATER),
        *((code, words, BlockNotThere) for code, words in _OTHER_BLOCK),
    ],
)
def test_a_refusal_is_known_by_what_helps(code: int, words: str, kind: type[Exception]) -> None:
    assert type(refusal_of_logs(f"eth_getLogs: {words} ({code})", code)) is kind


def test_words_that_nobody_knows_are_no_limit() -> None:
    assert refusal_of_logs("eth_getLogs: the method is not available (-32601)", -32601) is None
