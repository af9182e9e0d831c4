"""The relayer: it checks the owner's signature, keeps one action a wallet in flight, and executes on the chain.

A submission moves on each time that it is looked at: NEW, EXECUTED with its hash, MINED, CONFIRMED, or FAILED.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from eth_hash.auto import keccak

from local.chain.deployment import OPERATOR
from local.exchange.settlement.node import CallReverted, Node
from local.exchange.settlement.relay_rules import NOTHING_TO_REDEEM, is_retired, redeems_nothing
from local.exchange.settlement.relayed_calls import BadPayload, Relayed, read_payload

RELAY = "0x1000000000000000000000000000000000000004"
_SAFE_NONCE = keccak(b"nonce()")[:4]
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
    relayed: Relayed
    nonce_key: str
    transaction_hash: str | None = None
    error: str | None = None


@dataclass(slots=True)
class Relayer:
    """One relayer over one chain.

    `quota` is how many submissions it still takes; None counts none. `lists_behind` is how many of the next lists have
    no submission yet. `blocked_targets` are blocked beside what the venue has retired. With `prechecks` it does not
    send a redemption of nothing.
    """

    rpc_url: Callable[[], str]
    quota: int | None = None
    quota_resets_in: int = 3600
    blocked_targets: set[str] = field(default_factory=set)
    sits_on_submissions: bool = False
    lists_behind: int = 0
    prechecks: bool = True
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
            return Node(self.rpc_url()).read_number(safe, _SAFE_NONCE)
        return self.nonces.get(f"{kind}:{owner.lower()}", 0)

    def submit(self, payload: dict[str, Any], key_address: str) -> dict[str, Any]:
        """Takes a signed payload. Raises RelayError."""
        if str(payload["from"]).lower() != key_address.lower():
            raise RelayError(400, "the from address has to be the address of the API key")
        if self.quota is not None:
            if self.quota == 0:
                raise RelayError(429, f"quota exceeded: 0 units remaining, resets in {self.quota_resets_in} seconds")
            self.quota -= 1
        relayed = self._checked(payload)
        for place, call in enumerate(relayed.calls):
            if is_retired(call) or call.target in self.blocked_targets:
                raise RelayError(400, f"call blocked: call[{place}] blocked: target {call.target} is not allowed")
        if any(each.wallet == relayed.wallet and each.state == "STATE_NEW" for each in self.submitted.values()):
            raise RelayError(400, "wallet busy: there is an active action")
        identity = f"relay-{next(self._ids)}"
        self.submitted[identity] = _Submitted(
            wallet=relayed.wallet,
            payload=payload,
            state="STATE_NEW",
            relayed=relayed,
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
        if self.prechecks and redeems_nothing(found.relayed, Node(self.rpc_url())):
            found.state, found.error = "STATE_FAILED", NOTHING_TO_REDEEM
            return
        try:
            found.transaction_hash = self._send(found.relayed, _GAS)
        except CallReverted as reverted:
            found.state, found.error = "STATE_FAILED", f"execution reverted: {reverted.reason}"
            return
        found.state = "STATE_EXECUTED"
        self.nonces[found.nonce_key] = self.nonces.get(found.nonce_key, 0) + 1

    def _watch(self, found: _Submitted) -> None:
        """Follows the transaction: one that the chain has lost is sent again under another hash."""
        node = Node(self.rpc_url())
        receipt = node.call("eth_getTransactionReceipt", found.transaction_hash)
        if receipt is not None and int(receipt["status"], 16) == 0:
            found.state = "STATE_FAILED"
        elif receipt is not None:
            depth = int(node.call("eth_blockNumber"), 16) - int(receipt["blockNumber"], 16) + 1
            found.state = "STATE_CONFIRMED" if depth >= _DEEP_ENOUGH else "STATE_MINED"
        elif node.call("eth_getTransactionByHash", found.transaction_hash) is None:
            found.transaction_hash = self._send(found.relayed, _GAS + 1)

    def _checked(self, payload: dict[str, Any]) -> Relayed:
        """What is asked, once nonce and signature fit. Raises RelayError."""
        owner, kind, nonce = str(payload["from"]).lower(), str(payload["type"]), int(payload["nonce"])
        on_chain = self.next_nonce(owner, kind)
        if nonce != on_chain:
            raise RelayError(400, f"batch nonce {nonce} does not match on-chain nonce {on_chain}")
        try:
            return read_payload(payload)
        except BadPayload as bad:
            raise RelayError(400, str(bad)) from bad

    def _send(self, relayed: Relayed, gas: int) -> str:
        node, outer = Node(self.rpc_url()), relayed.outer
        node.read(outer.target, outer.data, sender=OPERATOR)
        message = {"from": OPERATOR, "to": outer.target, "data": "0x" + outer.data.hex(), "gas": hex(gas)}
        return str(node.call("eth_sendTransaction", message))
