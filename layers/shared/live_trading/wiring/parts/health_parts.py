"""The probes of health from the adapters, which are made when they are asked: what cannot be made fails alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from live_trading.services.watching import probes
from live_trading.services.watching.findings import CheckName
from live_trading.services.watching.probing import Probe
from live_trading.services.watching.wallet_probe import WalletProbe

if TYPE_CHECKING:
    from live_trading.chain.reading.reader import Purse
    from live_trading.wiring.adapters import Adapters


def probes_of(parts: Adapters) -> Mapping[CheckName, Probe]:
    """What health asks the outside; the second node only where one is configured."""
    limits, clock = parts.settings.health_thresholds, parts.clock
    asked: dict[CheckName, Probe] = {
        CheckName.VENUE: lambda: probes.venue(clock, parts.market_data.server_time, limits),
        CheckName.GEOBLOCK: lambda: probes.geoblock(parts.geoblock.eligibility),
        CheckName.GAMMA: lambda: probes.gamma(parts.gamma.shown),
        CheckName.FEED: lambda: probes.feed(clock, parts.data_api.status, limits),
        CheckName.CHAIN: lambda: probes.chain(clock, parts.node, limits),
    }
    second = parts.second_node
    if second is not None:
        asked[CheckName.CHAIN_NODES] = lambda: probes.nodes(parts.node, second, limits)
    return asked


def wallet_probe_of(parts: Adapters) -> WalletProbe:
    """The probe of trading wallets on the chain."""

    def purses(addresses: Sequence[str]) -> Mapping[str, Purse]:
        return parts.chain_reader.purses(addresses)

    return WalletProbe(purses=purses, low_gas=parts.settings.low_gas_coin)
