"""A lint report as JSON, for programs; docs/cli.md describes the shape."""

from __future__ import annotations

from typing import Any, Final

from spanpact.lint.messages import LintMessage, LintReport
from spanpact.privacy import mask
from spanpact.reporting.json_document import json_text, place_fields, versioned

SHAPE: Final = 1
"""The version of the shape, under the key `spanpact_lint`."""


def render_lint_json(report: LintReport) -> str:
    """Return the report as JSON text."""
    return json_text(lint_document(report))


def lint_document(report: LintReport) -> dict[str, Any]:
    """Return the report as plain values; texts that hold private data are masked."""
    fields = {
        "exit_code": report.exit_code,
        "contracts": report.contracts,
        "fragments": report.fragments,
        "messages": [_message(each) for each in report.messages],
    }
    return versioned("spanpact_lint", SHAPE, fields)


def _message(message: LintMessage) -> dict[str, Any]:
    return {
        "id": message.id,
        "level": message.level,
        "message": mask(message.message),
        "hint": mask(message.hint),
        "contract": message.contract,
        "place": place_fields(message.place),
    }
