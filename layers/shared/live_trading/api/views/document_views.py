"""How the API's document is described in itself."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import WithJsonSchema
from typing_extensions import TypedDict

_Part = Annotated[dict[str, Any], WithJsonSchema({"type": "object"})]


class OpenApiView(TypedDict):
    """An OpenAPI document; what its parts are is said by its own specification."""

    openapi: str
    info: _Part
    servers: list[_Part]
    security: list[_Part]
    paths: _Part
    components: _Part
