"""What the adapter may take from the official client, and when it is loaded."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "layers" / "shared" / "live_trading"


def test_one_private_name_of_the_client_is_imported() -> None:
    private = [
        f"{node.module}:{alias.name}"
        for file in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("polymarket._")
        for alias in node.names
    ]

    assert private == [
        "polymarket._internal.environment:PRODUCTION_CONFIG",
        "polymarket._internal.environment:create_environment",
    ]


def test_nothing_is_placed_by_the_client_itself() -> None:
    called = {
        node.attr
        for file in (PACKAGE / "polymarket").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
    }

    assert not {name for name in called if name.startswith(("place_", "create_limit_", "create_market_"))}


def test_the_client_is_loaded_only_when_it_is_used() -> None:
    code = (
        "import sys, live_trading.polymarket.clob.account, live_trading.polymarket.gamma.catalogue;"
        "print([name for name in ('polymarket', 'web3', 'eth_account', 'eth_abi') if name in sys.modules])"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert loaded.stdout.strip() == "[]"
