"""`spanpact verify`: verdicts as exit codes, reports in the chosen place and format, errors as one line."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from spanpact.errors import SourceError
from spanpact.reporting import parse_json
from spanpact.sources import OtlpFileSource
from spanpact.sources.merging import merged
from spanpact.trace.model import Reading, SourceInfo
from tests.cli.commands import SPANPACT, CommandLine, environment, one_line
from tests.reporting.sample_reports import CONTRACT, in_trace, kept_flow


def test_kept_traces_give_0_and_broken_ones_1(cli: CommandLine) -> None:
    assert cli("verify", cli.contract, "--from", cli.kept).code == 0
    broken = cli("verify", cli.contract, "--from", cli.broken)
    assert broken.code == 1
    assert f"✗ lookup/kind  {cli.contract}:8:29  (kind)" in broken.out
    assert broken.err == ""


def test_several_sources_are_read_as_one(cli: CommandLine) -> None:
    answer = cli("verify", cli.contract, "--from", cli.kept, "--from", cli.broken)
    assert answer.code == 1
    assert "(2 traces, 6 spans)" in answer.out


def test_the_same_span_from_two_sources_is_one_span(cli: CommandLine) -> None:
    halves = [cli.traces("a.json", in_trace(kept_flow()[:2], 1)), cli.traces("b.json", in_trace(kept_flow()[1:], 1))]
    answer = cli("verify", cli.contract, "--from", halves[0], "--from", halves[1])
    assert (answer.code, "(1 trace, 3 spans)" in answer.out) == (0, True)


def test_what_is_wrong_in_one_of_several_files_is_told_as_if_it_was_alone(cli: CommandLine, tmp_path: Path) -> None:
    damaged, empty = cli.file("damaged.json", '{"resourceSpans": ['), cli.file("empty.json", "{}")
    missing = str(tmp_path / "missing.json")
    for files, wrong in (((damaged, missing), damaged), ((cli.kept, damaged), damaged), ((empty, cli.kept), empty)):
        with pytest.raises(SourceError) as error:
            OtlpFileSource(wrong).read()
        answer = cli("verify", cli.contract, "--from", files[0], "--from", files[1])
        assert answer.code == 3
        assert error.value.message in answer.err


def test_chosen_traces_are_judged_and_others_are_not(cli: CommandLine) -> None:
    wanted = in_trace(kept_flow(), 1)
    file = cli.traces("one.json", wanted)
    answer = cli("verify", cli.contract, "--from", file, "--trace", wanted.trace_id, "--trees")
    assert answer.code == 0
    assert "(1 trace, 3 spans)" in answer.out
    missing = cli("verify", cli.contract, "--from", file, "--trace", wanted.trace_id, "--trace", "5")
    assert missing.code == 3
    assert "trace 5 was never seen (no id begins so, and a store such as Jaeger looks up whole ids only" in missing.err


@pytest.mark.parametrize("command", ["verify", "compare", "show"])
def test_trace_is_named_by_the_beginning_of_its_id(cli: CommandLine, command: str) -> None:
    both = cli.traces("both.json", in_trace(kept_flow(), 0xA0C << 116), in_trace(kept_flow(), 0xB0C << 116))
    arguments = {"verify": (cli.contract, "--from", both), "compare": ("--from", both, "--from", both), "show": (both,)}
    answer = cli(command, *arguments[command], "--trace", "A0c")
    assert answer.code == 0
    assert "1 trace, 3 spans" in answer.out
    assert cli(command, *arguments[command], "--trace", "a0d").code == 3


def test_copies_from_before_the_end_of_a_span_are_counted_in_the_header(cli: CommandLine) -> None:
    started = [replace(span, end_ns=0, attributes={}) for span in kept_flow()]
    answer = cli("verify", cli.contract, "--from", cli.traces("live.json", in_trace([*started, *kept_flow()], 1)))
    assert answer.code == 0
    assert f"updates {len(started)} copies of spans exported before they ended" in " ".join(answer.out.split())


def test_options_may_stand_between_contracts(cli: CommandLine) -> None:
    other = cli.file("other.contract.yaml", CONTRACT.replace("contract: session", "contract: other"))
    answer = cli("verify", cli.contract, "--from", cli.kept, other)
    assert answer.code == 0
    assert "2 contracts" in answer.out


def test_unseen_contract_gives_3_unless_allowed_next_to_a_kept_one(cli: CommandLine) -> None:
    unseen = cli.file("unseen.contract.yaml", "spanpact: 1\ncontract: unseen\nversion: 1.0.0\nspan: never\n")
    assert cli("verify", unseen, "--from", cli.kept).code == 3
    assert cli("verify", unseen, "--from", cli.kept, "--allow-unseen").code == 3
    assert cli("verify", unseen, cli.contract, "--from", cli.kept).code == 3
    assert cli("verify", unseen, cli.contract, "--from", cli.kept, "--allow-unseen").code == 0


def test_json_goes_to_standard_output(cli: CommandLine) -> None:
    answer = cli("verify", cli.contract, "--from", cli.broken, "--format", "json")
    assert parse_json(answer.out).results[0].findings[0].key == "lookup/kind"


def test_report_in_a_file_leaves_one_line_on_standard_output(cli: CommandLine) -> None:
    file = cli.folder / "report.json"
    answer = cli("verify", cli.contract, "--from", cli.broken, "--format", "json", "--output", str(file))
    assert answer.code == 1
    assert answer.out == f"broken: 1 contract, 1 broken, 1 finding, 1 flow (report in {file})\n"
    assert json.loads(file.read_text())["verdict"] == "broken"
    assert sorted(each.name for each in cli.folder.glob(".*")) == []
    cli("verify", cli.contract, "--from", cli.kept, "--output", str(file))
    assert "✓ kept" in file.read_text(encoding="utf-8")


def test_a_dash_as_output_is_standard_output(cli: CommandLine) -> None:
    assert "✓ kept" in cli("verify", cli.contract, "--from", cli.kept, "--output", "-").out


@pytest.mark.parametrize("kind", ["folder", "link", "pipe", "nowhere", "dot"])
@pytest.mark.fault("N2")
def test_output_that_is_not_an_ordinary_file_is_refused_before_the_work(cli: CommandLine, kind: str) -> None:
    target = cli.folder / "target"
    if kind == "folder":
        target.mkdir()
    elif kind == "link":
        target.symlink_to(cli.kept)
    elif kind == "pipe":
        os.mkfifo(target)
    elif kind == "nowhere":
        target = target / "below"
    else:
        target = Path("..")
    before = Path(cli.kept).read_bytes()
    answer = cli("verify", cli.contract, "--from", cli.kept, "--output", str(target))
    assert (answer.code, answer.out) == (2, "")
    assert one_line(answer.err, ["cannot write", str(target)])
    assert Path(cli.kept).read_bytes() == before


def test_full_disk_is_one_line(cli: CommandLine) -> None:
    with open("/dev/full", "w") as full:
        done = _to(cli, full.fileno())
    assert done.returncode == 2
    assert one_line(done.stderr, ["cannot write to standard output", "No space left"])


@pytest.mark.parametrize("options", [("--format", "json", "--output"), ("--format", "sarif", "--output")])
def test_a_full_disk_for_the_report_does_not_keep_it_away(cli: CommandLine, options: tuple[str, ...]) -> None:
    command = [*SPANPACT, "verify", cli.contract, "--from", cli.broken, "--all", *options, "report"]
    done = _on_a_full_disk(cli, command)
    assert "broken" in done.stdout
    assert (done.returncode, one_line(done.stderr, ["cannot write report: File too large"])) == (2, True)
    assert not Path(cli.folder, "report").exists()


def test_a_full_disk_for_one_of_several_reports_costs_only_this_one(cli: CommandLine) -> None:
    formats = ["--format", "json=large", "--format", "markdown=small", "--format", "text"]
    command = [*SPANPACT, "verify", cli.contract, "--from", cli.broken, *formats]
    done = _on_a_full_disk(cli, command)
    assert (done.returncode, one_line(done.stderr, ["cannot write large: File too large"])) == (2, True)
    assert "broken" in done.stdout
    assert "broken" in Path(cli.folder, "small").read_text()


def _on_a_full_disk(cli: CommandLine, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command that can write files of 1 KiB only; its output is not limited.

    Python 3.11 would leave bytecode of 1 KiB for the processes of other tests, which could not read it.
    """
    limited = ["bash", "-c", 'ulimit -f 1; "$@" | cat; exit "${PIPESTATUS[0]}"', "bash"]
    limited += ["env", "PYTHONDONTWRITEBYTECODE=1"]
    return subprocess.run([*limited, *command], cwd=cli.folder, capture_output=True, text=True, timeout=50, check=False)


def _to(cli: CommandLine, out: int) -> subprocess.CompletedProcess[str]:
    command = [*SPANPACT, "verify", cli.contract, "--from", cli.broken]
    return subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True, timeout=50, check=False)


def test_closed_pipe_changes_neither_exit_code_nor_standard_error(cli: CommandLine) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = _to(cli, write)
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (1, "")


def test_standard_input_is_a_source(cli: CommandLine) -> None:
    done = cli.run("verify", cli.contract, "--from", "-", input=Path(cli.broken).read_text())
    assert done.returncode == 1


def test_terminal_without_unicode_gets_ascii(cli: CommandLine) -> None:
    done = cli.run("verify", cli.contract, "--from", cli.broken, env=environment(PYTHONIOENCODING="ascii"))
    assert done.stdout.isascii()
    assert "x lookup/kind" in done.stdout


def test_coverage_and_all_reach_the_report(cli: CommandLine) -> None:
    answer = cli("verify", cli.contract, "--from", cli.kept, "--coverage", "--all")
    assert "exercised  lookup.kind" in answer.out


def test_scenarios_label_traces(cli: CommandLine) -> None:
    labelled = cli.file("l.contract.yaml", CONTRACT.replace("version:", "scenario: hit\nversion:"))
    assert cli("verify", labelled, "--from", cli.kept).code == 3
    names = cli.file("names", f"# comment\n\n{1:032X} hit\n")
    assert cli("verify", labelled, "--from", cli.kept, "--scenarios", names).code == 0
    names = cli.file("names", f"{1:032x} mist\n")
    answer = cli("verify", labelled, "--from", cli.kept, "--scenarios", names)
    assert (answer.code, answer.err) == (3, "spanpact: warning: no contract names the scenario mist\n")


@pytest.mark.parametrize("line", ["x hit", f"{1:032x}", f"{1:032x} a b", "z" * 32 + " hit"])
def test_malformed_label_is_one_line_with_its_file_and_line(cli: CommandLine, line: str) -> None:
    names = cli.file("names", f"\n{line}\n")
    answer = cli("verify", cli.contract, "--from", cli.kept, "--scenarios", names)
    assert answer.code == 2
    assert one_line(answer.err, [f"{names}:2", "TRACE_ID SCENARIO"])


def test_unreadable_scenarios_are_one_line(cli: CommandLine) -> None:
    for path in (str(cli.folder), "nowhere"):
        answer = cli("verify", cli.contract, "--from", cli.kept, "--scenarios", path)
        assert (answer.code, one_line(answer.err, ["cannot read the scenarios"])) == (2, True)
    (cli.folder / "binary").write_bytes(b"\xff\xfe")
    answer = cli("verify", cli.contract, "--from", cli.kept, "--scenarios", str(cli.folder / "binary"))
    assert one_line(answer.err, ["it is not UTF-8"])


@pytest.mark.parametrize("arguments", [[], ["--examples"]])
def test_examples_are_judged_without_a_source(cli: CommandLine, arguments: list[str]) -> None:
    answer = cli("verify", cli.contract, *arguments)
    assert answer.code == 0
    assert "examples of the contracts (2 traces, 4 spans)" in answer.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["verify"], ["CONTRACTS", "--from"]),
        (["verify", "nowhere.contract.yaml"], ["nowhere.contract.yaml"]),
        (["verify", "C", "--from", "K", "--examples"], ["exclude each other"]),
        (["verify", "C", "--scenarios", "K"], ["--scenarios needs --from"]),
        (["verify", "C", "--format", "xml"], ["xml"]),
        (["verify", "C", "--form", "json"], ["--form"]),
        (["verify", "C", "--from"], ["--from"]),
        (["verify", "C", "--from", ""], ["the source is empty"]),
        (["verify", "C", "--from", "gopher:x"], ["gopher"]),
        ([], ["verify, run, receive", "see spanpact --help"]),
        (["verfy"], ["verfy"]),
        (["\x1b[31m"], ["'\\x1b[31m'"]),
    ],
)
def test_wrong_usage_is_one_line_and_2(cli: CommandLine, arguments: list[str], words: list[str]) -> None:
    paths = {"C": cli.contract, "K": cli.kept}
    answer = cli(*(paths.get(each, each) for each in arguments))
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
def test_wrong_contract_is_one_line_with_place_and_2(cli: CommandLine, old: str, new: str, words: list[str]) -> None:
    wrong = cli.file("wrong.contract.yaml", CONTRACT.replace(old, new, 1))
    answer = cli("verify", wrong, "--from", cli.kept)
    assert (answer.code, answer.out) == (2, "")
    assert one_line(answer.err, words)


def test_unreadable_source_is_one_line_and_3(cli: CommandLine) -> None:
    garbage = cli.file("garbage.json", "not json\x1b[31m")
    for source in (garbage, str(cli.folder / "nowhere.json")):
        answer = cli("verify", cli.contract, "--from", source)
        assert (answer.code, answer.out) == (3, "")
        assert one_line(answer.err, [source])
        assert "\x1b" not in answer.err


def test_help_and_version_are_printed(cli: CommandLine) -> None:
    assert cli("--version").out.startswith("spanpact 0.")
    assert "verify" in cli("--help").out
    assert "exit codes" in cli("-h").out
    done = cli.run("verify", "--help")
    assert (done.returncode, "--allow-unseen" in done.stdout) == (0, True)


def test_bug_in_spanpact_is_one_line_and_3_or_a_stack_trace_with_debug(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(arguments: object) -> int:
        raise RuntimeError("bad\nluck of bob@example.com")

    monkeypatch.setattr("spanpact.cli.commands.show.run", fail)
    answer = cli("show", cli.kept)
    assert answer.code == 3
    assert one_line(answer.err, ["RuntimeError", "SPANPACT_DEBUG=1", "email"])
    assert "bob@" not in answer.err
    monkeypatch.setenv("SPANPACT_DEBUG", "1")
    with pytest.raises(RuntimeError):
        cli("show", cli.kept)


def test_interruption_is_one_line_and_130(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(arguments: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("spanpact.cli.commands.show.run", interrupt)
    answer = cli("show", cli.kept)
    assert (answer.code, answer.err) == (130, "spanpact: interrupted\n")


def test_name_that_is_too_long_is_refused(cli: CommandLine) -> None:
    answer = cli("verify", cli.contract, "--from", cli.kept, "--output", str(cli.folder / ("n" * 300)))
    assert (answer.code, one_line(answer.err, ["File name too long"])) == (2, True)


def test_failed_write_leaves_the_old_file_and_nothing_else(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*names: object) -> None:
        raise OSError(5, "Input/output error")

    target = Path(cli.file("report.txt", "old"))
    before = sorted(cli.folder.iterdir())
    monkeypatch.setattr("os.replace", fail)
    answer = cli("verify", cli.contract, "--from", cli.kept, "--output", str(target))
    assert (answer.code, one_line(answer.err, ["Input/output error"])) == (2, True)
    assert (target.read_text(), sorted(cli.folder.iterdir())) == ("old", before)


def test_folder_that_may_not_be_written_is_refused(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *arguments: False)  # root may write everywhere
    answer = cli("verify", cli.contract, "--from", cli.kept, "--output", str(cli.folder / "report.txt"))
    assert (answer.code, one_line(answer.err, ["Permission denied"])) == (2, True)


def test_offered_requests_of_several_sources_add_up() -> None:
    parts = [Reading(SourceInfo("a"), [in_trace(kept_flow(), n)], n) for n in (1, 2)]
    whole = merged(parts)
    assert (whole.offered, whole.source.name, len(whole.traces)) == (3, "a", 2)


SAMPLED = "spanpact: 1\ncontract: s\nversion: 1.0.0\nspan: session.validate\nacross: {rate: {sampling: 0.5}}\n"


@pytest.mark.parametrize(("offered", "code"), [("240", 0), ("120", 1), ("2400", 1), ("50", 3)])
def test_offered_requests_are_declared(cli: CommandLine, offered: str, code: int) -> None:
    contract = cli.file("sampled.contract.yaml", SAMPLED)
    traces = cli.traces("many.json", *[in_trace(kept_flow(), number) for number in range(1, 121)])
    for more in ([], ["--wait", "0.01"]):
        assert cli("verify", contract, "--from", traces, "--offered", offered, *more).code == code


@pytest.mark.parametrize("number", ["", "x", "-1", "1.5", "1e3", "9" * 16, "²"])
def test_offered_needs_a_whole_number(cli: CommandLine, number: str) -> None:
    answer = cli("verify", cli.contract, "--from", cli.kept, "--offered", number)
    assert (answer.code, answer.out) == (2, "")
    assert "--offered" in answer.err


def test_offered_needs_traces(cli: CommandLine) -> None:
    assert cli("verify", cli.contract, "--offered", "5").code == 2


def test_a_pipe_is_read_once(cli: CommandLine) -> None:
    """The shell gives `<(zcat traces.json.gz)` as the path of a pipe."""
    read_end, write_end = os.pipe()
    os.write(write_end, Path(cli.kept).read_bytes())
    os.close(write_end)
    try:
        answer = cli("verify", cli.contract, "--from", f"/dev/fd/{read_end}")
    finally:
        os.close(read_end)
    assert (answer.code, answer.err) == (0, "")


def test_too_little_memory_is_one_line_and_3(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(arguments: list[str]) -> int:
        raise MemoryError

    monkeypatch.setattr("spanpact.cli.commands.verify.run", fill)
    answer = cli("verify", cli.contract, "--from", cli.broken, "--format", "json")
    assert answer.code == 3
    assert one_line(answer.err, ["not enough memory", "--memory-limit"])
    assert "not enough memory" in answer.out
