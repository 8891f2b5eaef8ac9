"""Extract from a checkout of open-telemetry/semantic-conventions what the fragments need, to `registry.json`.

    git clone https://github.com/open-telemetry/semantic-conventions conventions
    python -m semconv.extract conventions v1.44.0

It has the version and the commit; for each kind of span of `SPANS` its stability, and the stable attributes with their
type and requirement; the attributes that are deprecated, with what the registry says about their replacement; and the
values of `db.system` and `db.system.name`. Texts that explain are left out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from ruamel.yaml import YAML

Group: TypeAlias = Mapping[str, Any]
"""One group, span or attribute group of the model, as it is in the YAML."""

REGISTRY: Final = Path(__file__).parent / "registry.json"
SPANS: Final = ("http.server", "http.client", "db.client", "db.sql.client")
"""The kinds of spans that have a fragment: their names in the model, without `span.`."""
AREAS: Final = {"rpc": "rpc.call.client", "messaging": "messaging.send.producer", "genai": "gen_ai.inference.client"}
"""Conventions without a fragment, each with a kind of span that shows its stability."""
PREFIXES: Final = ("http.", "db.", "net.")
"""Deprecated attributes that the fragments are about."""
VALUES: Final = ("db.system", "db.system.name", "http.request.method")


def extract(model: Mapping[str, Any], version: str, commit: str) -> dict[str, Any]:
    """Return the registry's data. `model` has the parsed files of the folder `model`, by path."""
    groups, attributes = dict(_groups(model)), dict(_attributes(model))
    return {
        "source": "https://github.com/open-telemetry/semantic-conventions",
        "licence": "Apache-2.0, The OpenTelemetry Authors",
        "version": version,
        "commit": commit,
        "spans": {name: _span(name, groups, attributes) for name in SPANS},
        "unstable": {area: _stability(groups[name]) for area, name in AREAS.items()},
        "deprecated": dict(sorted(_deprecated(attributes))),
        "values": {name: [str(each["value"]) for each in attributes[name]["type"]["members"]] for name in VALUES},
    }


def _groups(model: Mapping[str, Any]) -> Iterator[tuple[str, Group]]:
    for document in model.values():
        for group in document.get("groups", ()):
            yield group["id"].removeprefix("span."), group
        for span in document.get("spans", ()):
            yield span["type"], span


def _attributes(model: Mapping[str, Any]) -> Iterator[tuple[str, Group]]:
    """Yield each attribute of the registry where it is defined, and not only named."""
    for document in model.values():
        for group in (*document.get("groups", ()), document):
            for attribute in group.get("attributes", ()):
                if name := attribute.get("id") or attribute.get("key"):
                    yield name, attribute


def _span(name: str, groups: Mapping[str, Group], attributes: Mapping[str, Group]) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = {}
    for group in reversed(list(_extended(name, groups))):
        for each in group.get("attributes", ()):
            found.setdefault(each["ref"], {}).update(each)
    stable = {ref: {**attributes[ref], **each} for ref, each in sorted(found.items())}
    return {
        "stability": _stability(groups[name]),
        "kind": groups[name]["span_kind"],
        "attributes": {
            ref: {"type": _type(each["type"]), **_requirement(each)}
            for ref, each in stable.items()
            if each["stability"] == "stable"
        },
    }


def _extended(name: str, groups: Mapping[str, Group]) -> Iterator[Group]:
    """Yield a group, what it extends, and so on."""
    while name:
        yield groups[name]
        name = groups[name].get("extends", "").removeprefix("span.")


def _stability(group: Group) -> str:
    return "deprecated" if "deprecated" in group else str(group["stability"])


def _type(type: str | Mapping[str, Any]) -> str:
    """Return the type of values; that of an enumeration is that of its first value."""
    if isinstance(type, str):
        return type
    return "int" if isinstance(type["members"][0]["value"], int) else "string"


def _requirement(attribute: Group) -> dict[str, str]:
    level = attribute.get("requirement_level", "recommended")
    if isinstance(level, str):
        return {"requirement": level}
    ((name, condition),) = level.items()
    return {"requirement": name, "condition": " ".join(str(condition).split())}


def _deprecated(attributes: Mapping[str, Group]) -> Iterator[tuple[str, dict[str, str]]]:
    for name, attribute in attributes.items():
        if "deprecated" in attribute and name.startswith(PREFIXES):
            said = attribute["deprecated"]
            note = {"note": " ".join(said["note"].split())} if "note" in said else {}
            target = {"renamed_to": said["renamed_to"]} if "renamed_to" in said else {}
            if target:
                target["stability"] = str(attributes[target["renamed_to"]]["stability"])
            yield name, {"reason": said["reason"], **target, **note}


def read_model(checkout: Path, version: str) -> dict[str, Any]:
    """Return the parsed YAML files of `model` at a tag. `checkout` may be bare."""
    listed = _git(checkout, "ls-tree", "-r", "--name-only", version, "model").decode().split("\n")
    read = YAML(typ="safe", pure=True).load
    return {path: read(_git(checkout, "show", f"{version}:{path}")) or {} for path in listed if path.endswith(".yaml")}


def _git(checkout: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", checkout, *arguments], check=True, capture_output=True).stdout


def main(arguments: Sequence[str] | None = None) -> None:
    """Write `registry.json` from the checkout and the tag that the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("checkout", type=Path, help="a clone of open-telemetry/semantic-conventions")
    parser.add_argument("version", help="the tag of a release, such as v1.44.0")
    given = parser.parse_args(arguments)
    commit = _git(given.checkout, "rev-parse", f"{given.version}^{{commit}}").decode().strip()
    data = extract(read_model(given.checkout, given.version), given.version.removeprefix("v"), commit)
    REGISTRY.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
