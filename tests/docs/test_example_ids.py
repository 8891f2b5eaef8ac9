"""The trace ids that the documentation shows are those that a reader's own demo makes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from containers.servers.private_redis import private_redis
from demo.__main__ import EXAMPLE_SEED
from demo.flows import every_flow
from demo.flows.breaker import EXAMPLE_TRACE_ID
from demo.services import running_services
from tests.docs.pages import DOCS, ROOT, page

ID = re.compile(r"\b[0-9a-f]{32}\b")
PLACEHOLDERS = {"4bf92f3577b34da6a3ce929d0e0e4736"}
"""What W3C's own examples use: no trace of ours."""
LAST = "audit: reported"
OTHERS = {"cli.md", "tutorial.md", "tutorial-node.md"}
"""Pages of traces that are not the demo's."""


def driven(folder: Path) -> Mapping[str, str]:
    """The trace of each flow of `nox -s demo -- --example-ids`, up to where requests overtake one another."""
    environ = {"STUDIO_ID_SEED": str(EXAMPLE_SEED), "OTEL_TRACES_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}
    database = f"sqlite+aiosqlite:///{folder / 'studio.db'}"
    seen: dict[str, str] = {}
    with private_redis() as redis, running_services(redis, database, folder, environ=environ) as services:
        for flow in every_flow(services.deployment, services.audit, breaker_trace_id=EXAMPLE_TRACE_ID):
            seen[flow.name] = flow.trace_id
            if flow.name == LAST:
                break
    return seen


@pytest.mark.expensive
@pytest.mark.unmeasured
@pytest.mark.timeout(240)
def test_every_trace_id_that_a_page_shows_is_made_by_the_demo_for_that_flow(tmp_path: Path) -> None:
    flows = driven(tmp_path)  # once for all that follows: it takes ten seconds

    rows = dict(re.findall(r"^\| (.+) \| `([0-9a-f]{32})` \|$", page("tracing-guide.md"), re.MULTILINE))
    assert rows.items() <= flows.items()
    # The steps of the breaker share a trace, of which the last one stands for all.
    assert flows.keys() - rows.keys() == {name for name in flows if re.match("breaker: (failure|open)", name)}

    guide = re.sub(r"\s+", " ", page("redis-operations-guide.md"))
    given = re.findall(r"`([0-9a-f]{32})`[,]? ?\(?((?:[a-z]+(?:: | )?)[^()]*(?:\([a-z]+\))?)\)", guide)
    assert len(given) == len(ID.findall(guide)) == 11
    assert [(name, id) for id, name in given if flows.get(name) != id] == []

    pages = [ROOT / "README.md", *(each for each in DOCS.glob("*.md") if each.name not in OTHERS)]
    shown = {(id, each.name) for each in pages for id in ID.findall(each.read_text(encoding="utf-8"))}
    assert {(id, name) for id, name in shown if id not in {*flows.values(), *PLACEHOLDERS}} == set()
