"""`spanpact receive`: started, fed and stopped by others; whatever it acknowledged is judged."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from queue import SimpleQueue

import pytest

from spanpact.cli import load_command
from spanpact.cli.running.stopping import stopping_by_signals
from tests.cli.commands import SPANPACT, CommandLine, environment, heed_signals, one_line
from tests.cli.receive.running import BROKEN, KEPT, receiving


@pytest.mark.parametrize(("body", "status", "code"), [(KEPT, 200, 0), (BROKEN, 422, 1)])
def test_stop_returns_the_report_and_ends_with_its_exit_code(
    cli: CommandLine, body: bytes, status: int, code: int
) -> None:
    with receiving(cli.folder, cli.contract) as running:
        assert running.ask("GET", "/health").json == {"status": "listening"}
        assert running.send(body).status == 200
        answer = running.stop()
        assert (answer.status, answer.headers["spanpact-exit-code"]) == (status, str(code))
        assert running.end() == code
    printed = cli.capture.readouterr()
    assert printed.out == answer.text
    assert "source  OTLP receiver (1 trace, 3 spans)" in answer.text
    assert "listening for OTLP/HTTP at http://127.0.0.1:" in printed.err


def test_report_so_far_counts_a_trace_as_complete_when_it_is_settled(cli: CommandLine) -> None:
    with receiving(cli.folder, cli.contract, "--settle", "0.2") as running:
        assert running.report().headers["spanpact-exit-code"] == "3"
        running.send(KEPT)
        early = running.report()
        while (later := running.report()).status != 200:
            assert "incomplete" in early.text
            time.sleep(0.05)
        assert later.headers["spanpact-exit-code"] == "0"
        running.send(BROKEN)
        time.sleep(0.25)
        assert running.report().headers["spanpact-exit-code"] == "1"
        assert running.report("?format=json").json["exit_code"] == 1


def test_levels_and_formats_of_the_command_line_hold_for_each_report(cli: CommandLine) -> None:
    file = cli.folder / "report.json"
    options = ("--level", "lookup/kind=improvement", "--format", f"json={file}")
    with receiving(cli.folder, cli.contract, *options) as running:
        running.send(BROKEN)
        assert "\nlevels  lookup/kind=improvement\n" in running.stop().text
    assert running.code == 0
    assert json.loads(file.read_text(encoding="utf-8"))["header"] == [
        {"name": "levels", "value": "lookup/kind=improvement"}
    ]


def test_a_report_in_json_is_the_only_document_though_a_file_cannot_be_saved(cli: CommandLine) -> None:
    folder = cli.folder / "gone"
    folder.mkdir()
    with receiving(cli.folder, cli.contract, "--format", "json", "--save", str(folder / "traces.json")) as running:
        running.send(KEPT)
        folder.rmdir()
        running.stop()
    assert running.code == 2
    printed = cli.capture.readouterr()
    assert json.loads(printed.out)["verdict"] == "kept"
    assert "error: cannot write" in printed.err


def test_nothing_that_arrived_is_not_checked(cli: CommandLine) -> None:
    with receiving(cli.folder, cli.contract) as running:
        assert "unseen" in running.stop().text
    assert running.code == 3


def test_sessions_have_reports_of_their_own(cli: CommandLine) -> None:
    with receiving(cli.folder, cli.contract, "--settle", "0") as running:
        assert running.send(KEPT, "/s/one/v1/traces").status == 200
        assert running.send(BROKEN, spanpact_session="two").status == 200
        assert running.report("?session=one").headers["spanpact-exit-code"] == "0"
        assert running.ask("GET", "/s/two/report").headers["spanpact-exit-code"] == "1"
        assert running.ask("GET", "/report", spanpact_session="two").headers["spanpact-exit-code"] == "1"
        assert running.report("?session=never").headers["spanpact-exit-code"] == "3"
        everything = running.report().text
        assert everything.endswith("\nbroken: 2 sessions, 1 kept, 1 broken\n")
        assert [line for line in everything.splitlines() if line.startswith("session ")] == [
            "session  one",
            "session  two",
        ]
        ended = running.stop("?session=two")
        assert (ended.status, "session  two" in ended.text) == (422, True)
        for again in (
            running.stop("?session=two"),
            running.report("?session=two"),
            running.send(KEPT, "/s/two/v1/traces"),
        ):
            assert (again.status, again.json["message"]) == (410, "the session two has ended")
        final = running.stop("?format=json").json
        assert running.end() == 1
    assert (final["exit_code"], list(final["sessions"])) == (1, ["two", "one"])
    assert final["sessions"]["two"] == {"exit_code": 1, "summary": ended.text.splitlines()[-1]}
    assert final["sessions"]["one"]["contracts"][0]["verdict"] == "kept"


def test_a_kept_session_that_ended_leaves_the_others_to_decide(cli: CommandLine) -> None:
    with receiving(cli.folder, cli.contract) as running:
        running.send(KEPT, "/s/one/v1/traces")
        running.send(KEPT)
        assert running.stop("?session=one").status == 200
        assert running.stop().text.startswith("session one has ended: kept: ")
        assert running.end() == 0


@pytest.mark.parametrize("name", ["", "a%20b", "-a", "a" * 101, "..", "a;b"])
def test_a_malformed_name_of_a_session_is_refused(cli: CommandLine, name: str) -> None:
    with receiving(cli.folder, cli.contract) as running:
        for answer in (running.send(KEPT, f"/s/{name}/v1/traces"), running.send(KEPT, spanpact_session=name)):
            assert (answer.status, "wrong name of a session" in answer.text) == (400, True)
        assert running.stop("?session=a/b").status == 400
        assert running.ask("GET", "/health").status == 200


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/stop", {}, 405),
        ("POST", "/report", {}, 405),
        ("GET", "/other", {}, 404),
        ("POST", "/stop?format=yaml", {}, 400),
        ("POST", "/stop", {"origin": "http://a.example"}, 403),
        ("GET", "/report", {"origin": "null"}, 403),
    ],
)
def test_other_requests_stop_nothing(
    cli: CommandLine, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    with receiving(cli.folder, cli.contract) as running:
        assert running.ask(method, path, b"", **headers).status == status
        assert running.send(KEPT).status == 200
        assert running.stop().status == 200


def test_report_goes_where_the_options_say(cli: CommandLine) -> None:
    report, saved = cli.folder / "report.json", cli.folder / "saved.json"
    options = ["--format", "json", "--output", str(report), "--save", str(saved)]
    with receiving(cli.folder, cli.contract, *options) as running:
        running.send(KEPT)
        running.send(BROKEN, "/s/one/v1/traces")
        assert running.stop("?session=one").json["exit_code"] == 1
        answer = running.stop()
        assert report.read_text() == answer.text  # a caller may use the files once it has its answer
        assert saved.exists()
    assert f"broken: 2 sessions, 1 kept, 1 broken (report in {report})\n" in cli.capture.readouterr().out
    assert cli("verify", cli.contract, "--from", str(saved)).code == 1
    assert f"{1:032x}" in saved.read_text()
    assert f"{2:032x}" in saved.read_text()


def test_spans_beyond_the_limit_are_told_and_traces_incomplete(cli: CommandLine) -> None:
    with receiving(cli.folder, cli.contract, "--max-spans", "2") as running:
        assert running.send(KEPT).json["partialSuccess"]["rejectedSpans"] == "1"
        text = running.stop().text
        assert running.end() == 3
    assert "dropped  1 spans and logs, the receiver was full: the traces are incomplete" in text


def test_labels_are_read_again_for_each_report(cli: CommandLine) -> None:
    text = Path(cli.contract).read_text().replace("version:", "scenario: hit\nversion:")
    labelled, names = cli.file("l.contract.yaml", text), cli.file("names", "")
    with receiving(cli.folder, labelled, "--settle", "0", "--scenarios", names) as running:
        running.send(KEPT)
        assert running.report().headers["spanpact-exit-code"] == "3"
        cli.file("names", f"{1:032x} hit\n")
        assert running.report().headers["spanpact-exit-code"] == "0"
        cli.file("names", "rubbish\n")
        wrong = running.report()
        assert (wrong.status, "names:1: not a label" in wrong.json["message"]) == (500, True)
        cli.file("names", f"{1:032x} hit\n")


def test_what_cannot_be_judged_is_told_to_whom_it_concerns(cli: CommandLine) -> None:
    names = cli.file("names", "")
    with receiving(cli.folder, cli.contract, "--scenarios", names) as running:
        running.send(KEPT)
        cli.file("names", "rubbish\n")
        answer = running.stop()
        assert running.end() == 2
    assert (answer.status, "not a label" in answer.json["message"]) == (500, True)
    assert "names:1: not a label" in cli.capture.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--listen", "0.0.0.0:0"], ["--listen: 0.0.0.0 is not loopback", "--allow-remote"]),
        (["--listen-grpc", "192.0.2.1:4317"], ["--listen-grpc: 192.0.2.1 is not loopback", "--allow-remote"]),
        (["--listen", "[::]:0"], ["--listen: :: is not loopback"]),
        (["--listen", "4318"], ["cannot be '4318'", "HOST:PORT"]),
        (["--listen", "::1:4318"], ["HOST:PORT"]),
        (["--listen", "localhost:65536"], ["HOST:PORT"]),
        (["--token-file", "/nowhere/token"], ["cannot read the token in /nowhere/token"]),
        (["--token-file", "EMPTY"], ["is not a token"]),
        (["--tls-key", "EMPTY"], ["needs its certificate"]),
        (["--tls-cert", "EMPTY"], ["cannot use", "PEM"]),
        (["--forward", "collector:4318"], ["not one of OTLP/HTTP"]),
        (["--forward", "http://u:p@collector:4318"], ["credentials do not belong"]),
        (["--refuse", "200"], ["a status from 400 to 599"]),
        (["--refuse", "503:2"], ["a share from 0 to 1"]),
        (["--partial", "x"], ["a share from 0 to 1"]),
        (["--delay", "-1"], ["0 to 3600 seconds"]),
        (["--max-spans", "many"], ["a whole number"]),
        (["--url-file", "/nowhere/url"], ["cannot write /nowhere/url"]),
        (["--output", "/nowhere/x"], ["cannot write /nowhere/x"]),
        (["--scenarios", "/nowhere/x"], ["cannot read the scenarios"]),
    ],
)
def test_wrong_usage_is_one_line_and_2(cli: CommandLine, arguments: list[str], words: list[str]) -> None:
    empty = cli.file("empty", "")
    answer = cli("receive", cli.contract, *(each.replace("EMPTY", empty) for each in arguments))
    assert (answer.code, answer.out, one_line(answer.err, words)) == (2, "", True), answer.err
    assert "u:p" not in answer.err


def test_a_port_in_use_is_one_line_and_3(cli: CommandLine) -> None:
    with receiving(cli.folder, cli.contract) as running:
        address = running.url.removeprefix("http://")
        answer = subprocess.run(
            [*SPANPACT, "receive", cli.contract, "--listen", address],
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
        running.stop()
    assert (answer.returncode, answer.stdout, one_line(answer.stderr, ["cannot listen on 127.0.0.1"])) == (3, "", True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_with_the_report_on_what_was_acknowledged(cli: CommandLine, number: signal.Signals) -> None:
    url_file = cli.folder / "url"
    command = [*SPANPACT, "receive", cli.contract, "--listen", "127.0.0.1:0", "--url-file", str(url_file)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed_signals
    ) as process:
        while not url_file.exists():
            time.sleep(0.02)
        subprocess.run(
            ["curl", "-fsS", "-H", "content-type: application/json", "--data-binary", "@-",
             f"{url_file.read_text().strip()}/v1/traces"],
            input=BROKEN, check=True, timeout=50, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        process.send_signal(number)
        out, _ = process.communicate(timeout=50)
    assert (process.returncode, "lookup/kind" in out) == (1, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_after_a_stop_does_not_throw_the_report_away(number: signal.Signals) -> None:
    """The end of a CI job sends one while the report that `/stop` asked for is made."""
    stops: SimpleQueue[None] = SimpleQueue()
    with stopping_by_signals(stops):
        stops.put(None)  # POST /stop
        stops.get()
        os.kill(os.getpid(), number)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)


def test_token_may_come_from_the_environment_only(cli: CommandLine) -> None:
    answer = cli.run("receive", cli.contract, env=environment(SPANPACT_RECEIVER_TOKEN="two words"))
    assert (answer.returncode, one_line(answer.stderr, ["SPANPACT_RECEIVER_TOKEN is not a token"])) == (2, True)
    assert "two words" not in answer.stderr
    assert "--token " not in load_command("receive").build_parser().format_help()


def test_json_is_the_document_of_a_verification(cli: CommandLine) -> None:
    with receiving(cli.folder, cli.contract, "--format", "json") as running:
        running.send(KEPT)
        stopped = running.stop().json
    cli.capture.readouterr()  # the same, printed
    given = json.loads(cli("verify", cli.contract, "--from", cli.kept, "--format", "json").out)
    assert stopped.keys() == given.keys()
    assert stopped["contracts"] == given["contracts"]
    assert os.path.basename(cli.kept) not in json.dumps(stopped)
