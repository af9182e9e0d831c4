"""Rows of the relayer's list: which submission of ours lives, and what one that cannot be read may hide."""

from __future__ import annotations

from typing import Any

import pytest

from live_trading.nouns.errors import MalformedAnswer
from live_trading.polymarket.relayer import RelayState, live_submission

pytestmark = pytest.mark.money_faults

OURS = "0xOurs"


def row(**changes: Any) -> dict[str, Any]:
    return {"signature": "0xours", "transactionID": "one", "state": "STATE_NEW", "transactionHash": "0xAB"} | changes


@pytest.mark.parametrize("bad", [None, [], "row", {}, row(signature=None), row(signature="0xother", state=5)])
def test_a_row_of_somebody_else_is_not_read(bad: object) -> None:
    found = live_submission([bad, row()], OURS)

    assert found is not None
    assert (found.relayer_transaction_id, found.state, found.transaction_hash) == ("one", RelayState.NEW, "0xab")


@pytest.mark.parametrize("changes", [{"transactionID": None}, {"state": "STATE_UNHEARD_OF"}, {"state": None}])
def test_one_of_ours_that_cannot_be_read_does_not_hide_one_that_lives(changes: dict[str, Any]) -> None:
    found = live_submission([row(**changes), row(transactionID="two")], OURS)

    assert found is not None
    assert found.relayer_transaction_id == "two"


def test_one_of_ours_that_cannot_be_read_is_not_none() -> None:
    with pytest.raises(MalformedAnswer):
        live_submission([row(transactionID=7), row(state="STATE_FAILED")], OURS)


def test_dead_ones_are_none() -> None:
    assert live_submission([row(state="STATE_FAILED"), row(state="STATE_INVALID")], OURS) is None
