"""The API for people: one page made from the OpenAPI document, without a script and without anything from elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

router = APIRouter(include_in_schema=False)

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; color: #1d2b36 }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #cfd8dc } h3 { margin-bottom: .2rem }
code, pre { font: 13px/1.4 ui-monospace, monospace } table { border-collapse: collapse; width: 100% }
td, th { border: 1px solid #cfd8dc; padding: .2rem .5rem; text-align: left; vertical-align: top }
.method { display: inline-block; min-width: 4.5rem; font-weight: 600; text-transform: uppercase; color: #00695c }
"""


@router.get("/api/docs", operation_id="docs")
async def page(request: Request) -> HTMLResponse:
    """Every operation and schema."""
    return HTMLResponse("".join(_page(request.app.openapi())))


@router.get("/api/docs/style.css", operation_id="docs_style")
async def style() -> Response:
    """The look of the page; inline styles are forbidden by the content policy."""
    return Response(STYLE, media_type="text/css")


def _page(document: Mapping[str, Any]) -> Iterator[str]:
    title = escape(f"{document['info']['title']} {document['info']['version']}")
    yield f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>"
    yield f'<link rel=stylesheet href="/api/docs/style.css"><h1>{title}</h1>'
    yield "<p>The same for programs: <a href=/api/v1/openapi.json>openapi.json</a></p><h2>Operations</h2>"
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield from _operation(path, method, operation)
    yield "<h2>Schemas</h2>"
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield f'<h3 id="{escape(name)}">{escape(name)}</h3><p>{escape(schema.get("description", ""))}</p>'
        yield from _fields(schema)


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    name = escape(operation["operationId"])
    yield f'<h3 id="op-{name}"><span class=method>{method}</span> <code>{escape(path)}</code></h3>'
    text = operation.get("description") or operation.get("summary", "")
    yield f"<p>{escape(text)} <code>{name}</code></p>"
    rows = [
        [
            escape(each["name"]),
            escape(each["in"]),
            _type(each["schema"]),
            "yes" if each.get("required") else "",
            escape(each.get("description", "")),
        ]
        for each in operation.get("parameters", ())
    ]
    if rows:
        yield _table(("parameter", "in", "type", "required", ""), rows)
    body = operation.get("requestBody")
    if body:
        yield f"<p>Body: {_of_content(body['content'])}</p>"
    for status, answer in operation["responses"].items():
        yield f"<p>{escape(status)}: {_of_content(answer.get('content', {}))} {escape(answer['description'])}</p>"


def _of_content(content: Mapping[str, Any]) -> str:
    return ", ".join(_type(each["schema"]) for each in content.values() if "schema" in each)


def _fields(schema: Mapping[str, Any]) -> Iterator[str]:
    if "enum" in schema:
        yield f"<p>{escape(', '.join(str(each) for each in schema['enum']))}</p>"
    required = schema.get("required", ())
    rows = [
        [escape(name), _type(each), "yes" if name in required else "", escape(each.get("description", ""))]
        for name, each in schema.get("properties", {}).items()
    ]
    if rows:
        yield _table(("field", "type", "required", ""), rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are HTML already."""
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return "<table><tr>" + "".join(f"<th>{each}</th>" for each in head) + f"</tr>{lines}</table>"


def _type(schema: Mapping[str, Any]) -> str:
    """A type as HTML: links for named schemas."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            return " or ".join(_type(each) for each in schema[word])
    if schema.get("type") == "array":
        return "list of " + _type(schema.get("items", {}))
    plain = schema.get("format") or schema.get("type") or "anything"
    if "const" in schema:
        plain = repr(schema["const"])
    return f"<code>{escape(str(plain))}</code>"
