"""Findings of a shipped fragment: reports point into the reader's own files, and show the fragment's lines."""

from __future__ import annotations

import io
import json
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from spanpact.cli import main
from spanpact.errors import Place
from spanpact.explaining.clause import read_clause

CONTRACT = """spanpact: 1
contract: web
version: 1.0.0
extends: spanpact:semconv/http-server
"""


def report(form: str) -> str:
    printed = io.StringIO()
    with redirect_stdout(printed):
        assert main(["verify", "web.contract.yaml", "--from", "spans.json", "--format", form]) == 1
    return printed.getvalue()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("web.contract.yaml").write_text(CONTRACT)
    attributes = [
        {"key": k, "value": {"stringValue": v}} for k, v in (("http.request.method", "GET"), ("url.path", "/"))
    ]
    span = {"traceId": "1" * 32, "spanId": "2" * 16, "name": "GET", "kind": 2, "attributes": attributes}
    times = {"startTimeUnixNano": "1", "endTimeUnixNano": "2"}
    spans = {"resourceSpans": [{"scopeSpans": [{"spans": [{**span, **times}]}]}]}
    Path("spans.json").write_text(json.dumps(spans))


def test_text_and_json_name_the_fragment() -> None:
    (finding,) = json.loads(report("json"))["contracts"][0]["findings"]
    assert finding["key"] == "http_server/attribute-missing"
    assert finding["place"]["file"] == "spanpact:semconv/http-server"
    assert f"spanpact:semconv/http-server:{finding['place']['line']}" in report("text")


def test_annotations_are_on_the_contract_that_extends_it() -> None:
    (run,) = json.loads(report("sarif"))["runs"]
    (result,) = [each for each in run["results"] if each["ruleId"] == "attribute-missing"]
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "web.contract.yaml"}, "region": {"startLine": 1}}
    assert "::error file=web.contract.yaml,line=1,col=1,title=http_server/attribute-missing" in report("github")


def test_its_lines_are_shown_by_html_and_explain() -> None:
    assert "url.scheme: {type: string}" in re.sub(r"<[^>]+>", "", report("html"))
    file = json.loads(report("json"))["contracts"][0]["findings"][0]["place"]
    clause = read_clause(Place(file["file"], file["line"], file["column"]), "attributes.url.scheme")
    assert clause.problem == ""
    assert (file["line"], "      url.scheme: {type: string}") in clause.lines
