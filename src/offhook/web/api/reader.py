"""The description of the API as a page for people, which needs nothing but this phone."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from offhook.web.page import page

from .description import PREFIX, Description

Schema = Mapping[str, Any]
Piece = tuple[bool, str]
"""Whether it is code, and the text."""

_REFERENCE: Final = "#/components/schemas/"
_FILE: Final = {"text/csv": "contacts.csv"}


class Row(NamedTuple):
    """A parameter, or a name in an object. `type` is what `_type` says."""

    name: str
    where: str
    required: bool
    type: list[Piece]
    text: list[Piece]


class Status(NamedTuple):
    status: str
    type: list[Piece]
    text: list[Piece]


class Shown(NamedTuple):
    id: str
    method: str
    path: str
    summary: str
    text: list[Piece]
    from_the_list: bool
    rows: list[Row]
    body: list[Piece]
    statuses: list[Status]
    curl: str


class Group(NamedTuple):
    title: str
    text: list[Piece]
    operations: list[Shown]


class Kind(NamedTuple):
    name: str
    text: list[Piece]
    rows: list[Row]
    values: list[str]


def routes(description: Description) -> list[BaseRoute]:
    async def read(request: Request) -> Response:
        document = await run_in_threadpool(lambda: description.document)
        return page(
            request,
            "api.html",
            about=[_pieces(each) for each in document["info"]["description"].split("\n\n")],
            groups=list(_groups(document, f"{request.url.scheme}://{request.url.netloc}{PREFIX}")),
            kinds=list(_kinds(document)),
            names=frozenset(document["components"]["schemas"]),
        )

    return [Route("/api/", read)]


def _groups(document: Schema, base: str) -> Iterator[Group]:
    schemas = document["components"]["schemas"]
    operations = [
        (tag, _shown(method, path, operation, base, schemas))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        for tag in operation["tags"]
    ]
    for tag in document["tags"]:
        name = tag["name"]
        yield Group(name, _pieces(tag["description"]), [shown for of, shown in operations if of == name])


def _shown(method: str, path: str, operation: Schema, base: str, schemas: Schema) -> Shown:
    content = operation.get("requestBody", {}).get("content", {})
    body = content.get("application/json", {}).get("schema", {})
    return Shown(
        id=operation["operationId"],
        method=method.upper(),
        path=PREFIX + path,
        summary=operation["summary"],
        text=_pieces(operation.get("description", "")),
        from_the_list={} in operation["security"],
        rows=[
            Row(
                each["name"],
                each["in"],
                each["required"],
                _type(each["schema"]),
                _pieces(each.get("description", "")),
            )
            for each in operation.get("parameters", ())
        ],
        body=_type(body) if body else [(True, each) for each in content],
        statuses=[
            Status(status, _answered(answer), _pieces(answer["description"]))
            for status, answer in sorted(operation["responses"].items())
        ],
        curl=_curl(method.upper(), base + path, operation, _example(content, schemas)),
    )


def _curl(method: str, url: str, operation: Schema, example: str) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    media_type = next((each for each in (*_FILE, *content) if each in content), "")
    query = []
    for each in operation.get("parameters", ()):
        value = _first_example(each["schema"])
        if each["in"] == "path":
            url = url.replace(f"{{{each['name']}}}", value)
        elif each["required"]:
            query.append(f"{each['name']}={value}")
    parts = ["curl"]
    if method != "GET":
        parts.append(f"-X {method}")
    if {} not in operation["security"]:
        parts.append('-H "Authorization: Bearer $TOKEN"')
    if example:
        parts += [f"-H 'Content-Type: {media_type}'", f"-d {shlex.quote(example)}"]
    elif media_type and media_type != "application/json":
        parts += [f"-H 'Content-Type: {media_type}'", f"--data-binary @{_FILE.get(media_type, 'FILE')}"]
    return " ".join([*parts, shlex.quote(url + (f"?{'&'.join(query)}" if query else ""))])


def _example(content: Schema, schemas: Schema) -> str:
    """Of a body, on one line."""
    schema = content.get("application/json", {}).get("schema", {})
    for each in (schema, *schema.get("anyOf", ())):
        examples = each.get("examples") or schemas.get(_name(each), {}).get("examples")
        if examples:
            return json.dumps(examples[0], ensure_ascii=False)
    return ""


def _name(schema: Schema) -> str:
    """Of what it refers to."""
    return str(schema.get("$ref", "")).removeprefix(_REFERENCE)


def _first_example(schema: Schema) -> str:
    example = schema.get("examples", [""])[0]
    return str(example[0] if isinstance(example, list) else example)


def _answered(answer: Schema) -> list[Piece]:
    content = answer.get("content", {})
    schema = content.get("application/json", {}).get("schema")
    return _type(schema) if schema else [(True, " ".join(content))]


def _kinds(document: Schema) -> Iterator[Kind]:
    for name, schema in sorted(document["components"]["schemas"].items()):
        required = schema.get("required", ())
        rows = [
            Row(each, "", each in required, _type(of), _pieces(of.get("description", "")))
            for each, of in schema.get("properties", {}).items()
        ]
        yield Kind(name, _pieces(schema.get("description", "")), rows, [*map(str, schema.get("enum", ()))])


def _type(schema: Schema) -> list[Piece]:
    """In words; a piece of code is the name of a type of the page, or a value."""
    if "$ref" in schema:
        return [(True, _name(schema))]
    if "anyOf" in schema:
        return _joined([_type(each) for each in schema["anyOf"]])
    if "enum" in schema:
        return _joined([[(False, f"“{each}”")] for each in schema["enum"]])
    match schema.get("type"):
        case "array":
            return [(False, "list of "), *_type(schema.get("items", {}))]
        case "object" if isinstance(schema.get("additionalProperties"), dict):
            return [(False, "by name: "), *_type(schema["additionalProperties"])]
        case "string" if schema.get("format") == "date-time":
            return [(False, "time (RFC 3339)")]
        case str(simple):
            return [(False, _SIMPLE.get(simple, simple))]
    return [(False, "anything")]


_SIMPLE: Final = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "null": "null",
}


def _joined(choices: list[list[Piece]]) -> list[Piece]:
    pieces: list[Piece] = []
    for each in choices:
        pieces += [(False, " or ")] * bool(pieces) + each
    return pieces


def _pieces(text: str) -> list[Piece]:
    """What stands between backticks is code."""
    parts = re.split(r"`([^`]*)`", " ".join(text.split()))
    return [(bool(place % 2), part) for place, part in enumerate(parts) if part]
