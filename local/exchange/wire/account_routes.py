"""Account endpoints of the CLOB: API keys, closed-only mode, balances and allowances, heartbeats."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from eth_utils.address import to_checksum_address

from local.exchange import errors
from local.exchange.engine.funds import COLLATERAL_SPENDERS, POSITION_OPERATORS, TOKEN_OPERATORS, Holding
from local.exchange.faults.faults import FaultKind
from local.exchange.identity.accounts import ApiKey
from local.exchange.identity.contracts import is_position_id
from local.exchange.identity.signer_limits import TIER
from local.exchange.identity.wallet_addresses import deposit_wallet_addresses, proxy_address, safe_address
from local.exchange.wire.auth import Authentication
from local.exchange.wire.calls import Call, Handler
from local.exchange.world import World

HEARTBEAT_TIMEOUT_MS = 15_000


@dataclass(slots=True, kw_only=True)
class _Heartbeat:
    """The id that an API key must send next, and when its last one came."""

    expected: str
    beaten_ms: int


class AccountRoutes:
    """Handlers of everything about an account that is not an order."""

    def __init__(self, world: World, authentication: Authentication) -> None:
        self._world = world
        self._authentication = authentication
        self._heartbeats: dict[str, _Heartbeat] = {}

    def handlers(self) -> dict[tuple[str, str], Handler]:
        """Handlers by (method, path)."""
        return {
            ("POST", "/auth/api-key"): partial(self._credentials, self._world.accounts.create),
            ("GET", "/auth/derive-api-key"): partial(self._credentials, self._world.accounts.derive),
            ("GET", "/auth/api-keys"): self._api_keys,
            ("DELETE", "/auth/api-key"): self._delete_api_key,
            ("GET", "/auth/ban-status/closed-only"): self._closed_only,
            ("GET", "/balance-allowance"): self._balance_allowance,
            ("GET", "/balance-allowance/update"): self._refresh,
            ("POST", "/v1/heartbeats"): self._heartbeat,
            ("GET", "/v1/user/rate-limit-tier"): self._tier,
        }

    def _tier(self, call: Call) -> dict[str, str]:
        self._authentication.api_key(call)
        return {"tier": TIER}

    def _credentials(self, issue: Callable[[str, int], ApiKey], call: Call) -> dict[str, str]:
        api_key = issue(*self._authentication.login(call))
        return {"apiKey": api_key.key, "secret": api_key.secret, "passphrase": api_key.passphrase}

    def _api_keys(self, call: Call) -> dict[str, list[str]]:
        api_key = self._authentication.api_key(call)
        return {"apiKeys": list(self._world.accounts.keys_of(api_key.address))}

    def _delete_api_key(self, call: Call) -> str:
        self._world.accounts.delete(self._authentication.api_key(call).key)
        return "OK"

    def _closed_only(self, call: Call) -> dict[str, bool]:
        self._authentication.api_key(call)
        mode = self._world.faults.find(FaultKind.CLOSED_ONLY)
        return {"closed_only": mode is not None}

    def _balance_allowance(self, call: Call) -> dict[str, Any]:
        api_key = self._authentication.api_key(call)
        held = {spender: self._holding(call, api_key, spender) for spender in _spenders(call)}
        balances = {holding.balance for holding in held.values()}
        return {
            "balance": str(max(balances)),
            "allowances": {to_checksum_address(spender): str(held[spender].allowance) for spender in held},
        }

    def _refresh(self, call: Call) -> str:
        self._balance_allowance(call)
        return ""

    def _holding(self, call: Call, api_key: ApiKey, spender: str) -> Holding:
        account = self._account(call, api_key)
        match call.query.get("asset_type"):
            case "COLLATERAL":
                return self._world.engine.holdings.collateral(account, spender)
            case "CONDITIONAL" | "CONDITIONAL-V2" as asset_type:
                token_id = call.query.get("token_id", "")
                if not token_id.isascii() or not token_id.isdigit():
                    raise errors.invalid_token_id()
                if is_position_id(int(token_id)) is not (asset_type == "CONDITIONAL-V2"):
                    raise errors.invalid_token_id()
                return self._world.engine.holdings.tokens(account, token_id, spender)
            case _:
                raise errors.Refused(400, "Invalid asset type")

    def _account(self, call: Call, api_key: ApiKey) -> str:
        """The wallet that a signature type means for the owner of the API key."""
        owner = api_key.address
        match call.query.get("signature_type", "0"):
            case "0":
                return owner
            case "1":
                return proxy_address(owner)
            case "2":
                return safe_address(owner)
            case "3":
                beacon_clone, older_clone = deposit_wallet_addresses(owner)
                return older_clone if self._world.engine.holdings.has_code(older_clone) else beacon_clone
            case _:
                raise errors.Refused(400, "Invalid signature_type")

    def _heartbeat(self, call: Call) -> dict[str, str]:
        """The dead-man switch: once begun, a missed beat cancels every order of the API key."""
        api_key = self._authentication.api_key(call)
        given = _heartbeat_id(call)
        known = self._heartbeats.get(api_key.key)
        if known is not None and given != known.expected:
            mismatch = {"error_msg": "Invalid Heartbeat ID", "heartbeat_id": known.expected}
            raise errors.Refused(400, "Invalid Heartbeat ID", extra=mismatch)
        now_ms = self._world.timeline.now_ms()
        expected = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{api_key.key}:{given}:{now_ms}"))
        beat = self._heartbeats[api_key.key] = _Heartbeat(expected=expected, beaten_ms=now_ms)
        self._world.timeline.call_at(now_ms + HEARTBEAT_TIMEOUT_MS, partial(self._missed, api_key, beat))
        return {"heartbeat_id": expected}

    def _missed(self, api_key: ApiKey, beat: _Heartbeat) -> None:
        if self._heartbeats.get(api_key.key) is not beat:
            return
        for order in list(self._world.engine.records.open_orders()):
            if order.owner == api_key.key:
                self._world.engine.cancel(api_key.address, order.order_hash)
        del self._heartbeats[api_key.key]


def _spenders(call: Call) -> tuple[str, ...]:
    match call.query.get("asset_type"):
        case "CONDITIONAL-V2":
            return POSITION_OPERATORS
        case "CONDITIONAL":
            return TOKEN_OPERATORS
        case _:
            return COLLATERAL_SPENDERS


def _heartbeat_id(call: Call) -> str:
    try:
        body = call.json()
    except ValueError:
        raise errors.invalid_batch() from None
    if not isinstance(body, dict) or not isinstance(body.get("heartbeat_id"), str):
        raise errors.invalid_batch()
    return str(body["heartbeat_id"])
