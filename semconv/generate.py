"""Write the fragments from `registry.json` and the rules: `python -m semconv.generate`.

Each is `src/spanpact/contract/semconv/NAME.contract.yaml`. A test compares them with what is written here.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from semconv.extract import REGISTRY
from semconv.rules import FRAGMENTS, Condition, Convention
from spanpact.contract.semconv import FOLDER

Registry: TypeAlias = Mapping[str, Any]
"""What `semconv.extract` writes."""


def read_registry() -> Registry:
    """Return the registry's data."""
    data: Registry = json.loads(REGISTRY.read_text(encoding="utf-8"))
    return data


def fragment_text(name: str, registry: Registry) -> str:
    """Return a fragment as YAML."""
    version = registry["version"]
    lines = [
        "# yaml-language-server: $schema=../contract.schema.json",
        f"# Written by `python -m semconv.generate` from the OpenTelemetry semantic conventions {version}:",
        f"# {registry['source']}/tree/v{version}",
        f"# {registry['licence']}.",
        "spanpact: 1",
        f"fragment: {name}",
        "every:",
    ]
    levels = []
    for convention in FRAGMENTS[name]:
        lines += textwrap.indent("\n".join(_rules(convention, registry)), "  ").split("\n")
        levels += [f"  {id}/{finding}: improvement" for id, finding in _improvements(convention)]
    return "\n".join([*lines, "levels:", *levels]) + "\n"


def renamed(convention: Convention, registry: Registry) -> dict[str, str]:
    """Return the deprecated attributes that are findings, with what the registry says about their replacement.

    Those whose new name is not stable yet are none.
    """
    return {
        name: said.get("renamed_to") or said["note"]
        for name, said in registry["deprecated"].items()
        if name.startswith(convention.prefixes) and said.get("stability", "stable") == "stable"
    }


def _rules(convention: Convention, registry: Registry) -> Iterator[str]:
    old = renamed(convention, registry)
    without = [f"{name}: absent" for name in (convention.old, *convention.other)]
    shown = [f"{convention.shown_by}: present", *without]
    yield f"{convention.id}:"
    yield from _selection(convention, shown)
    yield "  attributes:"
    for name, attribute in registry["spans"][convention.span]["attributes"].items():
        if not attribute["type"].startswith("template"):  # names that the language cannot list
            yield f"    {name}: {_matcher(name, attribute, convention)}"
    yield from _absent(old, but=convention.old)
    yield f"{convention.id}_old:"
    others = [f"{name}: absent" for name in convention.other if name != convention.old]
    yield from _selection(convention, [f"{convention.old}: present", *others])
    yield "  attributes:"
    yield from _absent(old)
    for condition in convention.conditions:
        yield from _condition(convention, condition, shown)


def _condition(convention: Convention, condition: Condition, shown: list[str]) -> Iterator[str]:
    yield f"{convention.id}_{condition.id}:"
    name = condition.attributes.partition(":")[0]
    attributes = [each for each in shown if each.partition(":")[0] != name]
    yield from _selection(convention, [condition.attributes, *attributes] if name else shown, condition.status)
    yield from (f"  {line}" for line in condition.demands)


def _selection(convention: Convention, attributes: list[str], status: str = "") -> Iterator[str]:
    yield "  span: '*'"
    yield "  where:"
    yield f"    kind: {convention.kind}"
    if status:
        yield f"    status: {status}"
    yield "    attributes:"
    for each in attributes:
        yield f"      {each}"


def _matcher(name: str, attribute: Mapping[str, str], convention: Convention) -> str:
    pattern = dict(convention.patterns).get(name)
    words = [f"type: {attribute['type']}"]
    words += [f"matches: '{pattern}'"] if pattern else []
    words += [] if attribute["requirement"] == "required" else ["optional: true"]
    return f"{{{', '.join(words)}}}"


def _absent(old: Mapping[str, str], but: str = "") -> Iterator[str]:
    for name, said in old.items():
        if name != but:
            yield f"    {name}: absent  # {said}"


def _improvements(convention: Convention) -> Iterator[tuple[str, str]]:
    yield convention.id, "attribute-unexpected"
    yield f"{convention.id}_old", "attribute-unexpected"
    for condition in convention.conditions:
        if condition.improvement:
            yield f"{convention.id}_{condition.id}", condition.improvement


def main() -> None:
    """Write all fragments."""
    registry = read_registry()
    for name in FRAGMENTS:
        (FOLDER / f"{name}.contract.yaml").write_text(fragment_text(name, registry), encoding="utf-8")


if __name__ == "__main__":
    main()
