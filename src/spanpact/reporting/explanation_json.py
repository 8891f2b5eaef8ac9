"""The findings of a saved report, and the explanation of one, as JSON; `spanpact schema explanation` describes it."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from spanpact.explaining import Clause, Explanation, kinds_of
from spanpact.findings import Report, SavedSpan
from spanpact.reporting.json_document import json_text, place_fields, versioned
from spanpact.reporting.report_json import finding_fields
from spanpact.reporting.saved_spans import span_fields

SHAPE: Final = 1
"""The version of the shape, under the key `spanpact_explanation`."""


def render_explanation_json(report: Report, explanation: Explanation | None = None) -> str:
    """Return the kinds of findings, and the explanation if there is one, as JSON text."""
    return json_text(explanation_document(report, explanation))


def explanation_document(report: Report, explanation: Explanation | None = None) -> dict[str, Any]:
    """Return the same as plain values."""
    kinds = [
        {
            "number": kind.number,
            "key": kind.first.key,
            "contract": kind.first.contract,
            "level": kind.first.level,
            "breaks": kind.first.breaks,
            "message": kind.first.message,
            "count": kind.count,
        }
        for kind in kinds_of(report)
    ]
    fields = {"verdict": report.verdict, "kinds": kinds, "explanation": explanation and _fields(explanation)}
    return versioned("spanpact_explanation", SHAPE, fields)


def _fields(explanation: Explanation) -> dict[str, Any]:
    return {
        "number": explanation.number,
        "finding": finding_fields(explanation.finding),
        "alike": list(explanation.alike),
        "meaning": explanation.meaning,
        "clause": _clause(explanation.clause) if explanation.clause else None,
        "span": _span(explanation.span),
        "others": [_span(each) for each in explanation.others],
        "edits": [dataclasses.asdict(each) for each in explanation.edits],
        "causes": list(explanation.causes),
        "remedies": [
            {"language": language, "text": text} for language, texts in explanation.remedies.items() for text in texts
        ],
    }


def _span(span: SavedSpan | None) -> dict[str, Any] | None:
    return span_fields(span) if span else None


def _clause(clause: Clause) -> dict[str, Any]:
    lines = [{"number": number, "text": text} for number, text in clause.lines]
    return {"place": place_fields(clause.place), "lines": lines, "problem": clause.problem}
