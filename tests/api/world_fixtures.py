"""A stack for each module with two people on it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from aws_lambda_powertools.utilities import parameters

from live_trading.wiring.composition import Parts
from local.machine.patience import HANG_SECONDS
from local.stack.assembly import Stack
from tests.api.people import FIRST, SECOND, Person, World
from tests.api.settling import settle_in


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The whole stack, and what two people have on it; the replay stands still."""
    # The secrets and the client of an earlier stack in this process.
    parameters.clear_caches()  # type: ignore[no-untyped-call]
    stack = Stack(directory=tmp_path_factory.mktemp("stack"), front_door_port=None, exchange_options={"traders": 0})
    with stack as facts, httpx.Client(base_url=facts.front_door_url, timeout=HANG_SECONDS) as http:
        parts = Parts(facts.settings)
        made = World(
            stack=facts,
            issuer=stack.issuer,
            parts=parts,
            http=http,
            first=Person(subject=FIRST, trader="0x" + "ab" * 20),
            second=Person(subject=SECOND, trader="0x" + "5e" * 20),
        )
        settle_in(made)
        yield made
        parts.database.close()
