"""`--trace-url`: reports link to traces, and a Jaeger source needs no option for that."""

from __future__ import annotations

import json

import pytest

from spanpact.cli.arguments.trace_links import trace_url
from spanpact.cli.commands.verify import build_parser
from spanpact.reporting import TextOptions
from spanpact.reporting.formats import render_report
from tests.cli.commands import CommandLine, one_line
from tests.reporting.formats.reports import REPORTS

TEMPLATE = "https://ui.example/t/{trace_id}?x=1"
LINK = f"https://ui.example/t/{1:032x}?x=1"


@pytest.mark.parametrize(
    ("arguments", "template"),
    [
        (["--from", "traces.json"], ""),
        (["--from", "jaeger:http://localhost:16686"], "http://localhost:16686/trace/{trace_id}"),
        (["--from", "jaeger:https://a:b@host/jaeger/?service=api&since=15m"], "https://host/jaeger/trace/{trace_id}"),
        (["--from", "jaeger:http://localhost:16686", "--from", "traces.json"], ""),
        (["--from", "jaeger:http://localhost:16686", "--trace-url", ""], ""),
        (["--from", "jaeger:http://localhost:16686", "--trace-url", TEMPLATE], TEMPLATE),
    ],
)
def test_the_template_is_the_one_given_or_that_of_the_only_source(arguments: list[str], template: str) -> None:
    assert trace_url(build_parser().parse_args(arguments)) == template


@pytest.mark.parametrize("name", ["text", "junit", "github", "markdown", "sarif", "html"])
def test_formats_link_to_the_first_trace(name: str) -> None:
    text = render_report(name, REPORTS["broken"], TextOptions(trace_url=TEMPLATE))
    assert LINK.replace("&", "&amp;") in text
    assert "ui.example" not in render_report(name, REPORTS["broken"], TextOptions())


def test_a_link_is_in_the_table_and_below_the_title_of_a_flow() -> None:
    lines = render_report("text", REPORTS["broken"], TextOptions(trace_url=TEMPLATE)).splitlines()
    assert f"  {LINK}" in lines[lines.index(f"session-validate broken in trace {1:032x}") + 1]
    assert next(line for line in lines if line.startswith("  lookup/kind")).endswith(f"4 flows  {LINK}")


def test_a_hostile_id_stays_within_the_link() -> None:
    assert TextOptions(trace_url=TEMPLATE).link_to('"/><a ?#‹') == (
        "https://ui.example/t/%22%2F%3E%3Ca%20%3F%23%E2%80%B9?x=1"
    )


def test_the_option_reaches_the_report(cli: CommandLine) -> None:
    arguments = ("verify", cli.contract, "--from", cli.broken, "--format", "sarif", "--trace-url", TEMPLATE)
    (first, *_) = json.loads(cli(*arguments).out)["runs"][0]["results"]
    assert first["hostedViewerUri"] == f"https://ui.example/t/{2:032x}?x=1"


@pytest.mark.parametrize(
    "url", ["ftp://x/{trace_id}", "https://x/", "{trace_id}", "https://x/{trace_id} y", "https://ä/{trace_id}"]
)
def test_a_wrong_template_is_one_line_and_2(cli: CommandLine, url: str) -> None:
    answer = cli("verify", cli.contract, "--from", cli.kept, "--trace-url", url)
    assert answer.code == 2
    assert one_line(answer.err, ["--trace-url", "accepted: a URL (https, http) with {trace_id} in it"])
