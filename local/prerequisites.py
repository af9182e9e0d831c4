"""What a machine must have before anything can be installed: checked first, each lack named with its remedy.

Keeps to what any Python 3 understands, because an old one may be asked to run it.
"""

import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator

PYTHON_NEEDED = (3, 11)
NODE_NEEDED = 18


def lacking() -> "list[str]":
    """One line for each thing that is missing or too old, with what to install. Empty if all is there."""
    return [line for check in (_python, _venv, _node, _npm, _git) for line in check()]


def _python() -> "Iterator[str]":
    if sys.version_info < PYTHON_NEEDED:
        found = ".".join(str(part) for part in sys.version_info[:3])
        yield f"Python 3.11 or newer (this is {found}): apt install python3, or https://www.python.org"


def _venv() -> "Iterator[str]":
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        yield "Python's venv module: apt install python3-venv"


def _node() -> "Iterator[str]":
    if shutil.which("node") is None:
        yield f"Node.js {NODE_NEEDED} or newer: apt install nodejs, or https://nodejs.org"
        return
    said = subprocess.run(["node", "--version"], stdout=subprocess.PIPE, check=False).stdout.decode().strip()
    version = re.match(r"v(\d+)\.", said)
    if version is None or int(version.group(1)) < NODE_NEEDED:
        yield f"Node.js {NODE_NEEDED} or newer (this is {said or 'unusable'}): https://nodejs.org"


def _npm() -> "Iterator[str]":
    if shutil.which("npm") is None:
        yield "npm: apt install npm, or https://nodejs.org"


def _git() -> "Iterator[str]":
    if shutil.which("git") is None:
        yield "git: apt install git"


def main() -> int:
    """0 if everything is there, 1 with the list of what is not."""
    missing = lacking()
    if not missing:
        return 0
    print("This machine lacks what the project needs:", file=sys.stderr)
    for line in missing:
        print(f"  - {line}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
