"""`spanpact lint`: what it prints, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spanpact.lint import lint
from spanpact.reporting.lint_json import lint_document
from tests.cli.commands import CommandLine, one_line

ROOT = Path(__file__).parents[2]
CLEAN = """\
spanpact: 1
contract: small
version: 1.0.0
span: work
status: ok
examples:
  kept: {trace: [{span: work, status: ok}]}
  bad: {trace: [work], findings: [top/status]}
"""
UNPROVEN = CLEAN.replace("status: ok\n", "status: ok\nkind: internal\n", 1)
WRONG = CLEAN.replace("span: work\n", "span: work\nchildren: {load: {span: db.query, count: 0, kind: client}}\n", 1)


def test_clean_contract_is_one_line(cli: CommandLine) -> None:
    answer = cli("lint", cli.file("small.contract.yaml", CLEAN))
    assert (answer.code, answer.out, answer.err) == (0, "clean: 1 contract\n", "")


def test_information_leaves_the_contract_clean(cli: CommandLine) -> None:
    file = cli.file("small.contract.yaml", UNPROVEN)
    answer = cli("lint", file)
    assert answer.code == 0
    assert answer.out == (
        f"{file}:6:1: information expectation-unproven: "
        "no example proves top.kind: without it, all give the same findings\n"
        "    add a rejected example that breaks it and nothing else\n"
        "\nclean: 1 contract, 1 of information\n"
    )


def test_improvement_gives_1(cli: CommandLine) -> None:
    file = cli.file("small.contract.yaml", WRONG)
    answer = cli("lint", file)
    assert answer.code == 1
    assert answer.out.startswith(
        f"{file}:5:12: improvement never-judged: `kind` of `load` is never checked: its `count`"
    )
    assert answer.out.splitlines()[-1] == "to fix: 1 contract, 1 improvement, 2 of information"


def test_file_that_does_not_follow_the_language_gives_2_with_every_mistake(cli: CommandLine) -> None:
    file = cli.file("small.contract.yaml", CLEAN.replace("status: ok", "status: good\nkind: none", 1))
    answer = cli("lint", file)
    assert (answer.code, answer.err) == (2, "")
    first, _, second, _, _, last = answer.out.splitlines()
    assert first == f"{file}:5:9: violation contract-error: `status` cannot be `good`"
    assert second.startswith(f"{file}:6:7: violation contract-error: `kind` cannot be `none`")
    assert last == "not readable: 0 contracts, 2 violations"


def test_missing_file_is_one_line_and_2(cli: CommandLine) -> None:
    answer = cli("lint", str(cli.folder / "none"))
    assert (answer.code, answer.out) == (2, "")
    assert one_line(answer.err, ["there is no contract file"])
    empty = cli.folder / "empty"
    empty.mkdir()
    nothing = cli("lint", str(empty))
    assert (nothing.code, nothing.out) == (2, "")
    assert one_line(nothing.err, ["no contract in"])


def test_files_with_our_own_ending_are_found_in_folders_and_named_in_hints(cli: CommandLine) -> None:
    folder = cli.folder / "contracts"
    folder.mkdir()
    empty = cli("lint", str(folder))
    assert (empty.code, "*.contract.yaml or *.spanpact.yaml" in empty.err) == (2, True)
    (folder / "small.spanpact.yaml").write_text(CLEAN)
    assert (
        cli("lint", str(folder)).out.splitlines()[-1]
        == cli("lint", str(folder / "small.spanpact.yaml")).out.splitlines()[-1]
    )
    examples = cli("verify", str(folder), "--examples")
    assert (examples.code, "small" in examples.out) == (0, True)
    mistyped = cli("lint", str(folder / "smal.spanpact.yaml"))
    assert "small.spanpact.yaml" in mistyped.err


def test_folder_is_linted_with_its_fragments(cli: CommandLine) -> None:
    folder = cli.folder / "contracts"
    folder.mkdir()
    (folder / "f.contract.yaml").write_text("spanpact: 1\nfragment: f\nlevels: {child-late: off}\n")
    (folder / "small.contract.yaml").write_text(
        CLEAN.replace("span: work", "extends: [f.contract.yaml]\nspan: work", 1)
    )
    answer = cli("lint", str(folder))
    assert (answer.code, answer.out) == (0, "clean: 1 contract, 1 fragment\n")


def test_json_has_every_message(cli: CommandLine) -> None:
    file = cli.file("small.contract.yaml", WRONG)
    answer = cli("lint", "--format", "json", file)
    document = json.loads(answer.out)
    assert (answer.code, document["spanpact_lint"], document["exit_code"]) == (1, 1, 1)
    assert document == lint_document(lint([file]))
    assert document["messages"][0]["id"] == "never-judged"
    assert document["messages"][0]["contract"] == "small"
    assert document["messages"][0]["place"] == {"file": file, "line": 5, "column": 12}


def test_report_goes_into_a_file_and_one_line_to_standard_output(cli: CommandLine) -> None:
    file = cli.file("small.contract.yaml", UNPROVEN)
    into = cli.folder / "lint.json"
    answer = cli("lint", file, "--format", "json", "--output", str(into))
    assert (answer.code, answer.out) == (0, f"clean: 1 contract, 1 of information (report in {into})\n")
    assert len(json.loads(into.read_text(encoding="utf-8"))["messages"]) == 1


def test_unwritable_output_is_refused_before_the_work(cli: CommandLine) -> None:
    answer = cli("lint", cli.contract, "--output", str(cli.folder))
    assert (answer.code, answer.out) == (2, "")
    assert one_line(answer.err)


@pytest.mark.parametrize("how", ["text", "json"])
def test_texts_of_a_contract_are_masked_and_escaped(cli: CommandLine, how: str) -> None:
    sly = CLEAN.replace("status: ok", 'attributes: {a: {one_of: ["bob@example.com", "\\e[2J"], type: int}}', 1)
    answer = cli(
        "lint", "--format", how, cli.file("small.contract.yaml", sly.replace("top/status", "top/attribute-missing"))
    )
    assert "bob@example.com" not in answer.out
    assert "\x1b" not in answer.out


def test_every_field_of_the_json_is_documented(cli: CommandLine) -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    document = lint_document(lint([cli.file("small.contract.yaml", UNPROVEN)]))
    assert [field for field in (*document, *document["messages"][0]) if f'"{field}"' not in page] == []


def test_documented_message_is_the_one_that_is_printed(cli: CommandLine) -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    shown = page.partition("## spanpact lint")[2].split("```")[3].strip().splitlines()[:2]
    body = "children: {load: {span: db.query, count: 0..1}}\n\n\n\nconditions:\n  again:\n    when:\n\n"
    body = body.replace("when:\n\n", "when: {load: {count: 2}}\n    then: {top: {status: ok}}\n")
    file = cli.file("session.contract.yaml", CLEAN.replace("span: work\n", f"span: work\n{body}", 1))
    printed = [line for line in cli("lint", file).out.splitlines() if "when-never-holds" in line]
    assert printed[0].partition(": violation")[2] == shown[0].partition(": violation")[2]
