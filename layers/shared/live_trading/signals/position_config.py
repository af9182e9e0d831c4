"""How often an FT wallet, and the strategy behind it, enters the same token and market: every key, unit and range.

None is off.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from live_trading.signals.config_errors import misfit
from live_trading.signals.config_types import Entries, PositiveFraction, PositiveMinutes, Switch


class PositionConfig(BaseModel):
    """`max_entries` counts the entries into a token while it is held; distances are of the last entry's signal price.

    After a stop nothing of the same market is entered for the cool-down, whichever outcome the stop had sold. Without
    `reentry` a token whose position was left, by a rule or by hand, is not entered again.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    max_entries: Entries | None = None
    min_entry_distance_fraction: PositiveFraction | None = None
    cooldown_minutes_after_stop: PositiveMinutes | None = None
    reentry: Switch = True

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        limits = (self.max_entries, self.min_entry_distance_fraction, self.cooldown_minutes_after_stop)
        if self.reentry and all(limit is None for limit in limits):
            raise misfit("positions", "no rule is set", "a limit, a distance, a cool-down, or reentry false; or null")
        if self.max_entries == 1 and self.min_entry_distance_fraction is not None:
            raise misfit("min_entry_distance_fraction", "never asked where max_entries is 1", "null, or more entries")
        return self

    @property
    def cooldown(self) -> timedelta | None:
        """How long nothing of a market is entered after a stop in it."""
        minutes = self.cooldown_minutes_after_stop
        return None if minutes is None else timedelta(minutes=minutes)
