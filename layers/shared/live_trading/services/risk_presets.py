"""The limits behind each named preset. They are fractions of a strategy's equity, and every answer shows them in full.

A preset is a starting point at creation, not a link: changing one here changes no strategy that exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from live_trading.nouns.wallets import RiskRules
from live_trading.services.api_bodies import RiskPreset


def _fractions(
    *, day: str, week: str, month: str, position: str, exposure: str, concurrent_positions: int
) -> RiskRules:
    return RiskRules(
        daily_budget_usd=None,
        weekly_budget_usd=None,
        monthly_budget_usd=None,
        daily_budget_fraction=Decimal(day),
        weekly_budget_fraction=Decimal(week),
        monthly_budget_fraction=Decimal(month),
        max_position_usd=None,
        max_position_fraction=Decimal(position),
        max_total_exposure_usd=None,
        max_total_exposure_fraction=Decimal(exposure),
        max_concurrent_positions=concurrent_positions,
    )


RISK_PRESETS: Mapping[RiskPreset, RiskRules] = MappingProxyType(
    {
        RiskPreset.CONSERVATIVE: _fractions(
            day="0.05", week="0.15", month="0.4", position="0.02", exposure="0.2", concurrent_positions=5
        ),
        RiskPreset.MODERATE: _fractions(
            day="0.15", week="0.4", month="1", position="0.05", exposure="0.5", concurrent_positions=15
        ),
        RiskPreset.AGGRESSIVE: _fractions(
            day="0.4", week="1", month="1", position="0.1", exposure="0.9", concurrent_positions=40
        ),
    }
)
