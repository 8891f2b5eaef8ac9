"""Read YAML text into a document (section 1 of docs/contract-format.md).

The document is built from parser events, so that limits hold before anything is built and every error has a line and a
column. Plain scalars follow the YAML 1.2 core schema: `no`, `1:30` and `2027-03-31` are texts, `012` is twelve.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.scanner import Scanner, ScannerError

from spanpact.contract.document import (
    MAX_DEPTH,
    MAX_NODES,
    Location,
    Mapping,
    Node,
    Scalar,
    ScalarValue,
    Sequence,
    check_scalar,
    describe_kind,
    quote,
)
from spanpact.errors import ContractError, Place

MAX_BYTES: Final = 256 << 10


def from_yaml(data: bytes | str, *, file: str = "<text>") -> Mapping:
    """Read one YAML 1.2 document whose root is a mapping. `file` is its name in places and errors.

    Raise ContractError with line and column for what section 1 of docs/contract-format.md forbids: anchors, aliases,
    merges, tags, directives, duplicate keys, several documents, keys that are not text, more than 32 levels, 256 KiB
    or 10,000 nodes, control characters, and bytes that are not UTF-8.
    """
    if len(data) > MAX_BYTES or (isinstance(data, str) and len(data.encode("utf-8", "replace")) > MAX_BYTES):
        raise _at(file, 0, 0).error("the file is larger than 256 KiB")
    text = _decoded(data, file) if isinstance(data, bytes) else data
    _refuse_characters(text, file)
    tree = _Builder(file).build(text)
    if not isinstance(tree, Mapping):
        raise tree.location.error(f"a contract must be a mapping of keywords, not {describe_kind(tree)}")
    return tree


def _at(file: str, line: int, column: int) -> Location:
    return Location(Place(file, line + 1, column + 1))


def _decoded(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8")
        raise _spot_of(good, len(good), file).error(
            f"byte 0x{data[error.start]:02x} is not UTF-8", hint="save the file as UTF-8"
        ) from None


def _spot_of(text: str, index: int, file: str) -> Location:
    before = text[:index].replace("\r\n", "\n").replace("\r", "\n")
    return _at(file, before.count("\n"), index - max(text.rfind("\n", 0, index), text.rfind("\r", 0, index)) - 1)


# NEL, LINE SEPARATOR and PARAGRAPH SEPARATOR are forbidden because editors disagree whether they end a line.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def _refuse_characters(text: str, file: str) -> None:
    found = _FORBIDDEN.search(text)
    if not found:
        return
    if found[0] == "\ufeff":
        raise _spot_of(text, found.start(), file).error("a byte order mark", hint="save the file without it")
    raise _spot_of(text, found.start(), file).error(f"the control character U+{ord(found[0]):04X}")


class _ForbiddenSyntax(ScannerError):
    """A construct that YAML allows and the contract language does not."""


class _Scanner(Scanner):
    """A scanner that stops at the first character of a tag, anchor, alias or directive.

    Scanning a long one would take quadratic time.
    """

    def fetch_alias(self) -> None:
        self._refuse("aliases are not part of the language; a text that starts with `*` must be quoted")

    def fetch_anchor(self) -> None:
        self._refuse("anchors are not part of the language; a text that starts with `&` must be quoted")

    def fetch_tag(self) -> None:
        self._refuse("tags are not part of the language; a text that starts with `!` must be quoted")

    def fetch_directive(self) -> None:
        if self.reader.prefix(10) not in ("%YAML 1.2\n", "%YAML 1.2\r"):
            self._refuse("directives are not part of the language, but for `%YAML 1.2`")
        super().fetch_directive()

    def _refuse(self, problem: str) -> None:
        raise _ForbiddenSyntax(None, None, problem, self.reader.get_mark())


@dataclass(slots=True)
class _OpenCollection:
    """A mapping or list whose end has not been parsed. `key` is the key whose value comes next."""

    location: Location
    is_mapping: bool
    items: list[Node] = field(default_factory=list)
    mapping: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Location] = field(default_factory=dict)
    key: str | None = None

    def to_node(self) -> Node:
        if self.is_mapping:
            return Mapping(self.mapping, self.keys, self.location)
        return Sequence(tuple(self.items), self.location)


class _Builder:
    """Builds the tree from parser events and enforces the limits."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._stack: list[_OpenCollection] = []
        self._nodes = 0
        self._documents = 0
        self._tree: Node | None = None
        self._last = _at(file, 0, 0)

    def build(self, text: str) -> Node:
        yaml = YAML(typ="safe", pure=True)
        yaml.Scanner = _Scanner
        try:
            self._read(yaml.parse(text))
        except MarkedYAMLError as error:
            raise self._refusal(error) from None
        except (YAMLError, ValueError, LookupError, AttributeError, TypeError, AssertionError) as error:
            # On some malformed input, such as an escape beyond Unicode, the parser itself fails.
            raise self._last.error(f"this is not YAML: {quote(error)[1:-1]}") from None
        if self._tree is None:
            raise _at(self._file, 0, 0).error("the file is empty", hint="a contract begins with `spanpact: 1`")
        return self._tree

    def _read(self, events: Iterable[Any]) -> None:
        for event in events:
            self._last = self._spot(event.end_mark)
            if isinstance(event, DocumentStartEvent):
                self._start_document(event)
            elif isinstance(event, ScalarEvent):
                self._count(event)
                self._scalar(event)
            elif isinstance(event, MappingStartEvent | SequenceStartEvent):
                self._count(event)
                self._open(event)
            elif isinstance(event, MappingEndEvent | SequenceEndEvent):
                self._put(self._stack.pop().to_node())

    def _spot(self, mark: Any) -> Location:
        return _at(self._file, mark.line, mark.column)

    def _start_document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            raise self._spot(event.start_mark).error("a second document", hint="one file holds one contract")

    def _count(self, event: Any) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._spot(event.start_mark).error(f"more than {MAX_NODES:,} YAML nodes")

    def _open(self, event: Any) -> None:
        location = self._spot(event.start_mark)
        top = self._stack[-1] if self._stack else None
        if top and top.is_mapping and top.key is None:
            raise location.error("a key must be text, not a collection")
        if len(self._stack) == MAX_DEPTH:
            raise location.error(f"nested deeper than {MAX_DEPTH}")
        self._stack.append(_OpenCollection(location, isinstance(event, MappingStartEvent)))

    def _scalar(self, event: Any) -> None:
        location = self._spot(event.start_mark)
        value = resolve_scalar(event.value, location) if not event.style else event.value
        top = self._stack[-1] if self._stack else None
        if top and top.is_mapping and top.key is None:
            self._key(top, value, event, location)
        else:
            self._put(Scalar(check_scalar(value, location), location))

    def _key(self, top: _OpenCollection, key: ScalarValue, event: Any, location: Location) -> None:
        if key == "<<" and not event.style:
            raise location.error("merges (`<<`) are not part of the language")
        if not isinstance(key, str):
            raise location.error(f"a key must be text, not {describe_kind(Scalar(key))}", hint="quote it")
        check_scalar(key, location)
        if key in top.keys:
            first = top.keys[key].place
            raise location.error(f"the key {quote(key)} occurs twice; first in line {first.line if first else 0}")
        top.keys[key], top.key = location, key

    def _put(self, node: Node) -> None:
        if not self._stack:
            self._tree = node
            return
        top = self._stack[-1]
        if top.is_mapping:
            assert top.key is not None
            top.mapping[top.key], top.key = node, None
        else:
            top.items.append(node)

    def _refusal(self, error: MarkedYAMLError) -> ContractError:
        mark = error.problem_mark or error.context_mark
        location = self._spot(mark) if mark else _at(self._file, 0, 0)
        if isinstance(error, _ForbiddenSyntax):
            return location.error(str(error.problem))
        problem = str(error.problem)
        if "'\\t'" in problem:
            return location.error("a tab", hint="YAML is indented and separated by spaces")
        start = f", begun in line {error.context_mark.line + 1}" if error.context_mark else ""
        return location.error(_explain(problem) + start)


def _explain(problem: str) -> str:
    """Translate the parser's message into one that names the mistake in the file."""
    cannot_start = re.search(r"character (?:'(.)'|\"(.)\") that cannot start", problem)
    if cannot_start:
        return f"a text that starts with `{cannot_start[1] or cannot_start[2]}` must be quoted"
    for message, explanation in _EXPLANATIONS:
        if message in problem:
            return explanation
    return f"this is not YAML: {quote(problem)[1:-1]}"


_EXPLANATIONS: Final = (
    ("mapping values are not allowed", "a `: ` is not expected here: check the indentation, or quote the text"),
    ("expected ',' or ']'", "a `,` or `]` is missing in a list"),
    ("expected ',' or '}'", "a `,` or `}` is missing in a mapping"),
    ("unexpected end of stream", "a quoted text that does not end"),
    ("unknown escape character", "an unknown escape after `\\`; in single quotes, `\\` is itself"),
    ("mapping keys are not allowed", "a `? ` is not expected here: check the indentation, or quote the text"),
    ("sequence entries are not allowed", "a `- ` is not expected here: a list starts on a line of its own"),
    ("could not find expected ':'", "a `:` is missing after a key"),
    ("expected <block end>", "this line does not fit the indentation of the block"),
    ("expected the node content", "a value is missing"),
)

_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+")
_OCT = re.compile(r"0o([0-7]+)")
_HEX = re.compile(r"0x([0-9a-fA-F]+)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INF = re.compile(r"([-+]?)\.(inf|Inf|INF)")
_NAN = frozenset((".nan", ".NaN", ".NAN"))


def resolve_scalar(text: str, location: Location = Location()) -> ScalarValue:  # noqa: B008 - frozen
    """Return the value of a plain scalar by the YAML 1.2 core schema (section 10.3.2 of the YAML specification).

    Raise ContractError for an integer beyond 64 bits.
    """
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if text in _NAN:
        return float("nan")
    if found := _INF.fullmatch(text):
        return float(found[1] + "inf")
    for pattern, base in ((_INT, 10), (_OCT, 8), (_HEX, 16)):
        if found := pattern.fullmatch(text):
            return _int(found[1] if base != 10 else text, base, location)
    return float(text) if _FLOAT.fullmatch(text) else text


def _int(digits: str, base: int, location: Location) -> int:
    # Leading zeros aside, 64 bits need at most 22 digits; Python refuses to convert thousands.
    significant = digits.lstrip("+-").lstrip("0") or "0"
    value = int(significant, base) if len(significant) <= 22 else 2**64
    return int(check_scalar(-value if digits.startswith("-") else value, location) or 0)
