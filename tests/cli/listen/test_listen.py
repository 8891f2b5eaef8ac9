"""`spanpact listen` off a terminal: a line for each event, the report at the end, and how it ends."""

from __future__ import annotations

import json
import signal
import urllib.request
from pathlib import Path

import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from tests.cli.commands import CommandLine, one_line
from tests.cli.listen.listening import SETTLE, listening
from tests.reporting.formats.reports import HOSTILE
from tests.reporting.sample_reports import changed, in_trace, kept_flow, span

BROKEN = changed(kept_flow(), "redis.get", kind="server")
CONTRACT = "session.contract.yaml"


def lines(text: str) -> list[str]:
    """Return the lines of events."""
    return text.partition("\nsource")[0].splitlines()


def test_events_are_lines_and_the_report_follows(cli: CommandLine) -> None:
    with listening(cli.folder, CONTRACT, *SETTLE) as running:
        running.send(in_trace(kept_flow(), 1))
        running.wait_for("kept ")
        running.send(in_trace(BROKEN, 2), in_trace([span(1, "GET /health")], 3))
        running.wait_for("unmentioned")
        assert running.end(signal.SIGTERM) == 1
    assert running.err.startswith(f"spanpact: listening for OTLP/HTTP at {running.url}; Ctrl-C ends it")
    assert lines(running.out) == [
        f"kept        session-validate  GET /session  3 spans  6ms  trace {1:032x}",
        f"broken      session-validate  GET /session  3 spans  6ms  trace {2:032x}",
        'finding     session-validate  lookup/kind  the span kind differs: expected "client", observed "server"  '
        f"{CONTRACT}:8:29  trace {2:032x}",
        f"unmentioned GET /health  1 span  1ms  trace {3:032x}",
    ]
    assert running.out.endswith("\nbroken: 1 contract, 1 broken, 1 finding, 2 flows\n")


def test_late_spans_change_the_verdict(cli: CommandLine) -> None:
    with listening(cli.folder, CONTRACT, *SETTLE) as running:
        running.send(in_trace(kept_flow()[:2], 1))
        running.wait_for("lookup/span-missing")
        running.send(in_trace(kept_flow()[2:], 1))
        running.wait_for("changed")
        assert running.end() == 0
    changes = [line for line in lines(running.out) if line.startswith("changed")]
    assert changes == [
        f"changed     session-validate  broken, now kept  1 late span  GET /session  3 spans  6ms  trace {1:032x}"
    ]


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_a_real_exporter_is_listened_to(cli: CommandLine, protocol: str) -> None:
    contract = cli.file("shop.contract.yaml", "spanpact: 1\ncontract: shop\nversion: 1.0.0\nspan: checkout\n")
    with listening(cli.folder, contract, "--listen-grpc", "127.0.0.1:0", "--once", *SETTLE) as running:
        running.wait(lambda: "; Ctrl-C" in running.err)
        grpc = running.err.partition("OTLP/gRPC at ")[2].partition(";")[0]
        exporter = GrpcExporter(grpc, insecure=True) if protocol == "grpc" else HttpExporter(f"{running.url}/v1/traces")
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        provider.get_tracer("shop").start_span("checkout").end()
        provider.shutdown()
        assert running.ended() == 0
    assert lines(running.out)[0].startswith("kept        shop  checkout  1 span  ")


def test_sessions_are_one_stream(cli: CommandLine) -> None:
    with listening(cli.folder, CONTRACT, *SETTLE) as running:
        running.send(in_trace(kept_flow(), 1), path="/s/one/v1/traces")
        running.send(in_trace(kept_flow(), 2), path="/s/two/v1/traces")
        running.wait(lambda: running.out.count("kept ") == 2)
        assert running.end() == 0


def test_it_ends_after_a_time_and_says_that_nothing_was_checked(cli: CommandLine) -> None:
    answer = cli("listen", cli.contract, "--listen", "127.0.0.1:0", "--for", "0.3s")
    assert answer.code == 3
    assert answer.out.endswith("not checked: 1 contract, 1 not checked, 0 flows\n")


def test_other_formats_have_standard_output_for_themselves(cli: CommandLine) -> None:
    junit = cli.folder / "report.xml"
    options = ("--format", "json", "--format", f"junit={junit}", "--once")
    with listening(cli.folder, CONTRACT, *SETTLE, *options) as running:
        running.send(in_trace(BROKEN, 2))
        assert running.ended() == 1
    assert json.loads(running.out)["verdict"] == "broken"
    assert "\nfinding     session-validate  lookup/kind" in running.err
    assert "<testsuites" in junit.read_text(encoding="utf-8")


def test_contracts_are_reloaded_and_a_wrong_one_leaves_those_before(cli: CommandLine) -> None:
    path = Path(cli.contract)
    right = path.read_text(encoding="utf-8")
    with listening(cli.folder, CONTRACT, *SETTLE) as running:
        running.send(in_trace(BROKEN, 2))
        running.wait_for("lookup/kind")
        path.write_text(right.replace("status: unset", "statsu: unset"), encoding="utf-8")
        running.wait_for(f"error       {CONTRACT}:5:1: unknown keyword `statsu`")
        running.send(in_trace(BROKEN, 3))
        running.wait(lambda: running.out.count("broken ") == 2)
        path.write_text(right.replace("kind: client, ", ""), encoding="utf-8")
        running.wait_for("reloaded    1 contract\n")
        running.wait(lambda: running.out.count("broken, now kept") == 2)
        assert running.end() == 0


def test_a_fragment_that_changes_is_noticed(cli: CommandLine) -> None:
    rule = "spanpact: 1\nfragment: base\nevery: {rule: {span: GET /session, kind: %s}}\n"
    cli.file("base.yaml", rule % "server")
    contract = cli.file(
        "c.contract.yaml", "spanpact: 1\ncontract: c\nversion: 1.0.0\nextends: [base.yaml]\nspan: GET /session\n"
    )
    with listening(cli.folder, contract, *SETTLE) as running:
        running.send(in_trace(changed(kept_flow(), "GET /session", kind="client"), 1))
        running.wait_for("rule/kind")
        cli.file("base.yaml", rule % "client")
        running.wait_for("broken, now kept")
        assert running.end() == 0


def test_hostile_names_are_inert(cli: CommandLine) -> None:
    with listening(cli.folder, CONTRACT, *SETTLE) as running:
        running.send(in_trace(changed(kept_flow(), "GET /session", name=f"{HOSTILE} ada@example.com"), 1))
        running.wait_for("kept ")
        running.end()
    assert "\x1b" not in running.out
    assert "ada@" not in running.out
    assert len(lines(running.out)) == 1


def test_what_is_refused_is_a_line(cli: CommandLine) -> None:
    with listening(cli.folder, CONTRACT, *SETTLE, env={"SPANPACT_RECEIVER_TOKEN": "secret"}) as running:
        with pytest.raises(OSError, match="401"):
            running.send(in_trace(kept_flow(), 1))
        running.wait_for("lost        refused  1 request without the right token\n")
        assert running.end() == 3
    assert "secret" not in running.out + running.err


def test_a_reader_that_has_gone_ends_nothing(cli: CommandLine) -> None:
    with listening(cli.folder, CONTRACT, *SETTLE, "--format", f"json={cli.folder}/r.json") as running:
        assert running.process.stdout
        running.send(in_trace(BROKEN, 2))
        running.wait_for("finding")
        assert running.end() == 1
    assert json.loads((cli.folder / "r.json").read_text(encoding="utf-8"))["exit_code"] == 1
    assert "Traceback" not in running.err


def test_it_answers_when_it_is_asked_whether_it_listens(cli: CommandLine) -> None:
    with listening(cli.folder, CONTRACT, *SETTLE, env={"SPANPACT_RECEIVER_TOKEN": "secret"}) as running:
        with urllib.request.urlopen(f"{running.url}/health", timeout=30) as answer:
            assert json.load(answer) == {"status": "listening"}
        with pytest.raises(OSError, match="401"):
            urllib.request.urlopen(f"{running.url}/report", timeout=30)
        assert running.end() == 3


def test_settings_of_the_project_count(cli: CommandLine) -> None:
    cli.file("spanpact.toml", f'contracts = "{CONTRACT}"\nformat = "json"\nfail-on = "information"\n')
    with listening(cli.folder, *SETTLE, "--once") as running:
        running.send(in_trace(kept_flow(), 1))
        assert running.ended() == 0
    assert json.loads(running.out)["header"] == [{"name": "levels", "value": "fail on information"}]
    assert "\nkept        session-validate" in running.err


def test_a_hang_up_ends_it_with_the_verdict(cli: CommandLine) -> None:
    with listening(cli.folder, CONTRACT, *SETTLE) as running:
        running.send(in_trace(BROKEN, 1))
        assert running.end(signal.SIGHUP) == 1
    assert running.out.endswith("\nbroken: 1 contract, 1 broken, 1 finding, 1 flow\n")


def test_labels_that_are_written_while_it_listens_count(cli: CommandLine) -> None:
    labels = cli.file("labels", "")
    text = "spanpact: 1\ncontract: c\nversion: 1.0.0\nscenario: hit\nspan: GET /session\n"
    contract = cli.file("c.contract.yaml", text)
    with listening(cli.folder, contract, *SETTLE, "--scenarios", labels, "--once") as running:
        running.wait(lambda: "; Ctrl-C" in running.err)
        cli.file("labels", f"{1:032x} hit\n")
        running.send(in_trace(kept_flow(), 1))
        assert running.ended() == 0
    assert lines(running.out) == [f"kept        c  GET /session  3 spans  6ms  trace {1:032x}"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["C", "--for", "soon"], ["--for: cannot be 'soon'; accepted: a time such as 60s, 5m or 2h"]),
        (["C", "--for", "0s"], ["--for: cannot be '0s'"]),
        (["C", "--onec"], ["unknown option --onec (did you mean `--once`?"]),
        (["C", "--format", "jsn"], ["unknown format 'jsn'; did you mean `json`?"]),
        (["C", "--listen", "192.0.2.1:1"], ["192.0.2.1 is not loopback (--allow-remote accepts it)"]),
        (["C", "--output", "/nowhere/r.txt"], ["cannot write /nowhere/r.txt"]),
        (["WRONG"], ["unknown keyword `statsu`"]),
    ],
)
def test_wrong_usage_is_one_line_and_2(cli: CommandLine, arguments: list[str], words: list[str]) -> None:
    wrong = cli.file("wrong.contract.yaml", "spanpact: 1\ncontract: c\nversion: 1.0.0\nspan: a\nstatsu: ok\n")
    answer = cli("listen", *({"C": cli.contract, "WRONG": wrong}.get(each, each) for each in arguments))
    assert (answer.code, answer.out) == (2, "")
    assert one_line(answer.err, words)
