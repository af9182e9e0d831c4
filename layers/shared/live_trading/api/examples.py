"""Ids that the examples of the document are written with; whoever tries them puts his own in their place."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

FT_WALLET_ID = "0b9f6e4a-5d0e-4d0c-9d5e-0f1b7a6c1001"
TRADING_WALLET_ID = "0b9f6e4a-5d0e-4d0c-9d5e-0f1b7a6c1002"
LT_STRATEGY_ID = "0b9f6e4a-5d0e-4d0c-9d5e-0f1b7a6c1003"
LT_ORDER_ID = "0b9f6e4a-5d0e-4d0c-9d5e-0f1b7a6c1004"
LT_REDEMPTION_ID = "0b9f6e4a-5d0e-4d0c-9d5e-0f1b7a6c1005"
EXIT_WISH_ID = "0b9f6e4a-5d0e-4d0c-9d5e-0f1b7a6c1006"
FT_ORDER_ID = "0b9f6e4a-5d0e-4d0c-9d5e-0f1b7a6c1601"
JOB_ID = "0b9f6e4a-5d0e-4d0c-9d5e-0f1b7a6c1007"
TRADER_ADDRESS = "0x56687bf447db6ffa42ffe2204a05edaa20f55839"
WALLET_ADDRESS = "0x7f3c8979d0afa00007bae4747d5347122af05613"
OUTCOME = "71321045679252212594626385532706912750332728571942532289631379312455583992563"
CONDITION_ID = "0x5f65177b394277fd294cd75650044e32ba009a95022d88a0c1d565897d72f8f1"
SPENDER_ADDRESS = "0xe111180000d2663c0091e4f400237545b87b996b"

UUID_SCHEMA = {"type": "string", "format": "uuid"}
NUMBER_SCHEMA = {"type": "integer", "minimum": 0}
ADDRESS_SCHEMA = {"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"}
TOKEN_SCHEMA = {"type": "string", "pattern": "^[0-9]{1,78}$"}

PATH_PARTS: Mapping[str, tuple[Mapping[str, object], str]] = MappingProxyType(
    {
        "ft_wallet_id": (UUID_SCHEMA, FT_WALLET_ID),
        "trading_wallet_id": (UUID_SCHEMA, TRADING_WALLET_ID),
        "lt_strategy_id": (UUID_SCHEMA, LT_STRATEGY_ID),
        "lt_order_id": (UUID_SCHEMA, LT_ORDER_ID),
        "lt_redemption_id": (UUID_SCHEMA, LT_REDEMPTION_ID),
        "exit_wish_id": (UUID_SCHEMA, EXIT_WISH_ID),
        "ft_order_id": (UUID_SCHEMA, FT_ORDER_ID),
        "job_id": (UUID_SCHEMA, JOB_ID),
        "lock_id": (NUMBER_SCHEMA, "1"),
        "break_id": (NUMBER_SCHEMA, "1"),
        "version": (NUMBER_SCHEMA, "1"),
        "source_trade_id": (NUMBER_SCHEMA, "1"),
        "decision_id": (NUMBER_SCHEMA, "1"),
        "lt_alert_id": (NUMBER_SCHEMA, "1"),
        "audit_id": (NUMBER_SCHEMA, "1"),
        "trader_address": (ADDRESS_SCHEMA, TRADER_ADDRESS),
        "token_id": (TOKEN_SCHEMA, OUTCOME),
    }
)
"""By the name of a part of a path: its schema, and an example of it."""
