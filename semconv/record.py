"""Record spans of real instrumentations, which tests judge by the fragments.

    python -m semconv.record          all programs
    python -m semconv.record go java  some of them

Each program of `emitters/` calls HTTP servers, and PostgreSQL or Redis on real servers, with its usual instrumentation.
Its spans are written to `tests/semconv/recordings/NAME.json`, without events and without what the resource says of this
machine. It needs the toolchain of the language, and postgres and redis-server.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from containers.servers.postgres_server import postgres_backend
from containers.servers.private_redis import private_redis
from examples.emitters import run_to_end

HERE: Final = Path(__file__).parent / "emitters"
RECORDINGS: Final = Path(__file__).parents[1] / "tests" / "semconv" / "recordings"
KEPT: Final = ("service.name", "telemetry.")
"""How the names of kept attributes of resources begin."""


@dataclass(frozen=True, slots=True)
class Emitter:
    """A program: its folder, the commands that build and start it, and the variables of its instrumentation."""

    name: str
    folder: str
    command: Sequence[str]
    build: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


OPT_IN: Final = "OTEL_SEMCONV_STABILITY_OPT_IN"
AUTO: Final = "@opentelemetry/auto-instrumentations-node/register"
NODE: Final = {"OTEL_NODE_DISABLED_INSTRUMENTATIONS": "dns,net"}
PYTHON: Final = (sys.executable, "work.py")
MAVEN: Final = ("mvn", "-q", "-B", "package")
EMITTERS: Final = (
    Emitter("go", "go", ("./target/work",), ("go", "build", "-o", "target/work", ".")),
    Emitter("java", "java", ("./start.sh",), MAVEN, {OPT_IN: "database"}),
    Emitter("java-old", "java", ("./start.sh",), MAVEN),
    Emitter("node", "node", ("node", "--require", AUTO, "work.js"), ("npm", "ci"), NODE),
    Emitter("python", "python", PYTHON, (), {OPT_IN: "http,database"}),
    Emitter("python-both", "python", PYTHON, (), {OPT_IN: "http/dup,database/dup"}),
    Emitter("python-old", "python", PYTHON),
)


def record(emitter: Emitter, servers: Mapping[str, str]) -> None:
    """Build and run a program, and write its spans. Exit with what it printed if it failed."""
    folder = HERE / emitter.folder
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    variables = {**kept, **servers, **emitter.variables, "OTEL_SERVICE_NAME": emitter.name}
    with tempfile.TemporaryDirectory(prefix="semconv-") as temporary:
        saved, contract = Path(temporary, "spans.json"), Path(temporary, "any.contract.yaml")
        contract.write_text("spanpact: 1\ncontract: any\nversion: 1.0.0\nspan: '*'\n", encoding="utf-8")
        spanpact = (sys.executable, "-m", "spanpact", "run", "--save", str(saved), str(contract), "--")
        for command in (emitter.build, (*spanpact, *emitter.command)):
            exit_code, printed = run_to_end(command, folder, variables) if command else (0, "")
            if exit_code:
                sys.exit(f"{emitter.name}: {' '.join(command)}\n{printed}")
        spans = json.loads(saved.read_bytes())
    text = json.dumps(trimmed(spans), separators=(",", ":")).replace('{"traceId"', '\n{"traceId"')
    RECORDINGS.mkdir(exist_ok=True)
    (RECORDINGS / f"{emitter.name}.json").write_text(text + "\n", encoding="utf-8")
    print(f"{emitter.name}: {text.count('traceId')} spans")


def trimmed(traces: Mapping[str, Any]) -> dict[str, Any]:
    """Return OTLP JSON without events, and without attributes of resources that say where it was recorded."""
    return {"resourceSpans": list(_trimmed(traces))}


def _trimmed(traces: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for group in traces["resourceSpans"]:
        scopes = group["scopeSpans"]
        for span in (span for scope in scopes for span in scope["spans"]):
            span.pop("events", None)
        attributes = [each for each in group["resource"]["attributes"] if each["key"].startswith(KEPT)]
        yield {"resource": {"attributes": attributes}, "scopeSpans": scopes}


def main(arguments: Sequence[str] | None = None) -> None:
    """Record the programs that the command line names, or all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    names = [each.name for each in EMITTERS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(names)} (default: all)")
    chosen = parser.parse_args(arguments).names or names
    if unknown := [name for name in chosen if name not in names]:
        parser.error(f"there is no program {unknown[0]!r}; accepted: {', '.join(names)}")
    with private_redis() as redis, postgres_backend() as postgres:
        for emitter in EMITTERS:
            if emitter.name in chosen:
                record(emitter, {"REDIS_URL": redis.url, "POSTGRES_URL": postgres.url})


if __name__ == "__main__":
    main()
