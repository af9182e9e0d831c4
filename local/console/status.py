"""`make status`: how the stack stands that is up, also one that another shell or the background keeps.

Exit status 0 where it is up and well, 1 where it is up and something is wrong, 3 where none is up.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from local.console.standing import read_standing
from local.console.standing_text import text
from local.stack.facts import DEFAULT_DIRECTORY, NoStack, has_facts, read_facts
from local.stack.lock import holder, is_held

UP, NOT_WELL, NONE_UP = 0, 1, 3
_START = "Start one with `make run KEEP=1`; in the background with `nohup make run KEEP=1 &`."


def main() -> int:
    """Says how it stands."""
    parser = argparse.ArgumentParser(prog="make status", description=__doc__)
    parser.add_argument("--directory", type=Path, default=DEFAULT_DIRECTORY, help="the stack's directory")
    return status(parser.parse_args().directory.resolve())


def status(directory: Path) -> int:
    """The exit status for the stack in a directory; prints what there is to say."""
    if not is_held(directory):
        if has_facts(directory):
            print(f"The stack in {directory} was killed: `make stop` clears what it left, the next start does too.")
        else:
            print(f"No stack is up in {directory}. {_START}")
        return NONE_UP
    try:
        facts = read_facts(directory)
    except NoStack as error:
        coming = f"A stack is coming up in {directory} (process {holder(directory)}): ask again in some seconds."
        print(error if has_facts(directory) else coming)
        return NOT_WELL
    standing = read_standing(facts)
    print(text(standing, facts.addresses(), holder=holder(directory)))
    return UP if standing.is_well else NOT_WELL


if __name__ == "__main__":
    sys.exit(main())
