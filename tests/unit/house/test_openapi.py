"""The document of the API is the routes', and says of each all that a caller has to know."""

from __future__ import annotations

import json

import pytest
from openapi_spec_validator import validate

from live_trading.api.described import JSON, Described, NoBody
from live_trading.api.openapi.document import document, operation_id, text_of_document
from live_trading.api.query import NoQuery
from live_trading.api.table import described
from local.openapi import KEPT

ROUTES = [route for _function, route in described()]
IDS = [operation_id(route) for route in ROUTES]


def test_the_document_that_is_kept_is_that_of_the_routes() -> None:
    assert KEPT.read_text() == text_of_document(document(described())), "run `make openapi` and look at the difference"


def test_the_document_is_openapi() -> None:
    validate(json.loads(KEPT.read_text()))


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
def test_every_route_says_what_it_does_and_what_it_answers(route: Described) -> None:
    assert route.summary.endswith(".")
    assert route.answers is not None or JSON not in route.media


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
def test_every_body_and_every_set_of_parameters_has_an_example(route: Described) -> None:
    assert route.body is NoBody or route.example.body is not None
    assert route.query is NoQuery or route.example.query
