"""The commands and addresses of docs/tracing-guide.md, as a reader takes them, on a real Jaeger and service."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import ProxyHandler, build_opener

import pytest

from containers.servers.jaeger_server import JaegerBackend
from demo.services import Services
from integration.support.jaeger_trees import DEADLINE, spans_of
from integration.support.waiting import wait_until
from tests.docs.command_lines import command_lines
from tests.docs.pages import page, printed_by

GUIDE = page("tracing-guide.md")
LINES = [line.text for line in command_lines() if line.page == "docs/tracing-guide.md"]
HIT = "1d33ed3c411108de68294872577f283c"
SEARCHES = re.findall(
    r"^\| [^|]+ \| `(/[^`]+)` \|$", GUIDE.partition("| to see |")[2].partition("\n\n")[0], re.MULTILINE
)


def only(beginning: str) -> str:
    """Return the guide's one command line that begins so."""
    (line,) = [line for line in LINES if line.startswith(beginning)]
    return line


@pytest.fixture(scope="module")
def filled(jaeger: JaegerBackend, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Run the guide's demo against the Jaeger, and return the address of its web interface."""
    line = only("OTEL_EXPORTER_OTLP_ENDPOINT=").replace("http://127.0.0.1:4318", jaeger.otlp_http)
    printed = printed_by(f"{line}; echo exit code $?", tmp_path_factory.mktemp("demo"))
    assert printed.endswith("exit code 0\n"), printed
    assert len(wait_until(lambda: spans_of(jaeger.url, HIT), within=DEADLINE)) == 3
    return jaeger.url


def asked(url: str) -> Any:
    with build_opener(ProxyHandler({})).open(url, timeout=10) as response:
        return json.load(response)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a folder with what the guide's commands name of the checkout."""
    (tmp_path / "contracts").symlink_to(Path(__file__).parents[1] / "contracts")
    return tmp_path


@pytest.mark.timeout(180)
def test_the_demo_is_saved_and_shown_without_jaeger(checkout: Path) -> None:
    assert printed_by(f"{only('spanpact run --save')}; echo exit code $?", checkout).endswith("exit code 0\n")
    every, one = (printed_by(line, checkout) for line in LINES if line.startswith("spanpact show traces.json"))
    assert f"trace {HIT}  3 spans" in every
    assert f"trace {HIT}  3 spans" in one
    assert "cache_hit = true" in one


@pytest.mark.timeout(120)
@pytest.mark.parametrize("line", [line for line in LINES if "jaeger:http" in line], ids=lambda line: line[:20])
def test_spanpact_reads_what_the_guide_has_it_read(line: str, filled: str, checkout: Path) -> None:
    printed = printed_by(f"{line.replace('http://127.0.0.1:16686', filled)}; echo exit code $?", checkout)
    assert printed.endswith("exit code 0\n"), printed
    assert "session.validate" in printed or "session-validate" in printed


@pytest.mark.timeout(120)
@pytest.mark.parametrize("path", SEARCHES)
def test_the_addresses_of_the_guide_find_traces(path: str, filled: str) -> None:
    # The page of the web interface asks /api with the same parameters.
    known = path.replace("TRACE", HIT).replace("c-7", "demo-7").replace("?uiFind=SPAN", "")
    address = re.sub(r"^/search", "/api/traces", re.sub(r"^/trace/", "/api/traces/", known))
    path, _, query = address.partition("?")
    found = asked(f"{filled}{path}?{quote(query, safe='=&')}")
    assert found.get("data") or found["result"]["resourceSpans"]


def test_a_request_names_its_trace_and_one_of_the_readers_own_is_kept(
    start_studio: Callable[..., Services], jaeger: JaegerBackend, tmp_path: Path
) -> None:
    services = start_studio(OTEL_SAMPLING_RATE="0")
    requests = [
        line.replace("http://127.0.0.1:8080", services.studio.url) for line in LINES if "127.0.0.1:8080" in line
    ]
    assert len(requests) == 2
    answers = [header_of(printed_by(line, tmp_path), "traceresponse") for line in requests]
    not_sampled, kept = (
        dict(zip(("version", "trace", "span", "flags"), each.split("-"), strict=True)) for each in answers
    )
    assert int(not_sampled["flags"], 16) % 2 == 0
    assert int(kept["flags"], 16) % 2 == 1
    assert wait_until(lambda: spans_of(jaeger.url, kept["trace"]), within=DEADLINE)


def header_of(printed: str, name: str) -> str:
    headers: Mapping[str, str] = dict(re.findall(r"^([\w-]+): (.*?)\r?$", printed, re.MULTILINE))
    return headers[name]
