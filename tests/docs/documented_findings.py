"""What docs/findings.md shows, as values: an example for each finding id, and what spanpact prints of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from ruamel.yaml import YAML

from spanpact.contract.examples import load_examples
from spanpact.contract.loader import load_text
from spanpact.findings import Finding, Report
from spanpact.reporting import TextOptions
from spanpact.reporting.drawing.finding_lines import finding_lines
from spanpact.trace.model import Reading
from spanpact.verification.comparison.source_comparison import compare
from spanpact.verification.examples.contract_examples import verify_examples
from spanpact.verification.options import VerificationOptions
from spanpact.verification.verifying import verify
from tests.docs.rule_pages import Rule, rules
from tests.engine.corpus_cases import HEADER, as_yaml

TODAY = dt.date(2026, 1, 1)
_REJECTED = {"trace": [], "findings": ["top/span-missing"]}


@dataclass(frozen=True, slots=True)
class Entry:
    """One finding of the page: its rule, the example as a document, and the lines that the page shows."""

    rule: Rule
    example: Mapping[str, Any]
    shown: str


def entries() -> Iterator[Entry]:
    """Read the findings of the page, from its top."""
    for rule in rules("findings.md"):
        example, shown = (block.text for block in rule.blocks)
        yield Entry(rule, YAML(typ="safe", pure=True).load(example), shown)


def report_of(example: Mapping[str, Any]) -> Report:
    """The verdict on an example of the page: two traces compared, a contract's examples, or traces judged by it."""
    if "first" in example:
        return compare(_reading({}, {"trace": example["first"]}), _reading({}, {"trace": example["second"]}))
    if "examples" in example:
        return verify_examples([load_text(as_yaml({**HEADER, **example["contract"], "examples": example["examples"]}))])
    traces = {key: example[key] for key in ("trace", "traces", "offered") if key in example}
    reading = _reading(example["contract"], traces)
    reading = _without(reading, example.get("lost", ""))
    return verify([load_text(as_yaml({**HEADER, **example["contract"]}))], reading, VerificationOptions(today=TODAY))


def _without(reading: Reading, name: str) -> Reading:
    """The reading without the spans of this name; their log records stay."""
    traces = [
        msgspec.structs.replace(trace, spans=[span for span in trace.spans if span.name != name])
        for trace in reading.traces
    ]
    return msgspec.structs.replace(reading, traces=traces)


def _reading(contract: Mapping[str, Any], traces: Mapping[str, Any]) -> Reading:
    examples = {"case": traces, "accepted": {"trace": []}, "rejected": _REJECTED}
    body = contract or {"span": "top"}
    plan = load_text(as_yaml({**HEADER, **body, "examples": examples}))
    return next(example.reading for example in load_examples(plan) if example.id == "case")


def printed(finding: Finding) -> str:
    """The finding as a text report prints it, without the place in a file."""
    return "\n".join(finding_lines(replace(finding, place=None), TextOptions().canvas, 100)) + "\n"
