"""The head of a file: section 1 of docs/contract-format.md, and `levels` and `pending` of section 10."""

from __future__ import annotations

from typing import Final, Literal, cast

from spanpact.contract.document import Mapping, Node, Scalar, Spot, shown
from spanpact.contract.loader.context import RESERVED, Context
from spanpact.contract.loader.matchers import compiled
from spanpact.contract.loader.nodes import (
    ID,
    NAME,
    SEMVER,
    day,
    duration,
    mapping,
    required,
    text,
    texts,
    unknown,
    word,
)
from spanpact.contract.loader.vocabulary import CLOCK, FILE, FRAGMENT, PENDING, suggestion
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
        raise document.spot.error("the file needs `contract` or `fragment`, with its name")
    return "contract" if contract else "fragment"


def _check_language(document: Mapping) -> None:
    node = required(document, "spanpact", "the file")
    if not isinstance(node, Scalar) or isinstance(node.value, bool) or not isinstance(node.value, int):
        raise node.spot.error("`spanpact` is the version of the language", hint=f"accepted: {LANGUAGE}")
    if node.value != LANGUAGE:
        later = "; a later spanpact may read it" if node.value > LANGUAGE else ""
        raise node.spot.error(f"version {node.value} of the language is not known{later}", hint=f"accepted: {LANGUAGE}")


def check_keys(context: Context, document: Mapping, kind: Literal["contract", "fragment"]) -> None:
    """Collects an error for each key at the top that the file may not hold."""
    accepted, what = (FILE, "a contract") if kind == "contract" else (FRAGMENT, "a fragment")
    for key in document.items:
        with context.collecting():
            if key not in accepted:
                raise unknown(key, document.keys[key], what, accepted)
    with context.collecting():
        named = document.items[kind]
        name = text(named, f"`{kind}`")
        if not NAME.fullmatch(name):
            raise named.spot.error(f"the name {shown(name)} is malformed", hint="accepted: [a-z][a-z0-9-]*")


def version(document: Mapping) -> str:
    """The contract's version, as semver."""
    node = required(document, "version", "a contract")
    raw = str(node.value) if isinstance(node, Scalar) and not isinstance(node.value, bool) else ""
    if not isinstance(node, Scalar) or not isinstance(node.value, str) or not SEMVER.fullmatch(raw):
        raise node.spot.error(f"`version` cannot be {shown(raw)}", hint="accepted: a semantic version, such as 1.0.0")
    return raw


def extended_names(node: Node) -> tuple[tuple[str, Spot], ...]:
    """The files of `extends`, as written."""
    named = texts(node, "`extends`")
    if len(named) > MAX_EXTENDS:
        raise named[MAX_EXTENDS][1].error(f"`extends` names more than {MAX_EXTENDS} fragments")
    return named


def alias_names(name: str, node: Node, spot: Spot) -> tuple[str, ...]:
    """The other accepted names of one attribute."""
    names = tuple(other for other, _ in texts(node, f"`{name}` of `aliases`"))
    if name in names or not name:
        raise spot.error(f"{shown(name)} cannot be an alias of itself" if name else "an attribute's name is empty")
    return names


def privacy_class(name: str, node: Node, spot: Spot) -> PrivacyClass:
    """One own privacy class."""
    if not ID.fullmatch(name):
        raise spot.error(f"the class {shown(name)} is malformed", hint="accepted: [a-z][a-z0-9_]*")
    if name in KNOWN_CLASSES:
        raise spot.error(f"the class `{name}` is known already and cannot be changed")
    pattern = text(node, f"the class `{name}`")
    compiled(pattern, node.spot, f"the class `{name}`")
    return PrivacyClass(name, pattern)


def allowance(name: str, node: Node, spot: Spot) -> int:
    """`tolerance` or `skew` of `clock`, in nanoseconds."""
    if name not in CLOCK:
        raise unknown(name, spot, "`clock`", CLOCK)
    return duration(node, f"`{name}`")


def level(context: Context, key: str, node: Node, spot: Spot) -> Level:
    """The level of one finding, or of one id's finding."""
    check_finding(context, key, spot, "`levels`", bare=True)
    return cast(Level, word(node, "a level", LEVELS))


def check_finding(context: Context, key: str, spot: Spot, what: str, *, bare: bool = False) -> None:
    """Checks `id/finding` (or a bare finding id): the finding now, the id once all are known."""
    id, slash, finding = key.rpartition("/")
    if finding not in CATALOGUE:
        raise spot.error(f"{what} names {shown(finding)}, which is no finding", hint=_near_finding(finding))
    if not slash and not bare:
        raise spot.error(f"{what} names the finding alone", hint=f"write its id too: top/{finding}")
    if slash:
        context.later(lambda: check_id(context, id, spot, what, RESERVED))


def _near_finding(finding: str) -> str:
    return suggestion(finding, tuple(CATALOGUE))


def check_id(context: Context, id: str, spot: Spot, what: str, reserved: tuple[str, ...]) -> None:
    """Checks that an id is in the contract's namespace, or among the reserved ones given."""
    if id not in context.ids and id not in reserved:
        hint = suggestion(id, tuple(dict.fromkeys((*reserved, *context.ids))))
        raise spot.error(f"{what} names {shown(id)}, which is no id here", hint=hint)


def pending(context: Context, id: str, node: Node, spot: Spot) -> Pending:
    """One agreement of `pending`."""
    context.later(lambda: check_id(context, id, spot, "`pending`", ("top",)))
    what = f"the pending `{id}`"
    said = mapping(node, what, PENDING)
    return Pending(
        text(required(said, "reason", what), "`reason`"),
        text(required(said, "owner", what), "`owner`"),
        day(required(said, "until", what), "`until`"),
    )
