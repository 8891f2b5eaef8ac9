"""Read value matchers (section 4 of docs/contract-format.md)."""

from __future__ import annotations

from typing import Any, cast

from spanpact.contract.compiled import UNSET, Matcher, Reference, TypeName
from spanpact.contract.document import Mapping, Node, Scalar, Sequence, describe_kind, quote
from spanpact.contract.loader.context import Context
from spanpact.contract.loader.node_readers import (
    read_boolean,
    read_mapping,
    read_number,
    read_sequence,
    read_text,
    read_word,
)
from spanpact.contract.loader.vocabulary import (
    CLOSED_MATCHER,
    MATCHER,
    PRESENCE,
    SEVERITIES,
    SEVERITY,
    SUM,
    TYPES,
    suggest,
)
from spanpact.trace.model import Value


def read_matcher(context: Context, node: Node, what: str, *, relations: bool) -> Matcher:
    """Read the matcher of a value. `relations` is whether `same_as` is allowed; `what` names the value in errors."""
    if isinstance(node, Scalar) and node.value in PRESENCE and isinstance(node.value, str):
        return Matcher(presence=node.value)  # type: ignore[arg-type]
    if not isinstance(node, Mapping):
        return Matcher(equals=read_literal(node, what))
    keywords = read_mapping(node, f"the matcher of {what}", MATCHER).items
    if not keywords:
        raise node.location.error(f"the matcher of {what} is empty", hint=f"accepted: {', '.join(MATCHER)}")
    if "same_as" in keywords and not relations:
        raise node.keys["same_as"].error(
            "`same_as` is not allowed here", hint="accepted: in attributes and resource, where nothing is selected"
        )
    return _of_words(context, keywords, what)


def _of_words(context: Context, keywords: dict[str, Node], what: str) -> Matcher:
    pattern = read_text(keywords["matches"], "`matches`", empty=True) if "matches" in keywords else None
    low = read_number(keywords["at_least"], "`at_least`") if "at_least" in keywords else None
    high = read_number(keywords["at_most"], "`at_most`") if "at_most" in keywords else None
    if low is not None and high is not None and low > high:
        raise keywords["at_most"].location.error(f"`at_most` {high} is less than `at_least` {low}")
    return Matcher(
        equals=read_literal(keywords["equals"], what) if "equals" in keywords else UNSET,
        one_of=_one_of(keywords["one_of"], what) if "one_of" in keywords else None,
        type=cast(TypeName, read_word(keywords["type"], "`type`", TYPES)) if "type" in keywords else None,
        at_least=low,
        at_most=high,
        matches=pattern,
        regex=_compiled(context, pattern, keywords),
        contains=_contained(keywords["contains"]) if "contains" in keywords else UNSET,
        same_as=_reference(context, keywords["same_as"]) if "same_as" in keywords else None,
        optional=read_boolean(keywords["optional"], "`optional`") if "optional" in keywords else False,
    )


def _compiled(context: Context, pattern: str | None, keywords: dict[str, Node]) -> Any:
    if pattern is None:
        return None
    return context.patterns.compile(pattern, keywords["matches"].location, "`matches`")


def read_literal(node: Node, what: str) -> Value:
    """Read a literal: a scalar, or a list of literals."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [read_literal(item, what) for item in node.items]
    raise node.location.error(f"a literal of {what} must be a scalar or a list, not {describe_kind(node)}")


def _contained(node: Node) -> Value:
    value = read_literal(node, "`contains`")
    if value == "":
        raise node.location.error("`contains` is empty: every text contains it")
    return value


def _one_of(node: Node, what: str) -> tuple[Value, ...]:
    return tuple(read_literal(item, what) for item in read_sequence(node, "`one_of`").items)


def _reference(context: Context, node: Node) -> Reference:
    raw = read_text(node, "`same_as`")
    entry, dot, attribute = raw.partition(".")
    if not (entry and dot and attribute):
        raise node.location.error(
            f"`same_as` cannot be {quote(raw)}", hint="accepted: id.attribute, such as top.user.id"
        )
    context.check_entry_later(entry, node.location, what="`same_as`")
    return Reference(entry, attribute, context.accepted_names(attribute))


def read_sum(context: Context, node: Node, what: str) -> Matcher:
    """Read the matcher of a sum: a number, or `equals`, `at_least` and `at_most`."""
    if not isinstance(node, Mapping):
        if not isinstance(node, Scalar) or isinstance(node.value, str):
            hint = f"accepted: a number, or a mapping of {', '.join(SUM)}"
            raise node.location.error(f"the sum of {what} cannot be {describe_kind(node)}", hint=hint)
        return Matcher(equals=read_number(node, f"the sum of {what}"))
    keywords = read_mapping(node, f"the sum of {what}", SUM).items
    if not keywords:
        raise node.location.error(f"the sum of {what} is empty", hint=f"accepted: {', '.join(SUM)}")
    if "equals" in keywords:
        read_number(keywords["equals"], "`equals`")
    return _of_words(context, keywords, what)


def read_closed_matcher(context: Context, node: Node, what: str, accepted: tuple[str, ...]) -> Matcher:
    """Read the matcher of `kind` or `status`, whose values are a closed list."""
    if isinstance(node, Sequence):
        raise node.location.error(f"{what} cannot be a list", hint="write {one_of: [...]}")
    if isinstance(node, Scalar):
        return Matcher(equals=read_word(node, what, accepted))
    keywords = read_mapping(node, f"the matcher of {what}", CLOSED_MATCHER).items
    if not keywords:
        raise node.location.error(f"the matcher of {what} is empty", hint=suggest("", CLOSED_MATCHER))
    pattern = read_text(keywords["matches"], "`matches`") if "matches" in keywords else None
    listed = read_sequence(keywords["one_of"], "`one_of`").items if "one_of" in keywords else ()
    return Matcher(
        equals=read_word(keywords["equals"], what, accepted) if "equals" in keywords else UNSET,
        one_of=tuple(read_word(item, what, accepted) for item in listed) or None,
        matches=pattern,
        regex=_compiled(context, pattern, keywords),
    )


def read_severities(node: Node) -> frozenset[str]:
    """Read the matcher of `severity`: the severities that it accepts."""
    if isinstance(node, Scalar):
        return frozenset((read_word(node, "`severity`", SEVERITIES),))
    keywords = read_mapping(node, "the matcher of `severity`", SEVERITY).items
    if not keywords:
        raise node.location.error("the matcher of `severity` is empty", hint=f"accepted: {', '.join(SEVERITY)}")
    accepted = frozenset(SEVERITIES)
    for keyword, item in keywords.items():
        items = read_sequence(item, "`one_of`").items if keyword == "one_of" else (item,)
        words = [read_word(each, "`severity`", SEVERITIES) for each in items]
        place = SEVERITIES.index(words[0])
        ranges = {"at_least": SEVERITIES[place:], "at_most": SEVERITIES[: place + 1]}
        accepted &= frozenset(ranges.get(keyword, words))
    if not accepted:
        raise node.location.error("no severity meets `severity`")
    return accepted
