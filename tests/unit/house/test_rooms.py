"""How the house is kept: small folders, one word for one thing, and one seam for chance."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from local.machine.env import ROOT

CORE = ROOT / "layers" / "shared" / "live_trading"
MOST_FILES_A_FOLDER = 16
RAW_CHANCE = {
    "datetime.now",
    "datetime.utcnow",
    "time.time",
    "time.time_ns",
    "time.monotonic",
    "time.perf_counter",
    "uuid4",
    "uuid.uuid4",
    "ThreadPoolExecutor",
}
PORTS = ("_clock.now", "_now", "_new_id", "_chance.", "_chain.", "_market_data.", "_gamma.", "_feed.", "_account(")


def sources(*folders: str) -> list[Path]:
    return [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py")) if file.name != "__init__.py"]


def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def test_no_folder_has_more_files_than_a_reader_takes_in_at_a_glance() -> None:
    sizes = Counter(
        file.parent.relative_to(ROOT) for file in sources("layers/shared/live_trading", "local", "functions", "tests")
    )

    assert {str(folder): size for folder, size in sizes.items() if size > MOST_FILES_A_FOLDER} == {}


def test_no_two_modules_of_services_store_and_api_share_a_name() -> None:
    names = Counter(file.stem for room in ("services", "store", "api") for file in sources(f"{CORE}/{room}"))

    assert [name for name, count in names.items() if count > 1] == []


def test_every_room_says_what_is_in_it_what_enters_and_what_leaves() -> None:
    rooms = [file for room in ("services", "store", "api") for file in sorted((CORE / room).glob("*/__init__.py"))]
    unsaid = [str(file) for file in rooms if "\nIn: " not in (text := file.read_text()) or "\nOut: " not in text]

    assert len(rooms) > 15
    assert unsaid == []


def test_chance_comes_in_from_the_wiring() -> None:
    found = {
        str(file.relative_to(CORE)): raw
        for file in sources(str(CORE))
        if file.relative_to(CORE).parts[0] != "wiring" and (raw := _raw_chance(tree(file)))
    }

    assert found == {}


def _raw_chance(module: ast.Module) -> set[str]:
    called = {ast.unparse(node.func) for node in ast.walk(module) if isinstance(node, ast.Call)}
    imported = {
        alias.name for node in ast.walk(module) if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names
    }
    return (called & RAW_CHANCE) | (imported & {"random", "secrets"})


def test_no_port_is_called_while_a_transaction_is_open() -> None:
    found = {
        str(file.relative_to(CORE)): calls
        for file in sources(f"{CORE}/services", f"{CORE}/api")
        if (calls := sorted(set(_calls_under_a_transaction(tree(file)))))
    }

    assert found == {}


def _calls_under_a_transaction(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        opens = isinstance(node, ast.With) and any(".transaction()" in ast.unparse(each) for each in node.items)
        is_given = isinstance(node, ast.FunctionDef) and any(arg.arg == "transaction" for arg in node.args.args)
        if not (opens or is_given):
            continue
        for call in (each for statement in node.body for each in ast.walk(statement)):  # type: ignore[attr-defined]
            if isinstance(call, ast.Call):
                name = ast.unparse(call.func)
                if name.startswith("self.") and any(port in f"{name}(" for port in PORTS):
                    yield f"{call.lineno}: {name}"
