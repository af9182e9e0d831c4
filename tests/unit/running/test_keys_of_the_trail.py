"""Keys of the trail belong to a stretch of code and to what it starts, and to nobody beside it."""

from __future__ import annotations

import logging
import threading

import pytest

from live_trading.services.running.trail import Key, Step, TrailFilter, along, passed
from live_trading.store.database.connection import Transaction
from live_trading.wiring.chance import SYSTEM

pytestmark = pytest.mark.health


class Lines(logging.Handler):
    """Every record as a handler of a function sees it."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[logging.LogRecord] = []
        self.addFilter(TrailFilter())

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(record)

    def keyed(self) -> list[dict[str, str]]:
        names = {key.value for key in Key}
        return [{name: value for name, value in vars(line).items() if name in names} for line in self.seen]


@pytest.fixture
def lines() -> Lines:
    made = Lines()
    logger = logging.getLogger("tests.trail")
    logger.handlers = [made]
    logger.setLevel(logging.INFO)
    return made


def say(text: str = "something") -> None:
    logging.getLogger("tests.trail").info(text)


def test_keys_are_on_the_lines_of_their_block_and_gone_after_it(lines: Lines) -> None:
    with along({Key.JOB: "lt-execute"}):
        with along({Key.REQUEST_ID: "r1", Key.JOB_ID: None}):
            say()
        say()
    say()

    assert lines.keyed() == [{"job": "lt-execute", "request_id": "r1"}, {"job": "lt-execute"}, {}]


def test_threads_side_by_side_have_the_keys_of_whoever_starts_them_and_not_each_other_s(lines: Lines) -> None:
    both = threading.Barrier(2)

    def serve(wallet: str) -> None:
        with along({Key.TRADING_WALLET_ID: wallet}):
            both.wait()
            say()
            both.wait()
        say()

    with along({Key.JOB: "lt-execute"}), SYSTEM.side_by_side(2) as pool:
        for served in [pool.submit(serve, wallet) for wallet in ("one", "two")]:
            served.result()

    within = sorted(each["trading_wallet_id"] for each in lines.keyed() if "trading_wallet_id" in each)
    assert within == ["one", "two"]
    assert [each.get("job") for each in lines.keyed()] == ["lt-execute"] * 4


def test_what_a_line_says_itself_stays(lines: Lines) -> None:
    with along({Key.JOB: "lt-execute"}):
        logging.getLogger("tests.trail").info("job done", extra={"job": "health"})

    assert lines.keyed() == [{"job": "health"}]


def test_a_step_is_logged_once_its_transaction_is_committed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    transaction = Transaction(lambda _: [], lambda _, __: [])
    with along({Key.JOB: "lt-execute"}):
        passed(transaction, Step.SENT, {Key.LT_ORDER_ID: 7, Key.STATE: None})
    before = len(caplog.records)

    transaction.committed()

    (line,) = caplog.records[before:]
    said = vars(line)
    assert (before, line.message) == (0, "order sent")
    assert (said["step"], said["lt_order_id"], said["job"]) == ("SENT", "7", "lt-execute")
    assert "state" not in said
