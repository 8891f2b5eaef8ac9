"""`spanpact compare`: exit codes, reports, waiting, usage."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from tests.cli.commands import CommandLine, one_line
from tests.cli.test_jaeger import LateJaeger
from tests.reporting.sample_reports import changed, in_trace, kept_flow

ONE = f"{1:032x}"


@pytest.fixture
def lossy(cli: CommandLine) -> str:
    """Return the path of the kept trace with one span lost and another altered."""
    spans = changed(kept_flow()[:2], "session.validate", attributes={"session.valid": "yes"})
    return cli.traces("lossy.json", in_trace(spans, 1))


def test_sources_with_the_same_spans_are_kept(cli: CommandLine) -> None:
    copy = cli.traces("copy.json", in_trace(list(reversed(kept_flow())), 1))
    answer = cli("compare", "--from", cli.kept, "--from", copy)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(f"source  {cli.kept}, {copy} (1 trace, 3 spans)\n")
    assert answer.out.endswith("kept: 1 contract, 1 kept, 1 flow\n")


def test_each_difference_is_a_finding_at_its_span(cli: CommandLine, lossy: str) -> None:
    answer = cli("compare", "--from", cli.kept, "--from", lossy)
    assert answer.code == 1
    for line in ("comparison/span-lost", "comparison/span-altered  (attributes.session.valid)", 'observed   "yes"'):
        assert line in answer.out


def test_json_report_is_written_to_a_file(cli: CommandLine, lossy: str, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    given = ("compare", "--from", cli.kept, "--from", lossy, "--format", "json", "--output", str(file))
    assert cli(*given).out.startswith("broken: ")
    findings = json.loads(file.read_text())["contracts"][0]["findings"]
    assert [finding["key"] for finding in findings] == ["comparison/span-lost", "comparison/span-altered"]


def test_trace_option_limits_the_comparison_to_the_traces_it_names(cli: CommandLine, lossy: str) -> None:
    both = cli.traces("both.json", in_trace(kept_flow(), 1), in_trace(kept_flow(), 2))
    assert "1 finding, 1 flow" in cli("compare", "--from", both, "--from", lossy, "--trace", f"{2:032x}").out
    assert cli("compare", "--from", both, "--from", cli.kept, "--trace", "1").code == 0


def test_a_named_trace_that_the_first_source_lacks_could_not_be_verified(cli: CommandLine) -> None:
    answer = cli("compare", "--from", cli.kept, "--from", cli.kept, "--trace", "abc")
    assert (answer.code, answer.out) == (3, "")
    assert one_line(answer.err, ["trace abc was never seen (no id begins so", "was it sampled"])


def test_sources_without_a_common_trace_never_pass(cli: CommandLine) -> None:
    other = cli.traces("other.json", in_trace(kept_flow(), 9))
    assert cli("compare", "--from", cli.kept, "--from", other).code == 1
    empty = cli.file("empty.json", '{"resourceSpans": []}')
    assert cli("compare", "--from", empty, "--from", cli.kept).code == 3


def test_spans_that_come_late_are_waited_for(cli: CommandLine) -> None:
    whole = in_trace(kept_flow(), 1)
    part = msgspec.structs.replace(whole, spans=whole.spans[:2])
    with LateJaeger(None, part, part, whole) as jaeger:
        answer = cli("compare", "--from", cli.kept, "--from", f"jaeger:{jaeger.url}", "--trace", ONE, "--wait", "30")
    assert answer.code == 0
    assert f"= Jaeger {jaeger.url}" in answer.out


def test_spans_that_never_come_are_lost_when_the_time_is_over(cli: CommandLine, lossy: str) -> None:
    answer = cli("compare", "--from", cli.kept, "--from", lossy, "--wait", "0.5")
    assert answer.code == 1
    assert "comparison/span-lost" in answer.out


def test_strict_fails_where_a_source_cannot_carry_something(cli: CommandLine) -> None:
    with LateJaeger(in_trace(kept_flow(), 1)) as jaeger:
        given = ("compare", "--from", cli.kept, "--from", f"jaeger:{jaeger.url}?trace={ONE}")
        assert cli(*given).code == 0
        assert cli(*given, "--strict").code == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "there is nothing to compare (give --from twice"),
        (("--from", "kept.json"), "there is nothing to compare"),
        (("--from", "a", "--from", "b", "--trace", "xyz"), "not a trace id: 'xyz'"),
        (("--from", "a", "--from", "b", "--wait", "soon"), "accepted: a number of seconds"),
        (("--from", "a", "--from", "b", "--wait", "-1"), "cannot wait -1 s"),
        (("--from", "a", "--from", "b", "--output", "/"), "it is a folder"),
        (("kept.json",), "unexpected argument"),
    ],
)
def test_wrong_usage_is_one_line_and_2(cli: CommandLine, arguments: tuple[str, ...], words: str) -> None:
    answer = cli("compare", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert one_line(answer.err, [words])
