"""Compile a contract document and its fragments to a `ContractPlan`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from spanpact.contract.compiled import ContractPlan
from spanpact.contract.document import Mapping
from spanpact.contract.loader.context import Context
from spanpact.contract.loader.entries import read_body
from spanpact.contract.loader.fragments import SectionItem, merge_sections
from spanpact.contract.loader.header import (
    check_keys,
    read_alias_names,
    read_clock_allowance,
    read_level,
    read_pending,
    read_privacy_class,
    read_version,
)
from spanpact.contract.loader.node_readers import read_text
from spanpact.contract.loader.statements import read_rule, read_statement
from spanpact.contract.loader.vocabulary import BODY


def compile_document(context: Context, document: Mapping, fragments: Sequence[Mapping]) -> ContractPlan:
    """Compile a contract with these fragments. Raise the first ContractError in the file's order."""
    check_keys(context, document, "contract")
    documents = (*fragments, document)
    _vocabulary(context, documents)
    location = document.keys["contract"]
    keywords = {key: node for key, node in document.items.items() if key in BODY}
    top = read_body(context, Mapping(keywords, document.keys, document.location), location)
    fields = _fields(context, document, documents)
    context.finish()
    return ContractPlan(
        top=top, file=context.file, place=location.place, examples=document.items.get("examples"), **fields
    )


def _vocabulary(context: Context, documents: Sequence[Mapping]) -> None:
    aliases = merge_sections(context, documents, "aliases")
    context.aliases.update(_read(context, aliases, lambda s: read_alias_names(s.key, s.node, s.location)))
    classes = merge_sections(context, documents, "classes")
    context.classes.update(_read(context, classes, lambda s: read_privacy_class(context, s.key, s.node, s.location)))


def _fields(context: Context, document: Mapping, documents: Sequence[Mapping]) -> dict[str, Any]:
    across, agreed = (merge_sections(context, (document,), section) for section in ("across", "pending"))
    every, levels, clock = (
        merge_sections(context, documents, section, last_wins=section != "every")
        for section in ("every", "levels", "clock")
    )
    allowances = _read(context, clock, lambda s: read_clock_allowance(s.key, s.node, s.location))
    return {
        "name": _text(context, document, "contract"),
        "version": _one(context, lambda: read_version(document)),
        "about": _text(context, document, "about"),
        "scenario": _text(context, document, "scenario"),
        "rules": tuple(_read(context, every, lambda s: read_rule(context, s.key, s.node, s.location)).values()),
        "across": tuple(_read(context, across, lambda s: read_statement(context, s.key, s.node, s.location)).values()),
        "classes": tuple(context.classes.values()),
        "levels": _read(context, levels, lambda s: read_level(context, s.key, s.node, s.location)),
        "pending": _read(context, agreed, lambda s: read_pending(context, s.key, s.node, s.location)),
        **{f"{name}_ns": value for name, value in allowances.items()},
    }


def _read(context: Context, section: Sequence[SectionItem], read: Callable[[SectionItem], Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in section:
        with context.collecting():
            found[item.key] = read(item)
    return found


def _text(context: Context, document: Mapping, key: str) -> str:
    return _one(context, lambda: read_text(document.items[key], f"`{key}`")) if key in document.items else ""


def _one(context: Context, read: Callable[[], str]) -> str:
    found: list[str] = []
    with context.collecting():
        found.append(read())
    return "".join(found)
