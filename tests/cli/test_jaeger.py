"""`spanpact verify` and `show` with a Jaeger: `--trace`, `--wait`, headers, TLS; the server is real."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from spanpact.sources import encode_traces_json
from spanpact.trace.model import Reading, SourceInfo, Span, Trace
from tests.cli.commands import CommandLine, one_line
from tests.reporting.sample_reports import changed, in_trace, kept_flow
from tests.sources.jaeger.held_traces import HeldTraces
from tests.sources.scripted_http import ScriptedServer, answer, make_certificates

ONE = f"{1:032x}"
NOT_FOUND = answer(404, b'{"error":{"httpCode":404,"message":"No traces found"}}')


class LateJaeger(ScriptedServer):
    """A Jaeger that answers each request with the next trace (None: not found), and then repeats the last."""

    def __init__(self, *traces: Trace | None, **options: object) -> None:
        self._left = list(traces)
        super().__init__(self._next, **options)  # type: ignore[arg-type]

    def _next(self, head: str) -> bytes:
        trace = self._left.pop(0) if len(self._left) > 1 else self._left[0]
        if trace is None:
            return NOT_FOUND
        return answer(200, b'{"result":' + encode_traces_json(Reading(SourceInfo("made"), [trace])) + b"}")


KEPT = in_trace(kept_flow(), 1)


def test_trace_is_read_by_its_id(cli: CommandLine) -> None:
    with LateJaeger(KEPT) as jaeger:
        result = cli("verify", cli.contract, "--from", f"jaeger:{jaeger.url}", "--trace", "1")
        assert jaeger.targets == [f"/api/v3/traces/{ONE}?raw_traces=true", "/"]  # the page states the version
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"source   Jaeger {jaeger.url} (1 trace, 3 spans)\n")


def test_broken_trace_gives_1(cli: CommandLine) -> None:
    broken = in_trace(changed(kept_flow(), "redis.get", kind="server"), 1)
    with LateJaeger(broken) as jaeger:
        assert cli("verify", cli.contract, "--from", f"jaeger:{jaeger.url}?service=a").code == 1


def test_wait_reads_again_until_the_trace_is_complete(cli: CommandLine) -> None:
    part = in_trace(kept_flow()[:2], 1)
    with LateJaeger(None, None, part, part, KEPT) as jaeger:
        result = cli("verify", cli.contract, "--from", f"jaeger:{jaeger.url}", "--trace", ONE, "--wait", "30")
    assert result.code == 0
    assert len(jaeger.targets) >= 5


def test_trace_that_never_comes_gives_3(cli: CommandLine) -> None:
    with LateJaeger(None) as jaeger:
        given = ("verify", cli.contract, "--from", f"jaeger:{jaeger.url}", "--trace", ONE)
        at_once, waited = cli(*given), cli(*given, "--wait", "0.3")
    assert (at_once.code, waited.code) == (3, 3)
    assert one_line(at_once.err, [f"trace {ONE} was never seen (was it sampled"])
    assert one_line(waited.err, [f"trace {ONE} was never seen within 0.3 s"])


def test_unreachable_jaeger_is_one_line_and_3(cli: CommandLine) -> None:
    with LateJaeger(None) as jaeger:
        url = jaeger.url
    result = cli("verify", cli.contract, "--from", f"jaeger:{url}?service=a", "--wait", "0.1")
    assert (result.code, result.out) == (3, "")
    assert one_line(result.err, [f"Jaeger at {url}: cannot be reached", "check that it runs"])


def test_headers_come_from_the_environment_and_stay_secret(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPANPACT_JAEGER_HEADERS", "authorization=Bearer%20s3cr3t")
    with LateJaeger(KEPT) as jaeger:
        result = cli("show", f"jaeger:{jaeger.url}?trace=1")
        assert "authorization: Bearer s3cr3t\r\n" in jaeger.heads[0]
    assert result.code == 0
    assert "session.validate" in result.out
    assert "s3cr3t" not in result.out + result.err


def test_tls_needs_the_authority_and_the_client_certificate(cli: CommandLine, tmp_path: Path) -> None:
    made = make_certificates(tmp_path)
    with LateJaeger(KEPT, tls=made.server(asks_client=True)) as jaeger:
        source = f"jaeger:{jaeger.url}?trace=1"
        identity = ("--client-cert", made.certificate, "--client-key", made.key)
        assert cli("show", source, "--ca-file", made.authority, *identity).code == 0
        assert cli("verify", cli.contract, "--from", source, "--ca-file", made.authority, *identity).code == 0
        refused = cli("show", source)
    assert refused.code == 3
    assert one_line(refused.err, ["its certificate is not trusted", "--ca-file"])


def test_trace_option_selects_traces_of_a_file(cli: CommandLine) -> None:
    both = cli.traces("both.json", KEPT, in_trace(changed(kept_flow(), "redis.get", kind="server"), 2))
    assert cli("verify", cli.contract, "--from", both, "--trace", "1").code == 0
    assert cli("verify", cli.contract, "--from", both, "--trace", "1", "--trace", "2").code == 1
    assert cli("verify", cli.contract, "--from", both, "--trace", "3").code == 3


def test_wait_works_for_a_file(cli: CommandLine) -> None:
    assert cli("verify", cli.contract, "--from", cli.kept, "--wait", "10").code == 0
    assert cli("verify", cli.contract, "--from", cli.broken, "--wait", "10").code == 1


@pytest.mark.parametrize("option", [("--trace", "1"), ("--wait", "1")])
def test_trace_and_wait_are_refused_without_a_source(cli: CommandLine, option: tuple[str, str]) -> None:
    result = cli("verify", cli.contract, *option)
    assert result.code == 2
    assert one_line(result.err, ["--trace and --wait need --from"])


SENDER = """\
import grpc, os, sys
assert os.environ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] == "grpc"
target = os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"].removeprefix("http://")
with grpc.insecure_channel(target) as channel:
    export = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
    export(open(sys.argv[1], "rb").read(), timeout=50)
"""


def test_command_may_export_by_grpc(cli: CommandLine, tmp_path: Path) -> None:
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.trace_id, span.span_id, span.name = b"\x01" * 16, b"\x01" * 8, "session.validate"
    file = tmp_path / "request.pb"
    file.write_bytes(request.SerializeToString())
    command = [sys.executable, cli.file("sender.py", SENDER), str(file)]
    result = cli("run", cli.contract, "--protocol", "grpc", "--", *command)
    assert "source   OTLP receiver (1 trace, 1 span)" in result.out
    assert result.code == 1


@pytest.mark.parametrize("options", [(), ("--trees",)])
def test_what_still_grows_is_left_out_whatever_holds_the_traces(
    cli: CommandLine, tmp_path: Path, options: tuple[str, ...]
) -> None:
    now, young_id = time.time_ns(), f"{2:032x}"
    growing = Span(young_id, f"{1:016x}", "session.validate", start_ns=now - 9, end_ns=now)
    file = tmp_path / "other.json"
    file.write_bytes(encode_traces_json(Reading(SourceInfo("made"), [in_trace(kept_flow(), 3)])))
    held = HeldTraces()
    held.hold(ONE, KEPT.spans)
    held.hold(young_id, [growing])
    with ScriptedServer(held) as jaeger:
        source = f"jaeger:{jaeger.url}?service=a&since=1970-01-01T00:00:00Z"
        alone = cli("verify", cli.contract, "--from", source, *options)
        merged = cli("verify", cli.contract, "--from", source, "--from", str(file), *options)
        grown = cli("verify", cli.contract, "--from", f"{source}&complete-after=0s", *options)
    assert (alone.code, merged.code, grown.code) == (0, 0, 1)
    assert all(re.search(r"^left out +1 trace whose last span ended less", each.out, re.M) for each in (alone, merged))
    assert "left out" not in grown.out
