"""One part's failure is its own, whatever it is; what is of the whole run ends the run."""

from __future__ import annotations

import logging

import pytest

from live_trading.nouns.errors import GiveUp, LeaseLost, RetryLater, StopEverything
from live_trading.services.running.failures import PartFailure, contained
from live_trading.store.database.connection import CommitOutcomeUnknown, StoreUnavailable


@pytest.mark.parametrize("error", [RetryLater("away"), GiveUp("no"), ValueError("odd"), StopEverything("broken rule")])
def test_any_error_of_a_part_becomes_its_failure_and_the_next_part_runs(error: Exception) -> None:
    failures: list[PartFailure] = []
    ran = []

    for each in ("first", "second"):
        with contained(each, failures):
            if each == "first":
                raise error
            ran.append(each)

    assert failures == [PartFailure(part="first", error=type(error).__name__, message=str(error))]
    assert ran == ["second"]


def test_an_unforeseen_error_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), contained("wallet one", []):
        raise ZeroDivisionError("nothing to divide by")

    assert "ZeroDivisionError: nothing to divide by" in caplog.text


def test_a_venue_that_is_away_needs_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), contained("wallet one", []):
        raise RetryLater("restarting")

    assert caplog.text == ""


@pytest.mark.parametrize("error", [StoreUnavailable("gone"), CommitOutcomeUnknown("lost"), LeaseLost("taken over")])
def test_what_is_of_the_whole_run_ends_it(error: Exception) -> None:
    with pytest.raises(type(error)), contained("wallet one", []):
        raise error
