"""The front door takes the most specific route, as API Gateway does."""

from __future__ import annotations

import pytest

from local.lambdas.routing import Router
from local.lambdas.template.application import Route


def router(*keys: str) -> Router:
    """A router over routes given as `METHOD /path`."""
    return Router(
        Route(method=method, path=path, function="F", authorizer=None, scopes=())
        for method, path in (key.split(" ") for key in keys)
    )


@pytest.mark.parametrize(
    ("method", "path", "key"),
    [
        ("GET", "/things", "GET /things"),
        ("GET", "/things/new", "GET /things/new"),
        ("GET", "/things/1", "GET /things/{id}"),
        ("PUT", "/things/1", "ANY /things/{id}"),
        ("GET", "/things/1/parts/2", "GET /things/{id}/{rest+}"),
        ("PUT", "/things/new", "ANY /things/{id}"),
    ],
)
def test_the_most_specific_route_is_taken(method: str, path: str, key: str) -> None:
    routes = router(
        "GET /things/{id}/{rest+}", "ANY /things/{id}", "GET /things/{id}", "GET /things/new", "GET /things"
    )

    match = routes.match(method, path)

    assert match is not None
    assert match.route.key == key


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/things"), ("GET", "/"), ("GET", "/things/"), ("GET", "/thing")]
)
def test_what_no_route_covers_is_not_matched(method: str, path: str) -> None:
    assert router("GET /things", "GET /things/{id}").match(method, path) is None


def test_path_parameters_are_decoded_but_an_encoded_slash_does_not_split() -> None:
    match = router("GET /things/{id}").match("GET", "/things/a%2Fb%20c")

    assert match is not None
    assert match.parameters == {"id": "a/b c"}


def test_a_route_named_with_signs_of_regular_expressions_is_taken_literally() -> None:
    assert router("GET /a.b").match("GET", "/aXb") is None
