"""Reading the OpenAPI document: operations, and the smallest body each takes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
Document = Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """One route as the document has it."""

    id: str
    method: str
    path: str
    """Without the prefix of the API."""
    permission: str
    described: Mapping[str, Any]

    @property
    def parameters(self) -> list[str]:
        """Names in the path."""
        return [each["name"] for each in self.described.get("parameters", ()) if each["in"] == "path"]

    @property
    def queries(self) -> list[str]:
        """Names in the query."""
        return [each["name"] for each in self.described.get("parameters", ()) if each["in"] == "query"]

    @property
    def schema(self) -> Mapping[str, Any] | None:
        """What the body has to be; None without a body."""
        content = self.described.get("requestBody", {}).get("content", {})
        return content["application/json"]["schema"] if "application/json" in content else None

    @property
    def writes(self) -> bool:
        """Whether it changes anything; a question that needs a body does not."""
        return self.method != "get" and not self.permission.endswith(".read")


def operations(document: Document, prefix: str = "/api/v1") -> Iterator[Operation]:
    """Every operation."""
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            if method in METHODS:
                permission = described.get("x-permission", "")
                yield Operation(described["operationId"], method, path.removeprefix(prefix), permission, described)


class Bodies:
    """Makes the smallest body a schema allows; `named` values go before what would be made up for a field."""

    def __init__(self, document: Document, named: Mapping[str, Any]) -> None:
        self._schemas = document["components"]["schemas"]
        self._named = named

    def body(self, schema: Mapping[str, Any], name: str = "") -> Any:
        """A value for this schema; `name` is that of the field."""
        if "$ref" in schema:
            return self.body(self._schemas[schema["$ref"].rpartition("/")[2]], name)
        if name in self._named:
            return self._named[name]
        for choice in ("oneOf", "anyOf"):
            if choice in schema:
                return self.body(next(each for each in schema[choice] if each.get("type") != "null"), name)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        return self._plain(schema, name)

    def _plain(self, schema: Mapping[str, Any], name: str) -> Any:
        match schema.get("type"):
            case "object":
                required = schema.get("required", ())
                chosen = {key: each for key, each in schema.get("properties", {}).items() if key in required}
                if not chosen and schema.get("properties"):
                    key = next(iter(schema["properties"]))
                    chosen = {key: schema["properties"][key]}
                return {key: self.body(each, key) for key, each in chosen.items()}
            case "array":
                return [self.body(schema["items"], name) for _ in range(schema.get("minItems", 1))]
            case "integer" | "number":
                return int(schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1))
            case "boolean":
                return True
            case "string":
                return "x" * max(schema.get("minLength", 1), 1)
        raise AssertionError(f"no value for {name}: {schema}")
