"""The README's first example is what a user sees: its contract, and a program that leaks an e-mail address."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.docs.pages import ROOT, blocks, settled

README = (ROOT / "README.md").read_text(encoding="utf-8")
PROGRAM = """
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer("shop")
with tracer.start_as_current_span("POST /checkout", kind=SpanKind.SERVER):
    with tracer.start_as_current_span("stock.reserve", attributes={"customer": "jane@example.com"}):
        pass
    with tracer.start_as_current_span("payment.charge", kind=SpanKind.CLIENT, attributes={"payment.amount": 12.5}):
        pass
provider.shutdown()
"""


def test_the_first_example_gives_the_lines_that_the_readme_shows(tmp_path: Path) -> None:
    contract = next(block.text for block in blocks(README) if block.text.startswith("spanpact: 1"))
    shown = next(block.text for block in blocks(README) if block.text.startswith("checkout broken"))
    (tmp_path / "checkout.contract.yaml").write_text(contract)
    (tmp_path / "program.py").write_text(PROGRAM)
    command = (sys.executable, "-m", "spanpact", "run", "checkout.contract.yaml", "--", sys.executable, "program.py")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "")
    printed = settled(done.stdout).splitlines()
    assert [line for line in settled(shown).splitlines()[1:] if line not in printed] == []
