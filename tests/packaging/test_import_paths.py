"""Public import paths: every public name is importable, and importing a package loads no more than it needs."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import spanpact

ROOT = Path(__file__).parents[2]
PACKAGES = ["spanpact", *(each.name for each in walk_packages(spanpact.__path__, "spanpact.") if each.ispkg)]
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
