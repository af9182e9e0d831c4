"""The configuration of a paper wallet as the API takes it: described and checked as `signals.config` reads it."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated, Any

from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue

from live_trading.api.fields import PERCENTAGE_HINT, looks_like_percentage
from live_trading.api.problems import FieldProblem, invalid
from live_trading.signals.config import WalletConfig, parse_config
from live_trading.signals.config_errors import ConfigError, InvalidConfig
from live_trading.signals.contradictions import contradictions

MEANING = MappingProxyType(
    {
        "start_date": "Only source trades from then on.",
        "end_date": "Only source trades before then.",
        "max_signal_age_seconds": "Older trades are refused; null for none.",
        "target_traders": "Only trades of these, who are followed from then on; null for all that are followed.",
        "excluded_traders": "No trades of these.",
        "min_minutes_to_end": "Time to the market's stated end, which is otherwise no cutoff.",
        "trade_live_only": "Only after the game has begun.",
        "price_min": "The least price of the signal.",
        "price_max": "The highest price of the signal.",
        "min_trader_resolved_count": "So many resolved positions of the trader at least.",
        "min_trader_win_rate": "The trader's won over resolved, at least.",
        "max_trader_win_rate": "The trader's won over resolved, at most.",
        "use_model": "A model's probability as a condition, with `model_threshold`.",
        "model_threshold": "The model's probability, at least.",
        "probability_source": "Where the probability of winning comes from.",
        "assumed_slippage_fraction": "What a share is taken to cost more than the signal's price.",
        "min_edge": "Probability less cost a share, at least.",
        "max_edge": "Probability less cost a share, at most.",
        "min_conviction": "The trade against the trader's usual size, at least.",
        "max_conviction": "The trade against the trader's usual size, at most.",
        "market_categories": "Only markets of these; null for all.",
        "exclude_market_keywords": "No markets with one of these words.",
        "min_source_trade_usd": "The source trade's dollars, at least.",
        "max_source_trade_usd": "The source trade's dollars, at most.",
        "allocation_method": "How the bet is sized.",
        "bet_size": "The bet that the method scales.",
        "bet_allocation_weight": "Scales `bet_size` for this wallet.",
        "kelly_fraction": "The part of a Kelly bet that is placed.",
        "min_bet": "A smaller bet is raised to it; of KELLY it is none.",
        "max_bet": "A larger bet is cut to it.",
        "copy_fraction": "The part of the source trade that is copied, of COPY_FRACTION.",
        "copy_tiers": "From which source trade on the copied part is multiplied, of COPY_FRACTION.",
        "paper_fill": "Paper fills by the real book, or at the assumed slippage.",
        "exits": "How positions are left; null holds them to the resolution.",
        "positions": "How often a token and a market are entered; null for no limit.",
    }
)
"""What each key means, beside its range."""


class _AsWalletConfig:
    """Describes a mapping as the model that it is parsed by."""

    def __get_pydantic_json_schema__(self, _core_schema: object, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        said = handler(WalletConfig.__pydantic_core_schema__)
        described = handler.resolve_ref_schema(said)
        for name, meaning in MEANING.items():
            key = described["properties"][name]
            key["description"] = f"{meaning} ({key['description']})" if "description" in key else meaning
        return said


ConfigAsked = Annotated[dict[str, Any], _AsWalletConfig()]


def checked_config(raw: dict[str, Any]) -> WalletConfig:
    """The configuration that is asked for. Raises Problem with every key that does not fit, or contradicts another."""
    try:
        config = parse_config(raw)
    except InvalidConfig as error:
        raise invalid(*(_config_problem(each, raw) for each in error.errors)) from None
    found = [_config_problem(each, raw) for each in contradictions(config)]
    if found:
        raise invalid(*found)
    return config


def _config_problem(error: ConfigError, raw: dict[str, Any]) -> FieldProblem:
    is_percentage = looks_like_percentage(error.field, raw.get(error.field))
    reason = PERCENTAGE_HINT if is_percentage else error.reason
    return FieldProblem(field=f"config.{error.field}", reason=reason, allowed=error.allowed)
