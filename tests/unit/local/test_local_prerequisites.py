"""A machine that lacks something is told what, and what to install."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from local.machine.env import ROOT


def check(path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "local" / "prerequisites.py")],
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def program(directory: Path, name: str, says: str) -> None:
    file = directory / name
    file.write_text(f"#!/bin/sh\necho {says}\n")
    file.chmod(0o755)


def test_nothing_is_said_where_all_is_there(tmp_path: Path) -> None:
    for name in ("npm", "git"):
        program(tmp_path, name, "1")
    program(tmp_path, "node", "v20.1.0")

    done = check(str(tmp_path))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_each_missing_program_is_named_with_what_to_install(tmp_path: Path) -> None:
    done = check(str(tmp_path))

    assert done.returncode == 1
    for expected in ("Node.js 18 or newer: apt install nodejs", "npm: apt install npm", "git: apt install git"):
        assert expected in done.stderr


def test_a_node_that_is_too_old_is_named_with_its_version(tmp_path: Path) -> None:
    for name in ("npm", "git"):
        program(tmp_path, name, "1")
    program(tmp_path, "node", "v16.20.2")

    done = check(str(tmp_path))

    assert done.returncode == 1
    assert "Node.js 18 or newer (this is v16.20.2)" in done.stderr
