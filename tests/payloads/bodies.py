"""Requests with a payload in each text of their body, made from the OpenAPI document."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.openapi import Bodies, Document, Operation

DEEPEST = 4


class PayloadBodies(Bodies):
    """The smallest body with one text replaced, one after the other; optional texts too."""

    def __init__(self, document: Document, named: Mapping[str, Any]) -> None:
        super().__init__(document, named)
        self._all = document["components"]["schemas"]

    def places(self, operation: Operation) -> list[tuple[str, ...]]:
        """Where the body of an operation has a text of any kind."""
        return [] if operation.schema is None else list(self._places(operation.schema, DEEPEST))

    def with_text(self, operation: Operation, place: tuple[str, ...], text: str) -> Any:
        """The smallest body with a text at this place."""
        assert operation.schema is not None
        return self._put(operation.schema, self.body(operation.schema), place, text)

    def _places(self, schema: Mapping[str, Any], deep: int) -> Iterator[tuple[str, ...]]:
        schema = self._plainly(schema)
        if schema.get("type") == "string" and "enum" not in schema and "const" not in schema:
            yield ()
        if deep and schema.get("type") == "array":
            yield from (("[]", *rest) for rest in self._places(schema["items"], deep - 1))
        if deep:
            for name, child in schema.get("properties", {}).items():
                yield from ((name, *rest) for rest in self._places(child, deep - 1))

    def _plainly(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Without references and choices: the first that may be a text, or the first that is something."""
        if "$ref" in schema:
            return self._plainly(self._all[schema["$ref"].rpartition("/")[2]])
        choices = [self._plainly(each) for word in ("anyOf", "oneOf") for each in schema.get(word, ())]
        some = [each for each in choices if each.get("type") != "null"]
        return next((each for each in some if each.get("type") == "string"), some[0] if some else schema)

    def _put(self, schema: Mapping[str, Any], body: Any, place: tuple[str, ...], text: str) -> Any:
        if not place:
            return text
        schema, name = self._plainly(schema), place[0]
        if name == "[]":
            return [self._put(schema["items"], body[0] if body else None, place[1:], text)]
        child = schema["properties"][name]
        held = body if isinstance(body, dict) else {}
        inner = held[name] if name in held else (self.body(child, name) if len(place) > 1 else None)
        return held | {name: self._put(child, inner, place[1:], text)}
