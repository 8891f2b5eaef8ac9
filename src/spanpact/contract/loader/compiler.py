"""A document and its fragments to a ContractPlan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from spanpact.contract.compiled import ContractPlan
from spanpact.contract.document import Mapping
from spanpact.contract.loader.context import Context
from spanpact.contract.loader.entries import body
from spanpact.contract.loader.fragments import Said, merged
from spanpact.contract.loader.header import (
    alias_names,
    allowance,
    check_keys,
    level,
    pending,
    privacy_class,
    version,
)
from spanpact.contract.loader.nodes import text
from spanpact.contract.loader.statements import rule, statement
from spanpact.contract.loader.vocabulary import BODY


def compiled_plan(context: Context, document: Mapping, fragments: Sequence[Mapping]) -> ContractPlan:
    """The plan of a contract; raises the first ContractError in the file's order."""
    check_keys(context, document, "contract")
    documents = (*fragments, document)
    _vocabulary(context, documents)
    spot = document.keys["contract"]
    keywords = {key: node for key, node in document.items.items() if key in BODY}
    top = body(context, Mapping(keywords, document.keys, document.spot), spot)
    fields = _fields(context, document, documents)
    context.finish()
    return ContractPlan(top=top, file=context.file, place=spot.place, examples=document.items.get("examples"), **fields)


def _vocabulary(context: Context, documents: Sequence[Mapping]) -> None:
    aliases = merged(context, documents, "aliases")
    context.aliases.update(_read(context, aliases, lambda s: alias_names(s.key, s.node, s.spot)))
    classes = merged(context, documents, "classes")
    context.classes.update(_read(context, classes, lambda s: privacy_class(s.key, s.node, s.spot)))


def _fields(context: Context, document: Mapping, documents: Sequence[Mapping]) -> dict[str, Any]:
    across, agreed = (merged(context, (document,), section) for section in ("across", "pending"))
    every, levels, clock = (
        merged(context, documents, section, last_wins=section != "every") for section in ("every", "levels", "clock")
    )
    allowances = _read(context, clock, lambda s: allowance(s.key, s.node, s.spot))
    return {
        "name": _text(context, document, "contract"),
        "version": _one(context, lambda: version(document)),
        "about": _text(context, document, "about"),
        "scenario": _text(context, document, "scenario"),
        "rules": tuple(_read(context, every, lambda s: rule(context, s.key, s.node, s.spot)).values()),
        "across": tuple(_read(context, across, lambda s: statement(context, s.key, s.node, s.spot)).values()),
        "classes": tuple(context.classes.values()),
        "levels": _read(context, levels, lambda s: level(context, s.key, s.node, s.spot)),
        "pending": _read(context, agreed, lambda s: pending(context, s.key, s.node, s.spot)),
        **{f"{name}_ns": value for name, value in allowances.items()},
    }


def _read(context: Context, section: Sequence[Said], read: Callable[[Said], Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for said in section:
        with context.collecting():
            found[said.key] = read(said)
    return found


def _text(context: Context, document: Mapping, key: str) -> str:
    return _one(context, lambda: text(document.items[key], f"`{key}`")) if key in document.items else ""


def _one(context: Context, read: Callable[[], str]) -> str:
    found: list[str] = []
    with context.collecting():
        found.append(read())
    return "".join(found)
