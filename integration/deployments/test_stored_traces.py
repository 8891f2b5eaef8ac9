"""A service stores its spans through the proxy, spanpact judges them from there, and a restart keeps them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from opentelemetry.trace import format_trace_id

from integration.deployments.conftest import Deployment
from integration.deployments.proxy import READ_TOKEN, WRITE_TOKEN, Proxy
from reference_impl.settings import Settings
from reference_impl.telemetry import configure_tracing

CONTRACT = """
spanpact: 1
contract: kept
version: 1.0.0
span: kept on disk
attributes: {place: disk}
"""


def send(proxy: Proxy, token: str) -> tuple[bool, str]:
    """Send one span through the proxy as a service does. Return whether it was stored, and its trace id."""
    environ = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": proxy.url,
        "OTEL_EXPORTER_OTLP_HEADERS": f"authorization={quote(f'Bearer {token}')}",
    }
    telemetry = configure_tracing(Settings.load(environ))
    with telemetry.tracer("deployments").start_as_current_span("kept on disk", attributes={"place": "disk"}) as span:
        trace_id = format_trace_id(span.get_span_context().trace_id)
    return telemetry.shutdown(10), trace_id


def judge(proxy: Proxy, trace_id: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `spanpact verify` on the trace."""
    (folder / "kept.contract.yaml").write_text(CONTRACT)
    source = ("--from", f"jaeger:{proxy.url}", "--trace", trace_id, "--wait", "20")
    command = [sys.executable, "-m", "spanpact", "verify", str(folder), *source, "--format", "json"]
    return subprocess.run(
        ["env", *(f"{name}={value}" for name, value in variables.items()), *command], capture_output=True, text=True
    )


def test_a_verdict_comes_through_the_proxy_also_after_a_restart(deployment: Deployment, tmp_path: Path) -> None:
    token = {"SPANPACT_JAEGER_TOKEN": READ_TOKEN}
    with deployment.running() as proxy:
        stored, trace_id = send(proxy, WRITE_TOKEN)
        assert stored
        assert is_kept(judge(proxy, trace_id, tmp_path, **token))
        refused = judge(proxy, trace_id, tmp_path)
        assert refused.returncode == 3, (refused.stdout, refused.stderr)
        assert "401" in refused.stderr
        assert "Traceback" not in refused.stdout + refused.stderr
    with deployment.running() as proxy:
        assert is_kept(judge(proxy, trace_id, tmp_path, **token))


def is_kept(done: subprocess.CompletedProcess[str]) -> bool:
    """Return whether the verdict is that the contract is kept."""
    return done.returncode == 0 and json.loads(done.stdout)["verdict"] == "kept"


def test_a_service_with_a_wrong_token_loses_its_spans_and_counts_them(proxy: Proxy) -> None:
    stored, trace_id = send(proxy, READ_TOKEN)
    assert not stored
    assert proxy.ask(f"/api/v3/traces/{trace_id}", f"Bearer {READ_TOKEN}")[0] == 404
