"""`spanpact show --summary`: what traces hold, counted, as text and JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from spanpact.reporting.schemas import schema_text
from spanpact.trace.model import Event, Resource, Span
from tests.cli.commands import CommandLine, one_line
from tests.docs.pages import page
from tests.reporting.sample_reports import in_trace, kept_flow, span

MS = 1_000_000
START = 1_700_000_000_000_000_000
SHOP = Resource({"service.name": "shop", "telemetry.sdk.language": "nodejs", "telemetry.sdk.name": "opentelemetry"})


def shop_span(number: int, name: str, parent: str = "", **more: Any) -> Span:
    fields = {"kind": "server", "start_ns": START + number * MS, "end_ns": START + number * MS + 5, "resource": SHOP}
    return Span("ab" * 16, f"{number:016x}", name, parent, **{**fields, **more})


def shop(cli: CommandLine) -> str:
    root = shop_span(1, "GET /cart", attributes={"http.status": 200, "user": "bob@example.com"})
    children = [
        shop_span(2, "load", f"{1:016x}", kind="client", attributes={"http.status": "200", "n": 1.5}, status="error"),
        shop_span(3, "load", f"{9:016x}", kind="client", events=[Event("retry", START, {"attempt": 2})]),
    ]
    return cli.traces("shop.json", in_trace([root, *children], 0xAB))


def summary(cli: CommandLine, *arguments: str) -> Any:
    answer = cli("show", *arguments, "--summary", "--format", "json")
    assert answer.code == 0, answer.err
    document = json.loads(answer.out)
    assert list(Draft202012Validator(json.loads(schema_text("summary"))).iter_errors(document)) == []
    return document


def test_services_names_clocks_roots_and_orphans_are_counted(cli: CommandLine) -> None:
    document = summary(cli, shop(cli))
    assert {name: document[name] for name in ("traces", "spans", "roots", "orphans")} == {
        "traces": 1, "spans": 3, "roots": 1, "orphans": 1,
    }  # fmt: skip
    (service,) = document["services"]
    assert (service["name"], service["spans"], service["clock_resolution_ns"]) == ("shop", 3, MS)
    assert service["names"] == [
        {"name": "load", "spans": 2, "kinds": {"client": 2}, "errors": 1, "roots": 0, "orphans": 1},
        {"name": "GET /cart", "spans": 1, "kinds": {"server": 1}, "errors": 0, "roots": 1, "orphans": 0},
    ]


def test_the_page_shows_a_summary(cli: CommandLine) -> None:
    shop(cli)
    printed = cli.run("show", "shop.json", "--summary").stdout
    assert f"```\n{printed}```\n" in page("cli.md")


def test_attributes_have_their_types_and_no_value_unless_asked(cli: CommandLine) -> None:
    file = shop(cli)
    document = summary(cli, file)
    types = {(each["of"], each["name"]): each["types"] for each in document["attributes"]}
    assert types["span", "http.status"] == {"int": 1, "string": 1}
    assert types["span", "n"] == {"double": 1}
    assert types["event", "attempt"] == {"int": 1}
    assert types["resource", "telemetry.sdk.language"] == {"string": 3}
    for text in (json.dumps(document), cli("show", file, "--summary").out):
        assert not [value for value in ("bob@", "nodejs", "1.5") if value in text]


def test_values_are_shown_when_asked_and_masked(cli: CommandLine) -> None:
    file = shop(cli)
    values = {each["name"]: each["values"] for each in summary(cli, file, "--values")["attributes"]}
    assert values["http.status"] == [{"value": "200", "count": 1}, {"value": '"200"', "count": 1}]
    assert values["telemetry.sdk.language"] == [{"value": '"nodejs"', "count": 3}]
    text = cli("show", file, "--summary", "--values").out
    assert "bob@example.com" not in text + json.dumps(values)
    assert '3 × "nodejs"' in text


def test_many_values_and_long_ones_are_only_counted(cli: CommandLine) -> None:
    spans = [shop_span(i, "a", attributes={"id": i, "long": "x" * 600}) for i in range(1, 13)]
    values = {
        each["name"]: each for each in summary(cli, cli.traces("m.json", in_trace(spans, 1)), "--values")["attributes"]
    }
    assert (len(values["id"]["values"]), values["id"]["other_values"]) == (10, 2)
    assert (values["long"]["values"], values["long"]["other_values"]) == ([], 12)


def test_hostile_names_are_inert(cli: CommandLine) -> None:
    name = "a\x1b[31m\u202e\nspanpact: kept"
    service = Resource({"service.name": "s\x1b]0;x\x07", "k\x1b[2J": "v"})
    file = cli.traces("h.json", in_trace([shop_span(1, name, resource=service, attributes={"k\r": 1})], 1))
    out = cli("show", file, "--summary", "--values").out
    assert not set(out) & set("\x1b\x07\r\u202e")
    assert [line for line in out.splitlines() if line.startswith("spanpact")] == []
    assert summary(cli, file)["services"][0]["names"][0]["name"] == name
    masked = cli.traces("p.json", in_trace([shop_span(1, "mail bob@example.com")], 1))
    assert "bob@" not in cli("show", masked, "--summary").out + cli("show", masked, "--summary", "--format", "json").out


def test_long_lists_are_cut_unless_all_is_asked_for(cli: CommandLine) -> None:
    many = cli.traces("many.json", in_trace([shop_span(i, f"name-{i:03}") for i in range(1, 50)], 1))
    cut = cli("show", many, "--summary").out
    assert "19 more names; --all lists them" in cut
    assert ("name-049" in cut, "name-049" in cli("show", many, "--summary", "--all").out) == (False, True)


def test_parents_are_found_across_files_and_one_trace_is_selected(cli: CommandLine) -> None:
    one = cli.traces("one.json", in_trace([span(1, "root")], 0xA << 124), in_trace(kept_flow(), 0xB << 124))
    other = cli.traces("other.json", in_trace([span(2, "child", 1)], 0xA << 124))
    assert summary(cli, other)["orphans"] == 1
    both = summary(cli, one, other, "--trace", "a0")
    assert (both["spans"], both["roots"], both["orphans"], both["traces"]) == (2, 1, 0, 1)
    missing = cli("show", one, "--summary", "--trace", "c")
    assert (missing.code, one_line(missing.err, ["no trace c"])) == (3, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--summary", "--attributes"], ["--summary and --attributes"]),
        (["--values"], ["--values needs --summary"]),
        (["--format", "json"], ["--summary"]),
        (["--output", "x.txt"], ["--summary"]),
    ],
)
def test_wrong_usage_is_one_line(cli: CommandLine, arguments: list[str], words: list[str]) -> None:
    answer = cli("show", cli.kept, *arguments)
    assert (answer.code, one_line(answer.err, words)) == (2, True)


def test_the_summary_goes_to_a_file_and_its_last_line_to_standard_output(cli: CommandLine) -> None:
    file = cli.folder / "summary.json"
    answer = cli("show", cli.kept, "--summary", "--format", "json", "--output", str(file))
    assert (answer.code, answer.out.count("\n"), "1 trace" in answer.out) == (0, 1, True)
    assert json.loads(file.read_text())["spanpact_summary"] == 1
