"""Each check of a part outside is turned bad by causing what it watches for, and well again when that ends."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from live_trading.chain.abi import Function
from live_trading.nouns.money import Usd
from live_trading.services.watching.findings import HealthStatus
from local.chain import ADDRESSES, STANDARD_EXCHANGE, LocalChain
from tests.e2e.health.health_looks import CRITICAL, HEALTHY, WARNING, a_block, a_look, bad, found, turns
from tests.e2e.live_fixtures import LiveDesk, market_with_time_left
from tests.e2e.test_spenders_and_small_orders import allow

pytestmark = [pytest.mark.e2e, pytest.mark.health]

TRANSFER = Function("transfer(address,uint256)")
THIRD_PARTY = "0x" + "5e" * 20


def address_of(desk: LiveDesk) -> str:
    (wallet,) = desk.rows("SELECT address FROM trading_wallets")
    return str(wallet["address"])


def test_a_system_at_rest_is_well(desk: LiveDesk) -> None:
    desk.execute()
    a_block(desk)

    report = a_look(desk)

    assert [(each.check, each.status, each.detail) for each in report.findings if each.status is not HEALTHY] == []
    assert report.as_of is not None
    assert {"venue", "geoblock", "gamma", "feed", "chain", "database", "connections", "reserved"} <= {
        each.name.value for each in report.findings
    }


@pytest.mark.parametrize(("check", "path"), [("venue", "/time"), ("gamma", "/markets/keyset"), ("feed", "/v2/status")])
def test_a_part_that_does_not_answer_is_critical_and_hides_no_other(desk: LiveDesk, check: str, path: str) -> None:
    a_block(desk)
    stood = turns(
        lambda: found(desk)[check].status,
        lambda: desk.arm("server_error", endpoint=f"GET {path}", count=None),
        desk.clear_faults,
    )

    assert stood == [HEALTHY, CRITICAL, HEALTHY]
    desk.arm("server_error", endpoint=f"GET {path}", count=None)
    assert bad(found(desk)) == {check}


def test_a_part_that_hangs_is_waited_for_so_long_and_the_others_are_told(desk: LiveDesk) -> None:
    a_block(desk)
    desk.arm("drop_before_accept", endpoint="GET /time", count=1, seconds=3)

    findings = found(desk, {"probe_seconds": 1})

    assert bad(findings) == {"venue"}
    assert findings["venue"].detail == "no answer within 1 s"
    assert found(desk)["venue"].status is HEALTHY


@pytest.mark.parametrize(("off", "status"), [(12, WARNING), (-12, WARNING), (90, CRITICAL)])
def test_a_clock_that_is_off_the_venues_is_told(desk: LiveDesk, off: int, status: HealthStatus) -> None:
    finding = found(desk, skew=timedelta(seconds=off))["venue_clock"]

    assert finding.status is status
    (figure,) = finding.figures
    assert figure.observed is not None
    assert abs(int(figure.observed) - abs(off)) <= 1
    assert found(desk)["venue_clock"].status is HEALTHY


def test_a_feed_that_lags_is_told_by_how_much(desk: LiveDesk) -> None:
    stood = turns(
        lambda: found(desk)["feed_lag"].status, lambda: desk.arm("feed_delay", seconds=300), desk.clear_faults
    )

    assert stood == [HEALTHY, WARNING, HEALTHY]


def test_a_place_that_the_venue_does_not_serve_is_critical(desk: LiveDesk) -> None:
    stood = turns(
        lambda: found(desk)["geoblock"].status, lambda: desk.arm("geoblocked", seconds=600), desk.clear_faults
    )

    assert stood == [HEALTHY, CRITICAL, HEALTHY]
    assert found(desk, GEOBLOCK_URL="http://127.0.0.1:9")["geoblock"].status is WARNING


@pytest.mark.parametrize("mode", ["cancel_only", "post_only_mode", "trading_disabled", "engine_restarting"])
def test_a_mode_that_an_order_met_stands_until_the_venue_takes_one(desk: LiveDesk, mode: str) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")

    def meets_it() -> None:
        desk.arm(mode, seconds=20)
        desk.signal()
        desk.execute()

    def is_over() -> None:
        desk.advance(25)
        desk.execute()

    stood = turns(lambda: found(desk)["venue_mode"].status, meets_it, is_over)

    assert stood == [HEALTHY, WARNING, HEALTHY]
    assert [order["state"] for order in desk.orders()] == ["LIVE"]


def test_a_mode_that_nobody_met_again_is_forgotten_after_its_time(desk: LiveDesk) -> None:
    desk.arm("cancel_only", seconds=20)
    desk.signal()
    desk.execute()
    assert found(desk)["venue_mode"].status is WARNING

    desk.advance(61)

    assert found(desk, {"venue_mode_seconds": 60})["venue_mode"].status is HEALTHY


def test_a_wallet_that_the_venue_lets_only_close_is_critical_until_it_lets_it_open(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")

    def is_refused() -> None:
        desk.arm("drop_before_accept", endpoint="/order", count=1)
        desk.signal()
        desk.execute()
        desk.arm("closed_only", seconds=40)
        desk.advance(35)
        desk.execute()

    def is_let() -> None:
        desk.clear_faults()
        desk.execute()

    def status() -> HealthStatus:
        (each,) = [each for check, each in found(desk).items() if check.startswith("closed_only")]
        return each.status

    assert turns(status, is_refused, is_let) == [HEALTHY, CRITICAL, HEALTHY]


def test_a_wallet_whose_signals_are_missed_because_it_may_not_open_is_critical_until_one_is_taken(
    desk: LiveDesk,
) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5, max_signal_age_seconds = 3600")

    def misses_one() -> None:
        desk.arm("closed_only", seconds=3600)
        desk.signal()
        desk.execute()
        desk.advance(660)
        desk.execute()

    def takes_one() -> None:
        desk.clear_faults()
        # The market is over by now.
        desk.market = market_with_time_left(desk, seconds_left=600, settle_seconds=0)
        desk.signal()
        desk.execute()

    def status() -> HealthStatus:
        (each,) = [each for check, each in found(desk).items() if check.startswith("closed_only")]
        return each.status

    assert turns(status, misses_one, takes_one) == [HEALTHY, CRITICAL, HEALTHY]
    assert desk.reasons()[0] == "not_eligible"


def test_a_chain_whose_newest_block_grows_old_is_told(desk: LiveDesk) -> None:
    a_block(desk)
    stood = turns(lambda: found(desk)["chain_head"].status, lambda: desk.advance(120), lambda: a_block(desk))

    assert stood == [HEALTHY, WARNING, HEALTHY]
    assert found(desk, {"critical_head_age_seconds": 61}, skew=timedelta(minutes=5))["chain_head"].status is CRITICAL


def test_a_node_that_is_away_is_critical_and_wallets_are_not_known(desk: LiveDesk) -> None:
    findings = found(desk, RPC_URL="http://127.0.0.1:9")

    assert findings["chain"].status is CRITICAL
    assert findings["wallets"].status is WARNING
    assert findings["venue"].status is HEALTHY


def test_two_nodes_agree_where_they_are_on_one_chain_and_not_where_one_is_on_another(
    desk: LiveDesk, tmp_path: Path
) -> None:
    same = found(desk, SECOND_RPC_URL=desk.stack.rpc_url)["chain_nodes"]
    with LocalChain.start(tmp_path / "other") as other:
        other.mine(40)
        apart = found(desk, SECOND_RPC_URL=other.rpc_url)["chain_nodes"]
    away = found(desk, SECOND_RPC_URL="http://127.0.0.1:9")["chain_nodes"]

    assert [each.status for each in (same, apart, away)] == [HEALTHY, CRITICAL, CRITICAL]
    assert "do not agree" in apart.detail
    assert "chain_nodes" not in found(desk)


def test_a_wallet_that_has_less_than_its_strategies_may_spend_is_critical(desk: LiveDesk) -> None:
    chain, wallet = LocalChain.attach(desk.stack.rpc_url), address_of(desk)
    check = f"wallet_collateral {desk.trading_wallet_id}"
    taken = Usd(1900)

    stood = turns(
        lambda: found(desk)[check].status,
        lambda: chain.send_as(wallet, ADDRESSES.collateral_token, TRANSFER, THIRD_PARTY, taken.base_units),
        lambda: chain.mint_collateral(wallet, taken),
    )

    assert stood == [HEALTHY, CRITICAL, HEALTHY]


def test_a_wallet_without_money_for_gas_is_told(desk: LiveDesk) -> None:
    chain, wallet = LocalChain.attach(desk.stack.rpc_url), address_of(desk)

    stood = turns(
        lambda: found(desk)[f"wallet_gas {desk.trading_wallet_id}"].status,
        lambda: chain.fund_gas(wallet, 10**15),
        lambda: chain.fund_gas(wallet),
    )

    assert stood == [HEALTHY, WARNING, HEALTHY]


def test_an_exchange_that_may_take_too_little_is_told_by_the_passes_that_compare(desk: LiveDesk) -> None:
    def status() -> HealthStatus:
        (each,) = [each for check, each in found(desk).items() if check.startswith("wallet_allowances")]
        return each.status

    def allowed(amount: Usd) -> None:
        allow(desk, STANDARD_EXCHANGE, amount)
        desk.execute()

    desk.execute()
    assert turns(status, lambda: allowed(Usd(7)), lambda: allowed(Usd(10_000))) == [HEALTHY, WARNING, HEALTHY]


def test_followed_traders_are_known_by_the_times_of_their_trades(desk: LiveDesk) -> None:
    def seen_late(minutes: int) -> None:
        for _ in range(6):
            number = desk.signal()
            desk.change(
                f"UPDATE source_trades SET trade_time = seen_at - INTERVAL '{minutes} minutes' "
                f"WHERE source_trade_id = {number}"
            )

    unknown = found(desk)["followed_trades"]
    assert unknown.status is HEALTHY
    assert unknown.figures[0].observed is None
    seen_late(12)
    assert found(desk)["followed_trades"].status is WARNING
    for _ in range(7):
        desk.signal()
    assert found(desk)["followed_trades"].status is HEALTHY
