"""A `jaeger` program made from its Go module, for machines that can reach a module proxy and no image registry.

`built()` gives it from the user's cache folder; `make()`, or `python -m containers.images.jaeger_binary`, makes it
there: 2 to 5 minutes on two cores, at low priority, once. Its user interface is a placeholder page; the API is real.

The module has a `replace` directive, which `go install` refuses, so a small module of our own requires it. Its hash
is pinned here; the hashes of all that it needs are those of its own go.sum, as one is missing from the public database.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from containers.images.catalogue import JAEGER_VERSION, RECIPES
from containers.ladder import BackendUnavailable

MODULE = "github.com/jaegertracing/jaeger"
MODULE_VERSION = "v1.76.0"
_SUMS = (
    f"{MODULE} {MODULE_VERSION} h1:sWCOOF1dr+NL0PLil7mFo3BqqQL8k4WiM7aguFbc14g=",
    f"{MODULE} {MODULE_VERSION}/go.mod h1:hqcuJlLDTv7G2x5eFd/BhwcPdLxj3N+90aKhIzdOcKo=",
)
_GO = (1, 24, 6)
_FLAGS = ("-mod=mod", "-trimpath")
_LINK = f"-s -w -X {MODULE}/internal/version.latestVersion=v{JAEGER_VERSION}"
_GO_MOD = f"module build\ngo {'.'.join(map(str, _GO))}\nrequire {MODULE} {MODULE_VERSION}\n"
_HEALTH = RECIPES / "jaeger" / "health.go"


def folder() -> Path:
    """Where the program is kept: outside the checkout, in a folder named by a hash of what it is made from."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    made_from = "\0".join([_GO_MOD, *_SUMS, *_FLAGS, _LINK, _HEALTH.read_text()])
    return cache / "spanpact" / f"jaeger-{JAEGER_VERSION}-{hashlib.sha256(made_from.encode()).hexdigest()[:12]}"


def built() -> Path | None:
    """The program, if it was made before."""
    program = folder() / "jaeger"
    return program if program.is_file() else None


def make() -> Path:
    """The program, made if need be; raises `BackendUnavailable` without a Go that is new enough, or if it fails."""
    target = folder()
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / "jaeger.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two at once would take twice as long, and both be slow
        if built() is None:
            with tempfile.TemporaryDirectory(prefix="making-", dir=target.parent) as work:
                _make(Path(work), _go())
                (Path(work) / "out").rename(target)
    return target / "jaeger"


def _make(work: Path, go: str) -> None:
    (work / "out").mkdir()
    (work / "go.mod").write_text(_GO_MOD)
    (work / "go.sum").write_text("\n".join(_SUMS) + "\n")
    (work / "tools.go").write_text(f'//go:build tools\n\npackage build\n\nimport _ "{MODULE}/cmd/jaeger"\n')
    downloaded = json.loads(_run(work, go, "mod", "download", "-json", f"{MODULE}@{MODULE_VERSION}"))
    with (work / "go.sum").open("a") as sums:
        sums.write((Path(downloaded["Dir"]) / "go.sum").read_text())
    _run(work, go, "build", *_FLAGS, f"-ldflags={_LINK}", "-o", "out/jaeger", f"{MODULE}/cmd/jaeger")
    _run(work, go, "build", "-trimpath", "-ldflags=-s -w", "-o", "out/health", str(_HEALTH))


def _go() -> str:
    go = shutil.which("go")
    wanted = ".".join(map(str, _GO))
    if go is None:
        raise BackendUnavailable(f"to make Jaeger, Go {wanted} or newer must be on PATH")
    said = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False, cwd="/").stdout
    if tuple(map(int, re.findall(r"\d+", said)[:3])) < _GO:
        raise BackendUnavailable(f"to make Jaeger, Go {wanted} or newer must be on PATH; this is {said.strip()}")
    return go


def _run(work: Path, *command: str) -> str:
    politely: Sequence[str] = ("nice", "-n", "10") if shutil.which("nice") else ()
    environ = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "-buildvcs=false"}
    done = subprocess.run([*politely, *command], cwd=work, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise BackendUnavailable(f"{' '.join(command[:3])} ended with code {done.returncode}: {last}")
    return done.stdout


def main() -> int:
    """Make the program and say where it is; gives the exit code."""
    try:
        print(make())
    except BackendUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
