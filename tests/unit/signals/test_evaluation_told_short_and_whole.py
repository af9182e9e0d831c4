"""`evaluate` ends at the first failure and `explained` goes on: they say the same, and neither remembers anything."""

from __future__ import annotations

import gc
from dataclasses import replace
from decimal import Decimal
from random import Random
from weakref import ref

from hypothesis import given, settings
from hypothesis import strategies as st

from live_trading.nouns.decisions import Verdict
from live_trading.signals.evaluate import evaluate, explained, hopeful
from live_trading.signals.words import Words, has_word
from tests.builders import a_config, inputs
from tests.unit.signals.random_inputs import LABELS, TITLES, WORDS, random_config, random_inputs, stream

STREAMS = st.integers(min_value=0, max_value=2**63).map(stream)
# Each is taken for a plain letter, or is next to a word where only some take it for a part of it.
LETTERS = "kKsSiIa\u0130\u0131\u017f\u212a\u00df\u00c5\u212b\u00e9-_ \n'"


@settings(max_examples=500)
@given(STREAMS)
def test_what_is_told_short_is_what_is_told_whole(random: Random) -> None:
    made = random_inputs(random)

    short, whole = evaluate(made), explained(made)

    assert replace(short, checks=()) == replace(whole, checks=())
    failed = [check for check in whole.checks if check.passed is False]
    assert short.checks == (tuple(failed[:1]) or whole.checks)
    assert hopeful(made) == (whole.verdict is Verdict.ACCEPTED)


@settings(max_examples=200)
@given(STREAMS)
def test_a_trade_is_hopeful_with_a_multiplier_where_it_is_accepted_with_it(random: Random) -> None:
    made = random_inputs(random)
    others = [Decimal("0.5"), Decimal(3)]

    accepted = [explained(replace(made, stake_multiplier=each)).verdict is Verdict.ACCEPTED for each in others]

    assert hopeful(made, others) == (hopeful(made) or any(accepted))


@settings(max_examples=100)
@given(STREAMS)
def test_a_verdict_does_not_depend_on_what_was_evaluated_before(random: Random) -> None:
    made = [random_inputs(random) for _ in range(5)]
    same = [replace(each, config=type(each.config).model_validate(each.config.model_dump())) for each in made]

    forth = [explained(each) for each in made]
    back = [explained(each) for each in reversed(same)]

    assert forth == back[::-1]


def test_a_configuration_that_was_evaluated_is_forgotten_with_its_last_reference() -> None:
    config = random_config(stream(1))
    explained(inputs(config=config))
    alive = ref(config)

    del config
    gc.collect()

    assert alive() is None


def test_configurations_in_the_same_place_of_memory_are_told_apart() -> None:
    costly = [evaluate(inputs(config=a_config(min_edge=str(edge / 1000)))).reason for edge in range(150, 350)]

    assert len(set(costly[:100])) == 1
    assert len(set(costly)) == 2


@given(
    words=st.lists(st.text(LETTERS, min_size=1, max_size=3) | st.sampled_from(WORDS + LABELS), max_size=5),
    texts=st.lists(st.text(LETTERS, max_size=6) | st.sampled_from(TITLES), max_size=3),
)
def test_words_made_ready_are_found_where_a_search_for_each_finds_them(words: list[str], texts: list[str]) -> None:
    assert Words(words).found_in(texts) == [word for word in words if any(has_word(text, word) for text in texts)]
