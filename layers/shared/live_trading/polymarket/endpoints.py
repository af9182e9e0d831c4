"""Where the venue is: its URLs and its contracts, all of them configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueEndpoints:
    """URLs without a trailing slash and contract addresses in lower case.

    `geoblock_url` is the full address of the question. The venue has replaced contracts before, so none is a
    constant of the code. `trades_v2` is off where the contracts that keep and redeem v2 tokens are not configured.
    """

    clob_url: str
    gamma_url: str
    data_api_url: str
    geoblock_url: str
    relayer_url: str
    rpc_url: str
    chain_id: int
    collateral_token: str
    conditional_tokens: str
    collateral_adapter: str
    neg_risk_collateral_adapter: str
    neg_risk_adapter: str
    standard_exchange: str
    neg_risk_exchange: str
    exchange_v3: str
    trades_v2: bool = True
