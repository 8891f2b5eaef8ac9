"""The Python that pages show runs: with what a reader has around it, which is written here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks, page, printed_by

README = (ROOT / "README.md").read_text(encoding="utf-8")
CHECKOUT = next(block.text for block in blocks(README) if "contract: checkout" in block.text)
SESSION = "spanpact: 1\ncontract: session-validate\nversion: 1.0.0\nspan: session.validate\n"
TRACER = "from opentelemetry import trace\n\ntracer = trace.get_tracer('reader')\n"
VALIDATES = f"""{TRACER}

def validate(token):
    tracer.start_span("session.validate").end()


"""
CLIENT = f"""{TRACER}
import pytest


@pytest.fixture
def client(spanpact_spans):
    return Client()


class Client:
    def post(self, path, json):
        with tracer.start_as_current_span(f"POST {{path}}", kind=trace.SpanKind.SERVER):
            tracer.start_span("stock.reserve").end()
            tracer.start_span("payment.charge", kind=trace.SpanKind.CLIENT, attributes={{"payment.amount": 7.0}}).end()


"""
SERVES = """import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

RESOURCE = Resource({"service.name": "shop", "service.version": "1", "deployment.environment": "development"})
COMMON = {"db_type": "redis", "latency_ms": 0.4, "connection_pool": "main", "correlation.id": "c-1", "key": "session:*",
          "server.address": "127.0.0.1", "server.port": 6379}
FOUND = {"cache_hit": True, "cache_miss": False}


def run_my_service(scenario):
    exporter, provider = InMemorySpanExporter(), TracerProvider(resource=RESOURCE)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    operation = "GET" if scenario == "redis-get-hit" else "SET"
    attributes = {**COMMON, "operation": operation, **(FOUND if operation == "GET" else {})}
    name = f"redis.{operation.lower()}"
    provider.get_tracer("shop").start_span(name, kind=SpanKind.CLIENT, attributes=attributes).end()
    return exporter


"""


def pytest_of(folder: Path, block: str, *, before: str, contract: str = "", name: str = "session-validate") -> str:
    """Run a block as a file of tests, with a contract in `contracts`, and return what pytest prints."""
    (folder / "contracts").mkdir(exist_ok=True)
    (folder / "contracts" / f"{name}.contract.yaml").write_text(contract)
    (folder / "test_page.py").write_text(before + block)
    return printed_by("python -m pytest -q --spanpact-contracts contracts test_page.py", folder)


def python_block(text: str, word: str) -> str:
    (block,) = [each.text for each in blocks(text) if each.language == "python" and word in each.text]
    return block


def test_the_fixtures_and_the_marker_of_the_pytest_page(tmp_path: Path) -> None:
    block = python_block(page("pytest.md"), "spanpact_verify")
    assert "2 passed" in pytest_of(tmp_path, block, before=VALIDATES, contract=SESSION)
    broken = VALIDATES.replace("session.validate", "session.check")
    assert "2 failed" in pytest_of(tmp_path, block, before=broken, contract=SESSION)


def test_the_marker_of_the_readme(tmp_path: Path) -> None:
    block = python_block(README, "mark.contract")
    assert "1 passed" in pytest_of(tmp_path, block, before=CLIENT, contract=CHECKOUT, name="checkout")
    leaks = CLIENT.replace("payment.amount", "customer.email").replace("7.0", '"ada@example.com"')
    assert "1 failed" in pytest_of(tmp_path, block, before=leaks, contract=CHECKOUT, name="checkout")


@pytest.mark.parametrize(("broken", "outcome"), [("", "2 passed"), ("session:1", "2 failed")])
def test_the_adapter_of_the_page_for_implementers(broken: str, outcome: str, tmp_path: Path) -> None:
    # The scenarios of sessions need a whole service: contracts/reference_adapter.py performs them.
    block = python_block(page("implementers.md"), "TraceContracts").replace(
        '("session-hit", "session-miss")', '("redis-get-hit", "redis-set")'
    )
    before = SERVES.replace("session:*", broken or "session:*")
    assert outcome in pytest_of(tmp_path, block, before=before, contract=SESSION)
