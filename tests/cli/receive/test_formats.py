"""The reports of `spanpact receive` in every format, also where several sessions make one report."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from spanpact.cli.arguments.options import REPORT_FORMATS
from tests.cli.commands import CommandLine
from tests.cli.receive.running import BROKEN, KEPT, document, receiving
from tests.reporting.sample_reports import in_trace, span

UNRELATED = document(in_trace([span(1, "GET /health")], 3))
TYPES = {
    "text": "text/plain; charset=utf-8", "json": "application/json", "junit": "application/xml",
    "sarif": "application/json", "github": "text/plain; charset=utf-8", "markdown": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
}  # fmt: skip


@pytest.mark.parametrize("name", REPORT_FORMATS)
def test_one_report_is_the_same_as_that_of_verify(cli: CommandLine, name: str) -> None:
    traces = cli.folder / "received.json"
    report = cli.folder / f"report.{name}"
    with receiving(cli.folder, cli.contract, "--save", str(traces), "--format", f"{name}={report}") as running:
        running.send(BROKEN)
        answer = running.stop(f"?format={name}")
    assert (answer.status, answer.headers["content-type"]) == (422, TYPES[name])
    assert answer.text == report.read_text(encoding="utf-8")
    cli.capture.readouterr()
    verified = cli("verify", cli.contract, "--from", str(traces), "--format", name)
    assert without_source(name, verified.out.replace(str(traces), "OTLP receiver")) == without_source(name, answer.text)


def without_source(name: str, text: str) -> object:
    """Return a report; of one in JSON without the description of the source, which carries other things."""
    return {**json.loads(text), "source": None} if name == "json" else text


def test_the_format_of_the_command_line_is_that_of_requests_that_ask_for_none(cli: CommandLine) -> None:
    with receiving(cli.folder, cli.contract, "--format", "junit") as running:
        running.send(BROKEN)
        assert running.report().text.startswith("<?xml")
        wrong = running.report("?format=jnit")
        assert (wrong.status, wrong.json["message"]) == (400, f"unknown format; accepted: {', '.join(REPORT_FORMATS)}")
        assert running.stop().text.startswith("<?xml")
    assert cli.capture.readouterr().out.startswith("<?xml")


def test_sessions_are_one_document_that_names_them(cli: CommandLine) -> None:
    files = {name: cli.folder / f"report.{name}" for name in REPORT_FORMATS if name not in ("text", "json")}
    options = [word for name, file in files.items() for word in ("--format", f"{name}={file}")]
    with receiving(cli.folder, cli.contract, *options) as running:
        running.send(KEPT, "/s/one/v1/traces")
        running.send(BROKEN, "/s/two/v1/traces")
        running.send(KEPT)
        running.stop("?session=two")
        running.stop()
    assert running.code == 1
    written = {name: file.read_text(encoding="utf-8") for name, file in files.items()}
    cases = {case.get("name"): len(case) for case in ET.fromstring(written["junit"]).iter("testcase")}
    names = ("session two: session-validate 1.0.0", "session-validate 1.0.0", "session one: session-validate 1.0.0")
    assert cases == {names[0]: 1, names[1]: 0, names[2]: 0, "integrity": 0}
    (result,) = json.loads(written["sarif"])["runs"][0]["results"]
    assert result["level"] == "error"
    assert written["github"].count("::error ") == 1
    assert "session two%3A session-validate" in written["github"]
    assert "session two: session-validate" in written["markdown"]
    assert "session two: session-validate" in written["html"]


def test_a_session_that_checked_nothing_passes_in_no_format(cli: CommandLine) -> None:
    file = cli.folder / "report.xml"
    with receiving(cli.folder, cli.contract, "--allow-unseen", "--format", f"junit={file}") as running:
        running.send(KEPT, "/s/one/v1/traces")
        running.send(UNRELATED, "/s/two/v1/traces")
        running.stop()
    assert running.code == 3
    cases = {case.get("name"): [part.tag for part in case] for case in ET.parse(file).getroot().iter("testcase")}
    assert cases == {
        "session one: session-validate 1.0.0": [],
        "session two: session-validate 1.0.0": ["error"],
        "integrity": [],
    }


def test_the_summary_of_a_step_is_written(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = Path(cli.file("summary.md", ""))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    with receiving(cli.folder, cli.contract, "--format", "github") as running:
        running.send(BROKEN)
        running.stop()
    assert "::error " in cli.capture.readouterr().out
    assert "lookup/kind" in summary.read_text(encoding="utf-8")
