"""`make backtest DATA=<folder or file> TRADER=<address>`: would copying this trader have made money?"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from live_trading.api.problems import Problem
from live_trading.store.database.connection import Database
from local.backtest.endings import Ending, endings_of
from local.backtest.results import results_of
from local.backtest.run import Question, walk
from local.backtest.sheets import NOBODY, as_feed_rows
from local.backtest.telling import Told
from local.machine.env import LOCAL_STATE
from local.machine.processes import PartFailed, signals_as_exit
from local.postgres.databases import connect
from local.replay import server
from local.replay_data import NothingToReplay, Recording, read_recording

OUTPUT = LOCAL_STATE / "backtest"
# Follows every purchase and every sale of the trader with ten dollars a bet, and asks for no record.
USUAL_CONFIG: Mapping[str, Any] = {
    "probability_source": "none",
    "allocation_method": "FIXED",
    "bet_size": "10",
    "min_bet": "1",
    "max_bet": "10",
    "exits": {"follow_trader": True},
}
_USUAL_SLIPPAGE = "0.01"
_USUAL_BALANCE = "1000"
_NAMED_TRADERS = 10


class NotAsked(Exception):
    """What was asked cannot be answered as it was asked; the message says what to ask instead."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Back-tests one trader and says what came of it: 0 where there is an answer, 1 where there is none."""
    asked = _arguments(arguments)
    try:
        recording, endings = _read(asked.data, asked.trader or None)
        question = _question(asked, recording)
        with ExitStack() as opened:
            opened.enter_context(signals_as_exit())
            url = server(opened)
            database = Database(lambda: connect(url))
            walked = walk(database, recording, endings, question)
            told = Told(results_of(database, walked, question), walked, question, recording)
            database.close()
    except (NothingToReplay, NotAsked, PartFailed) as error:
        print(error, file=sys.stderr)
        return 1
    except Problem as problem:
        print(f"The configuration does not fit: {_fields(problem)}", file=sys.stderr)
        return 1
    OUTPUT.mkdir(parents=True, exist_ok=True)
    page_path, summary_path = OUTPUT / "tearsheet.html", OUTPUT / "summary.json"
    page_path.write_text(told.html(), encoding="utf-8")
    summary_path.write_text(told.summary(), encoding="utf-8")
    print(told.text(page_path, summary_path))
    return 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make backtest", description="Would copying this trader have made money?")
    parser.add_argument("data", type=Path, help="a folder of recorded answers, or a file of trades")
    parser.add_argument("--trader", default="", help="whom to copy; may be left out where the data has one trader")
    parser.add_argument("--config", type=Path, help="a file with the configuration of an FT wallet as JSON")
    parser.add_argument("--slippage", default=_USUAL_SLIPPAGE, help="a fraction of the price where no book is recorded")
    parser.add_argument("--balance", default=_USUAL_BALANCE, help="dollars to begin with")
    return parser.parse_args(arguments)


def _read(data: Path, trader: str | None) -> tuple[Recording, dict[str, Ending]]:
    endings: dict[str, Ending] = {}

    def as_rows(rows: list[object]) -> list[object]:
        for condition_id, ending in endings_of(rows).items():
            endings.setdefault(condition_id, ending)
        return as_feed_rows(rows, trader)

    return read_recording(data, as_rows=as_rows), endings


def _question(asked: argparse.Namespace, recording: Recording) -> Question:
    return Question(
        trader=_trader(asked.trader.strip().lower(), recording),
        config=USUAL_CONFIG if asked.config is None else _config(asked.config),
        balance_usd=_number(asked.balance, "--balance", Decimal(1), Decimal(10) ** 9),
        slippage_fraction=_number(asked.slippage, "--slippage", Decimal(0), Decimal("0.5")),
    )


def _trader(asked: str, recording: Recording) -> str:
    counted = Counter(trade.trader for trade in recording.trades.values())
    if not counted:
        raise NotAsked("The data has no trades that can be read.")
    if asked and asked in counted:
        return asked
    if not asked and len(counted) == 1:
        return next(iter(counted))
    busiest = "\n".join(f"  {trader}  {count} trades" for trader, count in counted.most_common(_NAMED_TRADERS))
    said = f"{asked} has no trade in the data" if asked else f"The data has {len(counted)} traders: name one by TRADER="
    if asked and counted.keys() == {NOBODY}:
        return NOBODY
    raise NotAsked(f"{said}. Those with the most trades:\n{busiest}")


def _config(file: Path) -> Mapping[str, Any]:
    try:
        read = json.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
    except (OSError, ValueError) as error:
        raise NotAsked(f"{file} cannot be read as JSON: {error}") from error
    if not isinstance(read, dict):
        raise NotAsked(f"{file} is no JSON object")
    return {name: value for name, value in read.items() if name != "target_traders"}


def _number(text: str, name: str, least: Decimal, most: Decimal) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not least <= value <= most:
        raise NotAsked(f"{name} is a number, {least} to {most}")
    return value


def _fields(problem: Problem) -> str:
    return "; ".join(f"{each.field} {each.reason}" for each in problem.fields) or problem.message


if __name__ == "__main__":
    sys.exit(main())
