"""Value matchers: section 4 of docs/contract-format.md."""

from __future__ import annotations

from typing import Any, Final, cast

import re2

from spanpact.contract.compiled import UNSET, Matcher, Reference, TypeName
from spanpact.contract.document import Mapping, Node, Scalar, Sequence, Spot, kind_of, shown
from spanpact.contract.loader.context import Context
from spanpact.contract.loader.nodes import flag, mapping, number, sequence, text, word
from spanpact.contract.loader.vocabulary import CLOSED_MATCHER, MATCHER, PRESENCE, TYPES, suggestion
from spanpact.trace.model import Value

MAX_PATTERN: Final = 1_000
_OPTIONS: Final = re2.Options()
_OPTIONS.log_errors = False


def matcher(context: Context, node: Node, what: str, *, relations: bool) -> Matcher:
    """The matcher of a value; `relations` says whether `same_as` may stand here."""
    if isinstance(node, Scalar) and node.value in PRESENCE and isinstance(node.value, str):
        return Matcher(presence=node.value)  # type: ignore[arg-type]
    if not isinstance(node, Mapping):
        return Matcher(equals=value(node, what))
    said = mapping(node, f"the matcher of {what}", MATCHER).items
    if not said:
        raise node.spot.error(f"the matcher of {what} is empty", hint=f"accepted: {', '.join(MATCHER)}")
    if "same_as" in said and not relations:
        raise node.keys["same_as"].error(
            "`same_as` cannot stand here", hint="accepted: in attributes and resource, where nothing is selected"
        )
    return _of_words(context, said, what)


def _of_words(context: Context, said: dict[str, Node], what: str) -> Matcher:
    pattern = text(said["matches"], "`matches`", empty=True) if "matches" in said else None
    low = number(said["at_least"], "`at_least`") if "at_least" in said else None
    high = number(said["at_most"], "`at_most`") if "at_most" in said else None
    if low is not None and high is not None and low > high:
        raise said["at_most"].spot.error(f"nothing lies between {low} and {high}")
    return Matcher(
        equals=value(said["equals"], what) if "equals" in said else UNSET,
        one_of=_one_of(said["one_of"], what) if "one_of" in said else None,
        type=cast(TypeName, word(said["type"], "`type`", TYPES)) if "type" in said else None,
        at_least=low,
        at_most=high,
        matches=pattern,
        regex=compiled(pattern, said["matches"].spot, "`matches`") if pattern is not None else None,
        same_as=_reference(context, said["same_as"]) if "same_as" in said else None,
        optional=flag(said["optional"], "`optional`") if "optional" in said else False,
    )


def value(node: Node, what: str) -> Value:
    """A literal: a scalar, or a list of literals."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [value(item, what) for item in node.items]
    raise node.spot.error(f"a literal of {what} is a scalar or a list, not {kind_of(node)}")


def _one_of(node: Node, what: str) -> tuple[Value, ...]:
    return tuple(value(item, what) for item in sequence(node, "`one_of`").items)


def compiled(pattern: str, spot: Spot, what: str) -> Any:
    """The RE2 pattern, compiled; raises ContractError with RE2's own words for one that it refuses."""
    if len(pattern) > MAX_PATTERN:
        raise spot.error(f"the pattern of {what} is longer than {MAX_PATTERN:,} characters")
    try:
        return re2.compile(pattern, _OPTIONS)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if error.args else "no reason given"
        raise spot.error(
            f"RE2 refuses the pattern {shown(pattern)}: {shown(reason)[1:-1]}",
            hint="https://github.com/google/re2/wiki/Syntax",
        ) from None


def _reference(context: Context, node: Node) -> Reference:
    raw = text(node, "`same_as`")
    entry, dot, attribute = raw.partition(".")
    if not (entry and dot and attribute):
        raise node.spot.error(f"`same_as` cannot be {shown(raw)}", hint="accepted: id.attribute, such as top.user.id")
    context.later(lambda: context.entry(entry, node.spot, what="`same_as`"))
    return Reference(entry, attribute, context.accepted_names(attribute))


def closed_matcher(node: Node, what: str, accepted: tuple[str, ...]) -> Matcher:
    """The matcher of `kind` and `status`, whose values are a closed list."""
    if isinstance(node, Sequence):
        raise node.spot.error(f"{what} cannot be a list", hint="write {one_of: [...]}")
    if isinstance(node, Scalar):
        return Matcher(equals=word(node, what, accepted))
    said = mapping(node, f"the matcher of {what}", CLOSED_MATCHER).items
    if not said:
        raise node.spot.error(f"the matcher of {what} is empty", hint=suggestion("", CLOSED_MATCHER))
    pattern = text(said["matches"], "`matches`") if "matches" in said else None
    listed = sequence(said["one_of"], "`one_of`").items if "one_of" in said else ()
    return Matcher(
        equals=word(said["equals"], what, accepted) if "equals" in said else UNSET,
        one_of=tuple(word(item, what, accepted) for item in listed) or None,
        matches=pattern,
        regex=compiled(pattern, said["matches"].spot, "`matches`") if pattern is not None else None,
    )
