"""Types of the fields of answers, as the document describes them: all of them JSON text, money and shares too.

An answer is a TypedDict of these: what is sent is checked by the type checker, and its schema is made of the same.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import WithJsonSchema

_DECIMAL = "^-?[0-9]+(\\.[0-9]+)?$"


def _decimal(unit: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": _DECIMAL, "description": unit})


UsdText = Annotated[str, _decimal("dollars, six decimal places")]
SharesText = Annotated[str, _decimal("shares, six decimal places")]
PriceText = Annotated[str, _decimal("dollars a share, 0 to 1")]
FractionText = Annotated[str, _decimal("a fraction: 0.05 is 5 %")]
DecimalText = Annotated[str, _decimal("an exact decimal number")]
MomentAnswer = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time", "description": "UTC, ISO 8601"})]
DayAnswer = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]
IdAnswer = Annotated[str, WithJsonSchema({"type": "string", "format": "uuid"})]
AddressAnswer = Annotated[str, WithJsonSchema({"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"})]
HashAnswer = Annotated[str, WithJsonSchema({"type": "string", "pattern": "^0x[0-9a-fA-F]{64}$"})]
ConditionIdAnswer = Annotated[str, WithJsonSchema({"type": "string", "pattern": "^0x[0-9a-f]{62,64}$"})]
TokenIdAnswer = Annotated[str, WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,78}$"})]
NextCursor = Annotated[
    str | None,
    WithJsonSchema({"type": ["string", "null"], "description": "asks for the next page; null where this is the last"}),
]
