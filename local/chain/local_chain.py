"""The local chain as the rest of the stack uses it: markets, payouts, money, settlements.

Everything is kept on the chain itself, so any number of processes may attach to the same one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from live_trading.chain.abi import MAX_UINT256, WORD, Argument, Call, Function, decode_bool, decode_uint
from live_trading.chain.contracts import APPROVE, OUTCOME_SLOT_COUNT, SET_APPROVAL_FOR_ALL, TOKEN_BALANCE_OF
from live_trading.chain.errors import Reverted
from live_trading.chain.reading.reader import ChainReader
from live_trading.chain.rpc import JsonRpc
from live_trading.chain.wallets.signer import LocalKeySigner
from live_trading.nouns.markets import is_position_id
from live_trading.nouns.money import Shares, Usd
from local.chain.deployment import (
    ADDRESSES,
    CHAIN_ID,
    EXCHANGE_V3,
    NEG_RISK_EXCHANGE,
    OPERATOR,
    ORACLE,
    POSITION_MANAGER,
    ROUTER,
    STANDARD_EXCHANGE,
)
from local.chain.genesis import genesis_file
from local.chain.markets import PreparedMarket, market_of, v2_market_of
from local.chain.process import AnvilProcess, ChainStartFailed
from local.chain.settlement import (
    BROKEN,
    Amount,
    FillToSettle,
    SettlementReverted,
    base_units,
    match_call,
    reason_text,
)

_PREPARE_CONDITION = Function("prepareCondition(address,bytes32,uint256)")
_PREPARE_QUESTION = Function("prepareQuestion(bytes32)")
_PREPARE_POSITIONS = Function("prepare(bytes31)")
_REPORT_PAYOUTS = Function("reportPayouts(bytes32,uint256[])")
_REPORT_OUTCOME = Function("reportOutcome(bytes32,bool)")
_REPORT_POSITIONS = Function("report(bytes31,uint256,uint256)")
_MINT = Function("mint(address,uint256)")
_TOTAL_SUPPLY = Function("totalSupply()")
_SET_BROKEN = Function("setBroken(bool)")
_SET_MAX_FEE_RATE = Function("setMaxFeeRate(uint256)")
_ORDER_STATUS = Function("getOrderStatus(bytes32)")
_PAUSE = Function("pause(address)")
_UNPAUSE = Function("unpause(address)")

_YES = True
_NO = False
_GAS = 5_000_000
_SETTLEMENT_GAS = 20_000_000
_OUTCOMES = 2
_GAS_MONEY_WEI = 10**20
_EXCHANGES = (STANDARD_EXCHANGE, NEG_RISK_EXCHANGE, EXCHANGE_V3)
_ADAPTERS = (ADDRESSES.ctf_collateral_adapter, ADDRESSES.neg_risk_ctf_collateral_adapter)
# What the venue's clients approve, and the neg-risk adapter, which the venue asks for beside the exchange's.
_COLLATERAL_SPENDERS = (*_EXCHANGES, *_ADAPTERS, ADDRESSES.neg_risk_adapter, ROUTER)
_TOKEN_OPERATORS = (STANDARD_EXCHANGE, NEG_RISK_EXCHANGE, *_ADAPTERS, ADDRESSES.neg_risk_adapter)
_POSITION_OPERATORS = (EXCHANGE_V3, ROUTER)


class ChainRefused(RuntimeError):
    """A transaction of the stack itself reverted; `reason` is the contract's."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LocalChain:
    """A running chain, started here or elsewhere."""

    def __init__(self, rpc_url: str, process: AnvilProcess | None = None) -> None:
        self.rpc_url = rpc_url
        self._process = process
        self._rpc = JsonRpc(rpc_url)
        self._reader = ChainReader(rpc_url, ADDRESSES)

    @classmethod
    def start(cls, directory: Path, port: int = 0) -> LocalChain:
        """A new chain with all contracts in place; its log goes to `directory`, port 0 takes any free one.

        Raises ChainStartFailed with what is missing or what stands in the way.
        """
        process = AnvilProcess.start(directory, port=port, genesis=genesis_file())
        return cls(process.rpc_url, process)

    @classmethod
    def attach(cls, rpc_url: str) -> LocalChain:
        """The chain that another process started. Raises ChainStartFailed where it is not one of ours."""
        chain = cls(rpc_url)
        reader = ChainReader(rpc_url, ADDRESSES)
        if reader.chain_id() != CHAIN_ID or reader.missing_contracts():
            raise ChainStartFailed(f"{rpc_url} is no local chain with the venue's contracts")
        return chain

    def stop(self) -> None:
        """Ends the process where this object started it; harmless to repeat, and on an attached chain."""
        self._rpc.close()
        if self._process is not None:
            self._process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def prepare_market(self, question_id: str, *, neg_risk: bool = False) -> PreparedMarket:
        """Puts a two-outcome condition on the chain; one that is there already is returned as it is."""
        market = market_of(question_id, neg_risk=neg_risk)
        slots = OUTCOME_SLOT_COUNT.call(ADDRESSES.conditional_tokens, market.condition_id)
        if decode_uint(self._rpc.contract_read(slots)) == 0:
            self._prepare(question_id, neg_risk=neg_risk)
        return market

    def prepare_v2_market(self, question_id: str, *, neg_risk: bool = False) -> PreparedMarket:
        """Puts a two-outcome condition of protocol v2 on the chain; repeating it changes nothing."""
        market = v2_market_of(question_id, neg_risk=neg_risk)
        self.send_as(ORACLE, POSITION_MANAGER, _PREPARE_POSITIONS, market.condition_id)
        return market

    def report_payouts(
        self, question_id: str, numerators: Sequence[int], *, neg_risk: bool = False, is_v2: bool = False
    ) -> str:
        """Resolves a market, as its oracle, and returns the transaction hash. Raises ChainRefused if it is.

        A neg-risk market pays one outcome all and the other nothing; ValueError for anything else.
        """
        if neg_risk and sorted(numerators) != [0, 1]:
            raise ValueError(f"neg-risk payouts are 1 and 0, not {list(numerators)}")
        if is_v2:
            condition = v2_market_of(question_id, neg_risk=neg_risk).condition_id
            return self.send_as(ORACLE, POSITION_MANAGER, _REPORT_POSITIONS, condition, *numerators)
        if neg_risk:
            return self.send_as(ORACLE, ADDRESSES.neg_risk_adapter, _REPORT_OUTCOME, question_id, numerators[0] == 1)
        return self.send_as(ORACLE, ADDRESSES.conditional_tokens, _REPORT_PAYOUTS, question_id, list(numerators))

    def mint_collateral(self, address: str, usd: Amount) -> None:
        """Gives an address new pUSD."""
        self._send(OPERATOR, _MINT.call(ADDRESSES.collateral_token, address, base_units(usd)))

    def mint_usdce(self, address: str, usd: Amount) -> None:
        """Gives an address new USDC.e. An adapter pays what is left at it to the next one who redeems or merges."""
        self._send(OPERATOR, _MINT.call(ADDRESSES.usdce_token, address, base_units(usd)))

    def fund_gas(self, address: str, wei: int = _GAS_MONEY_WEI) -> None:
        """Sets the POL of an address."""
        self._rpc.call("anvil_setBalance", address, hex(wei))

    def approve_trading(self, private_key: str) -> None:
        """Lets the venue's contracts move pUSD, outcome tokens and positions of the key's address."""
        self.approve_trading_of(LocalKeySigner(private_key).address)

    def approve_trading_of(self, address: str) -> None:
        """The same for any address, a Safe's included; the address pays the gas."""
        for spender in _COLLATERAL_SPENDERS:
            self._send(address, APPROVE.call(ADDRESSES.collateral_token, spender, MAX_UINT256))
        for operator in _TOKEN_OPERATORS:
            self.send_as(address, ADDRESSES.conditional_tokens, SET_APPROVAL_FOR_ALL, operator, _YES)
        for operator in _POSITION_OPERATORS:
            self.send_as(address, POSITION_MANAGER, SET_APPROVAL_FOR_ALL, operator, _YES)

    def collateral_balance(self, address: str) -> Usd:
        """pUSD of an address."""
        return self._reader.collateral_balance(address)

    def collateral_supply(self) -> Usd:
        """All the pUSD that there is."""
        supply = self._rpc.contract_read(_TOTAL_SUPPLY.call(ADDRESSES.collateral_token))
        return Usd.of_base_units(decode_uint(supply))

    def usdce_balance(self, address: str) -> Usd:
        """USDC.e of an address."""
        return self._reader.usdce_balance(address)

    def token_balance(self, address: str, token_id: str) -> Shares:
        """Outcome tokens or positions of an address."""
        keeper = POSITION_MANAGER if is_position_id(token_id) else ADDRESSES.conditional_tokens
        held = self._rpc.contract_read(TOKEN_BALANCE_OF.call(keeper, address, int(token_id)))
        return Shares.of_base_units(decode_uint(held))

    def order_status(self, exchange: str, order_hash: str) -> tuple[bool, int]:
        """Whether an order is filled, and what of its maker amount is left; (False, 0) where it was never matched."""
        answer = self._rpc.contract_read(_ORDER_STATUS.call(exchange, order_hash))
        return decode_bool(answer[:WORD]), decode_uint(answer[WORD:])

    def settle_fills(self, exchange: str, fills: Sequence[FillToSettle]) -> str:
        """Settles the fills of one trade, all or none, in one transaction whose hash is returned.

        Raises SettlementReverted where an order does not allow its fill, an account lacks balance or allowance, or
        settlement is broken; ValueError where nobody signed, or no exchange stands there.
        """
        if exchange.lower() not in _EXCHANGES:
            raise ValueError(f"no exchange stands at {exchange}")
        call = match_call(exchange.lower(), fills)
        receipt = self._receipt(OPERATOR, call, _SETTLEMENT_GAS)
        transaction_hash = str(receipt["transactionHash"])
        if int(receipt["status"], 16) == 1:
            return transaction_hash
        reason = self._why(OPERATOR, call)
        if reason == BROKEN:
            self.send_as(OPERATOR, STANDARD_EXCHANGE, _SET_BROKEN, _NO)
        raise SettlementReverted(reason, transaction_hash)

    def break_next_settlement(self) -> None:
        """Makes the next settlement on any exchange revert, whichever process asks for it."""
        self.send_as(OPERATOR, STANDARD_EXCHANGE, _SET_BROKEN, _YES)

    def set_max_fee_rate(self, exchange: str, bps: int) -> None:
        """The largest fee that an exchange takes, in basis points of the cash that a fill moves; 500 at first."""
        self.send_as(OPERATOR, exchange, _SET_MAX_FEE_RATE, bps)

    def pause_adapter(self, adapter: str, asset: str = ADDRESSES.usdce_token) -> None:
        """Stops a collateral adapter for an asset, as its admins may at any time: splits, merges, redemptions."""
        self.send_as(OPERATOR, adapter, _PAUSE, asset)

    def unpause_adapter(self, adapter: str, asset: str = ADDRESSES.usdce_token) -> None:
        """Lets it go on."""
        self.send_as(OPERATOR, adapter, _UNPAUSE, asset)

    def send_as(self, sender: str, target: str, function: Function, *arguments: Argument) -> str:
        """A transaction of any address, without its key. Raises ChainRefused where it reverts."""
        return self._send(sender, function.call(target, *arguments))

    def set_storage(self, contract: str, slot: int, value: int) -> None:
        """Writes a word of a contract's storage, for a past that nobody has the time to live through."""
        self._rpc.call("anvil_setStorageAt", contract, f"0x{slot:064x}", f"0x{value:064x}")

    def mine(self, blocks: int) -> None:
        """Adds empty blocks."""
        self._rpc.call("anvil_mine", hex(blocks))

    def _prepare(self, question_id: str, *, neg_risk: bool) -> None:
        if neg_risk:
            self.send_as(ORACLE, ADDRESSES.neg_risk_adapter, _PREPARE_QUESTION, question_id)
        else:
            target = ADDRESSES.conditional_tokens
            self.send_as(ORACLE, target, _PREPARE_CONDITION, ORACLE, question_id, _OUTCOMES)

    def _send(self, sender: str, call: Call) -> str:
        receipt = self._receipt(sender, call)
        if int(receipt["status"], 16) != 1:
            raise ChainRefused(self._why(sender, call))
        return str(receipt["transactionHash"])

    def _receipt(self, sender: str, call: Call, gas: int = _GAS) -> dict[str, Any]:
        message = {"from": sender, "to": call.target, "data": call.data, "gas": hex(gas)}
        return dict(self._rpc.call("eth_sendTransactionSync", message))

    def _why(self, sender: str, call: Call) -> str:
        try:
            self._rpc.contract_read(call, sender=sender)
        except Reverted as refused:
            return reason_text(refused.reason)
        return "it would not revert again"
