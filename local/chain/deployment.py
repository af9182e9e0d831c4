"""What stands where: the contracts of Polygon at their own addresses, and the accounts that act for the venue.

The addresses of our own contracts' neighbours are also in `contracts/Addresses.sol`.
"""

from __future__ import annotations

from dataclasses import dataclass

from live_trading.chain.contracts import MULTICALL3, ContractAddresses

CHAIN_ID = 137

ROUTER = "0x12121212006e4cd160d18e3f00711da5c3372600"
POSITION_MANAGER = "0x006f54f7f9a22e0000cc2ab60031000000ae9fef"

ADDRESSES = ContractAddresses(
    collateral_token="0xc011a7e12a19f7b1f670d46f03b03f3342e82dfb",  # noqa: S106 (an address)
    usdce_token="0x2791bca1f2de4661ed88a30c99a7a9449aa84174",  # noqa: S106 (an address)
    conditional_tokens="0x4d97dcd97ec945f40cf65f87097ace5ea0476045",
    ctf_collateral_adapter="0xada100db00ca00073811820692005400218fce1f",
    neg_risk_ctf_collateral_adapter="0xada2005600dec949baf300f4c6120000bdb6eaab",
    neg_risk_adapter="0xd91e80cf2e7be2e162c6513ced06f1dd0da35296",
    router=ROUTER,
    position_manager=POSITION_MANAGER,
    safe_multisend="0xa238cbeb142c10ef7ad8442c6d1f9e89e07e7761",
)
# Its code is copied to where a proxy or deposit wallet should stand.
RELAYED_WALLET = "0x1000000000000000000000000000000000000003"
AUTO_REDEEMER = "0xa1200000d0002264c9a1698e001292d00e1b00af"
STANDARD_EXCHANGE = "0xe111180000d2663c0091e4f400237545b87b996b"
NEG_RISK_EXCHANGE = "0xe2222d279d744050d28e00520010520000310f59"
EXCHANGE_V3 = "0xe3333700ca9d93003f00f0f71f8515005f6c00aa"
WRAPPED_COLLATERAL = "0x3a3bd7bb9528e159577f7c2e685cc81a765002e2"

SAFE_SINGLETON = "0xd9db270c1b5e3bd161e8c8503c55ceabee709552"
SAFE_PROXY_FACTORY = "0xa6b71e26c5e0845f74c812102ca7114b6a896ab2"
SAFE_MULTISEND = "0xa238cbeb142c10ef7ad8442c6d1f9e89e07e7761"
SAFE_FALLBACK_HANDLER = "0xf48f2b2d2a534e402487b3ee7c18c33aec0fe5e4"

# Nobody has a key to these; the node signs for every sender that it is asked to send from.
ORACLE = "0x1000000000000000000000000000000000000001"
OPERATOR = "0x1000000000000000000000000000000000000002"
# The other side of a fill from recorded depth, which signs nothing and gives new money and tokens, and where the
# exchanges send fees.
HOUSE = "0x4256fbb53b040f114b19d58a522827ea6a8fb6ac"
# Tells of fills of scripted traders, for whom no exchange can settle anything: they have no keys.
FILL_EMITTER = "0x1000000000000000000000000000000000000006"
FEE_RECEIVER = "0x1000000000000000000000000000000000000005"
GENESIS_WEI = 10**24


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A contract and its address. `artifact` is a path under node_modules, or None for one of our own."""

    address: str
    name: str
    artifact: str | None = None


_CTF = "@gnosis.pm/conditional-tokens-contracts/build/contracts"
_SAFE = "@gnosis.pm/safe-contracts/build/artifacts/contracts"

PLACEMENTS = (
    Placement(
        address=ADDRESSES.conditional_tokens, name="ConditionalTokens", artifact=f"{_CTF}/ConditionalTokens.json"
    ),
    Placement(address=SAFE_SINGLETON, name="GnosisSafe", artifact=f"{_SAFE}/GnosisSafe.sol/GnosisSafe.json"),
    Placement(
        address=SAFE_PROXY_FACTORY,
        name="GnosisSafeProxyFactory",
        artifact=f"{_SAFE}/proxies/GnosisSafeProxyFactory.sol/GnosisSafeProxyFactory.json",
    ),
    Placement(address=SAFE_MULTISEND, name="MultiSend", artifact=f"{_SAFE}/libraries/MultiSend.sol/MultiSend.json"),
    Placement(
        address=SAFE_FALLBACK_HANDLER,
        name="CompatibilityFallbackHandler",
        artifact=f"{_SAFE}/handler/CompatibilityFallbackHandler.sol/CompatibilityFallbackHandler.json",
    ),
    Placement(address=ADDRESSES.usdce_token, name="UsdcE"),
    Placement(address=ADDRESSES.collateral_token, name="PolymarketUsd"),
    Placement(address=WRAPPED_COLLATERAL, name="WrappedCollateral"),
    Placement(address=ADDRESSES.neg_risk_adapter, name="NegRiskAdapter"),
    Placement(address=ADDRESSES.ctf_collateral_adapter, name="CtfCollateralAdapter"),
    Placement(address=ADDRESSES.neg_risk_ctf_collateral_adapter, name="NegRiskCtfCollateralAdapter"),
    Placement(address=STANDARD_EXCHANGE, name="StandardExchange"),
    Placement(address=NEG_RISK_EXCHANGE, name="NegRiskExchange"),
    Placement(address=EXCHANGE_V3, name="ExchangeV3"),
    Placement(address=MULTICALL3, name="Multicall3"),
    Placement(address=AUTO_REDEEMER, name="AutoRedeemer"),
    Placement(address=RELAYED_WALLET, name="RelayedWallet"),
    Placement(address=POSITION_MANAGER, name="PositionManager"),
    Placement(address=ROUTER, name="ProtocolV2Router"),
    Placement(address=FILL_EMITTER, name="FillEmitter"),
)
SAFE_PROXY_ARTIFACT = f"{_SAFE}/proxies/GnosisSafeProxy.sol/GnosisSafeProxy.json"
