"""The flat XML of WeChat Pay APIv2, without document types, entities or depth: the rest is refused, not skipped."""

import re
from xml.parsers import expat
from xml.sax.saxutils import escape

MAX_XML = 64 * 1024
MAX_FIELDS = 200
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,63}")


def parse_flat(body: bytes, root: str = "xml") -> dict[str, str]:
    """`<xml><name>text</name>…</xml>` as a mapping, text stripped of nothing. ValueError says what it is instead.

    A DOCTYPE is refused before it is read, so there is no entity to expand and no file or host to ask; expat resolves
    nothing external by itself. No attribute, no nesting and no name that comes twice: two readers of one message
    must not see different fields.
    """
    if len(body) > MAX_XML:
        raise ValueError(f"{len(body)} bytes; {MAX_XML} are the most")
    reader = _Reader(root)
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.EntityDeclHandler = reader.doctype
    parser.ProcessingInstructionHandler = reader.doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, LookupError, UnicodeError) as error:
        raise ValueError(f"not XML: {error}") from None
    return reader.fields


class _Reader:
    def __init__(self, root: str) -> None:
        self._root = root
        self.fields: dict[str, str] = {}
        self._path: list[str] = []

    def doctype(self, *_: object) -> None:
        raise ValueError("XML with a document type, an entity or an instruction; WeChat Pay sends none")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        depth = len(self._path)
        if attributes or depth > 1 or (depth == 0 and name != self._root):
            raise ValueError("not the flat <xml> of WeChat Pay")
        if depth == 1:
            if name in self.fields or not _NAME.fullmatch(name) or len(self.fields) >= MAX_FIELDS:
                raise ValueError(f"field {name[:64]!r} comes twice, or is none")
            self.fields[name] = ""
        self._path.append(name)

    def end(self, _: str) -> None:
        self._path.pop()

    def text(self, piece: str) -> None:
        if len(self._path) == 2:
            self.fields[self._path[1]] += piece
        elif piece.strip():
            raise ValueError("text outside of a field")


def flat(fields: dict[str, str]) -> bytes:
    """A mapping as the XML WeChat Pay reads."""
    return (
        "<xml>" + "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items()) + "</xml>"
    ).encode()
