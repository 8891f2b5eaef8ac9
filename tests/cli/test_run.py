"""`spanpact run`: the command runs as if started by hand, and its traces are received and judged."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from spanpact.cli.running.process import describe_exit, run_command
from spanpact.errors import UsageError
from spanpact.sources import OtlpReceiver, ReceiverLimits
from tests.cli.commands import SPANPACT, CommandLine, environment, heed_signals, one_line

SENDER = """\
import os, sys, urllib.request
body = open(sys.argv[1], "rb").read()
request = urllib.request.Request(
    os.environ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"], body, {"Content-Type": "application/json"})
urllib.request.urlopen(request).close()
for label in sys.argv[3:]:
    with open(os.environ["SPANPACT_SCENARIOS"], "a") as file:
        file.write(label + "\\n")
print("the command's own words")
sys.exit(int(sys.argv[2]))
"""
WAITER = """\
import os, signal, sys
ends = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT}
signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # a handler could interrupt the write, or come before a pause
os.write(1, b"ready\\n")
number = signal.sigwait(ends)
os.write(1, f"got {signal.Signals(number).name}\\n".encode())
sys.exit(7)
"""


def sender(cli: CommandLine, traces: str, code: int = 0, *labels: str) -> list[str]:
    """Return a command that sends the traces by OTLP and ends with the code."""
    return [sys.executable, cli.file("sender.py", SENDER), traces, str(code), *labels]


def test_traces_that_arrive_are_judged(cli: CommandLine) -> None:
    kept = cli("run", cli.contract, "--", *sender(cli, cli.kept))
    assert kept.code == 0
    assert "the command's own words\n" in kept.out
    assert "source   OTLP receiver (1 trace, 3 spans)\ncommand  " in kept.out
    assert cli("run", cli.contract, "--", *sender(cli, cli.broken)).code == 1


def test_exit_code_of_the_command_wins_over_that_of_the_report(cli: CommandLine) -> None:
    answer = cli("run", cli.contract, "--", *sender(cli, cli.broken, 5))
    assert answer.code == 5
    assert "lookup/kind" in answer.out
    assert answer.err.startswith("spanpact: the command's exit code was 5")


def test_save_writes_the_traces_to_a_file(cli: CommandLine) -> None:
    saved = str(cli.folder / "saved.json")
    assert cli("run", cli.contract, "--save", saved, "--", *sender(cli, cli.broken)).code == 1
    assert cli("verify", cli.contract, "--from", saved).code == 1


def test_labels_of_the_command_override_those_of_the_file(cli: CommandLine) -> None:
    text = Path(cli.contract).read_text().replace("version:", "scenario: hit\nversion:")
    labelled = cli.file("l.contract.yaml", text)
    names = cli.file("names", f"{1:032x} other\n")
    command = sender(cli, cli.kept, 0, f"{1:032x} hit")
    assert cli("run", labelled, "--scenarios", names, "--", *command).code == 0
    answer = cli("run", labelled, "--scenarios", names, "--", *sender(cli, cli.kept))
    assert (answer.code, "no contract names the scenario other" in answer.err) == (3, True)


def test_malformed_label_is_one_line(cli: CommandLine) -> None:
    answer = cli("run", cli.contract, "--", *sender(cli, cli.kept, 0, "rubbish"))
    assert (answer.code, one_line(answer.err, ["SPANPACT_SCENARIOS:1"])) == (2, True)


def test_no_trace_gives_3_and_says_what_to_check(cli: CommandLine) -> None:
    answer = cli("run", cli.contract, "--allow-unseen", "--", sys.executable, "-c", "pass")
    assert answer.code == 3
    assert answer.err.startswith("spanpact: no span arrived: ")
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in answer.err


PREFACE = """\
import os, socket
host, port = os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"].removeprefix("http://").rsplit(":", 1)
with socket.create_connection((host, int(port))) as sender:
    sender.sendall(b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n")
    sender.recv(100)
"""


def test_grpc_to_the_http_port_is_named_with_the_option(cli: CommandLine) -> None:
    answer = cli("run", cli.contract, "--", sys.executable, "-c", PREFACE)
    assert answer.code == 3
    assert "exports by OTLP/gRPC to the port for OTLP/HTTP; add --protocol grpc" in answer.err
    assert "refused  1 connection by OTLP/gRPC to the port for OTLP/HTTP" in answer.out
    assert "malformed" not in answer.out


def test_hint_names_the_protocol_that_was_asked_for(cli: CommandLine) -> None:
    answer = cli("run", cli.contract, "--protocol", "grpc", "--", "true")
    assert (answer.code, "exports by OTLP/gRPC to OTEL" in answer.err, "HTTP" in answer.err) == (3, True, False)


@pytest.mark.parametrize("signal", ["", "TRACES_", "LOGS_", "METRICS_"])
def test_compression_of_the_caller_is_not_passed_on(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, signal: str
) -> None:
    name = f"OTEL_EXPORTER_OTLP_{signal}COMPRESSION"
    monkeypatch.setenv(name, "gzip")
    command = [sys.executable, "-c", f"import os; raise SystemExit({name!r} in os.environ)"]
    assert cli("run", cli.contract, "--", *command).code == 3


def test_failed_command_that_sent_nothing_is_not_buried_under_a_report(cli: CommandLine) -> None:
    command = [sys.executable, "-c", "raise SystemExit(4)"]
    answer = cli("run", cli.contract, "--trees", "--", *command)
    assert (answer.code, answer.out) == (4, "not checked: 1 contract, 1 not checked, 0 flows\n")
    reason = "no span arrived, so nothing was verified; the command's exit code was 4; spanpact exits with 4 too"
    assert answer.err == f"spanpact: {reason}\n"
    assert '"unseen"' in cli("run", cli.contract, "--format", "json", "--", *command).out
    written = str(cli.folder / "report.txt")
    cli("run", cli.contract, "--output", written, "--", *command)
    assert "unseen" in Path(written).read_text()


def test_refused_requests_are_counted_in_the_header(cli: CommandLine) -> None:
    garbage = cli.file("garbage.json", "no json")
    answer = cli("run", cli.contract, "--", *sender(cli, garbage))
    assert answer.code == 1  # the sender fails over the answer
    assert "refused  1 request to the receiver, malformed" in answer.out


def test_traces_with_dropped_spans_are_incomplete(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = ReceiverLimits(spans=2)
    monkeypatch.setattr("spanpact.cli.commands.run.OtlpReceiver", lambda: OtlpReceiver(limits=limits))
    answer = cli("run", cli.contract, "--", *sender(cli, cli.kept))
    assert answer.code == 3
    assert "dropped  1 spans and logs" in answer.out
    assert "incomplete" in answer.out


def test_secrets_of_the_command_line_are_masked(cli: CommandLine) -> None:
    answer = cli("run", cli.contract, "--format", "json", "--", "true", "--user", "bob@example.com")
    assert "bob@" not in answer.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "C"], ["no command to run"]),
        (["run", "C", "--"], ["no command to run"]),
        (["run", "--pack", "x", "--", "true"], ["there is no pack"]),
        (["run", "C", "--", "no-such-command-anywhere"], ["command not found: no-such-command-anywhere"]),
        (["run", "C", "--", "K"], ["cannot run"]),
        (["run", "C", "--", "a\0b"], ["cannot run", "null byte"]),
        (["run", "C", "--save", "/nowhere/x.json", "--", "true"], ["cannot write /nowhere/x.json"]),
        (["run", "nowhere", "--", "true"], ["nowhere"]),
    ],
)
def test_wrong_usage_is_one_line_and_2(cli: CommandLine, arguments: list[str], words: list[str]) -> None:
    paths = {"C": cli.contract, "K": cli.kept}
    answer = cli(*(paths.get(each, each) for each in arguments))
    assert (answer.code, answer.out) == (2, "")
    assert one_line(answer.err, words)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_signals_are_forwarded_and_the_command_may_finish(cli: CommandLine, number: signal.Signals) -> None:
    command = [*SPANPACT, "run", cli.contract, "--", sys.executable, "-c", WAITER]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_signals,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=50)
    assert process.returncode == 7
    assert out.startswith(f"got {number.name}\n")
    assert "not checked: 1 contract" in out
    assert "the command's exit code was 7" in err


def test_a_terminal_that_is_closed_ends_the_command_too(cli: CommandLine) -> None:
    """SIGHUP ends the command, and nothing stays: no process, no folder. The report goes where nobody reads it."""
    temporary = cli.folder / "temporary"
    temporary.mkdir()
    script = "import os, signal; print(os.getpid(), flush=True); signal.pause()"
    command = [*SPANPACT, "run", cli.contract, "--", sys.executable, "-c", script]
    master, slave = os.openpty()
    process = subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment(TMPDIR=str(temporary)),
        start_new_session=True,
        preexec_fn=heed_signals,
    )
    os.close(slave)
    pid = int(os.read(master, 100))
    os.close(master)
    process.send_signal(signal.SIGHUP)
    assert process.wait(50) == 128 + signal.SIGHUP
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert list(temporary.iterdir()) == []


def test_a_signal_that_nohup_ignores_stays_ignored() -> None:
    script = "import os, signal; os.kill(os.getppid(), signal.SIGHUP)"
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert run_command([sys.executable, "-c", script], os.environ) == 0
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_signal_that_ended_the_command_is_named() -> None:
    killed = run_command([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], os.environ)
    assert (killed, describe_exit(killed)) == (137, "the command was ended by SIGKILL")
    assert describe_exit(3) == "the command's exit code was 3"


def test_signal_before_the_command_runs_is_kept_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real, before = subprocess.Popen, signal.getsignal(signal.SIGTERM)

    def slowly(*arguments: object, **options: object) -> object:
        os.kill(os.getpid(), signal.SIGTERM)
        return real(*arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr("spanpact.cli.running.process.subprocess.Popen", slowly)
    assert run_command([sys.executable, "-c", "import signal; signal.pause()"], os.environ) == 128 + signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) == before


def test_command_can_be_run_from_any_thread() -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(run_command, ["false"], os.environ).result() == 1
    with pytest.raises(UsageError, match="command not found"):
        run_command(["no-such-command-anywhere"], os.environ)


def test_ctrl_c_of_a_terminal_is_left_to_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal sends it to every process in its foreground: forwarding would send it twice."""
    monkeypatch.setattr("spanpact.cli.running.process._is_in_foreground", lambda: True)
    script = "import os, signal; os.kill(os.getppid(), signal.SIGINT); print('unharmed')"
    assert run_command([sys.executable, "-c", script], os.environ) == 0


FOREGROUND = """\
import os, sys
from spanpact.cli.running.process import _is_in_foreground
if len(sys.argv) > 1:
    os.open(sys.argv[1], os.O_RDWR)  # the first terminal that a session's leader opens becomes its own
print(_is_in_foreground())
"""


@pytest.mark.parametrize("terminal", [True, False])
def test_foreground_of_a_terminal_is_recognised(terminal: bool) -> None:
    master, slave = os.openpty()
    try:
        command = [sys.executable, "-c", FOREGROUND, *([os.ttyname(slave)] if terminal else [])]
        done = subprocess.run(command, capture_output=True, text=True, start_new_session=True, timeout=50, check=True)
    finally:
        os.close(master)
        os.close(slave)
    assert done.stdout == f"{terminal}\n"


def test_a_full_disk_for_save_does_not_keep_the_report_away(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(path: str, data: bytes) -> None:
        raise UsageError(f"cannot write {path}: No space left on device")

    monkeypatch.setattr("spanpact.cli.output.write_file", fill)
    saved = str(cli.folder / "saved.json")
    answer = cli("run", cli.contract, "--save", saved, "--", *sender(cli, cli.broken))
    assert "lookup/kind" in answer.out
    assert (answer.code, one_line(answer.err, ["No space left on device"])) == (2, True)
    assert cli("run", cli.contract, "--save", saved, "--", *sender(cli, cli.kept, 5)).code == 5
