"""What a machine must have before anything can be installed: checked first, each lack named with its remedy.

Runs on any Python 3, because it may be the first thing that an older one is asked to do.
"""

import importlib.util
import re
import shutil
import subprocess
import sys

PYTHON_NEEDED = (3, 11)
NODE_NEEDED = 18


def lacking():
    """One line for each thing that is missing or too old, with what to install. Empty if all is there."""
    return [line for check in (_python, _venv, _node, _npm, _git) for line in check()]


def _python():
    if sys.version_info < PYTHON_NEEDED:
        found = ".".join(str(part) for part in sys.version_info[:3])
        yield "Python 3.11 or newer (this is {}): apt install python3, or https://www.python.org".format(found)


def _venv():
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        yield "Python's venv module: apt install python3-venv"


def _node():
    if shutil.which("node") is None:
        yield "Node.js {} or newer: apt install nodejs, or https://nodejs.org".format(NODE_NEEDED)
        return
    said = subprocess.run(["node", "--version"], stdout=subprocess.PIPE, check=False).stdout.decode().strip()
    version = re.match(r"v(\d+)\.", said)
    if version is None or int(version.group(1)) < NODE_NEEDED:
        yield "Node.js {} or newer (this is {}): https://nodejs.org".format(NODE_NEEDED, said or "unusable")


def _npm():
    if shutil.which("npm") is None:
        yield "npm: apt install npm, or https://nodejs.org"


def _git():
    if shutil.which("git") is None:
        yield "git: apt install git"


def main():
    """0 if everything is there, 1 with the list of what is not."""
    missing = lacking()
    if not missing:
        return 0
    print("This machine lacks what the project needs:", file=sys.stderr)
    for line in missing:
        print("  - " + line, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
