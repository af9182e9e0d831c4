// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IConditionalTokens, INegRiskAdapter, IToken, IWrapper} from "./Interfaces.sol";
import {BUY, Fill, Order, Orders} from "./Orders.sol";
import {ProtocolV2Router} from "./ProtocolV2.sol";
import {TokenHolder} from "./TokenHolder.sol";
import {
    COLLATERAL_TOKEN,
    FEE_RECEIVER,
    HOUSE,
    NEG_RISK_ADAPTER,
    OPERATOR,
    POSITION_MANAGER,
    PROTOCOL_V2_ROUTER,
    STANDARD_EXCHANGE,
    USDCE_TOKEN,
    WRAPPED_COLLATERAL
} from "./Addresses.sol";

/// Settles what the venue's operator matched, and believes him nothing that an order's maker has not signed.
///
/// Everything passes through the exchange: makers and taker put in what they give, pairs of outcomes are split from
/// collateral or merged into it where the orders' outcomes ask for it, and what is put in is paid out to the last unit.
/// The house stands behind recorded depth. It signs nothing, and what it gives is new.
abstract contract Exchange is Orders, TokenHolder {
    event OrderFilled(
        bytes32 indexed orderHash,
        address indexed maker,
        address indexed taker,
        uint8 side,
        uint256 tokenId,
        uint256 makerAmountFilled,
        uint256 takerAmountFilled,
        uint256 fee,
        bytes32 builder,
        bytes32 metadata
    );

    error NotOperator();
    error SettlementBroken();
    error TokenNotOfCondition();
    error FeeExceedsMaxRate();
    error OrdersDoNotCross();
    error AmountsDoNotBalance();
    error FillsMismatch();

    /// What has been put in less what is to be paid out: collateral, and each outcome's tokens.
    struct Pot {
        int256 collateral;
        int256[2] tokens;
        uint256 fees;
        uint256[] ids;
        bytes32 conditionId;
    }

    uint256 private constant BPS = 10_000;
    IWrapper internal constant PUSD = IWrapper(COLLATERAL_TOKEN);
    IToken internal constant USDCE = IToken(USDCE_TOKEN);

    uint256 private maxFeeRateBps = 500;
    /// Whether settlements fail; every exchange looks at the standard one's.
    bool public broken;

    modifier onlyOperator() {
        if (msg.sender != OPERATOR) revert NotOperator();
        _;
    }

    function setBroken(bool value) external onlyOperator {
        broken = value;
    }

    function getMaxFeeRate() external view returns (uint256) {
        return maxFeeRateBps;
    }

    function setMaxFeeRate(uint256 bps) external onlyOperator {
        maxFeeRateBps = bps;
    }

    /// All or nothing. Each fill belongs to the order in its place.
    function matchOrders(
        bytes32 conditionId,
        Order calldata taker,
        Order[] calldata makers,
        Fill calldata takerFill,
        Fill[] calldata makerFills
    ) external onlyOperator {
        if (Exchange(STANDARD_EXCHANGE).broken()) revert SettlementBroken();
        if (makers.length != makerFills.length) revert FillsMismatch();
        Pot memory pot;
        pot.ids = _outcomeIds(conditionId);
        pot.conditionId = conditionId;
        _enter(taker, takerFill, pot, address(this));
        for (uint256 i = 0; i < makers.length; i++) {
            if ((makers[i].tokenId == taker.tokenId) == (makers[i].side == taker.side)) revert OrdersDoNotCross();
            _enter(makers[i], makerFills[i], pot, taker.maker);
        }
        _balance(pot);
        _payOut(taker, takerFill);
        for (uint256 i = 0; i < makers.length; i++) _payOut(makers[i], makerFills[i]);
        if (pot.fees > 0) PUSD.transfer(FEE_RECEIVER, pot.fees);
    }

    function _enter(Order calldata order, Fill calldata fill, Pot memory pot, address counterparty) private {
        bytes32 orderHash = hashOrder(order);
        if (order.maker != HOUSE) {
            validateOrderSignature(orderHash, order);
            _use(orderHash, order, fill);
        }
        uint256 outcome = order.tokenId == pot.ids[0] ? 0 : 1;
        if (order.tokenId != pot.ids[outcome]) revert TokenNotOfCondition();
        uint256 cash = order.side == BUY ? fill.making : fill.taking;
        if (fill.fee * BPS > cash * maxFeeRateBps) revert FeeExceedsMaxRate();
        pot.fees += fill.fee;
        if (order.side == BUY) {
            pot.collateral += int256(fill.making);
            pot.tokens[outcome] -= int256(fill.taking);
            _takeCollateral(order.maker, fill.making + fill.fee);
        } else {
            pot.tokens[outcome] += int256(fill.making);
            pot.collateral -= int256(fill.taking);
            _takeTokens(order.maker, order.tokenId, fill.making, pot.conditionId);
        }
        _emit(orderHash, order, fill, counterparty);
    }

    /// Splits or merges the pairs that the orders lack or leave. Raises where anything would be left over or missing.
    function _balance(Pot memory pot) private {
        if (pot.tokens[0] != pot.tokens[1] || pot.collateral + pot.tokens[0] != 0) revert AmountsDoNotBalance();
        if (pot.collateral > 0) _split(pot.conditionId, uint256(pot.collateral));
        else if (pot.collateral < 0) _merge(pot.conditionId, uint256(-pot.collateral));
    }

    function _takeCollateral(address from, uint256 amount) private {
        if (from == HOUSE) PUSD.mint(address(this), amount);
        else PUSD.transferFrom(from, address(this), amount);
    }

    function _takeTokens(address from, uint256 id, uint256 amount, bytes32 conditionId) private {
        if (from == HOUSE) {
            PUSD.mint(address(this), amount);
            _split(conditionId, amount);
        } else {
            _tokens().safeTransferFrom(from, address(this), id, amount, "");
        }
    }

    function _payOut(Order calldata order, Fill calldata fill) private {
        if (order.side == BUY) _tokens().safeTransferFrom(address(this), order.maker, order.tokenId, fill.taking, "");
        else PUSD.transfer(order.maker, fill.taking - fill.fee);
    }

    function _emit(bytes32 orderHash, Order calldata order, Fill calldata fill, address counterparty) private {
        emit OrderFilled(
            orderHash,
            order.maker,
            counterparty,
            order.side,
            order.tokenId,
            fill.making,
            fill.taking,
            fill.fee,
            order.builder,
            order.metadata
        );
    }

    function _tokens() internal pure virtual returns (IConditionalTokens);
    function _outcomeIds(bytes32 conditionId) internal view virtual returns (uint256[] memory);
    /// From pUSD of the exchange to as many tokens of each outcome, and back.
    function _split(bytes32 conditionId, uint256 amount) internal virtual;
    function _merge(bytes32 conditionId, uint256 amount) internal virtual;
}

abstract contract ConditionalTokensExchange is Exchange {
    function _version() internal pure override returns (bytes memory) {
        return "2";
    }

    function _tokens() internal pure override returns (IConditionalTokens) {
        return CTF;
    }

    function _wrap(uint256 amount) internal {
        USDCE.approve(COLLATERAL_TOKEN, amount);
        PUSD.wrap(address(this), amount);
    }
}

contract StandardExchange is ConditionalTokensExchange {
    function _outcomeIds(bytes32 conditionId) internal view override returns (uint256[] memory) {
        return _positionIds(USDCE_TOKEN, conditionId);
    }

    function _split(bytes32 conditionId, uint256 amount) internal override {
        PUSD.unwrap(address(this), amount);
        USDCE.approve(address(CTF), amount);
        CTF.splitPosition(USDCE_TOKEN, bytes32(0), conditionId, _both(), amount);
    }

    function _merge(bytes32 conditionId, uint256 amount) internal override {
        CTF.mergePositions(USDCE_TOKEN, bytes32(0), conditionId, _both(), amount);
        _wrap(amount);
    }
}

contract NegRiskExchange is ConditionalTokensExchange {
    function _outcomeIds(bytes32 conditionId) internal view override returns (uint256[] memory) {
        return _positionIds(WRAPPED_COLLATERAL, conditionId);
    }

    function _split(bytes32 conditionId, uint256 amount) internal override {
        PUSD.unwrap(address(this), amount);
        USDCE.approve(NEG_RISK_ADAPTER, amount);
        INegRiskAdapter(NEG_RISK_ADAPTER).splitPosition(conditionId, amount);
    }

    function _merge(bytes32 conditionId, uint256 amount) internal override {
        CTF.setApprovalForAll(NEG_RISK_ADAPTER, true);
        INegRiskAdapter(NEG_RISK_ADAPTER).mergePositions(conditionId, amount);
        _wrap(amount);
    }
}

/// Trades the positions of protocol v2, neg-risk ones too.
contract ExchangeV3 is Exchange {
    ProtocolV2Router private constant ROUTER = ProtocolV2Router(PROTOCOL_V2_ROUTER);

    function _version() internal pure override returns (bytes memory) {
        return "3";
    }

    function _tokens() internal pure override returns (IConditionalTokens) {
        return IConditionalTokens(POSITION_MANAGER);
    }

    function _outcomeIds(bytes32 conditionId) internal pure override returns (uint256[] memory ids) {
        if (uint8(uint256(conditionId)) != 0) revert TokenNotOfCondition();
        ids = new uint256[](2);
        ids[0] = uint256(conditionId);
        ids[1] = uint256(conditionId) | 1;
    }

    function _split(bytes32 conditionId, uint256 amount) internal override {
        PUSD.approve(PROTOCOL_V2_ROUTER, amount);
        ROUTER.split(bytes31(conditionId), amount);
    }

    function _merge(bytes32 conditionId, uint256 amount) internal override {
        _tokens().setApprovalForAll(PROTOCOL_V2_ROUTER, true);
        ROUTER.merge(bytes31(conditionId), amount);
    }
}
