"""The local chain as the rest of the stack uses it: markets, payouts, money, settlements.

Everything is kept on the chain itself, so any number of processes may attach to the same one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from live_trading.chain.abi import MAX_UINT256, Argument, Call, Function, decode_uint
from live_trading.chain.contracts import APPROVE, OUTCOME_SLOT_COUNT, SET_APPROVAL_FOR_ALL
from live_trading.chain.errors import Reverted
from live_trading.chain.reading.position_ids import condition_id, token_ids
from live_trading.chain.reading.reader import ChainReader
from live_trading.chain.rpc import JsonRpc
from live_trading.chain.wallets.signer import LocalKeySigner
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.trades import Side
from local.chain.deployment import (
    ADDRESSES,
    CHAIN_ID,
    NEG_RISK_EXCHANGE,
    OPERATOR,
    ORACLE,
    STANDARD_EXCHANGE,
    WRAPPED_COLLATERAL,
)
from local.chain.genesis import genesis_file
from local.chain.process import AnvilProcess, ChainStartFailed
from local.chain.settlement import BROKEN, FillToSettle, SettlementReverted, reason_text, settle_call

_PREPARE_CONDITION = Function("prepareCondition(address,bytes32,uint256)")
_PREPARE_QUESTION = Function("prepareQuestion(bytes32)")
_REPORT_PAYOUTS = Function("reportPayouts(bytes32,uint256[])")
_MINT = Function("mint(address,uint256)")
_SET_BROKEN = Function("setBroken(bool)")

_YES = True
_NO = False
_GAS = 5_000_000
_OUTCOMES = 2
_GAS_MONEY_WEI = 10**20
_EXCHANGES = (STANDARD_EXCHANGE, NEG_RISK_EXCHANGE)
_SPENDERS = (*_EXCHANGES, ADDRESSES.ctf_collateral_adapter, ADDRESSES.neg_risk_ctf_collateral_adapter)


class ChainRefused(RuntimeError):
    """A transaction of the stack itself reverted; `reason` is the contract's."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedMarket:
    """A condition with two outcomes on the chain; `token_ids` are in outcome order."""

    question_id: str
    condition_id: str
    token_ids: tuple[str, str]
    neg_risk: bool


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

    def report_payouts(self, question_id: str, numerators: Sequence[int], *, neg_risk: bool = False) -> str:
        """Resolves a market, as its oracle, and returns the transaction hash. Raises ChainRefused if it is."""
        target = ADDRESSES.neg_risk_adapter if neg_risk else ADDRESSES.conditional_tokens
        return self._send(ORACLE, _REPORT_PAYOUTS.call(target, question_id, list(numerators)))

    def mint_collateral(self, address: str, usd: Usd) -> None:
        """Gives an address new pUSD."""
        self._send(OPERATOR, _MINT.call(ADDRESSES.collateral_token, address, usd.base_units))

    def mint_usdce(self, address: str, usd: Usd) -> None:
        """Gives an address new USDC.e."""
        self._send(OPERATOR, _MINT.call(ADDRESSES.usdce_token, address, usd.base_units))

    def fund_gas(self, address: str, wei: int = _GAS_MONEY_WEI) -> None:
        """Sets the POL of an address."""
        self._rpc.call("anvil_setBalance", address, hex(wei))

    def approve_trading(self, private_key: str) -> None:
        """Lets both exchanges and both adapters move pUSD and outcome tokens of the key's address."""
        self.approve_trading_of(LocalKeySigner(private_key).address)

    def approve_trading_of(self, address: str) -> None:
        """The same for any address, a Safe's included; the address pays the gas."""
        for spender in _SPENDERS:
            self._send(address, APPROVE.call(ADDRESSES.collateral_token, spender, MAX_UINT256))
            self.send_as(address, ADDRESSES.conditional_tokens, SET_APPROVAL_FOR_ALL, spender, _YES)

    def collateral_balance(self, address: str) -> Usd:
        """pUSD of an address."""
        return self._reader.collateral_balance(address)

    def token_balance(self, address: str, token_id: str) -> Shares:
        """Outcome tokens of an address."""
        return self._reader.token_balances(address, [token_id])[token_id]

    def settle_fill(
        self,
        *,
        exchange: str,
        order_hash: str,
        account: str,
        side: Side,
        token_id: str,
        condition_id: str,
        usd: Usd,
        shares: Shares,
        fee: Usd,
    ) -> str:
        """Settles one order's fill and returns the transaction hash.

        Raises SettlementReverted where the account lacks balance or allowance, or settlement is broken.
        """
        fill = FillToSettle(
            order_hash=order_hash,
            account=account,
            side=side,
            token_id=token_id,
            condition_id=condition_id,
            usd=usd,
            shares=shares,
            fee=fee,
        )
        return self.settle_fills(exchange, [fill])

    def settle_fills(self, exchange: str, fills: Sequence[FillToSettle]) -> str:
        """Settles the fills of one trade, all or none, in one transaction whose hash is returned."""
        if exchange.lower() not in _EXCHANGES:
            raise ValueError(f"no exchange stands at {exchange}")
        call = settle_call(exchange.lower(), fills)
        receipt = self._receipt(OPERATOR, call)
        transaction_hash = str(receipt["transactionHash"])
        if int(receipt["status"], 16) == 1:
            return transaction_hash
        reason = self._why(OPERATOR, call)
        if reason == BROKEN:
            self.send_as(OPERATOR, STANDARD_EXCHANGE, _SET_BROKEN, _NO)
        raise SettlementReverted(reason, transaction_hash)

    def break_next_settlement(self) -> None:
        """Makes the next settlement on either exchange revert, whichever process asks for it."""
        self.send_as(OPERATOR, STANDARD_EXCHANGE, _SET_BROKEN, _YES)

    def send_as(self, sender: str, target: str, function: Function, *arguments: Argument) -> str:
        """A transaction of any address, without its key. Raises ChainRefused where it reverts."""
        return self._send(sender, function.call(target, *arguments))

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

    def _receipt(self, sender: str, call: Call) -> dict[str, Any]:
        message = {"from": sender, "to": call.target, "data": call.data, "gas": hex(_GAS)}
        return dict(self._rpc.call("eth_sendTransactionSync", message))

    def _why(self, sender: str, call: Call) -> str:
        try:
            self._rpc.contract_read(call, sender=sender)
        except Reverted as refused:
            return reason_text(refused.reason)
        return "it would not revert again"


def market_of(question_id: str, *, neg_risk: bool) -> PreparedMarket:
    """The ids that a question has on this chain, whether or not it is prepared."""
    oracle = ADDRESSES.neg_risk_adapter if neg_risk else ORACLE
    backing = WRAPPED_COLLATERAL if neg_risk else ADDRESSES.usdce_token
    condition = condition_id(oracle, question_id)
    return PreparedMarket(
        question_id=question_id,
        condition_id=condition,
        token_ids=token_ids(condition, backing),
        neg_risk=neg_risk,
    )
