"""`spanpact show`: trees, no verdict."""

from __future__ import annotations

from pathlib import Path

from tests.cli.commands import CommandLine, one_line
from tests.reporting.sample_reports import in_trace, kept_flow, span


def test_trees_of_a_source_are_shown(cli: CommandLine) -> None:
    answer = cli("show", cli.broken, cli.kept)
    assert answer.code == 0
    assert answer.out.count("└─ redis.get") == 2


def test_one_trace_is_found_by_the_beginning_of_its_id(cli: CommandLine) -> None:
    both = cli.traces("both.json", in_trace(kept_flow(), 0xA << 124), in_trace(kept_flow(), 0xB << 124))
    answer = cli("show", both, "--trace", "B0")
    assert (answer.code, answer.out.count("trace b0")) == (0, 1)
    missing = cli("show", both, "--trace", "c")
    assert (missing.code, one_line(missing.err, ["no trace c"])) == (3, True)
    assert one_line(cli("show", both, "--trace", "").err, ["not a trace id: ''"])
    assert cli("show", both, "--trace", "a", "--trace", "b").out.count("\ntrace ") == 1


def test_options_show_attributes_and_large_traces_whole(cli: CommandLine) -> None:
    many = cli.traces("many.json", in_trace([span(1, "root"), *(span(9 + i, f"s{i}", 1) for i in range(99))], 1))
    assert "… 96 more" in cli("show", many).out
    assert "s98" in cli("show", many, "--all").out
    assert 'key = "session:*"' in cli("show", cli.kept, "--attributes").out


def test_wrong_usage_and_unreadable_sources_are_one_line(cli: CommandLine) -> None:
    assert one_line(cli("show").err, ["TRACES"])
    answer = cli("show", "--from", "nowhere.json")
    assert (answer.code, one_line(answer.err, ["unknown option --from", "spanpact show TRACES"])) == (2, True)
    answer = cli("show", "nowhere.json")
    assert (answer.code, one_line(answer.err, ["nowhere.json"])) == (3, True)


def test_the_address_of_a_source_is_not_masked_as_verify_does_not(cli: CommandLine) -> None:
    path = str(Path(cli.kept).rename(cli.folder / "10.1.2.3-bob@example.com.json"))
    assert cli("show", path).out.splitlines()[-1].startswith(f"{path}: 1 trace")
    assert path in cli("verify", cli.contract, "--from", path).out


def test_files_of_other_formats_are_shown(cli: CommandLine) -> None:
    recordings = Path(__file__).parents[1] / "sources/files/recordings"
    for name in ("zipkin-trace.json", "jaeger-trace.json", "python-console.txt", "go-console-pretty.txt"):
        answer = cli("show", str(recordings / name))
        assert (answer.code, answer.out.lower().count("─ load cart")) == (0, 1)
    answer = cli("show", str(recordings / "java-log.txt"))
    assert (answer.code, one_line(answer.err, ["line 2, column 7", "sed -n 's/^INFO: //p'"])) == (3, True)
