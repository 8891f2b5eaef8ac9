"""Files that hold every hostile text in every place: traces, contracts, and names of files."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.hostile.texts import TEXTS, Hostile

MS = 1_000_000
CONTRACT_FILE = "h\x1b[31m\n::error::e <b>`|](x)_*%0A\u202e\u200b##[add-mask]e.contract.yaml"
TRACE_FILE = "t\x1b]0;e\x07\r\n::error::e <b>`|](x)_*%0A\u202e\u200b##[add-mask]e.json"


_SURROGATES: Final = {each.number for each in TEXTS if any("\ud800" <= one <= "\udfff" for one in each.text)}


def in_yaml(texts: Sequence[Hostile]) -> list[Hostile]:
    """Return those that a YAML file can hold, which are those without surrogates."""
    return [each for each in texts if each.number not in _SURROGATES]


def attributes(values: dict[str, str]) -> list[dict[str, Any]]:
    return [{"key": name, "value": {"stringValue": value}} for name, value in values.items()]


def span(number: int, name: str, parent: int, **fields: Any) -> dict[str, Any]:
    start = 10**18 + number * MS
    return {
        "traceId": f"{1:032x}", "spanId": f"{number:016x}", "parentSpanId": f"{parent:016x}" if parent else "",
        "name": name, "kind": 1, "startTimeUnixNano": str(start), "endTimeUnixNano": str(start + MS), **fields,
    }  # fmt: skip


def hostile_span(number: int, each: Hostile) -> dict[str, Any]:
    """Return a span with the text as its name, attribute, event, link, status message and trace state."""
    named = attributes({each.whole: each.whole})
    return span(
        number, each.whole, 1,
        traceState=f"e={each.whole}", attributes=named, status={"code": 2, "message": each.whole},
        events=[{"timeUnixNano": str(10**18), "name": each.whole, "attributes": named}],
        links=[{"traceId": f"{9:032x}", "spanId": f"{9:016x}", "traceState": each.whole, "attributes": named}],
    )  # fmt: skip


def traces(texts: Sequence[Hostile] = TEXTS, root: str = "top") -> str:
    """Return an OTLP document: a root whose attributes have hostile values, and a hostile span of a service each."""
    values = {f"v{each.number}": each.whole for each in texts}
    top = span(1, root, 0, attributes=attributes(values))
    resources = [([top], "shop", "scope")]
    resources += [([hostile_span(10 + each.number, each)], each.whole, each.whole) for each in texts]
    document = {
        "resourceSpans": [
            {
                "resource": {"attributes": attributes({"service.name": service, scope: service})},
                "scopeSpans": [{"scope": {"name": scope, "version": scope}, "spans": spans}],
            }
            for spans, service, scope in resources
        ],
        "resourceLogs": [
            {
                "resource": {"attributes": attributes({"service.name": each.whole})},
                "scopeLogs": [{"scope": {"name": each.whole}, "logRecords": [log(each)]}],
            }
            for each in texts
        ],
    }
    return json.dumps(document)


def log(each: Hostile) -> dict[str, Any]:
    ids = {"traceId": f"{1:032x}", "spanId": f"{10 + each.number:016x}"} if each.number % 2 else {}
    return {
        "timeUnixNano": str(10**18), "severityNumber": 9, "severityText": each.whole, "eventName": each.whole,
        "body": {"stringValue": each.whole}, "attributes": attributes({each.whole: each.whole}), **ids,
    }  # fmt: skip


def contract(texts: Sequence[Hostile] = TEXTS, version: str = "1.0.0", suffix: str = "") -> str:
    """Return a contract, as JSON, that all those spans break, and that holds all texts as names, literals and words."""
    sure = in_yaml(texts)
    body = {
        "spanpact": 1, "contract": "hostile", "version": version,
        "about": " ".join(each.whole for each in sure[:20]),
        "span": "top",
        "attributes": {each.whole + suffix: each.whole for each in sure}
        | {f"v{each.number}": {"equals": f"{each.whole}{suffix}x"} for each in sure},
        "closed": ["attributes", "children"],
        "every": {
            "plain": {
                "span": "*q", "status": "unset", "scope": f"scope{suffix}",
                "status_message": {"equals": sure[0].whole}, "resource": {"service.name": sure[1].whole},
            },
            "moving": {"span": "*q", "kind": "client"},
        },
        "pending": {"moving": {"reason": sure[-1].whole, "owner": sure[-2].whole, "until": "2099-01-01"}},
        "examples": {
            "given": {each.whole: {"attributes": {each.whole: each.whole}} for each in sure[:50]},
            "kept": {"trace": [{"span": "top", "children": [each.whole for each in sure[:50]]}]},
        },
    }  # fmt: skip
    pairs = re.compile(r"\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})")  # which YAML does not read as JSON does
    return pairs.sub(lambda match: f"\\U{_code_point(*match.groups()):08x}", json.dumps(body, indent=1))


def _code_point(high: str, low: str) -> int:
    return ord((bytes.fromhex(high) + bytes.fromhex(low)).decode("utf-16-be"))


def write(folder: Path, name: str, text: str) -> str:
    """Write a file and return its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)
