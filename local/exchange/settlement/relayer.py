"""The relayer: it checks the owner's signature, keeps one action a wallet in flight, and executes on the chain.

A submission moves on each time that it is looked at: NEW, EXECUTED with its hash, MINED, CONFIRMED, or FAILED.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from eth_abi.abi import decode, encode
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from eth_hash.auto import keccak

from live_trading.chain.abi import Call, decode_uint, hex_bytes, hex_text
from live_trading.chain.errors import Reverted
from live_trading.chain.rpc import JsonRpc
from live_trading.chain.wallets.relay_messages import proxy_digest, typed_digest
from live_trading.chain.wallets.safe import SAFE_NONCE, SafeTransaction, exec_call, typed_data
from local.chain.deployment import CHAIN_ID, OPERATOR

RELAY = "0x1000000000000000000000000000000000000004"
_EXECUTE = keccak(b"execute(address[],bytes[])")[:4]
_GAS = 5_000_000
_DEEP_ENOUGH = 4
_ON_ITS_WAY = ("STATE_EXECUTED", "STATE_MINED")


class RelayError(Exception):
    """A refusal: HTTP status and the text that callers see."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


@dataclass(slots=True, kw_only=True)
class _Submitted:
    wallet: str
    payload: dict[str, Any]
    state: str
    execute: Callable[[int], str]
    nonce_key: str
    transaction_hash: str | None = None
    error: str | None = None


@dataclass(slots=True)
class Relayer:
    """One relayer over one chain.

    `quota` is how many submissions it still takes; None counts none. `lists_behind` is how many of the next lists have
    no submission yet.
    """

    rpc_url: Callable[[], str]
    quota: int | None = None
    quota_resets_in: int = 3600
    blocked_targets: set[str] = field(default_factory=set)
    sits_on_submissions: bool = False
    lists_behind: int = 0
    nonces: dict[str, int] = field(default_factory=dict)
    submitted: dict[str, _Submitted] = field(default_factory=dict)
    safes: dict[str, str] = field(default_factory=dict)
    _ids: Any = field(default_factory=lambda: count(1))

    def next_nonce(self, owner: str, kind: str) -> int:
        """The nonce of the owner's wallet of a kind."""
        if kind == "SAFE":
            safe = self.safes.get(owner.lower())
            if safe is None:
                raise RelayError(404, "no Safe of this owner")
            return decode_uint(JsonRpc(self.rpc_url()).contract_read(SAFE_NONCE.call(safe)))
        return self.nonces.get(f"{kind}:{owner.lower()}", 0)

    def submit(self, payload: dict[str, Any], key_address: str) -> dict[str, Any]:
        """Takes a signed payload. Raises RelayError."""
        if str(payload["from"]).lower() != key_address.lower():
            raise RelayError(400, "the from address has to be the address of the API key")
        if self.quota is not None:
            if self.quota == 0:
                raise RelayError(429, f"quota exceeded: 0 units remaining, resets in {self.quota_resets_in} seconds")
            self.quota -= 1
        wallet, calls, execute = self._checked(payload)
        if any(target.lower() in self.blocked_targets for target in calls):
            raise RelayError(400, "call blocked: call[0] blocked")
        if any(each.wallet == wallet and each.state == "STATE_NEW" for each in self.submitted.values()):
            raise RelayError(400, "wallet busy: there is an active action")
        identity = f"relay-{next(self._ids)}"
        self.submitted[identity] = _Submitted(
            wallet=wallet,
            payload=payload,
            state="STATE_NEW",
            execute=execute,
            nonce_key=f"{payload['type']}:{str(payload['from']).lower()}",
        )
        return {"transactionID": identity, "state": "STATE_NEW"}

    def look(self, identity: str) -> dict[str, Any]:
        """Where a submission stands; looking moves it on. Raises RelayError."""
        found = self.submitted.get(identity)
        if found is None:
            raise RelayError(404, "transaction not found")
        if found.state == "STATE_NEW" and not self.sits_on_submissions:
            self._execute(found)
        elif found.state in _ON_ITS_WAY:
            self._watch(found)
        return {
            "transaction_id": identity,
            "transaction_hash": found.transaction_hash or "",
            "state": found.state,
            "error_msg": found.error,
        }

    def of_owner(self, owner: str) -> list[dict[str, Any]]:
        """The owner's submissions as they stand, newest first; listing moves nothing on."""
        if self.lists_behind:
            self.lists_behind -= 1
            return []
        return [
            {
                "transactionID": identity,
                "transactionHash": each.transaction_hash or "",
                "from": each.payload["from"],
                "to": each.payload["to"],
                "proxyAddress": each.wallet,
                "data": each.payload.get("data", ""),
                "nonce": each.payload["nonce"],
                "value": "",
                "signature": each.payload["signature"],
                "state": each.state,
                "type": each.payload["type"],
                "owner": owner.lower(),
                "metadata": each.payload.get("metadata", ""),
            }
            for identity, each in reversed(self.submitted.items())
            if str(each.payload["from"]).lower() == owner.lower()
        ]

    def drop(self, identity: str) -> None:
        """Gives a submission up that has not been executed."""
        found = self.submitted[identity]
        found.state, found.error = "STATE_FAILED", "dropped"

    def _execute(self, found: _Submitted) -> None:
        try:
            found.transaction_hash = found.execute(_GAS)
        except Reverted as reverted:
            found.state, found.error = "STATE_FAILED", f"execution reverted: {reverted.reason}"
            return
        found.state = "STATE_EXECUTED"
        self.nonces[found.nonce_key] = self.nonces.get(found.nonce_key, 0) + 1

    def _watch(self, found: _Submitted) -> None:
        """Follows the transaction: one that the chain has lost is sent again under another hash."""
        rpc = JsonRpc(self.rpc_url())
        receipt = rpc.call("eth_getTransactionReceipt", found.transaction_hash)
        if receipt is not None and int(receipt["status"], 16) == 0:
            found.state = "STATE_FAILED"
        elif receipt is not None:
            depth = rpc.quantity("eth_blockNumber") - int(receipt["blockNumber"], 16) + 1
            found.state = "STATE_CONFIRMED" if depth >= _DEEP_ENOUGH else "STATE_MINED"
        elif rpc.call("eth_getTransactionByHash", found.transaction_hash) is None:
            found.transaction_hash = found.execute(_GAS + 1)

    def _checked(self, payload: dict[str, Any]) -> tuple[str, list[str], Callable[[int], str]]:
        """The wallet, the targets, and how to execute, once signature and nonce fit. Raises RelayError."""
        owner, kind, nonce = str(payload["from"]).lower(), str(payload["type"]), int(payload["nonce"])
        on_chain = self.next_nonce(owner, kind)
        if nonce != on_chain:
            raise RelayError(400, f"batch nonce {nonce} does not match on-chain nonce {on_chain}")
        match kind:
            case "SAFE":
                return self._safe(payload, owner)
            case "WALLET":
                return self._wallet(payload, owner)
            case "PROXY":
                return self._proxy(payload, owner)
        raise RelayError(400, f"unknown type {kind}")

    def _safe(self, payload: dict[str, Any], owner: str) -> tuple[str, list[str], Callable[[int], str]]:
        wallet = str(payload["proxyWallet"]).lower()
        inner = SafeTransaction(
            safe=wallet,
            target=str(payload["to"]).lower(),
            data=str(payload["data"]),
            operation=int(payload["signatureParams"]["operation"]),
            nonce=int(payload["nonce"]),
        )
        signature = hex_bytes(str(payload["signature"]))
        plain = signature[:64] + bytes([signature[64] - 4])
        _expect(owner, encode_defunct(primitive=typed_digest(*typed_data(inner, CHAIN_ID))), plain)
        call = exec_call(inner, hex_text(signature))
        return wallet, [inner.target], lambda gas: self._send(call, gas)

    def _wallet(self, payload: dict[str, Any], owner: str) -> tuple[str, list[str], Callable[[int], str]]:
        parameters = payload["depositWalletParams"]
        wallet, calls = str(parameters["depositWallet"]).lower(), list(parameters["calls"])
        message = {
            "wallet": wallet,
            "nonce": int(payload["nonce"]),
            "deadline": int(parameters["deadline"]),
            "calls": [
                {"target": each["target"], "value": int(each["value"]), "data": hex_bytes(each["data"])}
                for each in calls
            ],
        }
        domain = {"name": "DepositWallet", "version": "1", "chainId": CHAIN_ID, "verifyingContract": wallet}
        types = {
            "Call": [_field("target", "address"), _field("value", "uint256"), _field("data", "bytes")],
            "Batch": [
                _field("wallet", "address"),
                _field("nonce", "uint256"),
                _field("deadline", "uint256"),
                _field("calls", "Call[]"),
            ],
        }
        _expect(owner, encode_typed_data(domain, types, message), hex_bytes(str(payload["signature"])))
        targets = [str(each["target"]).lower() for each in calls]
        datas = [hex_bytes(str(each["data"])) for each in calls]
        return wallet, targets, lambda gas: self._execute_for(wallet, targets, datas, gas)

    def _proxy(self, payload: dict[str, Any], owner: str) -> tuple[str, list[str], Callable[[int], str]]:
        wallet, parameters = str(payload["proxyWallet"]).lower(), payload["signatureParams"]
        digest = proxy_digest(
            owner=owner,
            factory=str(payload["to"]).lower(),
            data=str(payload["data"]),
            nonce=int(payload["nonce"]),
            hub=str(parameters["relayHub"]).lower(),
            relay=str(parameters["relay"]).lower(),
        )
        _expect(owner, encode_defunct(primitive=digest), hex_bytes(str(payload["signature"])))
        (calls,) = decode(["(uint8,address,uint256,bytes)[]"], hex_bytes(str(payload["data"]))[4:])
        targets, datas = [str(each[1]).lower() for each in calls], [bytes(each[3]) for each in calls]
        return wallet, targets, lambda gas: self._execute_for(wallet, targets, datas, gas)

    def _execute_for(self, wallet: str, targets: list[str], datas: list[bytes], gas: int) -> str:
        data = hex_text(_EXECUTE + encode(["address[]", "bytes[]"], [targets, datas]))
        return self._send(Call(target=wallet, data=data), gas)

    def _send(self, call: Call, gas: int) -> str:
        rpc = JsonRpc(self.rpc_url())
        rpc.contract_read(call, sender=OPERATOR)
        message = {"from": OPERATOR, "to": call.target, "data": call.data, "gas": hex(gas)}
        return str(rpc.call("eth_sendTransaction", message))


def _expect(owner: str, signable: Any, signature: bytes) -> None:
    if str(Account.recover_message(signable, signature=signature)).lower() != owner:
        raise RelayError(400, "invalid signature")


def _field(name: str, kind: str) -> dict[str, str]:
    return {"name": name, "type": kind}
