"""The first block: every contract at its address, with the storage that its constructor would have left.

Built once by deploying on a throwaway chain and reading what each constructor wrote, then kept under
`.local/chain` by the hash of everything that it is made from.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from live_trading.chain.rpc import JsonRpc
from local.chain.deployment import CHAIN_ID, GENESIS_WEI, OPERATOR, ORACLE, PLACEMENTS, Placement
from local.chain.process import NODE_MODULES, REPOSITORY, AnvilProcess, ChainStartFailed

_HERE = Path(__file__).resolve().parent
_SOURCES = _HERE / "contracts"
_COMPILER = _HERE / "compile.cjs"
_CACHE = REPOSITORY / ".local" / "chain"
_DEPLOYER = OPERATOR


def genesis_file() -> Path:
    """The genesis for anvil's `--init`, built where it is not there yet. Raises ChainStartFailed."""
    cached = _CACHE / f"genesis-{_source_hash()}.json"
    if not cached.is_file():
        _CACHE.mkdir(parents=True, exist_ok=True)
        _write_atomically(cached, json.dumps(_build()))
    return cached


def artifact(path: str) -> dict[str, Any]:
    """A compiled contract from npm. Raises ChainStartFailed where the package is not installed."""
    try:
        found = json.loads((NODE_MODULES / path).read_text())
    except OSError as error:
        raise ChainStartFailed(f"{path} is not installed: run `npm ci --ignore-scripts`") from error
    return dict(found)


def _source_hash() -> str:
    digest = hashlib.sha256()
    own = [*sorted(_SOURCES.glob("*.sol")), _COMPILER, _HERE / "deployment.py", _HERE / "genesis.py"]
    bought = [NODE_MODULES / place.artifact for place in PLACEMENTS if place.artifact]
    for path in [*own, *bought, NODE_MODULES / "solc/package.json"]:
        try:
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
        except OSError as error:
            raise ChainStartFailed(f"{path} is not there: run `npm ci --ignore-scripts`") from error
    return digest.hexdigest()[:24]


def _build() -> dict[str, Any]:
    ours = _compiled()
    alloc: dict[str, Any] = {account: {"balance": hex(GENESIS_WEI)} for account in (ORACLE, OPERATOR)}
    with tempfile.TemporaryDirectory() as scratch:
        anvil = AnvilProcess.start(Path(scratch), port=0, genesis=None)
        try:
            rpc = JsonRpc(anvil.rpc_url)
            rpc.call("anvil_setBalance", _DEPLOYER, hex(GENESIS_WEI))
            for place in PLACEMENTS:
                alloc[place.address] = _deployed(rpc, place, _creation_code(place, ours))
            rpc.close()
        finally:
            anvil.stop()
    return {
        "config": {"chainId": CHAIN_ID},
        "difficulty": "0x0",
        "gasLimit": hex(30_000_000),
        "timestamp": "0x0",
        "alloc": alloc,
    }


def _compiled() -> dict[str, Any]:
    node = shutil.which("node")
    if node is None:
        raise ChainStartFailed("node is not installed: Node.js 18 or newer compiles the contracts")
    environment = os.environ | {"NODE_PATH": str(NODE_MODULES)}
    done = subprocess.run(
        [node, str(_COMPILER), str(_SOURCES)], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ChainStartFailed(f"the contracts do not compile: {done.stderr[-4000:]}")
    return dict(json.loads(done.stdout))


def _creation_code(place: Placement, ours: dict[str, Any]) -> str:
    if place.artifact is None:
        return str(ours[place.name]["creation"])
    return str(artifact(place.artifact)["bytecode"])


def _deployed(rpc: JsonRpc, place: Placement, creation: str) -> dict[str, Any]:
    receipt = rpc.call("eth_sendTransactionSync", {"from": _DEPLOYER, "data": creation, "gas": hex(16_000_000)})
    if receipt["status"] != "0x1":
        raise ChainStartFailed(f"{place.name} cannot be deployed")
    traced = rpc.call(
        "debug_traceTransaction",
        receipt["transactionHash"],
        {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}},
    )
    at = str(receipt["contractAddress"]).lower()
    after = {address.lower(): state for address, state in traced["post"].items()}[at]
    # A contract may have written its own address into its code (MultiSend does).
    code = str(after["code"]).replace(at[2:], place.address[2:])
    return {"balance": "0x0", "code": code, "storage": after.get("storage", {})}


def _write_atomically(path: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=path.name, delete=False) as partial:
        partial.write(text)
    Path(partial.name).replace(path)
