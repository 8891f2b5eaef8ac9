"""The section with the findings: for each contract its kinds of findings, each with the places of its findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final
from urllib.parse import quote

from spanpact.errors import Place
from spanpact.findings import Finding
from spanpact.reporting.formats.html.contract_excerpts import ContractExcerpts, Excerpt
from spanpact.reporting.formats.html.data.report_data import ReportData
from spanpact.reporting.formats.html.kinds import Group, Kind
from spanpact.reporting.formats.html.markup import Html, element, join, numbered, text, web_link
from spanpact.reporting.text_options import TextOptions

MOST_PLACES: Final = 2000
"""The most places of findings in a page, unless the report shows everything."""
_MOST_OF_A_KIND: Final = 50
_MOST_OPEN: Final = 3
_MOST_IN_PATH: Final = 6


def findings_section(groups: Sequence[Group], data: ReportData, options: TextOptions) -> Html:
    """Return the findings by contract and kind; "" if there are none."""
    found = [group for group in groups if group.kinds]
    kinds = sum(len(group.kinds) for group in found)
    if not kinds:
        return Html("")
    drawn = _Findings(data, options, max(1, min(_MOST_OF_A_KIND, MOST_PLACES // kinds)), found[0].kinds[0], kinds)
    return element(
        "section",
        element("h2", text("Findings"), id="findings-title"),
        *(_group(group, drawn) for group in found),
        id="findings",
        aria_labelledby="findings-title",
    )


def level_of(finding: Finding) -> str:
    """Return what a finding does to the verdict: its level, or `pending`."""
    return "pending" if finding.pending else finding.level


def _group(group: Group, drawn: _Findings) -> Html:
    noun = "flow" if group.result else "trace"
    broken = f"{group.broken_flows} of {numbered(group.result.flows, noun)} broken" if group.result else ""
    broken = broken or (f"{numbered(group.broken_flows, noun)} broken" if group.broken_flows else "")
    title = element("h3", text(group.title), join(Html(" "), element("small", text(broken))))
    return element("div", title, *(drawn.kind(kind, noun) for kind in group.kinds), class_="group")


class _Findings:
    """How kinds are written: how many places each shows, and which are open: all of a few, else the first."""

    def __init__(self, data: ReportData, options: TextOptions, most: int, first: Kind, kinds: int) -> None:
        self.data, self.options, self.first, self.few = data, options, first, kinds <= _MOST_OPEN
        self.most = None if options.everything else most
        self.excerpts = ContractExcerpts(options.mask)

    def kind(self, kind: Kind, noun: str) -> Html:
        first, level = kind.first, level_of(kind.first)
        mark = "✗" if first.breaks else "!" if level != "information" else "i"
        words = [] if first.breaks else [element("span", text(level), class_="level")]
        number = numbered(kind.flows, noun)
        if len(kind.findings) != kind.flows:
            number += f", {numbered(len(kind.findings), 'finding')}"
        summary = element(
            "summary",
            element("span", text(mark), class_="mark", aria_hidden="true"),
            element("code", text(first.key), class_="key"),
            *words,
            element("span", text(first.message), class_="message"),
            element("span", text(number), class_="count"),
        )
        body = element("div", self._facts(first), self._excerpt(first), self._places(kind), class_="body")
        opened = self.few or kind is self.first
        return element("details", summary, body, class_=f"kind {level}", data_level=level, open=opened)

    def _facts(self, finding: Finding) -> Html:
        facts = _facts_of(finding)
        cells = ((element("dt", text(name)), element("dd", text(value), data_fact=name)) for name, value in facts)
        return element("dl", *chain.from_iterable(cells), class_="facts")

    def _excerpt(self, finding: Finding) -> Html:
        if finding.place is None:
            return Html("")
        keyword = join(Html(" "), element("span", text(f"({finding.keyword})"))) if finding.keyword else Html("")
        caption = element("p", element("code", text(finding.place)), keyword, class_="place")
        excerpt = self.excerpts.around(finding.place)
        lines = excerpt_block(excerpt, finding.place) if excerpt else Html("")
        return element("div", caption, lines, class_="clause")

    def _places(self, kind: Kind) -> Html:
        shown = kind.findings[: self.most]
        places = element("ol", *(element("li", self._place(each, kind.first)) for each in shown), class_="places")
        left = len(kind.findings) - len(shown)
        more = element("p", text(f"{numbered(left, 'more finding')} of this kind: --all lists them"), class_="left-out")
        return join(places, more if left else Html(""))

    def _place(self, finding: Finding, first: Finding) -> Html:
        where = list(_where(finding, self.data.names.get(finding.trace_id, "")))
        words = element("span", text(" › ".join(where)), class_="path")
        place = self.data.place.get(id(finding))
        if place:
            words = element("a", words, href=finding_address(*place))
        parts = [words]
        if (finding.message, finding.observed) != (first.message, first.observed):
            differs = finding.message if finding.message != first.message else f"observed {finding.observed}"
            parts.append(element("span", text(differs), class_="differs"))
        if finding.trace_id:
            shown = element("code", text(finding.trace_id), class_="id")
            link = self.options.link_to(finding.trace_id)
            parts.append(web_link(link, shown, class_="out") if link else shown)
        if finding.trace_id and not place:
            parts.append(element("span", text("not in this file"), class_="left-out"))
        return join(*(join(part, Html(" ")) for part in parts))


def finding_address(trace_id: str, number: int) -> str:
    """Return the address within the page of a finding in its trace."""
    return f"#trace={quote(trace_id, safe='')}&finding={number}"


def excerpt_block(excerpt: Excerpt, place: Place) -> Html:
    """Return lines of a contract with their numbers; the line of the clause is marked."""
    rows = [
        element(
            "mark" if number == place.line else "span",
            element("span", text(number), class_="number", aria_hidden="true"),
            text(shown or " "),
        )
        for number, shown in enumerate(excerpt.lines, excerpt.first)
    ]
    return element("pre", *rows, class_="excerpt", tabindex=0, role="region", aria_label=f"lines of {place}")


def _facts_of(finding: Finding) -> Iterator[tuple[str, str]]:
    pending = finding.pending
    rows = (
        ("expected", finding.expected),
        ("observed", finding.observed),
        ("condition", finding.condition),
        ("pending", f"until {pending.until}, {pending.owner}: {pending.reason}" if pending else ""),
        ("hint", finding.hint),
    )
    yield from ((name, value) for name, value in rows if value)


def _where(finding: Finding, root: str) -> Iterator[str]:
    """Yield the span names on the way to a finding; of a long way its ends."""
    path = finding.path or ((root,) if root else ("the trace",) if finding.trace_id else ("the whole run",))
    if len(path) > _MOST_IN_PATH:
        path = (*path[:2], "…", *path[2 - _MOST_IN_PATH :])
    yield from (name or '""' for name in path)
