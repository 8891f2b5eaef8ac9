"""The text report: golden files, and properties of every report."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spanpact.errors import Place
from spanpact.findings import ContractResult, Finding, NotChecked, Pending, Report
from spanpact.reporting import TextOptions, options_for, render_text, summary_line
from spanpact.trace.model import ALL_CAPABILITIES, Reading, SourceInfo, Trace
from tests.reporting.sample_reports import CONTRACT, changed, in_trace, judged, kept_flow, span

GOLDEN = Path(__file__).with_name("golden")
MISS = {"attributes": {"key": "session:*", "cache_hit": False}}
LEAK = {"attributes": {"key": "session:bob@example.com", "cache_hit": True}}


def stored_early() -> list[Any]:
    return [
        *kept_flow(),
        span(4, "redis.set", 2, start=2.5, takes=0.2),
        span(5, "db.query", 2, start=3, takes=1.5, kind="client"),
    ]


def misplaced() -> list[Any]:
    return changed(kept_flow(), "redis.get", parent_id=f"{1:016x}")


def two_lookups() -> list[Any]:
    return [*kept_flow(), span(4, "redis.get", 2, start=3, attributes={"key": "session:*", "cache_hit": True})]


def long_flow() -> list[Any]:
    return [*kept_flow(), *(span(10 + i, "redis.get", 2, start=2 + i / 100, takes=0.001) for i in range(60))]


REPORTS: dict[str, tuple[Report, TextOptions]] = {
    "kept": (judged(in_trace(kept_flow(), 1), in_trace(kept_flow(), 2)), TextOptions()),
    "leak": (judged(in_trace(changed(kept_flow(), "redis.get", **LEAK), 1)), TextOptions()),
    "missing": (judged(in_trace(changed(kept_flow(), "redis.get", **MISS), 1)), TextOptions()),
    "order": (judged(in_trace(stored_early(), 1)), TextOptions()),
    "misplaced": (judged(in_trace(misplaced(), 1)), TextOptions()),
    "surplus": (judged(in_trace(two_lookups(), 1)), TextOptions()),
    "abridged": (judged(in_trace(long_flow(), 1)), TextOptions()),
    "unseen": (judged(in_trace(changed(kept_flow(), "session.validate", name="other"), 1)), TextOptions()),
    "coverage": (judged(in_trace(kept_flow(), 1)), TextOptions(coverage=True)),
    "malformed": (
        judged(in_trace([*kept_flow(), span(3, "again", 2, start=3), span(9, "lost", 77, start=2)], 1)),
        TextOptions(),
    ),
    "folded": (
        judged(*(in_trace(changed(kept_flow(), "redis.get", **MISS), number) for number in range(1, 8))),
        TextOptions(),
    ),
    "scenario": (
        judged(
            in_trace(kept_flow()[:1], 1, scenario="miss"),
            contract=CONTRACT.replace("version:", "scenario: miss\nversion:"),
        ),
        TextOptions(),
    ),
    "ascii": (judged(in_trace(changed(kept_flow(), "redis.get", **MISS), 1)), TextOptions(ascii=True)),
}


@pytest.mark.parametrize("name", REPORTS)
def test_report_equals_its_golden_file(name: str) -> None:
    text, file = render_text(*REPORTS[name]), GOLDEN / f"{name}.txt"
    if os.environ.get("SPANPACT_GOLDEN") == "write":
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def test_every_golden_file_has_a_report() -> None:
    assert {file.stem for file in GOLDEN.glob("*.txt")} == set(REPORTS)


@pytest.mark.parametrize("name", REPORTS)
def test_every_violation_names_key_and_contract_line(name: str) -> None:
    report, options = REPORTS[name]
    text = render_text(report, replace(options, everything=True))
    for finding in report.findings:
        assert finding.key in text
        assert finding.place is None or str(finding.place) in text


@pytest.mark.parametrize("name", REPORTS)
def test_ascii_report_is_ascii_and_has_as_many_lines(name: str) -> None:
    report, options = REPORTS[name]
    text = render_text(report, replace(options, ascii=True))
    text.encode("ascii")
    assert len(text.splitlines()) == len(render_text(report, options).splitlines())


@pytest.mark.parametrize("name", REPORTS)
def test_colour_changes_nothing_but_colour(name: str) -> None:
    report, options = REPORTS[name]
    painted = render_text(report, replace(options, colour=True))
    assert "\x1b[" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == render_text(report, options)


HOSTILE = "evil\x1b]0;t\x07\x1b[2J\r\n\x85\u202e\u2028\ud800\U000e0041‮name"


def test_control_characters_of_spans_never_reach_the_terminal() -> None:
    spans = changed(kept_flow(), "redis.get", name=HOSTILE, attributes={HOSTILE: HOSTILE, "key": [HOSTILE]})
    report = judged(in_trace(spans, 1, scenario=HOSTILE), header=[(HOSTILE, HOSTILE)])
    for text in (render_text(report), render_text(report, TextOptions(ascii=True, coverage=True, everything=True))):
        text.encode("utf-8")
        assert all(character == "\n" or character.isprintable() for character in text)


@pytest.mark.fault("S2")
def test_private_data_is_masked_in_every_part_of_the_report() -> None:
    spans = changed(kept_flow(), "GET /session", name="GET /bob@example.com")
    spans = changed(spans, "session.validate", attributes={"session.valid": ["bob@example.com"], "error": b"x"})
    report = judged(in_trace(spans, 1), header=[("command", "run bob@example.com")])
    assert "bob@" not in render_text(report, TextOptions(everything=True))


def test_mask_option_masks_own_privacy_classes() -> None:
    spans = changed(kept_flow(), "redis.get", kind="internal", name="redis.get", attributes={"key": "S-123"})
    assert "S-123" not in render_text(
        judged(in_trace(spans, 1), contract=CONTRACT.replace("every:", "classes: {staff: 'S-[0-9]+'}\nevery:")),
        TextOptions(mask=lambda text, _="": text.replace("S-123", "‹staff›")),
    )


def test_everything_shows_similar_flows_too() -> None:
    report, options = REPORTS["folded"]
    assert render_text(report, options).count("load/span-missing") == 1
    assert render_text(report, replace(options, everything=True)).count("load/span-missing") == 7


def broken_in_many_ways() -> Report:
    ways = [changed(kept_flow(), "redis.get", kind=kind) for kind in ("server", "producer", "consumer", "internal")]
    ways = [changed(way, "redis.get", attributes={"key": "k" * n}) for n, way in enumerate(ways)]
    ways += [changed(kept_flow(), "redis.get", **MISS), changed(kept_flow(), "session.validate", status="error")]
    ways += [misplaced(), two_lookups(), stored_early()]
    return judged(*(in_trace(way, n) for n, way in enumerate(ways, 1)))


def test_many_ways_to_be_broken_are_a_table_of_kinds_and_one_example() -> None:
    report = broken_in_many_ways()
    lines = render_text(report).splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("session-validate broken in 9 flows by"))
    rows = [line.split() for line in lines[first + 1 : lines.index("", first)]]
    flows: dict[str, list[str]] = {}
    for finding in report.findings:
        flows.setdefault(finding.key, []).append(finding.trace_id)
    told = {key: (int(number), trace_id) for key, number, _, _, trace_id in rows}
    assert told == {key: (len(set(traces)), traces[0]) for key, traces in flows.items()}
    assert [number for number, _ in told.values()] == sorted((number for number, _ in told.values()), reverse=True)
    assert sum(line.startswith("session-validate broken in trace") for line in lines) == 1
    assert "… 5 more flows of session-validate broken in other ways (--all shows them)" in lines


def test_everything_shows_the_table_and_each_flow() -> None:
    text = render_text(broken_in_many_ways(), TextOptions(everything=True))
    assert "session-validate broken in 9 flows by" in text
    assert text.count("session-validate broken in trace") == 9
    assert "--all" not in text


def test_a_few_ways_to_be_broken_are_all_drawn() -> None:
    ways = [misplaced(), two_lookups(), stored_early()]
    text = render_text(judged(*(in_trace(way, n) for n, way in enumerate(ways, 1))))
    assert text.count("session-validate broken in trace") == 3
    assert "kinds of findings" not in text


def test_many_findings_in_one_flow_are_counted() -> None:
    spans = [*kept_flow(), *(span(100 + i, f"odd{i}", 2, start=2) for i in range(50))]
    report = judged(in_trace(spans, 1))
    text = render_text(report)
    assert text.count("top/span-extra") == 20
    assert "30 more findings in this flow (--all shows them)" in text
    assert render_text(report, TextOptions(everything=True)).count("top/span-extra") == 50


def test_deep_and_wide_traces_are_abridged_without_recursion() -> None:
    chain = [span(1000 + i, "step", 999 + i if i else 3) for i in range(3000)]
    deep = [*kept_flow(), *chain, span(9000, "bob@example.com", 3999)]
    text = render_text(judged(in_trace(deep, 1)))
    assert "private/privacy-leak" in text
    assert "more" in text
    assert len(text.splitlines()) < 60
    assert len(text) < 10_000


def test_findings_without_a_trace_are_listed_with_their_path() -> None:
    place = Place("c.yaml", 3, 4)
    lost = Finding("span-missing", "store", "redis.set is missing", trace_id="f" * 32, path=("a", "b"), place=place)
    across = Finding("sampling-rate", "rate", "sampled too often", expected="0.1", observed="0.5", hint="look")
    result = ContractResult("c", "1.0.0", "c.yaml", "broken", 3, (lost, across))
    text = render_text(Report((result,)))
    assert "a › b" in text
    assert "rate/sampling-rate" in text
    assert text.splitlines()[0].startswith("✗ broken")


def test_findings_that_break_nothing_take_one_line_for_each_kind() -> None:
    pending = Pending("moving", "team", "2027-03-31")
    late = [Finding("child-late", "integrity", "it ends late", "improvement", trace_id=f"{n:032x}") for n in range(3)]
    owed = Finding("duration", "store", "too slow", pending=pending, place=Place("c.yaml", 1, 2))
    tie = Finding("match-ambiguous", "store", "as good", "information")
    report = Report((ContractResult("c", "1.0.0", "c.yaml", "kept", 3, (owed, tie)),), tuple(late))
    text = render_text(report)
    assert "! integrity/child-late  integrity: it ends late (improvement) ×3  trace " + "0" * 32 in text
    assert "! store/duration  c: too slow (pending until 2027-03-31)  c.yaml:1:2" in text
    assert "i store/match-ambiguous" in text
    assert summary_line(report) == "kept: 1 contract, 1 kept, 3 flows, 1 pending"


def test_pending_finding_in_a_broken_flow_names_its_agreement() -> None:
    owed = Finding("duration", "store", "too slow", pending=Pending("moving", "team", "2027-03-31"))
    broken = Finding("kind", "store", "another", level="violation")
    text = render_text(Report((ContractResult("c", "1.0.0", "", "broken", 1, (owed, broken)),)))
    assert "until 2027-03-31, team: moving" in text


def test_unchecked_contract_has_a_reason_and_whether_it_is_allowed() -> None:
    unseen = ContractResult("a", "1.0.0", "", "not checked", 0, (), (NotChecked("top", "span", "unseen", "no a"),))
    kept = ContractResult("b", "1.0.0", "", "kept", 2, (), (NotChecked("top", "scope", "capability", "no scope", 2),))
    empty = ContractResult("c", "1.0.0", "", "not checked", 1)
    text = render_text(Report((unseen, kept, empty), allow_unseen=True))
    assert "unseen, allowed" in text
    assert "capability  top.scope: no scope (×2)" in text
    assert "c  nothing was exercised" in text
    assert "1 beyond what the source can carry" in text
    strict = Report((kept,), strict=True)
    assert summary_line(strict).startswith("not checked: ")
    assert "(--strict counts them)" in summary_line(strict)


def test_empty_report_says_that_nothing_was_judged() -> None:
    assert render_text(Report(())) == "not checked: no contract was judged\n"


def test_span_with_a_masked_id_is_still_found() -> None:
    spans = changed(kept_flow(), "redis.get", span_id="bob@example.com", kind="server")
    text = render_text(judged(in_trace(spans, 1)))
    assert re.search(r"redis\.get .*\n.*✗ lookup/kind", text)


class _Stream:
    def __init__(self, encoding: str | None, terminal: bool) -> None:
        self.encoding, self._terminal = encoding, terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.mark.parametrize(
    ("encoding", "terminal", "environ", "colour", "ascii_only", "width"),
    [
        ("utf-8", True, {}, True, False, 72),
        ("utf-8", True, {"NO_COLOR": "1"}, False, False, 72),
        ("utf-8", True, {"NO_COLOR": ""}, True, False, 72),
        ("utf-8", True, {"TERM": "dumb"}, False, False, 72),
        ("utf-8", False, {}, False, False, 100),
        ("ascii", False, {}, False, True, 100),
        ("latin-1", True, {}, True, True, 72),
        ("no-such", False, {}, False, True, 100),
        (None, False, {}, False, False, 100),
    ],
)
def test_options_suit_the_stream(
    encoding: str | None, terminal: bool, environ: dict[str, str], colour: bool, ascii_only: bool, width: int
) -> None:
    stream: Any = _Stream(encoding, terminal)
    options = options_for(stream, environ, columns=lambda: 72)
    assert (options.colour, options.ascii, options.width) == (colour, ascii_only, width)


def test_names_of_any_width_stay_within_the_line() -> None:
    spans = changed(kept_flow(), "redis.get", name="名前" * 100, kind="server")
    text = render_text(judged(in_trace(spans, 1)), TextOptions(width=60))
    assert "名前" in text
    tree = [line for line in text.splitlines() if line.lstrip().startswith(("├", "└"))]
    assert all(len(line) <= 60 for line in tree)


def test_header_names_the_source_and_the_backend() -> None:
    info = SourceInfo("old backend", ALL_CAPABILITIES - {"status_message"})
    trace = Trace("1" * 32, kept_flow())
    report = replace(REPORTS["kept"][0], reading=Reading(info, [trace]), header=[("backend", "jaeger 2.13")])
    assert render_text(report).startswith("source   old backend (1 trace, 3 spans)\nbackend  jaeger 2.13\n")
