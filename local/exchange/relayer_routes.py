"""The one question that clients ask the relayer before they trade from a wallet: is it deployed?

Served under `/relayer` of the CLOB port, so that a relayer URL can point there.
"""

from __future__ import annotations

import re
from typing import Any

from local.exchange import errors
from local.exchange.calls import Call, Handler
from local.exchange.world import World

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def relayer_handlers(world: World) -> dict[tuple[str, str], Handler]:
    """Handlers by (method, path)."""

    def deployed(call: Call) -> dict[str, Any]:
        address = call.query.get("address", "")
        if not _ADDRESS.fullmatch(address):
            raise errors.Refused(400, "invalid address")
        return {"deployed": world.engine.holdings.has_code(address.lower())}

    return {("GET", "/relayer/deployed"): deployed}
