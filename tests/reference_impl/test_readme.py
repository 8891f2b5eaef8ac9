"""reference_impl can be lifted out: whole, and package by package with those that its README names."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.reference_impl.python_process import run_python

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "reference_impl"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
PACKAGES = [*sorted(path.parent.name for path in FOLDER.glob("*/__init__.py")), "vocabulary"]
ROWS = re.findall(r"^\| \[([^\]]+)\]\(#([\w-]+)\) \| ([^|]+) \|", README, re.MULTILINE)
SNIPPETS = dict(re.findall(r"^## ([^\n]+)\n.*?^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL))

IMPORT = re.compile(r"^ *from reference_impl(?:\.| import )(\w+)", re.MULTILINE)

IMPORT_ALL = """
import importlib, pkgutil, sys
import reference_impl
for module in pkgutil.walk_packages(reference_impl.__path__, "reference_impl."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(reference_impl.__file__)
"""


def copied(needed: str) -> list[str]:
    """Return the packages that a row names; `everything` is all of them."""
    return PACKAGES if needed.startswith("everything") else re.findall(r"`(\w+)`", needed)


def imported(package: str) -> set[str]:
    """Return a package and all that it imports, directly or through another."""
    path = FOLDER / package
    files = path.rglob("*.py") if path.is_dir() else [path.with_suffix(".py")]
    found = {name for file in files for name in IMPORT.findall(file.read_text(encoding="utf-8"))} - {package}
    return {package}.union(*(imported(name) for name in found))


def copy_to(folder: Path, packages: list[str]) -> Path:
    """Copy these packages of reference_impl, and nothing else, into a folder. Return the folder."""
    target = folder / "reference_impl"
    target.mkdir()
    for name in ("__init__.py", *(f"{package}.py" for package in packages if (FOLDER / f"{package}.py").exists())):
        shutil.copy(FOLDER / name, target)
    for package in packages:
        if (FOLDER / package).is_dir():
            shutil.copytree(FOLDER / package, target / package, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def run_in(folder: Path, code: str) -> str:
    done = run_python("-I", "-c", f"import sys; sys.path.insert(0, {str(folder)!r})\n{code}")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    return done.stdout


def test_every_package_has_a_row() -> None:
    named = {package for _, _, needed in ROWS for package in copied(needed) if not needed.startswith("everything")}
    assert named | {"services"} == set(PACKAGES)
    assert [title.lower() for title in SNIPPETS] == [need.lower() for need, _, _ in ROWS]


@pytest.mark.parametrize("needed", [needed for _, _, needed in ROWS])
def test_a_row_names_the_packages_that_its_first_one_imports_and_no_others(needed: str) -> None:
    packages = copied(needed)
    first = "services" if needed.startswith("everything") else packages[0]
    assert imported(first) == set(packages)


@pytest.mark.expensive
@pytest.mark.parametrize(("need", "packages"), [(need, copied(needed)) for need, _, needed in ROWS])
def test_the_packages_of_a_row_work_alone(need: str, packages: list[str], tmp_path: Path) -> None:
    folder = copy_to(tmp_path, packages)
    assert run_in(folder, IMPORT_ALL).strip() == str(folder / "reference_impl" / "__init__.py")
    (snippet,) = [code for title, code in SNIPPETS.items() if title.lower() == need.lower()]
    run_in(folder, snippet)
