"""`spanpact run` changes what would keep the command's spans away, tells it, and waits for the last spans."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from spanpact.cli.running import last_spans
from spanpact.cli.running.command_environment import OF_ANOTHER_ROUTE, command_environment
from spanpact.cli.running.last_spans import wait_for_last_spans
from spanpact.sources import OtlpReceiver
from tests.cli.commands import SPANPACT, CommandLine
from tests.cli.test_run import sender

RECEIVER = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
DELAYS = {"OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_BLRP_SCHEDULE_DELAY": "100"}
DELAYS_TOLD = "set OTEL_BSP_SCHEDULE_DELAY=100, OTEL_BLRP_SCHEDULE_DELAY=100"


def test_spans_are_sent_soon_unless_the_caller_wants_otherwise() -> None:
    made = command_environment({"PATH": "/bin"}, RECEIVER)
    assert made.variables == {"PATH": "/bin", **DELAYS, **RECEIVER}
    assert made.changes == DELAYS_TOLD
    own = dict.fromkeys(DELAYS, "4000")
    assert command_environment(own, RECEIVER).variables == {**own, **RECEIVER}
    assert command_environment(own, RECEIVER).changes == ""


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("OTEL_SDK_DISABLED", "true", "OTEL_SDK_DISABLED=true"),
        ("OTEL_SDK_DISABLED", " TRUE ", "OTEL_SDK_DISABLED=TRUE"),
        ("OTEL_JAVAAGENT_ENABLED", "false", "OTEL_JAVAAGENT_ENABLED=false"),
        ("OTEL_TRACES_SAMPLER", "always_off", "OTEL_TRACES_SAMPLER=always_off"),
        ("OTEL_TRACES_SAMPLER", "parentbased_always_off", "OTEL_TRACES_SAMPLER=parentbased_always_off"),
        ("OTEL_CONFIG_FILE", "otel.yaml", "OTEL_CONFIG_FILE"),
        ("OTEL_EXPERIMENTAL_CONFIG_FILE", "otel.yaml", "OTEL_EXPERIMENTAL_CONFIG_FILE"),
        *[(name, "secret-of-mine", name) for name in OF_ANOTHER_ROUTE],
    ],
)
def test_what_keeps_spans_away_is_removed_and_told(name: str, value: str, told: str) -> None:
    made = command_environment({name: value, **DELAYS}, RECEIVER)
    assert made.variables == {**DELAYS, **RECEIVER}
    assert made.changes == f"removed {told}"


@pytest.mark.parametrize("name", DELAYS)
def test_an_empty_delay_is_one_that_is_not_set(name: str) -> None:
    """So the specification of OpenTelemetry has it for every variable."""
    assert command_environment({**DELAYS, name: ""}, RECEIVER).variables == {**DELAYS, **RECEIVER}


def test_values_of_the_caller_that_the_receivers_replace_are_told_by_name() -> None:
    own = {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://user:hunter2@collector.example.org", "OTEL_TRACES_EXPORTER": "otlp"}
    receiver = {**RECEIVER, "OTEL_TRACES_EXPORTER": "otlp", "OTEL_LOGS_EXPORTER": "otlp"}
    made = command_environment({**own, **DELAYS}, receiver)
    assert made.variables == {**DELAYS, **receiver}
    assert made.changes == "replaced OTEL_EXPORTER_OTLP_ENDPOINT"


@pytest.mark.parametrize(
    "environ",
    [
        {"OTEL_SDK_DISABLED": "false"},
        {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.1"},
        {"OTEL_JAVAAGENT_ENABLED": "true"},
        {"OTEL_SERVICE_NAME": "web", "OTEL_RESOURCE_ATTRIBUTES": "service.instance.id=1"},
        {"OTEL_EXPORTER_OTLP_TIMEOUT": "3000"},
    ],
)
def test_what_the_caller_may_want_stays(environ: dict[str, str]) -> None:
    assert command_environment({**environ, **DELAYS}, RECEIVER).variables == {**environ, **DELAYS, **RECEIVER}


def test_changes_are_in_the_report(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20abc")
    code = "import os; raise SystemExit(bool({'OTEL_SDK_DISABLED', 'OTEL_EXPORTER_OTLP_HEADERS'} & os.environ.keys()))"
    answer = cli("run", "--", sys.executable, "-c", code)
    assert answer.code == 3  # nothing arrived, and the command found neither variable
    told = f"{DELAYS_TOLD}; replaced OTEL_TRACES_EXPORTER; removed OTEL_SDK_DISABLED=true, OTEL_EXPORTER_OTLP_HEADERS"
    assert f"\nchanged  variables of the command: {told}\n" in answer.out
    assert "abc" not in answer.out + answer.err


WORKER = """\
import os, signal, time
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
class Exporter(OTLPSpanExporter):
    sent = False
    def export(self, spans):
        result = super().export(spans)
        self.sent = True
        return result
exporter, provider = Exporter(), TracerProvider()
provider.add_span_processor(BatchSpanProcessor(exporter))
with provider.get_tracer("worker").start_as_current_span("session.validate"):
    pass
while not exporter.sent:
    time.sleep(0.01)
os.kill(os.getpid(), signal.SIGTERM)  # without a handler, nothing is flushed
time.sleep(30)
"""


def test_a_program_that_a_signal_ends_has_sent_its_spans(cli: CommandLine) -> None:
    worker = cli.file("worker.py", WORKER)
    answer = cli("run", "--", sys.executable, worker)
    assert answer.code == 128 + 15
    assert "1 trace, 1 span" in answer.out


def test_a_process_that_outlives_the_command_is_waited_for(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_spans, "QUIET_SECONDS", last_spans.MOST_SECONDS)  # whatever else the machine does
    command = ["sh", "-c", '"$@" >/dev/null 2>&1 &', "sh", *sender(cli, cli.kept)]
    answer = cli("run", cli.contract, "--", *command)
    assert (answer.code, answer.err) == (0, "")


def test_a_daemon_that_sends_nothing_is_not_waited_for_long(cli: CommandLine) -> None:
    pid = cli.folder / "pid"
    answer = cli("run", "--", "sh", "-c", f"sleep 1000 >/dev/null 2>&1 & echo $! > {pid}")
    assert answer.code == 3
    os.kill(int(pid.read_text()), 9)  # it still ran


def test_nothing_is_waited_for_where_nothing_was_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail(f"slept {seconds} s"))
    wait_for_last_spans(OtlpReceiver(), "SPANPACT_SCENARIOS=/nowhere", lambda: False)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_after_the_command_ends_the_wait_and_what_arrived_is_judged(
    cli: CommandLine, number: signal.Signals
) -> None:
    pid = cli.folder / "pid"
    left_behind = f'"$@" && {{ sleep 1000 >/dev/null 2>&1 & echo $! > {pid}; }}'
    command = ["run", cli.contract, "--", "sh", "-c", left_behind, "sh", *sender(cli, cli.kept)]
    with subprocess.Popen([*SPANPACT, *command], stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        while not pid.exists() or not pid.read_text().endswith("\n"):
            time.sleep(0.01)
        time.sleep(0.3)  # the command has ended, and the wait has begun: it takes 2 s
        process.send_signal(number)
        out = process.communicate(timeout=50)[0]
    os.kill(int(pid.read_text()), 9)
    assert process.returncode == 0
    assert "kept: 1 contract" in out
