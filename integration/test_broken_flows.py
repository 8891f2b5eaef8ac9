"""Broken tracing gives the same findings from Jaeger as from memory.

The services run as processes with one of the demo's breakages; one of their traces is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

import pytest

from containers.servers.jaeger_server import JaegerBackend
from contracts.test_breakages import BETWEEN_PROCESSES, CAUGHT
from demo.breakages import EVERY_BREAKAGE
from demo.flows.sessions import session_flows
from demo.flows.two_services import two_services
from demo.services import Services
from integration.support.expected_trees import EXPECTED
from integration.support.jaeger_trees import tree_of
from integration.support.verdicts import judge_reading
from spanpact.reporting import render_text
from spanpact.sources import JaegerSource


@dataclass(frozen=True, slots=True)
class Broken:
    """A breakage, the flow that shows it, the part of its tree that changes, and what replaces that part."""

    breakage: str
    flow: str
    correct: str
    broken: str

    @property
    def tree(self) -> str:
        """Return the tree that Jaeger shows."""
        (tree,) = [expected.tree.strip() for expected in EXPECTED if expected.flow == self.flow]
        assert self.correct in tree
        return tree.replace(self.correct, self.broken).strip()


BROKEN = (
    Broken("hit-says-miss", "validate: hit", "cache_hit=true  cache_miss=false", "cache_hit=false  cache_miss=true"),
    Broken("query-beside-its-call", "validate: miss", "      db.query", "    db.query"),
    Broken("lost-remote-parent", "audit: reported", """\
    POST /audit/records  @audit-api  server  http.response.status_code=201
      db.query  client
""".rstrip(), ""),
)  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.breakage)
def test_it_is_found_from_jaeger_as_in_memory(
    broken: Broken, start_studio: Callable[..., Services], jaeger: JaegerBackend
) -> None:
    services = start_studio(breakage=broken.breakage)
    trace_id = next(trace_id for name, trace_id in flows(services) if name == broken.flow)
    assert services.studio.stop() == 0
    assert tree_of(jaeger.url, trace_id, broken.tree) == broken.tree  # now every span has arrived
    report = judge_reading(JaegerSource(jaeger.url, trace_ids=[trace_id], complete_after_seconds=0).read())
    found = {finding.key for finding in report.findings if finding.breaks}
    assert found == in_memory(broken.breakage), render_text(report)
    assert all(finding.trace_id == trace_id for finding in report.findings)


def flows(services: Services) -> Iterator[tuple[str, str]]:
    """Drive the flows, those of two services last. Yield the name and trace id of each."""
    driven = chain(session_flows(services.deployment), two_services(services.deployment.url, services.audit))
    return ((flow.name, flow.trace_id) for flow in driven)


def in_memory(breakage: str) -> set[str]:
    """Return the findings of the contract tests, which read the spans from memory."""
    assert breakage in EVERY_BREAKAGE
    return CAUGHT[breakage][1] if breakage in CAUGHT else BETWEEN_PROCESSES[breakage]
