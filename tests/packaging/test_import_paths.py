"""Public import paths: every public name is importable, and importing a package loads no more than it needs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import spanpact

ROOT = Path(__file__).parents[2]
PACKAGES = ["spanpact", *(each.name for each in walk_packages(spanpact.__path__, "spanpact.") if each.ispkg)]
CONTRACT = "spanpact: 1\ncontract: c\nversion: 1.0.0\nspan: a\n"
SPAN = {"traceId": "1" * 32, "spanId": "2" * 16, "name": "a", "startTimeUnixNano": "1", "endTimeUnixNano": "2"}
UNUSED_BY_A_JSON_FILE = (
    "asyncio", "difflib", "google", "grpc", "gzip", "h11", "hashlib", "http", "importlib.metadata", "json", "mcp",
    "opentelemetry", "pickle", "pydantic", "spanpact.findings.scores", "spanpact.packs",
    "spanpact.reporting.report_json", "spanpact.reporting.trace_tree", "spanpact.sources.jaeger",
    "spanpact.sources.receiver", "spanpact.sources.search", "spanpact.verification.native.native_stream", "ssl",
    "tempfile",
)  # fmt: skip
"""Modules and packages that verifying a JSON file against a contract must not wait for."""
HEAVY = ("asyncio", "google.protobuf", "h11", "msgspec", "opentelemetry", "re2", "ruamel", "ssl")


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_importable(package: str) -> None:
    module = import_module(package)
    assert [name for name in getattr(module, "__all__", ()) if not hasattr(module, name)] == []


@pytest.mark.parametrize("package", ["spanpact", "spanpact.contract", "spanpact.sources", "spanpact.otlp"])
def test_an_unknown_name_is_an_attribute_error(package: str) -> None:
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'nothing'"):
        print(import_module(package).nothing)


def test_every_new_path_in_the_changelog_is_importable() -> None:
    rows = re.findall(r"^\| `spanpact.* \| (.*) \|$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    paths = [path for row in rows for path in re.findall(r"`(spanpact[\w.]+)`", row)]
    assert paths
    for path in paths:
        parent, _, name = path.rpartition(".")
        assert hasattr(import_module(parent), name) or import_module(path)


@pytest.mark.parametrize(
    "statement",
    [
        "import spanpact",
        "import spanpact.sources",
        "import spanpact.testing",
        "import spanpact.cli as c; c.main(['-h'])",
    ],
)
def test_a_light_import_loads_no_heavy_module(statement: str) -> None:
    code = f"import sys; {statement}; print('LOADED', *sorted({set(HEAVY)!r} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "LOADED"


def loaded_by_verifying(path: Path, *options: str) -> set[str]:
    """Return the modules that `spanpact verify` with these options loads for a file of one JSON span."""
    (path / "traces.json").write_text(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [SPAN]}]}]}))
    arguments = ["verify", *options, "--from", str(path / "traces.json"), "--allow-unseen"]
    exit_code, loaded = loaded_by_program(arguments)
    assert exit_code in (0, 1)
    return loaded


def loaded_by_program(arguments: Sequence[str]) -> tuple[int, set[str]]:
    """Return the exit code of a command line, and the modules that it loads."""
    code = (
        "import sys; before = set(sys.modules)\n"
        f"from spanpact.__main__ import main; code = main({list(arguments)!r})\n"
        "print('LOADED', code, *(set(sys.modules) - before))"
    )
    environment = {**os.environ, "SPANPACT_CORE": "off"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    _, exit_code, *loaded = run.stdout.splitlines()[-1].split(" ")
    return int(exit_code), set(loaded)


def of_packages(modules: set[str], packages: Sequence[str]) -> set[str]:
    return {name for name in modules if any(name == each or name.startswith(f"{each}.") for each in packages)}


def test_a_json_file_is_verified_without_what_only_others_use(tmp_path: Path) -> None:
    (tmp_path / "c.contract.yaml").write_text(CONTRACT)
    loaded = loaded_by_verifying(tmp_path, str(tmp_path / "c.contract.yaml"))
    assert "spanpact.verification.verifying" in loaded
    assert of_packages(loaded, UNUSED_BY_A_JSON_FILE) == set()


def test_the_version_is_printed_without_what_commands_need() -> None:
    exit_code, loaded = loaded_by_program(["--version"])
    assert (exit_code, "spanpact.cli" in loaded) == (0, True)
    needless = ("argparse", "msgspec", "re2", "spanpact.contract", "spanpact.findings", "spanpact.trace", "tempfile")
    assert of_packages(loaded, needless) == set()


def test_few_collections_while_a_program_starts_and_none_at_its_end() -> None:
    code = (
        "import atexit, gc, sys; from spanpact.__main__ import run_program; sys.argv[1:] = ['--version']\n"
        "run_program(); print(gc.get_threshold()[0], gc.get_freeze_count())\n"
        "atexit._run_exitfuncs(); print(gc.get_freeze_count() > 1000)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-2:] == ["50000 0", "True"]


def test_a_pack_is_loaded_without_the_others(tmp_path: Path) -> None:
    loaded = loaded_by_verifying(tmp_path, "--pack", "integrity")
    assert of_packages(loaded, ["spanpact.packs.instrumentation_score"]) == {"spanpact.packs.instrumentation_score"}
