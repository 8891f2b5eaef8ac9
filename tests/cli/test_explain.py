"""`spanpact explain`: a finding of a saved report, from the command line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from spanpact.reporting.schemas import schema_text
from tests.cli.commands import SPANPACT, CommandLine, one_line


@pytest.fixture
def report(cli: CommandLine) -> str:
    """The path of the report on a broken trace."""
    path = f"{cli.folder}/report.json"
    assert cli("verify", cli.contract, "--from", cli.broken, "--format", f"json={path}").code == 1
    return path


def test_findings_are_listed_and_one_is_explained_by_number_or_key(cli: CommandLine, report: str) -> None:
    listed = cli("explain", report)
    assert (listed.code, listed.err) == (0, "")
    assert listed.out == (
        "1  ✗ lookup/kind  session-validate  the span kind differs\n\n"
        f"1 finding of 1 kind; explain one: spanpact explain {report} 1\n"
    )
    explained = cli("explain", report, "1")
    assert explained.out == cli("explain", report, "lookup/kind").out
    assert f"clause  {cli.contract}:8:29  (kind)" in explained.out
    assert "  >  8    lookup: {span: redis.get, kind: client, attributes: {key: session:*}}\n" in explained.out
    assert '  span      kind: "server" → "client"\n' in explained.out
    assert "    cache_hit  true\n" in explained.out
    assert "  go      `tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient))`\n" in explained.out


def test_a_report_may_be_piped_and_its_contract_may_be_gone(cli: CommandLine, report: str) -> None:
    Path(cli.contract).unlink()
    command = [*SPANPACT, "explain", "-", "1", "--language", "go", "--trace-url", "https://ui.example/{trace_id}"]
    with Path(report).open("rb") as file:
        done = subprocess.run(command, stdin=file, capture_output=True, text=True, timeout=50, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "the file is not here: call explain where verify was called" in done.stdout
    assert f"  https://ui.example/{2:032x}\n" in done.stdout
    assert "python" not in done.stdout


def test_json_is_as_its_schema_says(cli: CommandLine, report: str) -> None:
    file = f"{cli.folder}/explained.json"
    answer = cli("explain", report, "1", "--format", "json", "--format", f"json={file}")
    assert Path(file).read_text(encoding="utf-8") == answer.out
    document = json.loads(answer.out)
    Draft202012Validator(json.loads(schema_text("explanation"))).validate(document)
    assert document["explanation"]["clause"]["place"]["line"] == 8
    assert json.loads(cli("explain", report, "--format", "json").out)["explanation"] is None


def test_a_kept_report_has_nothing_to_explain(cli: CommandLine) -> None:
    path = f"{cli.folder}/kept.report.json"
    cli("verify", cli.contract, "--from", cli.kept, "--format", f"json={path}")
    assert cli("explain", path).out == "no findings: the report is kept\n"
    assert one_line(cli("explain", path, "1").err, ["there is no finding '1': the report has none"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["the following arguments are required: REPORT"]),
        (["nowhere.json"], ["cannot read the report nowhere.json: No such file", "--format json=FILE"]),
        (["CONTRACT"], ["session.contract.yaml is not a spanpact report: it is not JSON"]),
        (["TRACES"], ["kept.json is not a spanpact report: it lacks 'spanpact_report'"]),
        (["NEWER"], ["newer.json is of a newer version: its shape is 2, and this spanpact reads shape 1"]),
        (["REPORT", "lookup/knd"], ["there is no finding 'lookup/knd' (did you mean `lookup/kind`?"]),
        (["REPORT", "2"], ["there is no finding 2 (accepted: 1 to 1, or a key)"]),
        (["REPORT", "--language", "pyton"], ["cannot be 'pyton'; did you mean `python`?"]),
        (["REPORT", "--langage", "go"], ["unknown option --langage (did you mean `--language`?"]),
        (["REPORT", "1", "--format", "json=CONTRACT/x"], ["cannot write"]),
    ],
)
def test_wrong_usage_is_one_line_and_2(cli: CommandLine, report: str, arguments: list[str], words: list[str]) -> None:
    newer = cli.file("newer.json", '{"spanpact_report": 2, "spanpact": "9.0.0"}')
    paths = {"CONTRACT": cli.contract, "TRACES": cli.kept, "NEWER": newer, "REPORT": report}
    answer = cli("explain", *(paths.get(each, each) for each in arguments))
    assert (answer.code, answer.out) == (2, "")
    assert one_line(answer.err, words)
