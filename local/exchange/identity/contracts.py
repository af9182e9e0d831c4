"""What the venue signs and derives with beside the local chain's contracts: Polygon addresses, lower case."""

from __future__ import annotations

from dataclasses import dataclass

from local.chain import NEG_RISK_EXCHANGE, STANDARD_EXCHANGE

EXCHANGE_V3 = "0xe3333700ca9d93003f00f0f71f8515005f6c00aa"
NEG_RISK_ADAPTER = "0xd91e80cf2e7be2e162c6513ced06f1dd0da35296"
POSITION_MANAGER = "0x006f54f7f9a22e0000cc2ab60031000000ae9fef"
ROUTER = "0x12121212006e4cd160d18e3f00711da5c3372600"

PROXY_FACTORY = "0xab45c5a4b0c941a2f231c04c3f49182e1a254052"
PROXY_IMPLEMENTATION = "0x44e999d5c2f66ef0861317f9a4805ac2e90aeb4f"
SAFE_FACTORY = "0xaacfeea03eb1561c4e67d661e40682bd20e3541b"
SAFE_INIT_CODE_HASH = "0x2bce2127ff07fb632d16c8347c4ebf501f4841168bed00d9e6ef715ddb6fcecf"
DEPOSIT_WALLET_FACTORY = "0x00000000000fb5c9adea0298d729a0cb3823cc07"
DEPOSIT_WALLET_IMPLEMENTATION = "0x58ca52ebe0dadfdf531cde7062e76746de4db1eb"
DEPOSIT_WALLET_BEACON = "0x7a18edfe055488a3128f01f563e5b479d92ffc3a"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningDomain:
    """The EIP-712 domain of one exchange contract: its version and its address."""

    version: str
    exchange: str


STANDARD_DOMAIN = SigningDomain(version="2", exchange=STANDARD_EXCHANGE)
NEG_RISK_DOMAIN = SigningDomain(version="2", exchange=NEG_RISK_EXCHANGE)
V3_DOMAIN = SigningDomain(version="3", exchange=EXCHANGE_V3)

_POSITION_ID_RESERVED_BITS = ((1 << 64) - 1) << 40


def is_position_id(asset_id: int) -> bool:
    """Whether an asset is a position of the position manager (protocol v2), not a conditional token."""
    return asset_id & _POSITION_ID_RESERVED_BITS == 0


def signing_domain(asset_id: int, *, neg_risk: bool) -> SigningDomain:
    """Which exchange an order of this asset is signed for."""
    if is_position_id(asset_id):
        return V3_DOMAIN
    return NEG_RISK_DOMAIN if neg_risk else STANDARD_DOMAIN
