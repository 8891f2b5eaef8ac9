"""Explain one finding of a report: its clause, its span, edits that would settle it, usual causes, remedies.

    report ──choose_finding──▶ number ──explain──▶ Explanation ──▶ explanation_text, explanation_json of reporting

`clause` reads the lines of a contract file; everything else is pure. The texts are data: `causes` by finding id,
`remedies` by topic and programming language.

May import `findings` and what is below; not `reporting`, which draws what is explained here.
"""

from __future__ import annotations

from spanpact.explaining.choosing import FindingKind, choose_finding, kinds_of
from spanpact.explaining.clause import Clause, read_clause
from spanpact.explaining.edits import SuggestedEdit, suggested_edits
from spanpact.explaining.explanation import Explanation, explain
from spanpact.explaining.remedies import LANGUAGES

__all__ = [
    "LANGUAGES",
    "Clause",
    "Explanation",
    "FindingKind",
    "SuggestedEdit",
    "choose_finding",
    "explain",
    "kinds_of",
    "read_clause",
    "suggested_edits",
]
