"""What a function pays for importing the chain."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

LAYER = Path(__file__).parents[3] / "layers" / "shared"


@pytest.mark.parametrize("module", ["reading.reader", "sending.sender", "redemption", "wallets.signer"])
def test_importing_the_chain_loads_no_heavy_library(module: str) -> None:
    program = f"import sys, live_trading.chain.{module}; print(*sorted(sys.modules))"

    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(LAYER)}, capture_output=True, text=True, check=True
    )

    assert {"web3", "eth_abi", "eth_account", "eth_keys"}.isdisjoint(done.stdout.split())
