"""A search that ClickHouse 26.9 groups, and its answers to both ways of verifying.

    python -m tests.sources.clickhouse.recorded_groups URL DATABASE

The database has a table of the collector's exporter with `traces`. Record again where a statement changes.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from spanpact.sources import ClickHouseSource, TraceQuery
from spanpact.trace.model import Event, Reading, Resource, SourceInfo, Span, Trace, Value
from spanpact.verification.grouped_search import grouped_search
from spanpact.verification.live_search import verify_search
from spanpact.verification.options import VerificationOptions
from tests.verification.judged_traces import CONTRACT

RECORDED = Path(__file__).parent / "recordings" / "groups.json.gz"
START = 1_767_225_600_000_000_000
NOW = START + 3600 * 10**9
OPTIONS = VerificationOptions(allow_unseen=True)


def traces() -> Reading:
    """Return traces of a few shapes: most keep the contract, one shape breaks it, some have no key, one grows."""
    resource, other = Resource({"service.name": "shop"}), Resource({"service.name": "audit"})
    found = []
    for i in range(160):
        trace_id, start = f"{i + 1:032x}", START + i * 10**6 + 137
        own: dict[str, Value] = {"id": f"id {i}", "n": f"{3 + i / 64}", "t": "abc", "u": f"free {i}"}
        if i % 40 == 7:
            own["u"] = "bob@example.com" if i == 7 else "[1, 2]"
        if i % 40 == 9:
            own["n"] = "2"
        events = [Event("tried", start + 5, {"why": "late"})] if i % 4 == 0 else []
        end = NOW if i == 150 else start + 9000
        top = Span(trace_id, f"{1:016x}", "top", "", "server", start, end, "unset", "", own, events, resource=resource)
        first = Span(trace_id, f"{2:016x}", "first", top.span_id, "client", start + 10, start + 90, resource=resource)
        id: dict[str, Value] = {"id": own["id"]}
        second = Span(
            trace_id, f"{3:016x}", "second", top.span_id, "client", start + 100 + i % 3, start + 900, attributes=id,
            resource=other,
        )  # fmt: skip
        found.append(Trace(trace_id, [top, first, second][: 3 - (i % 5 == 3)]))
    return Reading(SourceInfo("made"), found)


def source(url: str, database: str = "default") -> ClickHouseSource:
    """Return the search for the traces."""
    return ClickHouseSource(url, database=database, query=TraceQuery("shop", since=2 * 3600.0), now_ns=lambda: NOW)


def key_of(target: str) -> str:
    """Return what identifies a question, without its salt, which is another one each time."""
    given = [
        each for each in parse_qsl(urlsplit(target).query) if "salt" not in each[0] and each[0] != "param_database"
    ]
    return hashlib.sha256(json.dumps(given).encode()).hexdigest()


def record(url: str, database: str) -> None:
    """Ask ClickHouse everything that both ways of verifying ask."""
    answers: dict[str, str] = {}
    client = type(source(url)._client)
    get = client.get

    def recording(self: object, path: str, query: object = (), **more: object) -> object:
        from urllib.parse import quote, urlencode

        response = get(self, path, query, **more)  # type: ignore[arg-type]
        answers[key_of("/?" + urlencode(query, quote_via=quote))] = response.body.decode()  # type: ignore[arg-type]
        return response

    client.get = recording  # type: ignore[assignment, method-assign]
    grouped_search._LEAST_TRACES = 1  # type: ignore[misc]
    grouped = grouped_search.verify_grouped_search(source(url, database), [CONTRACT], OPTIONS)
    assert grouped
    list(grouped.results[0].flow_spans)
    assert verify_search(source(url, database), [CONTRACT], OPTIONS)
    RECORDED.write_bytes(gzip.compress(json.dumps(answers).encode(), mtime=0))


if __name__ == "__main__":
    record(*sys.argv[1:])
