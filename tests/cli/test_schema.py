"""`spanpact schema`, and errors as JSON for programs that read standard output."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from spanpact.reporting.schemas import SCHEMAS, schema_text
from tests.cli.commands import CommandLine, one_line


def test_schemas_are_listed_and_printed(cli: CommandLine) -> None:
    assert [line.split()[0] for line in cli("schema").out.splitlines()] == list(SCHEMAS)
    assert [cli("schema", name).out for name in SCHEMAS] == [schema_text(name) for name in SCHEMAS]


def test_an_unknown_schema_is_one_line_and_2(cli: CommandLine) -> None:
    answer = cli("schema", "raport")
    assert (answer.code, answer.out) == (2, "")
    assert one_line(answer.err, ["there is no schema 'raport'", "did you mean `report`?"])


@pytest.mark.parametrize("options", [["--format", "json"], ["--format=json"]])
@pytest.mark.parametrize(
    ("arguments", "kind", "code"),
    [(["C", "--from", "nowhere"], "source", 3), (["C", "--wrong"], "usage", 2), (["WRONG"], "contract", 2)],
)
def test_errors_are_json_where_json_is_asked_for(
    cli: CommandLine, options: list[str], arguments: list[str], kind: str, code: int
) -> None:
    wrong = cli.file("wrong.contract.yaml", "spanpact: 1\ncontract: c\nversion: 1.0.0\nspam: a\nstatsu: ok\n")
    paths = {"C": cli.contract, "WRONG": wrong}
    answer = cli("verify", *(paths.get(each, each) for each in arguments), *options)
    document = json.loads(answer.out)
    Draft202012Validator(json.loads(schema_text("error"))).validate(document)
    assert (answer.code, document["exit_code"], document["kind"]) == (code, code, kind)
    assert one_line(answer.err, [document["errors"][0]["message"]])
    assert bool(document["errors"][0]["place"]) == (kind == "contract")


def test_the_format_of_the_command_behind_two_dashes_is_not_ours(cli: CommandLine) -> None:
    assert cli("run", "nowhere.contract.yaml", "--", "tool", "--format", "json").out == ""
