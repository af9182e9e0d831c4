"""HTTP over h11 as uvicorn speaks it, with a way to hang up on a client without an answer."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol


class HangUpProtocol(H11Protocol):
    """Lets a handler close its connection without an answer, through `scope["state"]["hang_up"]`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "hang_up": transport.close}
