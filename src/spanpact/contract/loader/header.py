"""The head of a file: section 1 of docs/contract-format.md, and `levels` and `pending` of section 10."""

from __future__ import annotations

from typing import Final, Literal, cast

from spanpact.contract.document import Location, Mapping, Node, Scalar, quote
from spanpact.contract.loader.context import RESERVED, Context
from spanpact.contract.loader.matchers import compile_pattern
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
    """Whether a document is a contract or a fragment; raises if it is neither, both, or of a later language."""
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
        raise node.location.error("`spanpact` is the version of the language", hint=f"accepted: {LANGUAGE}")
    if node.value != LANGUAGE:
        later = "; a later spanpact may read it" if node.value > LANGUAGE else ""
        raise node.location.error(
            f"version {node.value} of the language is not known{later}", hint=f"accepted: {LANGUAGE}"
        )


def check_keys(context: Context, document: Mapping, kind: Literal["contract", "fragment"]) -> None:
    """Collects an error for each key at the top that the file may not hold."""
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
    """The contract's version, as semver."""
    node = read_required(document, "version", "a contract")
    raw = str(node.value) if isinstance(node, Scalar) and not isinstance(node.value, bool) else ""
    if not isinstance(node, Scalar) or not isinstance(node.value, str) or not SEMVER.fullmatch(raw):
        raise node.location.error(
            f"`version` cannot be {quote(raw)}", hint="accepted: a semantic version, such as 1.0.0"
        )
    return raw


def read_extended_names(node: Node) -> tuple[tuple[str, Location], ...]:
    """The files of `extends`, as written."""
    named = read_texts(node, "`extends`")
    if len(named) > MAX_EXTENDS:
        raise named[MAX_EXTENDS][1].error(f"`extends` names more than {MAX_EXTENDS} fragments")
    return named


def read_alias_names(name: str, node: Node, location: Location) -> tuple[str, ...]:
    """The other accepted names of one attribute."""
    names = tuple(other for other, _ in read_texts(node, f"`{name}` of `aliases`"))
    if name in names or not name:
        raise location.error(f"{quote(name)} cannot be an alias of itself" if name else "an attribute's name is empty")
    return names


def read_privacy_class(name: str, node: Node, location: Location) -> PrivacyClass:
    """One own privacy class."""
    if not ID.fullmatch(name):
        raise location.error(f"the class {quote(name)} is malformed", hint="accepted: [a-z][a-z0-9_]*")
    if name in KNOWN_CLASSES:
        raise location.error(f"the class `{name}` is known already and cannot be changed")
    pattern = read_text(node, f"the class `{name}`")
    compile_pattern(pattern, node.location, f"the class `{name}`")
    return PrivacyClass(name, pattern)


def read_clock_allowance(name: str, node: Node, location: Location) -> int:
    """`tolerance` or `skew` of `clock`, in nanoseconds."""
    if name not in CLOCK:
        raise unknown_keyword(name, location, "`clock`", CLOCK)
    return read_duration(node, f"`{name}`")


def read_level(context: Context, key: str, node: Node, location: Location) -> Level:
    """The level of one finding, or of one id's finding."""
    check_finding(context, key, location, "`levels`", bare=True)
    return cast(Level, read_word(node, "a level", LEVELS))


def check_finding(context: Context, key: str, location: Location, what: str, *, bare: bool = False) -> None:
    """Checks `id/finding` (or a bare finding id): the finding now, the id once all are known."""
    id, slash, finding = key.rpartition("/")
    if finding not in CATALOGUE:
        raise location.error(f"{what} names {quote(finding)}, which is no finding", hint=_near_finding(finding))
    if not slash and not bare:
        raise location.error(f"{what} names the finding alone", hint=f"write its id too: top/{finding}")
    if slash:
        context.check_later(lambda: check_id(context, id, location, what, RESERVED))


def _near_finding(finding: str) -> str:
    return suggest(finding, tuple(CATALOGUE))


def check_id(context: Context, id: str, location: Location, what: str, reserved: tuple[str, ...]) -> None:
    """Checks that an id is in the contract's namespace, or among the reserved ones given."""
    if id not in context.ids and id not in reserved:
        hint = suggest(id, tuple(dict.fromkeys((*reserved, *context.ids))))
        raise location.error(f"{what} names {quote(id)}, which is no id here", hint=hint)


def read_pending(context: Context, id: str, node: Node, location: Location) -> Pending:
    """One agreement of `pending`."""
    context.check_later(lambda: check_id(context, id, location, "`pending`", ("top",)))
    what = f"the pending `{id}`"
    said = read_mapping(node, what, PENDING)
    return Pending(
        read_text(read_required(said, "reason", what), "`reason`"),
        read_text(read_required(said, "owner", what), "`owner`"),
        read_date(read_required(said, "until", what), "`until`"),
    )
