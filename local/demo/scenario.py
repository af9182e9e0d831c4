"""Who trades in the main job: FT wallets of every sizing method, and the LT strategies behind some of them.

The traders that they follow are scripted and labelled synthetic; the books and payouts are recorded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from live_trading.nouns.risk_rules import RULE_FIELDS, SWITCHES
from local.demo.api import ApiClient

STARTING_BALANCE_USD = "1000"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperWallet:
    """An FT wallet to create; `config` as the API takes it, without the traders."""

    name: str
    config: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveBehind:
    """An LT strategy to put behind the FT wallet of that name."""

    wallet_name: str
    capital_usd: str
    order_type: str
    slippage_bound_fraction: str
    rules: dict[str, Any] = field(default_factory=dict)
    preset: str | None = None


_BASE = {"min_bet": "5", "max_bet": "40", "min_trader_resolved_count": 30}
_FIXED = {**_BASE, "allocation_method": "FIXED", "bet_size": "10", "min_edge": "0", "price_max": "0.95"}
# The recorded markets live for some minutes: what they do between two looks is the signal.
_AT_ONCE = {"trigger_observations": 1, "thin_book": "TAKE"}

WITHOUT_EXITS = "fixed-follow"
# The same wallet once for each way of leaving, so that what a rule is worth can be read off.
WITH_ONE_RULE: dict[str, dict[str, Any]] = {
    "stop-loss": {**_AT_ONCE, "stop_loss_fraction": "0.3"},
    "take-profit": {**_AT_ONCE, "take_profit_fraction": "0.3"},
    "trailing-stop": {**_AT_ONCE, "trailing_stop_fraction": "0.3"},
    "time-stop": {**_AT_ONCE, "max_hold_minutes": 4},
    "trader-sells": {**_AT_ONCE, "follow_trader": True},
}

PAPER_WALLETS = (
    PaperWallet(name=WITHOUT_EXITS, config=_FIXED),
    *(PaperWallet(name=f"fixed-{rule}", config={**_FIXED, "exits": exits}) for rule, exits in WITH_ONE_RULE.items()),
    PaperWallet(
        name="kelly-quarter",
        config={
            **_BASE,
            "allocation_method": "KELLY",
            "bet_size": "10",
            "kelly_fraction": "0.25",
            "min_edge": "0.01",
            "price_min": "0.1",
            "price_max": "0.9",
            "exits": {**_AT_ONCE, "stop_loss_fraction": "0.3", "take_profit_fraction": "0.3"},
        },
    ),
    PaperWallet(
        name="copy-a-twentieth",
        config={
            **_BASE,
            "allocation_method": "COPY_FRACTION",
            "bet_size": "10",
            "copy_fraction": "0.05",
            "min_source_trade_usd": "20",
            "probability_source": "trader_win_rate",
            "min_edge": "-1",
            "exits": {**_AT_ONCE, "follow_trader": True},
        },
    ),
    PaperWallet(
        name="conviction-crypto",
        config={
            **_BASE,
            "allocation_method": "CONVICTION",
            "bet_size": "8",
            "min_conviction": "0.5",
            "market_categories": ["crypto"],
            "min_edge": "-0.05",
        },
    ),
    PaperWallet(
        name="confidence-live-only",
        config={**_BASE, "allocation_method": "CONFIDENCE", "bet_size": "10", "trade_live_only": True},
    ),
)

LIVE_STRATEGIES = (
    LiveBehind(
        wallet_name="fixed-follow",
        capital_usd="1000",
        order_type="FAK",
        slippage_bound_fraction="0.15",
        rules={"daily_budget_usd": "600", "max_position_fraction": "0.05", "max_concurrent_positions": 6},
    ),
    LiveBehind(
        wallet_name="kelly-quarter",
        capital_usd="1000",
        order_type="FAK",
        slippage_bound_fraction="0.10",
        rules={"daily_budget_fraction": "0.5", "max_total_exposure_usd": "200"},
    ),
    LiveBehind(
        wallet_name="copy-a-twentieth",
        capital_usd="800",
        order_type="FOK",
        slippage_bound_fraction="0.20",
        preset="aggressive",
        rules={"max_slippage_fraction": "0.2", "max_spread_fraction": None, "max_wallet_exposure_fraction": None},
    ),
)

# Every rule is named; one that is not set here is off, and says so.
_RULES_OFF: dict[str, Any] = dict.fromkeys(RULE_FIELDS) | dict.fromkeys(SWITCHES, False)


def _limits(live: LiveBehind) -> dict[str, Any]:
    if live.preset is None:
        return {"risk_rules": {**_RULES_OFF, **live.rules}}
    return {"risk_preset": live.preset, "risk_rules": live.rules}


def create(api: ApiClient, *, traders: list[str], wallet_address: str, secret_name: str) -> None:
    """Creates the whole scenario through the API, as an operator would."""
    wallets = {
        wallet.name: api.post(
            "/api/ft/wallets",
            {
                "name": wallet.name,
                "starting_balance_usd": STARTING_BALANCE_USD,
                "config": {**wallet.config, "target_traders": traders},
            },
        )["ft_wallet_id"]
        for wallet in PAPER_WALLETS
    }
    trading_wallet = api.post(
        "/api/trading-wallets",
        {"name": "main", "address": wallet_address, "signature_type": 0, "secret_name": secret_name},
    )
    for live in LIVE_STRATEGIES:
        api.post(
            "/api/lt/strategies",
            {
                "name": f"{live.wallet_name} live",
                "ft_wallet_id": wallets[live.wallet_name],
                "trading_wallet_id": trading_wallet["trading_wallet_id"],
                "initial_capital_usd": live.capital_usd,
                "order_type": live.order_type,
                "slippage_bound_fraction": live.slippage_bound_fraction,
                "max_signal_age_seconds": 600,
                "time_zone": "UTC",
                **_limits(live),
            },
        )
