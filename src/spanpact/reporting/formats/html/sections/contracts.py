"""The section with the contracts: verdict, flows, coverage, and what was not checked of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from spanpact.findings import ContractResult, Coverage, CoverageState, NotChecked, Report
from spanpact.reporting.formats.html.kinds import Group
from spanpact.reporting.formats.html.markup import Html, element, join, numbered, text
from spanpact.reporting.formats.outcomes import Outcome, outcome_of, reason_of

STATES: Final[tuple[CoverageState, ...]] = ("exercised", "vacuous", "unseen")
OUTCOMES: Final[dict[Outcome, tuple[str, str, str]]] = {
    "failed": ("✗", "broken", "broken"),
    "not checked": ("?", "not checked", "doubt"),
    "allowed": ("?", "not checked, allowed", "doubt"),
    "passed": ("✓", "kept", "kept"),
}
"""The mark, the words and the style of each outcome, the gravest first."""


def contracts_section(report: Report, groups: Sequence[Group]) -> Html:
    """Return all contracts, the gravest outcome first; each opens to what was not checked and its expectations."""
    results = sorted(report.results, key=lambda result: list(OUTCOMES).index(outcome_of(report, result)))
    broken = {id(group.result): group.broken_flows for group in groups}
    rows = [_contract(report, result, broken.get(id(result), 0)) for result in results]
    if not rows:
        return Html("")
    return element(
        "section",
        element("h2", text("Contracts"), id="contracts-title"),
        *rows,
        id="contracts",
        aria_labelledby="contracts-title",
    )


def badge(outcome: Outcome) -> Html:
    """Return an outcome as a word with its mark, which does not rely on colour."""
    mark, words, style = OUTCOMES[outcome]
    return element(
        "span", element("span", text(mark), class_="mark", aria_hidden="true"), text(words), class_=f"badge {style}"
    )


def _contract(report: Report, result: ContractResult, broken: int) -> Html:
    outcome = outcome_of(report, result)
    flows = numbered(result.flows, "flow") + (f", {broken} broken" if broken and result.flows > 1 else "")
    name = element("span", text(result.contract), Html(" "), element("small", text(result.version)), class_="name")
    why = reason_of(report, result) if outcome in ("not checked", "allowed") else ""
    summary = element(
        "summary",
        badge(outcome),
        name,
        element("span", text(flows), class_="flows"),
        _bar(result.coverage),
        element("span", text(why), class_="why") if why else Html(""),
    )
    body = element("div", *_body(result), class_="body")
    return element("details", summary, body, class_=f"contract {OUTCOMES[outcome][2]}")


def _bar(coverage: Sequence[Coverage]) -> Html:
    """Return the shares of expectations by state as a bar, with the numbers beside it."""
    counts = [sum(each.state == state for each in coverage) for state in STATES]
    if not coverage:
        return element("span", text("no expectations"), class_="coverage")
    words = f"{counts[0]} of {numbered(len(coverage), 'expectation')} exercised"
    pieces, x = [], 0.0
    for state, number in zip(STATES, counts, strict=True):
        width = 100 * number / len(coverage)
        pieces.append(element("rect", class_=state, x=f"{x:.2f}", width=f"{width:.2f}", height="8"))
        x += width
    bar = element("svg", *pieces, viewBox="0 0 100 8", preserveAspectRatio="none", aria_hidden="true")
    return element("span", bar, text(words), class_="coverage")


def _body(result: ContractResult) -> Iterator[Html]:
    yield element("p", element("code", text(result.file)), class_="place") if result.file else Html("")
    if result.not_checked:
        yield element("h3", text("Not checked"))
        yield element("ul", *map(_not_checked, result.not_checked), class_="gaps")
    if result.coverage:
        yield element("h3", text("Expectations"))
        yield _expectations(result)


def _not_checked(each: NotChecked) -> Html:
    what = element("code", text(f"{each.entry}.{each.keyword}" if each.keyword else each.entry))
    times = f" (×{each.count:,})" if each.count > 1 else ""
    place = join(Html(" "), element("code", text(each.place), class_="place")) if each.place else Html("")
    detail = f": {each.detail}" if each.detail else ""
    return element("li", what, text(f" {each.reason}{detail}{times}"), place)


def _expectations(result: ContractResult) -> Html:
    proving = any(each.proven is not None for each in result.coverage)
    names = ("state", "expectation", "spans", *(("proven",) if proving else ()), "line")
    head = element("tr", *(element("th", text(name), scope="col", class_=name) for name in names))
    rows = (element("tr", *_cells(each, result.file, proving)) for each in result.coverage)
    table = element("table", element("thead", head), element("tbody", *rows), class_="expectations")
    label = f"Expectations of {result.contract}"
    return element("div", table, class_="scrolls", tabindex=0, role="region", aria_label=label)


def _cells(each: Coverage, file: str, proving: bool) -> Iterator[Html]:
    yield element("td", element("span", text(each.state), class_=f"state {each.state}"))
    yield element("td", element("code", text(f"{each.entry}.{each.keyword}" if each.keyword else each.entry)))
    yield element("td", text(f"{each.exercised:,}" if each.exercised else ""), class_="spans")
    if proving:
        yield element("td", text({True: "yes", False: "no", None: ""}[each.proven]))
    place = each.place
    shown = (str(place.line) if place.file == file else str(place)) if place else ""
    yield element("td", element("code", text(shown)))
