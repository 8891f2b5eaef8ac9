"""Read the keywords at the top of a file (section 1 of docs/contract-format.md; `levels`, `pending`: section 10)."""

from __future__ import annotations

from typing import Final, Literal, cast

from spanpact.contract.document import Location, Mapping, Node, Scalar, quote
from spanpact.contract.loader.context import RESERVED, Context
from spanpact.contract.loader.node_readers import (
    ID,
    NAME,
    SEMVER,
    read_date,
    read_duration,
    read_mapping,
    read_required,
    read_text,
    read_texts,
    read_word,
    unknown_keyword,
)
from spanpact.contract.loader.vocabulary import CLOCK, FILE, FRAGMENT, PENDING, suggest
from spanpact.findings import LEVELS, Level, Pending
from spanpact.findings.catalogue import CATALOGUE
from spanpact.privacy import KNOWN_CLASSES, PrivacyClass

LANGUAGE: Final = 1
MAX_EXTENDS: Final = 8


def file_kind(document: Mapping) -> Literal["contract", "fragment"]:
    """Return whether a document is a contract or a fragment.

    Raise ContractError where it is neither or both, or of another version of the language.
    """
    _check_language(document)
    contract, fragment = "contract" in document.items, "fragment" in document.items
    if contract and fragment:
        raise document.keys["fragment"].error("a file is a contract or a fragment, not both")
    if not contract and not fragment:
        raise document.location.error("the file needs `contract` or `fragment`, with its name")
    return "contract" if contract else "fragment"


def _check_language(document: Mapping) -> None:
    node = read_required(document, "spanpact", "the file")
    if not isinstance(node, Scalar) or isinstance(node.value, bool) or not isinstance(node.value, int):
        raise node.location.error("`spanpact` must be the version of the language", hint=f"accepted: {LANGUAGE}")
    if node.value != LANGUAGE:
        later = "; a later spanpact may read it" if node.value > LANGUAGE else ""
        raise node.location.error(
            f"version {node.value} of the language is not known{later}", hint=f"accepted: {LANGUAGE}"
        )


def check_keys(context: Context, document: Mapping, kind: Literal["contract", "fragment"]) -> None:
    """Collect an error for each key at the top that this kind of file does not allow, and for a malformed name."""
    accepted, what = (FILE, "a contract") if kind == "contract" else (FRAGMENT, "a fragment")
    for key in document.items:
        with context.collecting():
            if key not in accepted:
                raise unknown_keyword(key, document.keys[key], what, accepted)
    with context.collecting():
        named = document.items[kind]
        name = read_text(named, f"`{kind}`")
        if not NAME.fullmatch(name):
            raise named.location.error(f"the name {quote(name)} is malformed", hint="accepted: [a-z][a-z0-9-]*")


def read_version(document: Mapping) -> str:
    """Read the contract's version, a semantic version."""
    node = read_required(document, "version", "a contract")
    raw = str(node.value) if isinstance(node, Scalar) and not isinstance(node.value, bool) else ""
    if not isinstance(node, Scalar) or not isinstance(node.value, str) or not SEMVER.fullmatch(raw):
        raise node.location.error(
            f"`version` cannot be {quote(raw)}", hint="accepted: a semantic version, such as 1.0.0"
        )
    return raw


def read_extended_names(node: Node) -> tuple[tuple[str, Location], ...]:
    """Read `extends`: the names of the fragments, as written; one alone needs no list."""
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return ((read_text(node, "`extends`"), node.location),)
    named = read_texts(node, "`extends`")
    if len(named) > MAX_EXTENDS:
        raise named[MAX_EXTENDS][1].error(f"`extends` names more than {MAX_EXTENDS} fragments")
    return named


def read_alias_names(name: str, node: Node, location: Location) -> tuple[str, ...]:
    """Read one item of `aliases`: the other accepted names of the attribute `name`."""
    names = tuple(other for other, _ in read_texts(node, f"`{name}` of `aliases`"))
    if name in names or not name:
        raise location.error(f"{quote(name)} cannot be an alias of itself" if name else "an attribute's name is empty")
    return names


def read_privacy_class(context: Context, name: str, node: Node, location: Location) -> PrivacyClass:
    """Read one item of `classes`: a privacy class that the contract defines."""
    if not ID.fullmatch(name):
        raise location.error(f"the class {quote(name)} is malformed", hint="accepted: [a-z][a-z0-9_]*")
    if name in KNOWN_CLASSES:
        raise location.error(f"the class `{name}` is built in and cannot be changed")
    pattern = read_text(node, f"the class `{name}`")
    context.patterns.compile(pattern, node.location, f"the class `{name}`")
    return PrivacyClass(name, pattern)


def read_clock_allowance(name: str, node: Node, location: Location) -> int:
    """Read one item of `clock`, `tolerance`, `skew` or `resolution`, in nanoseconds."""
    if name not in CLOCK:
        raise unknown_keyword(name, location, "`clock`", CLOCK)
    return read_duration(node, f"`{name}`")


def read_level(context: Context, key: str, node: Node, location: Location) -> Level:
    """Read one item of `levels`: the level of a finding id (`child-late`), or of one entry's (`store/duration`)."""
    check_finding(context, key, location, "`levels`", bare=True)
    return cast(Level, read_word(node, "a level", LEVELS))


def check_finding(context: Context, key: str, location: Location, what: str, *, bare: bool = False) -> None:
    """Check `id/finding`, or a finding id alone if `bare`. The id is checked once all ids are known."""
    id, slash, finding = key.rpartition("/")
    if finding not in CATALOGUE:
        raise location.error(f"{what} names {quote(finding)}, which is not a finding id", hint=_near_finding(finding))
    if not slash and not bare:
        raise location.error(f"{what} names the finding without an id", hint=f"write id/finding, such as top/{finding}")
    if slash:
        context.check_later(lambda: check_id(context, id, location, what, RESERVED))


def _near_finding(finding: str) -> str:
    return suggest(finding, tuple(CATALOGUE))


def check_id(context: Context, id: str, location: Location, what: str, reserved: tuple[str, ...]) -> None:
    """Raise ContractError unless the id is one of the contract's, or one of `reserved`."""
    if id not in context.ids and id not in reserved:
        hint = suggest(id, tuple(dict.fromkeys((*reserved, *context.ids))))
        raise location.error(f"{what} names {quote(id)}, which is not an id of this contract", hint=hint)


def read_pending(context: Context, id: str, node: Node, location: Location) -> Pending:
    """Read one item of `pending`: the agreement that the entry `id` may be broken for now."""
    context.check_later(lambda: check_id(context, id, location, "`pending`", ("top",)))
    what = f"the pending `{id}`"
    keywords = read_mapping(node, what, PENDING)
    return Pending(
        read_text(read_required(keywords, "reason", what), "`reason`"),
        read_text(read_required(keywords, "owner", what), "`owner`"),
        read_date(read_required(keywords, "until", what), "`until`"),
    )
