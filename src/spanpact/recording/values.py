"""Propose matchers for the values of attributes: a literal, a few, a form of text, or only a type."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from spanpact.contract.loader.vocabulary import PRESENCE
from spanpact.privacy import mask, number_text
from spanpact.recording.thresholds import alternatives
from spanpact.trace.attributes import values_of
from spanpact.trace.model import Attributes, Value

VARYING: Final = re.compile(
    r"(?:^|[._-])(?:\w*ids?|uuid|guid|pid|token|nonce|email|name_id|ip|host|hostname|address|port|ms|us|ns|s|seconds|time|timestamp"
    r"|date|duration|latency|elapsed|size|length|bytes|message|stacktrace|stack|body|lineno|line|version|full|query"
    r"|text|statement|path|function|filepath|user_agent|original|thread|\w+_(?:ms|us|ns|s|seconds|at|bytes|size|time))$"
    r"|^(?:host|process|container|k8s|thread|code|cloud|faas|user|enduser|session|user_agent|browser|device)\."
    r"|^(?:server|client|peer|network|net|url)\.(?!.*(?:protocol|scheme|transport|type))"
)
"""Names of attributes whose values are of one request, one machine or one release: only their type is a rule."""

_ID: Final = re.compile(r"(?=\D*\d)[0-9A-Fa-f-]{16,}|\d{6,}|\d{4}-\d\d-\d\d[T ].*")
_LONGEST: Final = 60  # characters of a literal
_FORMS: Final = (
    ("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "00000000-0000-4000-8000-000000000001"),
    ("[0-9a-f]{32}", "0" * 31 + "1"),
    ("[0-9a-f]{16}", "0" * 15 + "1"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*", "2026-01-01T00:00:00Z"),
    (r"\d+", "1"),
    ("https?://.*", "https://example.com/"),
)
"""Forms of texts, each with a text of that form for examples."""

_TYPES: Final = (
    (bool, "boolean"), (int, "int"), (float, "number"), (str, "string"), (bytes, "bytes"), (list, "array"),
    (dict, "map"),
)  # fmt: skip
_EXAMPLES: Final = {
    "boolean": True, "int": 1, "number": 0.5, "string": "text", "bytes": {"bytes": "AA=="}, "array": ["text"],
    "map": {"map": {"name": "text"}},
}  # fmt: skip


def attribute_matchers(carriers: Sequence[Attributes], enough: int) -> list[tuple[str, Any, str]]:
    """Return the attributes of some spans, each with its matcher and how often it was seen, in the order of the names.

    What is neither always there nor of one type says nothing and is left out; so are names with private data in them.
    """
    names = sorted({name for carrier in carriers for name in carrier})
    found = []
    for name in names:
        values = [value for carrier in carriers for value in values_of(carrier, name)]
        holders = sum(name in carrier for carrier in carriers)
        matcher = value_matcher(name, values, enough, optional=holders < len(carriers) or holders < enough)
        if matcher is not None and name.isprintable() and name.strip() and mask(name) == name:
            found.append((name, matcher, f"{holders} of {len(carriers)}"))
    return found


def value_matcher(name: str, values: Sequence[Value], enough: int, *, optional: bool = False) -> Any:
    """Return the matcher of an attribute that has had these values; None if none says anything."""
    type = _type(values)
    if not type:
        return None if optional else "present"
    if not VARYING.search(name) and (literals := _literals(name, values, enough)):
        if len(literals) == 1:
            return {"equals": literals[0], "optional": True} if optional else literal(literals[0])
        if set(literals) != {True, False} or type != "boolean":
            return {"one_of": literals} | ({"optional": True} if optional else {})
    matcher: dict[str, Any] = {"type": type}
    if type == "string" and len(values) >= enough:
        form = next((form for form, _ in _FORMS if _all_have(form, values)), "")
        matcher |= {"matches": form} if form else {}
    if type in ("int", "number") and len(values) >= enough and all(not _below_zero(value) for value in values):
        matcher["at_least"] = 0
    return matcher | ({"optional": True} if optional else {})


def literal(value: Value) -> Any:
    """Return the matcher of one value: itself, unless it looks like a word or a pattern of the language."""
    return {"equals": value} if isinstance(value, str) and (value in PRESENCE or "*" in value) else value


def is_literal(matcher: Any) -> bool:
    """Return whether a matcher lists the values that it accepts."""
    return not isinstance(matcher, dict) or "equals" in matcher or "one_of" in matcher


def is_narrower(matcher: Any, other: Any) -> bool:
    """Return whether a matcher of some spans says more than that of all spans of their name (None: nothing)."""
    if other is None:
        return True
    optional = isinstance(matcher, dict) and bool(matcher.get("optional"))
    always = not optional and isinstance(other, dict) and bool(other.get("optional"))
    return matcher != other and (always or is_literal(matcher))


def example_value(matcher: Any) -> Any:
    """Return a value for examples that meets a matcher. Nothing in it comes from a trace but what the matcher says."""
    if not isinstance(matcher, dict):
        return "text" if matcher == "present" else matcher
    if "equals" in matcher or "one_of" in matcher:
        value = matcher["equals"] if "equals" in matcher else matcher["one_of"][0]
        return {"equals": value} if value in PRESENCE else value
    if "matches" in matcher:
        return dict(_FORMS)[matcher["matches"]]
    return _EXAMPLES[matcher["type"]]


def wrong_value(matcher: Any) -> Any:
    """Return a value that a matcher refuses."""
    kind = matcher.get("type") if isinstance(matcher, dict) else ""
    return 1 if kind in ("string", "boolean", "bytes", "array", "map") else "something else"


def _type(values: Iterable[Value]) -> str:
    types = {next((name for kind, name in _TYPES if isinstance(value, kind)), "") for value in values}
    if types <= {"int", "number"} and len(types) > 1:
        return "number"
    return types.pop() if len(types) == 1 else ""


def _literals(name: str, values: Sequence[Value], enough: int) -> list[Any]:
    """Return the values that may occur, if they are few and none of them is an id, private, or a measurement."""
    if not all(isinstance(value, (bool, int, str)) for value in values):
        return []
    keyed = [(type(value), value) for value in values]
    found: list[Any] = [value for _, value in alternatives(keyed, enough)]
    return [] if any(_is_of_a_request(name, value) for value in found) else found


def _is_of_a_request(name: str, value: Any) -> bool:
    if not isinstance(value, str):
        return bool(number_text(value)) or abs(value) >= 10**6
    if len(value) > _LONGEST or not value.isprintable() or mask(value, name) != value:
        return True
    return any(_ID.fullmatch(part) for part in re.split(r"[^0-9A-Za-z-]", value))


def _all_have(form: str, values: Sequence[Value]) -> bool:
    pattern = re.compile(form, re.ASCII)
    return all(isinstance(value, str) and pattern.fullmatch(value) for value in values)


def _below_zero(value: Value) -> bool:
    return not isinstance(value, (int, float)) or not value >= 0
