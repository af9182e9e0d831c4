"""The functions and events of the venue's contracts that we use, and where the contracts stand."""

from __future__ import annotations

from dataclasses import dataclass

from live_trading.chain.abi import Function, event_topic

# The same address on every chain that has it: https://www.multicall3.com/deployments
MULTICALL3 = "0xca11bde05977b3631167028862be2a173976ca11"

NO_PARENT = "0x" + "00" * 32

# Multicall3's own, so that gas money is read beside the rest.
ETH_BALANCE = Function("getEthBalance(address)")
BALANCE_OF = Function("balanceOf(address)")
ALLOWANCE = Function("allowance(address,address)")
APPROVE = Function("approve(address,uint256)")
TRANSFER = event_topic("Transfer(address,address,uint256)")

PAYOUT_DENOMINATOR = Function("payoutDenominator(bytes32)")
PAYOUT_NUMERATORS = Function("payoutNumerators(bytes32,uint256)")
OUTCOME_SLOT_COUNT = Function("getOutcomeSlotCount(bytes32)")
TOKEN_BALANCE_OF = Function("balanceOf(address,uint256)")
IS_APPROVED_FOR_ALL = Function("isApprovedForAll(address,address)")
SET_APPROVAL_FOR_ALL = Function("setApprovalForAll(address,bool)")

# ConditionalTokens and both collateral adapters share the signatures; the adapters read condition and amount only.
REDEEM_POSITIONS = Function("redeemPositions(address,bytes32,bytes32,uint256[])")
MERGE_POSITIONS = Function("mergePositions(address,bytes32,bytes32,uint256[],uint256)")
TRANSFER_SINGLE = event_topic("TransferSingle(address,address,address,uint256,uint256)")
TRANSFER_BATCH = event_topic("TransferBatch(address,address,address,uint256[],uint256[])")

CONDITION_RESOLUTION = event_topic("ConditionResolution(bytes32,address,bytes32,uint256,uint256[])")

# Of the standard, neg-risk and V3 exchange alike, one for each order that a match touches.
ORDER_FILLED = event_topic("OrderFilled(bytes32,address,address,uint8,uint256,uint256,uint256,uint256,bytes32,bytes32)")

# The neg-risk adapter that the collateral adapter stands before; it pays USDC.e and knows what backs its tokens.
NEG_RISK_REDEEM = Function("redeemPositions(bytes32,uint256[])")
WRAPPED_COLLATERAL_OF = Function("wcol()")

# Protocol v2: a condition has 31 bytes, and each outcome is redeemed by its own call.
ROUTER_REDEEM = Function("redeem(bytes31,uint256,uint256)")
POSITION_PAYOUT = Function("getPayout(uint256,uint256)")
ROUTER_MERGE = Function("merge(bytes31,uint256)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractAddresses:
    """Where the contracts stand, lower case. The venue has replaced its adapters before: never a constant.

    `router` and `position_manager` serve protocol v2 only, `safe_multisend` several calls of a Safe at once.
    """

    collateral_token: str
    usdce_token: str
    conditional_tokens: str
    ctf_collateral_adapter: str
    neg_risk_ctf_collateral_adapter: str
    neg_risk_adapter: str
    multicall: str = MULTICALL3
    router: str | None = None
    position_manager: str | None = None
    safe_multisend: str | None = None

    def __post_init__(self) -> None:
        for name, address in self.named():
            object.__setattr__(self, name, address.lower())

    def named(self) -> tuple[tuple[str, str], ...]:
        """Every configured contract with its field's name; those that are not configured are left out."""
        fields = ((name, getattr(self, name)) for name in self.__dataclass_fields__)
        return tuple((name, address) for name, address in fields if address is not None)
