"""contract.schema.json, for editors: the same vocabulary as the loader, and the same verdict on what it can see."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from spanpact.contract.document import to_python
from spanpact.contract.loader import vocabulary
from spanpact.contract.yaml_reader import from_yaml
from spanpact.findings.catalogue import CATALOGUE
from spanpact.privacy import KNOWN_CLASSES

SCHEMA: dict[str, Any] = json.loads(files("spanpact.contract").joinpath("contract.schema.json").read_text("utf-8"))
DEFS: dict[str, Any] = SCHEMA["$defs"]
VALIDATOR = Draft202012Validator(SCHEMA)
FIXTURES = sorted((Path(__file__).parent / "contract_examples").glob("*.contract.yaml"))
HEAD = "spanpact: 1\ncontract: c\nversion: 1.0.0\n"


def accepts(text: str) -> bool:
    return bool(VALIDATOR.is_valid(to_python(from_yaml(text))))


def test_the_schema_is_a_valid_json_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_every_fixture_is_valid(path: Path) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(to_python(from_yaml(path.read_bytes())))] == []


def _alternatives(definition: dict[str, Any]) -> list[dict[str, Any]]:
    if "properties" in definition:
        return [definition]
    return [each for each in definition.get("anyOf", definition.get("oneOf", ())) if "properties" in each]


@pytest.mark.parametrize(
    ("name", "keywords"),
    [
        ("contract", vocabulary.FILE),
        ("fragment", vocabulary.FRAGMENT),
        ("entry", vocabulary.ENTRY),
        ("where", vocabulary.CONTENT),
        ("side", vocabulary.SIDE),
        ("matcher", vocabulary.MATCHER),
        ("kindMatcher", vocabulary.CLOSED_MATCHER),
        ("statusMatcher", vocabulary.CLOSED_MATCHER),
        ("event", vocabulary.EVENT),
        ("link", vocabulary.LINK),
        ("condition", vocabulary.CONDITION),
        ("statement", vocabulary.STATEMENT),
        ("example", vocabulary.EXAMPLE),
        ("exampleSpan", vocabulary.EXAMPLE_SPAN),
        ("exampleChange", vocabulary.EXAMPLE_SPAN),
        ("exampleGiven", vocabulary.CONCRETE),
        ("value", vocabulary.EXAMPLE_VALUE),
    ],
)
def test_the_schema_has_the_loaders_vocabulary(name: str, keywords: tuple[str, ...]) -> None:
    (definition,) = _alternatives(DEFS[name])
    assert set(definition["properties"]) == set(keywords)
    assert definition["additionalProperties"] is False


def test_the_smaller_mappings_have_the_loaders_vocabulary() -> None:
    spans, events = _alternatives(DEFS["rule"])
    assert set(spans["properties"]) == set(vocabulary.SPAN_RULE)
    assert set(events["properties"]) == set(vocabulary.EVENT_RULE)
    assert set(events["properties"]["where"]["properties"]) == set(vocabulary.EVENT_WHERE)
    contract = DEFS["contract"]["properties"]
    assert set(contract["clock"]["properties"]) == set(vocabulary.CLOCK)
    assert set(contract["pending"]["additionalProperties"]["properties"]) == set(vocabulary.PENDING)
    assert set(contract["duration"]["anyOf"][1]["properties"]) == set(vocabulary.DURATION)
    assert set(DEFS["limits"]["properties"]) == set(vocabulary.LIMITS)
    span = DEFS["exampleSpan"]["properties"]
    assert set(span["scope"]["anyOf"][1]["properties"]) == set(vocabulary.EXAMPLE_SCOPE)
    assert set(span["dropped"]["anyOf"][1]["properties"]) == set(vocabulary.EXAMPLE_DROPPED)
    for field, words in (("events", vocabulary.EXAMPLE_EVENT), ("logs", vocabulary.EXAMPLE_LOG)):
        assert set(span[field]["anyOf"][1]["items"]["anyOf"][1]["properties"]) == set(words)
    link = span["links"]["anyOf"][1]["items"]["properties"]
    assert set(link) == set(vocabulary.EXAMPLE_LINK)
    assert set(link["to"]["anyOf"][1]["properties"]) == set(vocabulary.EXAMPLE_TARGET)


def test_the_closed_words_are_the_loaders() -> None:
    assert DEFS["kindMatcher"]["anyOf"][0]["enum"] == list(vocabulary.KINDS)
    assert DEFS["statusMatcher"]["anyOf"][0]["enum"] == list(vocabulary.STATUSES)
    (matcher,) = _alternatives(DEFS["matcher"])
    assert matcher["properties"]["type"]["enum"] == list(vocabulary.TYPES)
    contract = DEFS["contract"]["properties"]
    assert contract["parent"]["enum"] == list(vocabulary.PARENTS)
    assert contract["closed"]["items"]["enum"] == list(vocabulary.CLOSABLE)
    assert DEFS["event"]["properties"]["via"]["enum"] == list(vocabulary.VIAS)
    assert DEFS["finding"]["enum"] == list(CATALOGUE)
    assert all(VALIDATOR.is_valid(to_python(from_yaml(HEAD + f"levels: {{{id}: off}}"))) for id in CATALOGUE)
    assert accepts(HEAD + f"span: a\nforbid: [{', '.join(KNOWN_CLASSES)}]")


@pytest.mark.parametrize(
    "wrong",
    [
        "atributes: {}",
        "count: 1",
        "span: a\nkind: cleint",
        "span: a\nchildren: {b: {}}",
        "span: a\nchildren: {B: {span: b}}",
        "span: a\nchildren: {b: {span: b, count: many}}",
        "span: a\nattributes: {x: {equal: 5}}",
        "span: a\nattributes: {x: {}}",
        "span: a\nwhere: {attributes: {x: {same_as: top.y}}}",
        "span: a\nwhere: {events: {e: {event: x, attributes: {x: {same_as: top.y}}}}}",
        "span: a\nduration: 5",
        "span: a\nlimits: {}",
        "span: a\nlimits: {lenght: 5}",
        "span: a\nlimits: {length: -1}",
        "span: a\nexcept: [x]",
        "span: a\nclosed: [childs]",
        "span: a\nconditions: {c: {when: {top: present}}}",
        "span: a\nconditions: {c: {when: {top: here}, then: {top: absent}}}",
        "span: a\nevery: {r: {span: a, event: b}}",
        "span: a\nevery: {r: {event: b, kind: client}}",
        "span: a\nacross: {s: {sampling: 0.5, error_rate: 0.5}}",
        "span: a\nacross: {s: {error_rate: 0.5, confidence: 0.5}}",
        "span: a\nacross: {s: {distinct_names: 0}}",
        "span: a\nacross: {s: {distinct_names: 5, samples: 5}}",
        "span: a\nlevels: {child-latte: off}",
        "span: a\npending: {top: {reason: r, owner: o}}",
        "status: error",
        "closed: [children, links]",
        "span: a\nexamples: {x: {trase: [a]}}",
        "span: a\nexamples: {x: {trace: [{kind: client}]}}",
        "span: a\nexamples: {x: {trace: [a], findings: [status]}}",
        "span: a\nexamples: {given: {a: {children: [b]}}}",
    ],
)
def test_the_schema_finds_the_most_common_mistakes(wrong: str) -> None:
    assert not accepts(HEAD + wrong)


def test_a_fragment_allows_fewer_keys_than_a_contract() -> None:
    assert accepts("spanpact: 1\nfragment: f\nevery: {r: {span: a}}")
    assert not accepts("spanpact: 1\nfragment: f\nspan: a")
    assert not accepts("spanpact: 1\n")
    assert not accepts("spanpact: 2\nfragment: f")
