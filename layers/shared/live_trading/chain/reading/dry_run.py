"""What a call of a wallet would pay, asked of the node before anything is signed.

The node runs the call with a small program in the wallet's place (a state override of one `eth_call`), so that the
contract sees the wallet as its caller, whatever kind of wallet it is. The program reads the wallet's balance of a
token, makes the call, reads it again and returns the difference.
"""

from __future__ import annotations

from contextlib import suppress

from live_trading.chain.abi import WORD, Call, hex_bytes, hex_text
from live_trading.chain.errors import RpcRefused
from live_trading.chain.rpc import JsonRpc, as_revert
from live_trading.nouns.money import Usd

# balance before; call(target, rest of the input); balance after; return after - before; any failure reverts with its
# own data. Input: token (32 bytes), target (32 bytes), calldata.
_PROGRAM = (
    "0x6370a0823160e01b600052306004526020610100602460006000355afa156100695760403603604061020037600060006040360361020060"
    "006020355af115610069576020610120602460006000355afa1561006957610100516101205103610100526020610100f35b3d600060003e"
    "3d6000fd"
)
_HALF = 1 << 255
_SOMEBODY = "0x" + "00" * 19 + "01"


def predicted_payment(rpc: JsonRpc, *, wallet: str, token: str, call: Call) -> Usd | None:
    """How much `token` the call would bring the wallet; None where the node cannot say.

    Raises Reverted with the contract's reason where the call would revert: also on a node that knows no overrides,
    which says that much of a plain call.
    """
    data = hex_bytes(token, length=20).rjust(WORD, b"\0") + hex_bytes(call.target, length=20).rjust(WORD, b"\0")
    message = {"from": _SOMEBODY, "to": wallet, "data": hex_text(data + hex_bytes(call.data))}
    try:
        answer = rpc.call("eth_call", message, "latest", {wallet: {"code": _PROGRAM}})
    except RpcRefused as refused:
        judged = as_revert(refused)
        if judged is not refused:
            raise judged from refused
        _plain_call(rpc, wallet, call)
        return None
    raw = hex_bytes(answer) if isinstance(answer, str) else b""
    if len(raw) != WORD:
        return None
    units = int.from_bytes(raw, "big")
    return Usd.of_base_units(units if units < _HALF else units - 2 * _HALF)


def _plain_call(rpc: JsonRpc, wallet: str, call: Call) -> None:
    """The call as the wallet's own. Raises Reverted; what a node refuses otherwise says nothing of the contract.

    A transaction of a Safe hides the inner reason, as GS013, so it is asked for here.
    """
    with suppress(RpcRefused):
        rpc.contract_read(call, sender=wallet)
