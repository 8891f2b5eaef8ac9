"""Put together what explains one finding. Pure: the clause was read by the caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spanpact.errors import UsageError
from spanpact.explaining.causes import causes_of, topics_of
from spanpact.explaining.clause import Clause
from spanpact.explaining.edits import SuggestedEdit, suggested_edits
from spanpact.explaining.remedies import LANGUAGES, REMEDIES, Language, language_of
from spanpact.findings import CATALOGUE, Finding, Report, SavedSpan


@dataclass(frozen=True, slots=True)
class Explanation:
    """What explains a finding.

    - `number`: its number in the report, from 1; `alike`: the numbers of the findings of this contract with its key.
    - `meaning`: what its id says. `clause`: the lines of the contract, None where nothing has a place.
    - `span`: the span it is about, and `others` further ones, as far as the report holds them.
    - `edits`, `causes`: of these, each is one way; `remedies`: what to do, by programming language.
    """

    number: int
    finding: Finding
    alike: Sequence[int]
    meaning: str
    clause: Clause | None
    span: SavedSpan | None
    others: Sequence[SavedSpan]
    edits: Sequence[SuggestedEdit]
    causes: Sequence[str]
    remedies: Mapping[Language, Sequence[str]]


def explain(report: Report, number: int, clause: Clause | None = None, language: Language | None = None) -> Explanation:
    """Explain the finding of a report with this number, from 1.

    Remedies are for `language` (default: that of the span's SDK, and all where it is not known). Raise UsageError for a
    number that no finding has.
    """
    findings = report.findings
    if not 1 <= number <= len(findings):
        raise UsageError(f"there is no finding {number}", hint=f"the report has {len(findings)}")
    finding = findings[number - 1]
    spans = {(each.trace_id, each.span_id): each for each in report.saved_spans}
    span = spans.get((finding.trace_id, finding.span_id))
    others = [spans[key] for id in finding.spans if (key := (finding.trace_id, id)) in spans]
    alike = [n for n, each in enumerate(findings, 1) if (each.contract, each.key) == (finding.contract, finding.key)]
    known = CATALOGUE.get(finding.id)
    chosen = language or language_of(next((each.language for each in (span, *others) if each and each.language), ""))
    return Explanation(
        number,
        finding,
        alike,
        known.meaning if known else "",
        clause,
        span,
        others,
        suggested_edits(finding),
        causes_of(finding),
        _remedies(finding, (chosen,) if chosen else LANGUAGES),
    )


def _remedies(finding: Finding, languages: Sequence[Language]) -> Mapping[Language, Sequence[str]]:
    topics = topics_of(finding)
    texts = {each: [REMEDIES[topic][each] for topic in topics if each in REMEDIES[topic]] for each in languages}
    return {language: found for language, found in texts.items() if found}
