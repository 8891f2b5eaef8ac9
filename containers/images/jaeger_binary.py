"""Build a `jaeger` program from its Go module, for machines that reach a module proxy but no image registry.

`built_program()` returns the program in the user's cache folder. `build_program()`, or
`python -m containers.images.jaeger_binary`, builds it there once, in 2 to 5 minutes on two cores, at low priority. Its
user interface is a placeholder page; its API is complete.

Jaeger's module has a `replace` directive, which `go install` refuses, so a small module made here requires it. The hash
of Jaeger's module is pinned here. The hashes of its dependencies are those of its own go.sum, because the public
checksum database lacks one of them.
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

from containers.commands import run_command
from containers.images.catalogue import PINNED_JAEGER, RECIPES
from containers.ladder import BackendUnavailable

__all__ = ["build_program", "built_program", "cache_folder", "main"]

MODULE = "github.com/jaegertracing/jaeger"
MODULE_VERSION = "v1.76.0"
_SUMS = (
    f"{MODULE} {MODULE_VERSION} h1:sWCOOF1dr+NL0PLil7mFo3BqqQL8k4WiM7aguFbc14g=",
    f"{MODULE} {MODULE_VERSION}/go.mod h1:hqcuJlLDTv7G2x5eFd/BhwcPdLxj3N+90aKhIzdOcKo=",
)
_GO = (1, 24, 6)
_FLAGS = ("-mod=mod", "-trimpath")
_LINK = f"-s -w -X {MODULE}/internal/version.latestVersion=v{PINNED_JAEGER}"
_GO_MOD = f"module build\ngo {'.'.join(map(str, _GO))}\nrequire {MODULE} {MODULE_VERSION}\n"
_HEALTH = RECIPES / "jaeger" / "health.go"


def cache_folder() -> Path:
    """Return the folder of the program, outside the checkout; its name has a hash of the program's inputs."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    inputs = "\0".join([_GO_MOD, *_SUMS, *_FLAGS, _LINK, _HEALTH.read_text()])
    return cache / "spanpact" / f"jaeger-{PINNED_JAEGER}-{hashlib.sha256(inputs.encode()).hexdigest()[:12]}"


def built_program() -> Path | None:
    """Return the program's path, None if it has not been built."""
    program = cache_folder() / "jaeger"
    return program if program.is_file() else None


def build_program() -> Path:
    """Build the program unless it exists and return its path.

    Raise `BackendUnavailable` where no Go that is new enough is on PATH, or the build fails.
    """
    target = cache_folder()
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / "jaeger.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two builds at once would both take twice as long
        if built_program() is None:
            with tempfile.TemporaryDirectory(prefix="building-", dir=target.parent) as work:
                _build(Path(work), _go())
                (Path(work) / "out").rename(target)
    return target / "jaeger"


def _build(work: Path, go: str) -> None:
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
        raise BackendUnavailable(f"to build Jaeger, Go {wanted} or newer must be on PATH")
    version = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False, cwd="/").stdout
    if tuple(map(int, re.findall(r"\d+", version)[:3])) < _GO:
        raise BackendUnavailable(f"to build Jaeger, Go {wanted} or newer must be on PATH; this is {version.strip()}")
    return go


def _run(work: Path, *command: str) -> str:
    low_priority: Sequence[str] = ("nice", "-n", "10") if shutil.which("nice") else ()
    environ = {"CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "-buildvcs=false"}
    return run_command([*low_priority, *command], name=" ".join(command[:3]), cwd=work, env=environ)


def main() -> int:
    """Build the program and print its path. Return the exit code."""
    try:
        print(build_program())
    except BackendUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
