"""Read the tree of entries and its conditions (sections 3, 6 and 7 of docs/contract-format.md)."""

from __future__ import annotations

from typing import Any, cast

from spanpact.contract.compiled import ANY, Closable, Condition, Content, Entry, Reference, Side
from spanpact.contract.document import Location, Mapping, Node, Scalar, quote
from spanpact.contract.loader.content import ContentReader, keyword_places
from spanpact.contract.loader.context import Context
from spanpact.contract.loader.node_readers import (
    read_count,
    read_mapping,
    read_name_pattern,
    read_optional,
    read_required,
    read_text,
    read_texts,
    read_words,
)
from spanpact.contract.loader.vocabulary import (
    BODY_WITHOUT_SPAN,
    CLOSABLE,
    CONDITION,
    CONTENT,
    ENTRY,
    PRESENCE,
    SAME_COUNT,
    SIDE,
)

_PLACED = ("span", "where", "count", "closed", "order", "concurrency")


def read_body(context: Context, node: Mapping, location: Location) -> Entry:
    """Read the entry `top`. `node` has only the keywords of a contract's body."""
    if "span" not in node.items:
        _check_without_span(context, node)
    return _entry(context, "top", node, node.keys.get("span", location), above=())


def _check_without_span(context: Context, node: Mapping) -> None:
    accepted = ", ".join((*BODY_WITHOUT_SPAN, "every"))
    for keyword, item in node.items.items():
        with context.collecting():
            if keyword not in BODY_WITHOUT_SPAN:
                hint = f"without `span` the contract is about whole traces; accepted: {accepted}"
                raise node.keys[keyword].error(f"`{keyword}` needs `span`", hint=hint)
            if keyword == "closed" and set(read_words(item, "`closed`", CLOSABLE)) - {"children"}:
                raise item.location.error("a body without `span` can be closed for children only")


def _entry(context: Context, id: str, node: Mapping, location: Location, *, above: tuple[str, ...]) -> Entry:
    fields: dict[str, Any] = {}
    for keyword in node.items:
        with context.collecting():
            if keyword in ("children", "descendants"):
                fields[keyword] = _entries(context, node.items[keyword], f"`{keyword}`", above=(*above, id))
            elif keyword not in CONTENT:
                fields.update(_keyword(context, id, keyword, node.items[keyword]))
    content = ContentReader(context).content(node)
    return Entry(
        id,
        fields.pop("span", None),
        content=content,
        place=location.place,
        places=keyword_places(node, _PLACED),
        **fields,
    )


def _keyword(context: Context, id: str, keyword: str, node: Node) -> dict[str, Any]:
    match keyword:
        case "span":
            read: Any = read_name_pattern(node, "`span`")
        case "where":
            read = read_where(context, node)
        case "count" if isinstance(node, Mapping):
            return {"count": ANY, "same_count": _same_count(context, node)}
        case "count" | "concurrency":
            read = read_count(node, f"`{keyword}`")
        case "closed":
            read = frozenset(cast("tuple[Closable, ...]", read_words(node, "`closed`", CLOSABLE)))
        case "order":
            read = read_order(context, node, below=id)
        case _:
            read = _conditions(context, node, below=id)
    return {keyword: read}


def _same_count(context: Context, node: Mapping) -> Reference:
    """Read `same_as` of a count: the id of an entry, or one of its attributes."""
    read_mapping(node, "`count`", SAME_COUNT)
    target = read_required(node, "same_as", "`count`")
    raw = read_text(target, "`same_as`")
    entry, dot, attribute = raw.partition(".")
    if not entry or (dot and not attribute):
        hint = "accepted: an id, such as lookup, or id.attribute, such as top.item.count"
        raise target.location.error(f"`same_as` cannot be {quote(raw)}", hint=hint)
    context.check_entry_later(entry, target.location, what="`same_as`")
    return Reference(entry, attribute, context.accepted_names(attribute) if attribute else ())


def _entries(context: Context, node: Node, what: str, *, above: tuple[str, ...]) -> tuple[Entry, ...]:
    found: list[Entry] = []
    for id, item in read_mapping(node, what).items.items():
        location = cast(Mapping, node).keys[id]
        with context.collecting():
            context.register(id, "entry", location, above)
        with context.collecting():
            inner = read_mapping(item, f"the entry `{id}`")
            known = _known(context, inner, f"the entry `{id}`", ENTRY)
            if "span" not in inner.items:
                with context.collecting():
                    raise location.error(f"the entry `{id}` needs `span`")
            found.append(_entry(context, id, known, location, above=above))
    return tuple(found)


def _known(context: Context, node: Mapping, what: str, accepted: tuple[str, ...]) -> Mapping:
    """Return the mapping without its unknown keywords; collect an error for each of them."""
    for keyword in node.items:
        with context.collecting():
            read_mapping(Mapping({keyword: node.items[keyword]}, node.keys, node.location), what, accepted)
    return Mapping({k: v for k, v in node.items.items() if k in accepted}, node.keys, node.location)


def read_where(context: Context, node: Node) -> Content:
    """Read `where`: content keywords without `same_as`, which needs spans that are assigned already."""
    inner = read_mapping(node, "`where`")
    return ContentReader(context, relations=False).content(_known(context, inner, "`where`", CONTENT))


def read_order(context: Context, node: Node, *, below: str) -> tuple[str, ...]:
    """Read `order`: ids of entries at or below the entry `below`."""
    named = read_texts(node, "`order`")
    for id, location in named:
        context.check_entry_later(id, location, below=below, what="`order`")
    return tuple(id for id, _ in named)


def _conditions(context: Context, node: Node, *, below: str) -> tuple[Condition, ...]:
    found: list[Condition] = []
    for id, item in read_mapping(node, "`conditions`").items.items():
        location = cast(Mapping, node).keys[id]
        with context.collecting():
            context.register(id, "condition", location)
        with context.collecting():
            found.append(_condition(context, id, item, location, below=below))
    return tuple(found)


def _condition(context: Context, id: str, node: Node, location: Location, *, below: str) -> Condition:
    what = f"the condition `{id}`"
    keywords = read_mapping(node, what, CONDITION)
    when = _sides(context, read_required(keywords, "when", what), "`when`", below=below)
    if "then" not in keywords.items and "order" not in keywords.items:
        raise location.error(f"{what} needs `then` or `order`")
    then = _sides(context, keywords.items["then"], "`then`", below=below) if "then" in keywords.items else ()
    ordered = read_order(context, keywords.items["order"], below=below) if "order" in keywords.items else ()
    return Condition(id, when, then, ordered, location.place)


def _sides(context: Context, node: Node, what: str, *, below: str) -> tuple[Side, ...]:
    found: list[Side] = []
    named = read_mapping(node, what)
    if not named.items:
        raise node.location.error(f"{what} is empty", hint="map ids of entries to present, absent or content")
    for id, item in named.items.items():
        location = named.keys[id]
        context.check_entry_later(id, location, below=below, what=what)
        with context.collecting():
            found.append(_side(context, id, item, location))
    return tuple(found)


def _side(context: Context, id: str, node: Node, location: Location) -> Side:
    if isinstance(node, Scalar) and node.value in PRESENCE:
        return Side(id, "present" if node.value == "present" else "absent", place=location.place)
    if not isinstance(node, Mapping):
        raise node.location.error(f"`{id}` must be present, absent or a mapping of content keywords")
    keywords = _known(context, node, f"`{id}`", SIDE)
    if not node.items:
        raise node.location.error(f"the content of `{id}` is empty")
    number = read_optional(keywords, "count", read_count, None)
    return Side(id, "content", ContentReader(context).content(keywords), number, location.place)
