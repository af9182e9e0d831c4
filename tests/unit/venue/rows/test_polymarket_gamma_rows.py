"""Gamma's markets: recorded real ones, both protocols, fees, resolution hints and rows that are not to be believed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from live_trading.nouns.markets import FeeSchedule, ProtocolVersion, ResolutionState, market_condition
from live_trading.nouns.money import Price, Shares
from live_trading.polymarket.gamma.gamma_rows import MarketSnapshot, forms_of, read_markets
from tests.recorded import recorded_json
from tests.unit.venue.polymarket_builders import CONDITION, CRYPTO_FEES, NO, POSITION, YES, a_moment, gamma_row

RECORDED = [
    ("gamma_markets_categories_sample.json", 50),
    ("gamma_top_markets_sample.json", 20),
    ("gamma_market_crypto_fees_sample.json", 1),
]
OTHER_POSITION = str(int(POSITION) + 1)


def snapshot(**changes: Any) -> MarketSnapshot:
    answer = read_markets([gamma_row(**changes)])
    assert answer.malformed == []
    return next(iter(answer.markets.values()))


def complaint(**changes: Any) -> str:
    answer = read_markets([gamma_row(**changes)])
    assert answer.markets == {}
    return answer.malformed[0].reason


@pytest.mark.venue_facts
@pytest.mark.parametrize(("name", "count"), RECORDED)
def test_every_recorded_market_is_read(name: str, count: int) -> None:
    rows = recorded_json(name)
    assert isinstance(rows, list)

    answer = read_markets(rows)

    assert answer.malformed == []
    assert len(answer.markets) == len(rows) == count
    for each in answer.markets.values():
        assert each.market.version is ProtocolVersion.UNKNOWN
        assert len(each.market.token_ids) == len(each.market.outcomes) == 2
        assert each.market.tick_size == Price("0.001")
        assert each.market.minimum_order_shares == Shares(5)


def test_recorded_labels_hint_at_proposals_and_disputes() -> None:
    rows = recorded_json("gamma_markets_categories_sample.json")
    assert isinstance(rows, list)

    hints = [each.resolution_hint for each in read_markets(rows).markets.values()]

    assert hints.count(ResolutionState.DISPUTED) == 3
    assert hints.count(ResolutionState.PROPOSED) == 1
    assert hints.count(ResolutionState.OPEN) == 46


def test_a_recorded_fee_schedule_is_read_exactly() -> None:
    rows = recorded_json("gamma_market_crypto_fees_sample.json")
    assert isinstance(rows, list)

    (market,) = (each.market for each in read_markets(rows).markets.values())

    assert market.fees == FeeSchedule(rate=Decimal("0.072"), exponent=Decimal(1))


def test_a_market_is_read() -> None:
    market = snapshot().market

    assert (market.condition_id, market.token_ids, market.outcomes) == (CONDITION, (YES, NO), ("Up", "Down"))
    assert market.version is ProtocolVersion.V1
    assert (market.is_open, market.accepting_orders) == (True, True)
    assert market.end_time == a_moment(1_790_586_900)
    assert market.fees == CRYPTO_FEES
    assert market.event_id == "77"


@pytest.mark.venue_facts
def test_lists_may_be_real_lists() -> None:
    assert snapshot(outcomes=["Up", "Down"], clobTokenIds=[YES, NO]).market.token_ids == (YES, NO)


def test_the_version_says_which_ids_count_even_when_both_are_there() -> None:
    positions = {"positionIds": [POSITION, OTHER_POSITION]}

    assert snapshot(**positions).market.token_ids == (YES, NO)
    assert snapshot(version="v2", **positions).market.token_ids == (POSITION, OTHER_POSITION)


@pytest.mark.parametrize("version", [None, "v3", ""])
def test_a_missing_or_strange_version_stays_unknown(version: str | None) -> None:
    assert snapshot(version=version).market.version is ProtocolVersion.UNKNOWN


@pytest.mark.venue_facts
@pytest.mark.parametrize(
    "changes",
    [
        {"clobTokenIds": f'["{YES}"]'},
        {"clobTokenIds": None},
        {"clobTokenIds": f'["{YES}", "{YES}"]'},
        {"version": "v2"},
        {"outcomes": '["A", "B", "C"]', "clobTokenIds": f'["{YES}", "{NO}", "{POSITION}"]'},
    ],
    ids=["one id", "none", "the same twice", "no positions", "three outcomes"],
)
def test_anything_but_two_ids_is_malformed(changes: dict[str, Any]) -> None:
    assert "outcomes" in complaint(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"outcomes": "Up, Down"},
        {"clobTokenIds": '["x", "y"]'},
        {"orderPriceMinTickSize": None},
        {"orderPriceMinTickSize": 0},
        {"orderMinSize": -1},
        {"closed": None},
        {"endDate": "soon"},
        {"conditionId": "0x12"},
    ],
    ids=str,
)
def test_a_market_without_a_usable_field_is_malformed(changes: dict[str, Any]) -> None:
    assert next(iter(changes)) in complaint(**changes)


def test_fees_count_only_where_they_are_switched_on() -> None:
    assert snapshot(feesEnabled=False).market.fees.rate == 0
    assert "missing" in complaint(feeSchedule=None)
    assert "makers" in complaint(feeSchedule={"rate": Decimal("0.07"), "exponent": 1, "takerOnly": False})


@pytest.mark.parametrize("flag", [None, True])
def test_a_fee_schedule_without_its_flag_is_charged(flag: bool | None) -> None:
    assert snapshot(feesEnabled=flag).market.fees == CRYPTO_FEES


def test_neither_a_flag_nor_a_schedule_is_no_fee() -> None:
    assert snapshot(feesEnabled=None, feeSchedule=None).market.fees.rate == 0


def test_a_market_that_does_not_say_whether_it_is_a_neg_risk_one_stays_unknown() -> None:
    assert snapshot(negRisk=None).market.neg_risk is None
    assert [snapshot(negRisk=said).market.neg_risk for said in (True, False)] == [True, False]


@pytest.mark.parametrize(
    "changes",
    [
        {"question": None},
        {"slug": 7},
        {"category": ["x"]},
        {"umaResolutionStatus": 5},
        {"events": [{"category": None}]},
        {"tags": [{"label": None}]},
        {"endDate": "1970-01-01T00:00:00Z"},
        {"endDate": "0001-01-01T00:00:00Z"},
        {"gameStartTime": ""},
        {"gameStartTime": 0},
    ],
    ids=str,
)
def test_what_is_only_shown_or_absent_costs_no_market(changes: dict[str, Any]) -> None:
    assert snapshot(**changes).market.token_ids == (YES, NO)


@pytest.mark.parametrize(
    "changes",
    [
        {"orderMinSize": Decimal("1e999999")},
        {"orderPriceMinTickSize": Decimal("0.0000001")},
        {"endDate": "9999-12-31T23:59:59-14:00"},
    ],
    ids=str,
)
def test_a_market_out_of_all_range_costs_only_itself(changes: dict[str, Any]) -> None:
    answer = read_markets([gamma_row(conditionId="0x" + "ab" * 32, **changes), gamma_row()])

    assert list(answer.markets) == [CONDITION]
    assert len(answer.malformed) == 1


@pytest.mark.venue_facts
@pytest.mark.parametrize(
    "changes",
    [
        {"closed": True},
        {"active": False},
        {"archived": True},
        {"acceptingOrders": False},
        {"acceptingOrders": None},
        {"enableOrderBook": False},
        {"negRiskOther": True},
    ],
    ids=str,
)
def test_orders_are_taken_only_where_everything_says_so(changes: dict[str, Any]) -> None:
    assert not snapshot(**changes).market.accepting_orders


@pytest.mark.parametrize(
    ("labels", "hint"),
    [
        ({}, ResolutionState.OPEN),
        ({"umaResolutionStatus": "requested"}, ResolutionState.OPEN),
        ({"umaResolutionStatus": "proposed"}, ResolutionState.PROPOSED),
        ({"umaResolutionStatus": "disputed"}, ResolutionState.DISPUTED),
        ({"umaResolutionStatus": "resolved"}, ResolutionState.PROPOSED),
        ({"umaResolutionStatus": "resolved", "closed": True}, ResolutionState.RESOLVED),
        ({"umaResolutionStatus": "settled", "closed": True}, ResolutionState.RESOLVED),
        ({"closed": True}, ResolutionState.ENDED),
        ({"umaResolutionStatus": "shrugged", "closed": True}, ResolutionState.ENDED),
    ],
    ids=str,
)
def test_labels_hint_at_the_resolution(labels: dict[str, Any], hint: ResolutionState) -> None:
    assert snapshot(**labels).resolution_hint is hint


def test_the_second_protocol_has_its_own_label() -> None:
    second = {"version": "v2", "positionIds": [POSITION, OTHER_POSITION]}

    resolved = snapshot(**second, resolutionStatus="resolved", closed=True)
    active = snapshot(**second, resolutionStatus="active", umaResolutionStatus="resolved")

    assert resolved.resolution_hint is ResolutionState.RESOLVED
    assert active.resolution_hint is ResolutionState.OPEN


def test_category_and_tags_come_from_market_and_events() -> None:
    events = [{"id": 77, "category": "Crypto", "tags": [{"label": "Bitcoin"}, {"label": "Weekly"}]}]

    market = snapshot(tags=[{"label": "Crypto"}, {"label": "Bitcoin"}], events=events).market

    assert market.category == "Crypto"
    assert market.tags == ("Crypto", "Bitcoin", "Weekly")
    assert market.event_id == "77"
    assert snapshot(category="Sports", events=events).market.category == "Sports"


def test_a_market_that_was_not_asked_for_is_not_believed() -> None:
    asked, other = "0x" + "aa" * 32, "0x" + "bb" * 32

    answer = read_markets([gamma_row(conditionId=other), gamma_row(conditionId=asked)], [asked])

    assert list(answer.markets) == [asked]
    assert "not asked for" in answer.malformed[0].reason


def test_a_second_row_of_a_market_is_not_believed() -> None:
    answer = read_markets([gamma_row(slug="first"), gamma_row(slug="second")], [CONDITION])

    assert answer.markets[CONDITION].market.slug == "first"
    assert "second row" in answer.malformed[0].reason


def test_a_condition_of_31_bytes_is_known_by_the_id_it_was_asked_by() -> None:
    short = "0x" + "ab" * 31
    padded = short + "00"

    assert list(read_markets([gamma_row(conditionId=short.upper().replace("X", "x"))], [padded]).markets) == [padded]
    assert list(read_markets([gamma_row(conditionId=padded)], [short]).markets) == [short]


@pytest.mark.parametrize(
    ("condition_id", "forms"),
    [
        ("0x" + "ab" * 32, ("0x" + "ab" * 32,)),
        ("0x" + "ab" * 31, ("0x" + "ab" * 31, "0x" + "ab" * 31 + "00")),
        ("0x" + "ab" * 31 + "00", ("0x" + "ab" * 31, "0x" + "ab" * 31 + "00")),
    ],
    ids=["v1", "short", "padded"],
)
def test_a_condition_that_may_be_padded_is_asked_for_in_both_forms(condition_id: str, forms: tuple[str, ...]) -> None:
    assert forms_of(condition_id) == forms


def test_a_market_that_nobody_asked_for_by_an_id_is_known_by_its_own_form() -> None:
    padded, second = "0x" + "ab" * 31 + "00", {"version": "v2", "positionIds": [POSITION, OTHER_POSITION]}

    assert list(read_markets([gamma_row(conditionId=padded, **second)]).markets) == [padded[:-2]]
    assert list(read_markets([gamma_row(conditionId=padded)]).markets) == [padded]


def test_ids_of_no_position_manager_are_malformed_in_the_second_protocol() -> None:
    assert "positionIds" in complaint(version="v2", positionIds=[YES, NO])


@pytest.mark.parametrize(
    ("condition_id", "token_id", "known_as"),
    [
        ("0x" + "ab" * 31 + "00", POSITION, "0x" + "ab" * 31),
        ("0x" + "ab" * 31, POSITION, "0x" + "ab" * 31),
        ("0x" + "ab" * 31 + "00", YES, "0x" + "ab" * 31 + "00"),
    ],
    ids=["padded v2", "short v2", "v1 with a zero byte"],
)
def test_trades_and_books_of_a_market_know_it_by_one_id(condition_id: str, token_id: str, known_as: str) -> None:
    assert market_condition(condition_id, token_id) == known_as
