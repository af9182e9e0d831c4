"""The document of the API, as a program and as a person reads it."""

from __future__ import annotations

import json
from importlib import resources

from live_trading.api.described import HTML
from live_trading.api.once import Answer, TextAnswer
from live_trading.api.routing import Request, Routes
from live_trading.api.views.document_page import page_of
from live_trading.api.views.document_views import OpenApiView


class ApiDocument:
    """The document that is kept beside the code, which a test holds to the routes."""

    def text(self) -> str:
        """OpenAPI 3.1 as JSON."""
        return resources.files("live_trading.api").joinpath("openapi.json").read_text(encoding="utf-8")


ROUTES = Routes[ApiDocument]("api_document")


@ROUTES.get("/openapi.json", answers=OpenApiView)
def _json(document: ApiDocument, _request: Request) -> Answer:
    """This document."""
    return Answer(status=200, body=json.loads(document.text()))


@ROUTES.get("/docs", media=(HTML,))
def _page(document: ApiDocument, _request: Request) -> TextAnswer:
    """This document as a page that needs nothing else."""
    return TextAnswer(text=page_of(json.loads(document.text())), media_type=HTML)
