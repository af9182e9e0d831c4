"""`make backtest` answers with a profit, looks at nothing that came later, and says what it assumed."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from live_trading.nouns.money import Usd
from live_trading.store.database.connection import Database
from local.backtest import __main__ as backtest
from local.backtest.results import Results, results_of
from local.backtest.run import Question, Walked, walk
from tests.recorded import recorded_folder

pytestmark = [pytest.mark.integration, pytest.mark.backtest]

LEADER = "0x" + "ab" * 20
OTHER = "0x" + "cd" * 20
CONDITION = "0x" + "5c" * 32
YES = "71321045679252212594626385532706912750332728571942532289631379312455583992563"
NO = "52114319501245915516055106046884209969926127482827954674443846427813813222426"
THIRD = "26994926807159308505531352241892510362185630293975165092400997815774500370214"
FOURTH = "11593084589442847433294403991536933286655492685350021834293959588664884812735"
START = 1776504000
MINUTE = 60
CONFIG: dict[str, Any] = {**backtest.USUAL_CONFIG}


def trade(minute: int, price: str, *, side: str = "BUY", trader: str = LEADER, token: str = YES) -> dict[str, Any]:
    return {
        "proxyWallet": trader,
        "side": side,
        "asset": token,
        "conditionId": CONDITION,
        "size": "100",
        "price": price,
        "timestamp": START + minute * MINUTE + 1,
        "title": "Will it rain?",
        "slug": "rain",
        "outcome": "Yes" if token == YES else "No",
        "outcomeIndex": 0 if token == YES else 1,
        "transactionHash": f"0x{minute:060x}{int(Decimal(price) * 10000):04x}",
    }


def resolved(*, yes: str, at: str = "2026-04-18T20:00:00Z") -> dict[str, Any]:
    return {
        "conditionId": CONDITION,
        "question": "Will it rain?",
        "slug": "rain",
        "outcomes": '["Yes", "No"]',
        "clobTokenIds": f'["{YES}", "{NO}"]',
        "active": True,
        "closed": True,
        "orderPriceMinTickSize": "0.01",
        "orderMinSize": "5",
        "negRisk": False,
        "umaResolutionStatus": "resolved",
        "outcomePrices": f'["{yes}", "{1 - Decimal(yes)}"]',
        "closedTime": at,
        "enableOrderBook": True,
        "acceptingOrders": False,
    }


def asked(
    tmp_path: Path, database: Database, *, slippage: str = "0", config: dict[str, Any] | None = None, **files: object
) -> tuple[Results, Walked]:
    for name, rows in files.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(rows))
    recording, endings = backtest._read(tmp_path, None)
    question = Question(
        trader=LEADER, config=config or CONFIG, balance_usd=Decimal(1000), slippage_fraction=Decimal(slippage)
    )
    walked = walk(database, recording, endings, question)
    return results_of(database, walked, question), walked


def test_a_bet_on_what_came_true_brings_its_payout(tmp_path: Path, database: Database) -> None:
    found, walked = asked(tmp_path, database, trades=[trade(0, "0.5")], markets=[resolved(yes="1")])

    assert walked.failures == []
    assert (found.profit, found.open_profit, found.leader_profit) == (Usd("10"), Usd("0"), Usd("10"))
    assert [bet.result.exit_reason for bet in found.bets] == ["WON"]
    assert walked.assumed.markets == set()


def test_what_slippage_costs_is_the_gap_to_the_leader(tmp_path: Path, database: Database) -> None:
    found, _ = asked(tmp_path, database, slippage="0.02", trades=[trade(0, "0.5")], markets=[resolved(yes="1")])

    assert found.leader_profit.value == pytest.approx(Decimal(10), abs=Decimal("0.001"))
    assert found.profit.value == pytest.approx(Decimal("9.6"), abs=Decimal("0.01"))
    assert found.leader_profit - found.profit == found.paid_more + found.fees


def test_a_split_pays_each_outcome_its_part(tmp_path: Path, database: Database) -> None:
    found, _ = asked(tmp_path, database, trades=[trade(0, "0.4")], markets=[resolved(yes="0.5")])

    assert found.profit == Usd("2.5")


def test_a_market_that_ended_later_is_open_when_the_trade_is_made(tmp_path: Path, database: Database) -> None:
    found, _ = asked(tmp_path, database, trades=[trade(0, "0.5")], markets=[resolved(yes="0")])

    assert found.decisions["accepted"] == 1
    assert found.profit == Usd("-10")


def test_a_later_price_moves_no_earlier_bet(tmp_path: Path, database: Database) -> None:
    later = [trade(9, "0.9", trader=OTHER)]
    found, _ = asked(tmp_path, database, trades=[trade(0, "0.5"), *later])

    (bet,) = found.bets
    assert str(bet.result.price) == "0.500000"
    assert bet.is_open
    assert found.profit == Usd("8")


def test_the_leaders_sale_is_followed(tmp_path: Path, database: Database) -> None:
    found, _ = asked(tmp_path, database, trades=[trade(0, "0.5"), trade(9, "0.75", side="SELL")])

    (bet,) = found.bets
    assert not bet.is_open
    assert found.profit.value == pytest.approx(Decimal(5), abs=Decimal("0.05"))


def test_a_record_is_what_was_known_before_the_trade(tmp_path: Path, database: Database) -> None:
    other = "0x" + "6d" * 32
    won = trade(0, "0.5") | {"conditionId": other, "asset": THIRD, "transactionHash": "0x" + "9" * 64}
    ended = resolved(yes="1", at="2026-04-18T10:00:00Z") | {
        "conditionId": other,
        "clobTokenIds": f'["{THIRD}", "{FOURTH}"]',
        "slug": "other",
    }
    wants_a_record = {"min_trader_resolved_count": 1, "probability_source": "none", "bet_size": "10", "max_bet": "10"}
    before, after = trade(1, "0.5"), trade(600, "0.5")

    found, walked = asked(
        tmp_path, database, config=wants_a_record, trades=[won, before, after], markets=[ended, resolved(yes="1")]
    )

    assert walked.failures == []
    assert found.decisions["accepted"] == 1
    assert [bet.result.opened_at.timestamp() - START for bet in found.bets] == [601 * MINUTE]


def test_the_command_answers_for_the_recorded_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    busiest = "0x19254b55e7c48e88baab9e62cc218223a6544654"

    assert backtest.main([str(recorded_folder()), "--trader", busiest]) == 0

    said = capsys.readouterr().out
    summary = json.loads(backtest.OUTPUT.joinpath("summary.json").read_text())
    assert said.startswith("Copying would have ")
    assert summary["bets"] == 100
    assert summary["failures"] == 0
    assert Decimal(summary["profit_usd"]) + Decimal(summary["gap"]["price_and_book_usd"]) + Decimal(
        summary["gap"]["fees_usd"]
    ) == Decimal(summary["leader_profit_usd"])
    assert "<script" not in backtest.OUTPUT.joinpath("tearsheet.html").read_text()


def test_the_command_answers_for_a_spreadsheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = tmp_path / "my trades.csv"
    sheet.write_text("Date;Market;Outcome;Side;Price;Shares\n2026-04-01 10:00;A or B;A;buy;34¢;100\n")

    assert backtest.main([str(sheet)]) == 0
    assert "in 1 bet" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{folder}"], "name one by TRADER="),
        (["{folder}", "--trader", OTHER], "has no trade in the data"),
        (["{folder}", "--trader", "0x19254b55e7c48e88baab9e62cc218223a6544654", "--slippage", "NaN"], "--slippage is"),
        (["{nothing}"], "is not a folder"),
        (["{config}", "--config", "{config}/bad.json"], "bet_size"),
    ],
)
def test_what_cannot_be_answered_says_what_to_ask(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    (tmp_path / "trades.json").write_text(json.dumps([trade(0, "0.5")]))
    (tmp_path / "bad.json").write_text(json.dumps({"bet_size": "-1"}))
    names = {"folder": str(recorded_folder()), "nothing": str(tmp_path / "none"), "config": str(tmp_path)}

    assert backtest.main([each.format(**names) for each in arguments]) == 1
    assert said in capsys.readouterr().err
