"""Log records without a span, of Python's `logging`, are scanned alike by every source that carries logs."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec
import pytest
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from spanpact.cli import main
from spanpact.contract.loader import load_text
from spanpact.findings import Report, ScannedLogs
from spanpact.reporting import parse_json, render_json, render_text
from spanpact.sources import MemorySource, OtlpFileSource, OtlpReceiver, encode_traces_json
from spanpact.sources.merging import merged
from spanpact.trace.model import Reading
from spanpact.verification.verifying import verify
from tests.sources.every_source import by_grpc, by_json, by_protobuf, differences

pytestmark = pytest.mark.filterwarnings("ignore:`LoggingHandler`:DeprecationWarning")  # its follower is another package
TEXT = """\
spanpact: 1
contract: private
version: 1.0.0
every: {private: {span: '*', forbid: [email]}}
"""
CONTRACT = load_text(TEXT)
LEAKS = [
    "email in a log record's body that belongs to no span",
    "email in a log record's attribute user that belongs to no span",
]


class Service:
    """A service that logs with Python's `logging`, within a span and outside of any."""

    def __init__(self) -> None:
        self.spans, self.logs = InMemorySpanExporter(), InMemoryLogRecordExporter()
        self._tracers, self._loggers = TracerProvider(), LoggerProvider()
        self._tracers.add_span_processor(SimpleSpanProcessor(self.spans))
        self._loggers.add_log_record_processor(SimpleLogRecordProcessor(self.logs))
        self.logger = logging.Logger("shop.startup")
        self.logger.addHandler(LoggingHandler(logger_provider=self._loggers))

    def serve(self) -> None:
        with self._tracers.get_tracer("shop").start_as_current_span("GET /items"):
            self.logger.warning("one item is left")

    def memory(self) -> MemorySource:
        return MemorySource(self.spans, logs=self.logs)

    def exported(self) -> tuple[bytes, bytes]:
        spans = encode_spans(self.spans.get_finished_spans()).SerializeToString()
        return spans, encode_logs(self.logs.get_finished_logs()).SerializeToString()


@pytest.fixture
def service() -> Service:
    made = Service()
    made.logger.warning("mail goes to ada@example.com")
    made.serve()
    made.logger.error("no mail for %s", "nobody", extra={"user": "bob@example.com"})
    return made


def judged(reading: Reading) -> Report:
    return verify([CONTRACT], reading)


def test_memory_finds_the_leaks_of_log_records_without_a_span(service: Service) -> None:
    report = judged(service.memory().read())
    assert [finding.message for finding in report.findings] == LEAKS
    assert {finding.key for finding in report.findings} == {"private/privacy-leak"}
    assert (report.verdict, report.logs_without_span) == ("broken", ScannedLogs(2, 2))
    assert report.unmentioned is not None
    assert (report.unmentioned.logs.count, report.unmentioned.logs.of) == (2, 3)
    assert "shop.startup" in report.findings[0].observed
    assert "ada@example.com" not in render_text(report)


def test_what_is_saved_and_read_gives_the_same_report(service: Service, tmp_path: Path) -> None:
    wanted = judged(service.memory().read())
    file = tmp_path / "saved.json"
    file.write_bytes(encode_traces_json(service.memory().read()))
    assert differences(judged(OtlpFileSource(file).read()), wanted) == []


@pytest.mark.parametrize("way", ["json", "protobuf", "grpc"])
def test_the_receiver_gives_the_same_report(service: Service, way: str) -> None:
    with OtlpReceiver(grpc=way == "grpc") as receiver:
        if way == "json":
            by_json(receiver, service.memory().read())
        else:
            (by_grpc if way == "grpc" else by_protobuf)(receiver, *service.exported())
        receiver.finish()
        report = judged(receiver.read())
    assert differences(report, judged(service.memory().read())) == []
    assert report.logs_without_span == ScannedLogs(2, 2)


def test_log_records_in_a_file_of_their_own_find_their_spans(service: Service, tmp_path: Path) -> None:
    """The collector's file exporter writes spans and log records to two files."""
    whole = service.memory().read()
    spans, logs = tmp_path / "traces.json", tmp_path / "logs.json"
    without_logs = [msgspec.structs.replace(trace, logs=()) for trace in whole.traces]
    spans.write_bytes(encode_traces_json(Reading(whole.source, without_logs)))
    without_spans = [msgspec.structs.replace(trace, spans=()) for trace in (*whole.traces, *whole.spanless)]
    logs.write_bytes(encode_traces_json(Reading(whole.source, (), spanless=without_spans)))
    both = merged([OtlpFileSource(spans).read(), OtlpFileSource(logs).read()])
    assert [(len(trace.spans), len(trace.logs)) for trace in both.traces] == [(1, 1)]
    assert differences(judged(both), judged(whole)) == []


def test_a_source_without_logs_finds_nothing(service: Service) -> None:
    report = judged(MemorySource(service.spans).read())
    assert (report.verdict, report.findings, report.logs_without_span) == ("kept", (), ScannedLogs())


def test_a_log_record_without_a_leak_breaks_nothing() -> None:
    quiet = Service()
    quiet.logger.warning("ready")
    quiet.serve()
    report = judged(quiet.memory().read())
    assert (report.verdict, report.logs_without_span) == ("kept", ScannedLogs(1, 1))


def test_the_reports_say_how_many_were_scanned(service: Service) -> None:
    report = judged(service.memory().read())
    assert "2 log records belong to no span: scanned for what is forbidden of every span" in render_text(report)
    assert parse_json(render_json(report)).logs_without_span == ScannedLogs(2, 2)


def test_the_report_says_that_no_contract_scans_them(service: Service) -> None:
    contract = load_text("spanpact: 1\ncontract: items\nversion: 1.0.0\nspan: GET /items\nforbid: [email]\n")
    report = verify([contract], service.memory().read())
    assert (report.verdict, report.logs_without_span) == ("kept", ScannedLogs(2, 0))
    assert "2 log records belong to no span: not scanned" in render_text(report)


def test_only_some_are_selected_by_a_rule_about_log_records(service: Service) -> None:
    rule = "every: {mine: {event: '*', via: log, where: {attributes: {user: present}}, forbid: [email]}}"
    contract = load_text(f"spanpact: 1\ncontract: items\nversion: 1.0.0\nspan: GET /items\n{rule}\n")
    report = verify([contract], service.memory().read())
    assert [finding.message for finding in report.findings] == LEAKS[1:]
    assert "2 log records belong to no span: 1 scanned" in render_text(report)


def test_the_command_verifies_a_file_of_log_records_only(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contract, logs = tmp_path / "private.contract.yaml", tmp_path / "logs.json"
    contract.write_text(
        TEXT + "examples: {a: {trace: [x]}, b: {trace: [x], logs: [{body: a@b.de}], "
        "findings: [private/privacy-leak]}}\n"
    )
    whole = service.memory().read()
    logs.write_bytes(encode_traces_json(Reading(whole.source, (), spanless=whole.spanless)))
    assert main(["verify", str(contract), "--from", str(logs)]) == 1
    assert LEAKS[0] in capsys.readouterr().out
    assert main(["verify", str(contract)]) == 0
