"""The published JSON Schemas describe exactly what is written: every field, and no other value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from spanpact.contract.compiled import ContractPlan
from spanpact.contract.loader import load_text
from spanpact.diff import diff_contracts
from spanpact.errors import ContractError, Place, SourceError, UsageError
from spanpact.lint import LintReport
from spanpact.lint.messages import LintMessage
from spanpact.reporting import render_json
from spanpact.reporting.diff_json import render_diff_json
from spanpact.reporting.error_json import render_error_json, render_internal_error_json
from spanpact.reporting.lint_json import render_lint_json
from spanpact.reporting.schemas import SCHEMAS, schema_text
from tests.reporting.formats.reports import REPORTS


def strict(schema: Any) -> Any:
    """Return the schema without further fields, so that one that is not described is an error."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {"additionalProperties": False} if schema.get("type") == "object" else {}
    return {**{name: strict(each) for name, each in schema.items()}, **closed}


def problems(name: str, text: str) -> list[str]:
    validator = Draft202012Validator(strict(json.loads(schema_text(name))))
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(json.loads(text))]


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_valid(name: str) -> None:
    Draft202012Validator.check_schema(json.loads(schema_text(name)))


@pytest.mark.parametrize("name", [each for each in SCHEMAS if each != "contract"])
def test_the_id_ends_with_the_version_of_the_shape(name: str) -> None:
    schema = json.loads(schema_text(name))
    assert schema["$id"] == f"urn:spanpact:{name}:{schema['properties'][f'spanpact_{name}']['const']}"


@pytest.mark.parametrize("name", REPORTS)
def test_reports_are_as_described(name: str) -> None:
    assert problems("report", render_json(REPORTS[name])) == []


def test_lint_is_as_described() -> None:
    message = LintMessage("never-holds", "no", "h", Place("c.yaml", 1, 2), "c")
    assert problems("lint", render_lint_json(LintReport((message,)))) == []


def _plan(name: str, body: str) -> ContractPlan:
    return load_text(f"spanpact: 1\ncontract: {name}\nversion: 1.0.0\n{body}\n", file=f"{name}.contract.yaml")


def test_diff_is_as_described() -> None:
    old = [_plan("one", "span: a\nstatus: ok"), _plan("gone", "span: b")]
    diff = diff_contracts(old, [_plan("one", "span: a\nstatus: error"), _plan("new", "span: c")])
    assert json.loads(render_diff_json(diff))["contracts"][0]["changes"]
    assert problems("diff", render_diff_json(diff)) == []


def test_errors_are_as_described() -> None:
    wrong = ContractError("wrong", place=Place("c.yaml", 1, 2), hint="write it")
    wrong.others = (ContractError("too", place=None),)
    kinds = {"contract": wrong, "usage": UsageError("what"), "source": SourceError("gone")}
    for kind, error in kinds.items():
        text = render_error_json(error)
        assert problems("error", text) == []
        assert json.loads(text)["kind"] == kind
        assert json.loads(text)["exit_code"] == error.exit_code
    assert [each["message"] for each in json.loads(render_error_json(wrong))["errors"]] == ["wrong", "too"]
    assert problems("error", render_internal_error_json("unexpected KeyError: 'x'")) == []


def test_a_field_that_is_not_described_is_found() -> None:
    document = {**json.loads(render_json(REPORTS["kept"])), "more": 1}
    assert problems("report", json.dumps(document)) != []
    assert Draft202012Validator(json.loads(schema_text("report"))).is_valid(document)
