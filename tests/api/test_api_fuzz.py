"""The whole document against the running stack, with a token of each scope: no 5xx, no lie, and nothing of another's.

`make fuzz` makes more requests, other ones each time, and says by which seed they can be made again.
"""

from __future__ import annotations

import pytest

from tests.api.consistency import assert_books_hold
from tests.api.fuzzing import EXAMPLES, SEED, Fuzz
from tests.api.people import SCOPES, World, unchanged_things

pytestmark = [pytest.mark.e2e, pytest.mark.api_fuzz]


@pytest.mark.parametrize("scope", SCOPES)
def test_whatever_is_asked_the_document_holds_and_nothing_of_another_s_is_told_or_touched(
    world: World, scope: str
) -> None:
    fuzz = Fuzz(world=world, scopes=(scope,), token=world.token(world.first, scope))
    before = unchanged_things(world, world.second)
    print(f"{EXAMPLES} examples of each kind of each operation with the scope {scope}, seed {SEED}")

    fuzz.run()

    print(fuzz.statuses)
    assert fuzz.lies == [], "\n".join([f"{len(fuzz.lies)} lies, by seed {SEED}:", *fuzz.lies])
    # A job is everybody's, and runs with the scope admin.
    if scope != "admin":
        assert unchanged_things(world, world.second) == before
    world.desk(world.first).advance(60)
    world.run("lt-execute")
    assert_books_hold(world)
