"""Token ids against markets of the real chain."""

from __future__ import annotations

import pytest

from live_trading.chain.reading.position_ids import condition_id, token_ids

USDCE = "0x2791bca1f2de4661ed88a30c99a7a9449aa84174"
WRAPPED_COLLATERAL = "0x3a3bd7bb9528e159577f7c2e685cc81a765002e2"


@pytest.mark.parametrize(
    ("condition", "collateral", "outcome", "token_id"),
    [
        (
            "0xfee96a5380d2961356d87dcdec369a69f4873ac8528b8473ae68f4ebcfea72e2",
            USDCE,
            0,
            "64952811708502044187487371865511009060851067368245599109908363081007237423321",
        ),
        (
            "0x9e54856d758cd7de25b75c97273a38d711642f16eacad57e61982028f2791206",
            WRAPPED_COLLATERAL,
            1,
            "105159591365972907779164323332625661203129821196625530161327324705373588468320",
        ),
    ],
    ids=["standard", "neg-risk"],
)
def test_a_traded_token_is_found_from_its_condition(
    condition: str, collateral: str, outcome: int, token_id: str
) -> None:
    assert token_ids(condition, collateral)[outcome] == token_id


def test_a_condition_depends_on_oracle_question_and_number_of_outcomes() -> None:
    question = "0x" + "11" * 32
    ids = {
        condition_id(USDCE, question),
        condition_id(WRAPPED_COLLATERAL, question),
        condition_id(USDCE, "0x" + "12" * 32),
        condition_id(USDCE, question, 3),
    }

    assert len(ids) == 4
