"""`spanpact verify`: verdicts as exit codes, reports in the chosen place and format, errors as one line."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from spanpact.cli.reading import merged
from spanpact.reporting import parse_json
from spanpact.trace.model import Reading, SourceInfo
from tests.cli.commands import SPANPACT, Desk, environment, one_line
from tests.reporting.made import CONTRACT, in_trace, kept_flow


def test_kept_traces_give_0_and_broken_ones_1(desk: Desk) -> None:
    assert desk("verify", desk.contract, "--from", desk.kept).code == 0
    broken = desk("verify", desk.contract, "--from", desk.broken)
    assert broken.code == 1
    assert f"✗ lookup/kind  {desk.contract}:8:29  (kind)" in broken.out
    assert broken.err == ""


def test_several_sources_are_read_as_one(desk: Desk) -> None:
    answer = desk("verify", desk.contract, "--from", desk.kept, "--from", desk.broken)
    assert answer.code == 1
    assert "(2 traces, 6 spans)" in answer.out


def test_the_same_span_from_two_sources_is_one_span(desk: Desk) -> None:
    halves = [desk.traces("a.json", in_trace(kept_flow()[:2], 1)), desk.traces("b.json", in_trace(kept_flow()[1:], 1))]
    answer = desk("verify", desk.contract, "--from", halves[0], "--from", halves[1])
    assert (answer.code, "(1 trace, 3 spans)" in answer.out) == (0, True)


def test_options_may_stand_between_contracts(desk: Desk) -> None:
    other = desk.file("other.contract.yaml", CONTRACT.replace("contract: session", "contract: other"))
    answer = desk("verify", desk.contract, "--from", desk.kept, other)
    assert answer.code == 0
    assert "2 contracts" in answer.out


def test_unseen_contract_gives_3_unless_allowed_next_to_a_kept_one(desk: Desk) -> None:
    unseen = desk.file("unseen.contract.yaml", "spanpact: 1\ncontract: unseen\nversion: 1.0.0\nspan: never\n")
    assert desk("verify", unseen, "--from", desk.kept).code == 3
    assert desk("verify", unseen, "--from", desk.kept, "--allow-unseen").code == 3
    assert desk("verify", unseen, desk.contract, "--from", desk.kept).code == 3
    assert desk("verify", unseen, desk.contract, "--from", desk.kept, "--allow-unseen").code == 0


def test_json_goes_to_standard_output(desk: Desk) -> None:
    answer = desk("verify", desk.contract, "--from", desk.broken, "--format", "json")
    assert parse_json(answer.out).results[0].findings[0].key == "lookup/kind"


def test_report_in_a_file_leaves_one_line_on_standard_output(desk: Desk) -> None:
    file = desk.folder / "report.json"
    answer = desk("verify", desk.contract, "--from", desk.broken, "--format", "json", "--output", str(file))
    assert answer.code == 1
    assert answer.out == f"broken: 1 contract, 1 broken, 1 finding, 1 flow (report in {file})\n"
    assert json.loads(file.read_text())["verdict"] == "broken"
    assert sorted(each.name for each in desk.folder.glob(".*")) == []
    desk("verify", desk.contract, "--from", desk.kept, "--output", str(file))
    assert "✓ kept" in file.read_text(encoding="utf-8")


def test_a_dash_as_output_is_standard_output(desk: Desk) -> None:
    assert "✓ kept" in desk("verify", desk.contract, "--from", desk.kept, "--output", "-").out


@pytest.mark.parametrize("kind", ["folder", "link", "pipe", "nowhere", "dot"])
def test_output_that_is_not_an_ordinary_file_is_refused_before_the_work(desk: Desk, kind: str) -> None:
    target = desk.folder / "target"
    if kind == "folder":
        target.mkdir()
    elif kind == "link":
        target.symlink_to(desk.kept)
    elif kind == "pipe":
        os.mkfifo(target)
    elif kind == "nowhere":
        target = target / "below"
    else:
        target = Path("..")
    before = Path(desk.kept).read_bytes()
    answer = desk("verify", desk.contract, "--from", desk.kept, "--output", str(target))
    assert (answer.code, answer.out) == (2, "")
    assert one_line(answer.err, ["cannot write", str(target)])
    assert Path(desk.kept).read_bytes() == before


def test_full_disk_is_one_line(desk: Desk) -> None:
    with open("/dev/full", "w") as full:
        done = _to(desk, full.fileno())
    assert done.returncode == 2
    assert one_line(done.stderr, ["cannot write to standard output", "No space left"])


def _to(desk: Desk, out: int) -> subprocess.CompletedProcess[str]:
    command = [*SPANPACT, "verify", desk.contract, "--from", desk.broken]
    return subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True, timeout=50, check=False)


def test_closed_pipe_changes_neither_exit_code_nor_standard_error(desk: Desk) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = _to(desk, write)
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (1, "")


def test_standard_input_is_a_source(desk: Desk) -> None:
    done = desk.run("verify", desk.contract, "--from", "-", input=Path(desk.broken).read_text())
    assert done.returncode == 1


def test_terminal_without_unicode_gets_ascii(desk: Desk) -> None:
    done = desk.run("verify", desk.contract, "--from", desk.broken, env=environment(PYTHONIOENCODING="ascii"))
    assert done.stdout.isascii()
    assert "x lookup/kind" in done.stdout


def test_coverage_and_all_reach_the_report(desk: Desk) -> None:
    answer = desk("verify", desk.contract, "--from", desk.kept, "--coverage", "--all")
    assert "exercised  lookup.kind" in answer.out


def test_scenarios_label_traces(desk: Desk) -> None:
    labelled = desk.file("l.contract.yaml", CONTRACT.replace("version:", "scenario: hit\nversion:"))
    assert desk("verify", labelled, "--from", desk.kept).code == 3
    names = desk.file("names", f"# comment\n\n{1:032X} hit\n")
    assert desk("verify", labelled, "--from", desk.kept, "--scenarios", names).code == 0
    names = desk.file("names", f"{1:032x} mist\n")
    answer = desk("verify", labelled, "--from", desk.kept, "--scenarios", names)
    assert (answer.code, answer.err) == (3, "spanpact: warning: no contract names the scenario mist\n")


@pytest.mark.parametrize("line", ["x hit", f"{1:032x}", f"{1:032x} a b", "z" * 32 + " hit"])
def test_malformed_label_is_one_line_with_its_file_and_line(desk: Desk, line: str) -> None:
    names = desk.file("names", f"\n{line}\n")
    answer = desk("verify", desk.contract, "--from", desk.kept, "--scenarios", names)
    assert answer.code == 2
    assert one_line(answer.err, [f"{names}:2", "TRACE_ID SCENARIO"])


def test_unreadable_scenarios_are_one_line(desk: Desk) -> None:
    for path in (str(desk.folder), "nowhere"):
        answer = desk("verify", desk.contract, "--from", desk.kept, "--scenarios", path)
        assert (answer.code, one_line(answer.err, ["cannot read the scenarios"])) == (2, True)
    (desk.folder / "binary").write_bytes(b"\xff\xfe")
    answer = desk("verify", desk.contract, "--from", desk.kept, "--scenarios", str(desk.folder / "binary"))
    assert one_line(answer.err, ["it is not UTF-8"])


@pytest.mark.parametrize("arguments", [[], ["--examples"]])
def test_examples_are_judged_without_a_source(desk: Desk, arguments: list[str]) -> None:
    answer = desk("verify", desk.contract, *arguments)
    assert answer.code == 0
    assert "examples of the contracts (2 traces, 4 spans)" in answer.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["verify"], ["CONTRACTS", "verify --help"]),
        (["verify", "nowhere.contract.yaml"], ["nowhere.contract.yaml"]),
        (["verify", "C", "--from", "K", "--examples"], ["exclude each other"]),
        (["verify", "C", "--scenarios", "K"], ["--scenarios needs --from"]),
        (["verify", "C", "--format", "xml"], ["xml"]),
        (["verify", "C", "--form", "json"], ["--form"]),
        (["verify", "C", "--from"], ["--from"]),
        (["verify", "C", "--from", ""], ["the source is empty"]),
        (["verify", "C", "--from", "gopher:x"], ["gopher"]),
        ([], ["verify, run, show"]),
        (["verfy"], ["verfy"]),
        (["\x1b[31m"], ["'\\x1b[31m'"]),
    ],
)
def test_wrong_usage_is_one_line_and_2(desk: Desk, arguments: list[str], words: list[str]) -> None:
    paths = {"C": desk.contract, "K": desk.kept}
    answer = desk(*(paths.get(each, each) for each in arguments))
    assert (answer.code, answer.out) == (2, "")
    assert one_line(answer.err, words)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("status:", "statsu:", [":5:1", "statsu", "status"]),
        ("status: unset", "status: unset\nstatus: ok", [":6:1", "status"]),
        ("span: session", "\tspan: session", [":4:1"]),
        ("{session.valid: {", "&a {session.valid: {", [":6:13"]),
    ],
)
def test_wrong_contract_is_one_line_with_its_place_and_2(desk: Desk, old: str, new: str, words: list[str]) -> None:
    wrong = desk.file("wrong.contract.yaml", CONTRACT.replace(old, new, 1))
    answer = desk("verify", wrong, "--from", desk.kept)
    assert (answer.code, answer.out) == (2, "")
    assert one_line(answer.err, words)


def test_unreadable_source_is_one_line_and_3(desk: Desk) -> None:
    garbage = desk.file("garbage.json", "not json\x1b[31m")
    for source in (garbage, str(desk.folder / "nowhere.json")):
        answer = desk("verify", desk.contract, "--from", source)
        assert (answer.code, answer.out) == (3, "")
        assert one_line(answer.err, [source])
        assert "\x1b" not in answer.err


def test_help_and_version_are_printed(desk: Desk) -> None:
    assert desk("--version").out.startswith("spanpact 0.")
    assert "verify" in desk("--help").out
    assert "exit codes" in desk("-h").out
    done = desk.run("verify", "--help")
    assert (done.returncode, "--allow-unseen" in done.stdout) == (0, True)


def test_bug_in_spanpact_is_one_line_and_3_or_a_stack_trace_with_debug(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(arguments: object) -> int:
        raise RuntimeError("bad\nluck of bob@example.com")

    monkeypatch.setattr("spanpact.cli.show.run", fail)
    answer = desk("show", desk.kept)
    assert answer.code == 3
    assert one_line(answer.err, ["RuntimeError", "SPANPACT_DEBUG=1", "email"])
    assert "bob@" not in answer.err
    monkeypatch.setenv("SPANPACT_DEBUG", "1")
    with pytest.raises(RuntimeError):
        desk("show", desk.kept)


def test_interruption_is_one_line_and_130(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(arguments: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("spanpact.cli.show.run", interrupt)
    answer = desk("show", desk.kept)
    assert (answer.code, answer.err) == (130, "spanpact: interrupted\n")


def test_name_that_is_too_long_is_refused(desk: Desk) -> None:
    answer = desk("verify", desk.contract, "--from", desk.kept, "--output", str(desk.folder / ("n" * 300)))
    assert (answer.code, one_line(answer.err, ["File name too long"])) == (2, True)


def test_write_that_fails_leaves_the_old_file_and_nothing_else(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*names: object) -> None:
        raise OSError(5, "Input/output error")

    target = Path(desk.file("report.txt", "old"))
    before = sorted(desk.folder.iterdir())
    monkeypatch.setattr("os.replace", fail)
    answer = desk("verify", desk.contract, "--from", desk.kept, "--output", str(target))
    assert (answer.code, one_line(answer.err, ["Input/output error"])) == (2, True)
    assert (target.read_text(), sorted(desk.folder.iterdir())) == ("old", before)


def test_folder_that_may_not_be_written_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *arguments: False)  # root may write everywhere
    answer = desk("verify", desk.contract, "--from", desk.kept, "--output", str(desk.folder / "report.txt"))
    assert (answer.code, one_line(answer.err, ["Permission denied"])) == (2, True)


def test_offered_requests_of_several_sources_add_up() -> None:
    parts = [Reading(SourceInfo("a"), [in_trace(kept_flow(), n)], n) for n in (1, 2)]
    whole = merged(parts)
    assert (whole.offered, whole.source.name, len(whole.traces)) == (3, "a", 2)
