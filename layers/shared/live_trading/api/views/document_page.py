"""The API's document as one page of HTML: no script, nothing from elsewhere, readable on paper."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_STYLE = """
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
code,pre{font:13px/1.45 ui-monospace,monospace}pre{overflow:auto;padding:.7rem;border:1px solid #8886;border-radius:4px}
details{border-top:1px solid #8886;padding:.5rem 0}summary{cursor:pointer}.m{display:inline-block;min-width:4rem}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.2rem .7rem .2rem 0}
"""


def page_of(document: Mapping[str, Any]) -> str:
    """The page of an OpenAPI document of this API. Everything in it is escaped."""
    info = document["info"]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(info['title'])}</title><style>{_STYLE}</style>"
        f"<h1>{escape(info['title'])}</h1>{_paragraphs(info['description'])}"
        f"{''.join(_groups(document))}<h2>Problems</h2>{_problems(document)}<h2>Shapes</h2>{''.join(_shapes(document))}"
        "</html>"
    )


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(each)}</p>" for each in text.split("\n\n") if each.strip())


def _groups(document: Mapping[str, Any]) -> Iterator[str]:
    by_tag: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            by_tag.setdefault(operation["tags"][0], []).append(_operation(method, path, operation))
    for tag, operations in sorted(by_tag.items()):
        yield f"<h2>{escape(tag)}</h2>{''.join(operations)}"


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    scope = operation.get("x-scope")
    needs = f"Scope: <code>{escape(scope)}</code>." if scope else "Open."
    return (
        f'<details id="{escape(operation["operationId"])}"><summary><code class="m">{escape(method.upper())}</code> '
        f"<code>{escape(path)}</code> {escape(operation['summary'])}</summary>"
        f"{_paragraphs(operation.get('description', ''))}<p>{needs}</p>{_parameters(operation)}{_body(operation)}"
        f"{_answers(operation)}</details>"
    )


def _parameters(operation: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(each['name'])}</code><td>{escape(each['in'])}"
        f"{', needed' if each['required'] else ''}<td><code>{escape(_compact(each['schema']))}</code>"
        for each in operation["parameters"]
    )
    return f"<table><tr><th>parameter<th>where<th>what{rows}</table>" if rows else ""


def _body(operation: Mapping[str, Any]) -> str:
    if "requestBody" not in operation:
        return ""
    content = operation["requestBody"]["content"]["application/json"]
    example = f"<pre>{escape(json.dumps(content['example'], indent=2))}</pre>" if "example" in content else ""
    return f"<p>Body: {_linked(content['schema'])}</p>{example}"


def _answers(operation: Mapping[str, Any]) -> str:
    codes = operation["x-problem-codes"]
    rows = "".join(
        f"<tr><td>{escape(status)}<td>{_answer(response)} {escape(', '.join(codes.get(status, ())))}"
        for status, response in operation["responses"].items()
    )
    return f"<table><tr><th>status<th>answer{rows}</table>"


def _answer(response: Mapping[str, Any]) -> str:
    if "$ref" in response:
        return ""
    shown = [_linked(content["schema"]) for content in response.get("content", {}).values()]
    return f"{escape(response['description'])} {' or '.join(shown)}"


def _linked(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[1]
        return f'<a href="#{escape(name)}"><code>{escape(name)}</code></a>'
    return f"<code>{escape(_compact(schema))}</code>"


def _problems(document: Mapping[str, Any]) -> str:
    codes = document["components"]["schemas"]["Problem"]["properties"]["error"]["properties"]["code"]["enum"]
    return "<ul>" + "".join(f'<li id="{escape(code)}"><code>{escape(code)}</code>' for code in codes) + "</ul>"


def _shapes(document: Mapping[str, Any]) -> Iterator[str]:
    for name, schema in document["components"]["schemas"].items():
        shown = escape(json.dumps(schema, indent=1))
        yield f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary><pre>{shown}</pre></details>'


def _compact(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, separators=(", ", ": "))
