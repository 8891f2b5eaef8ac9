"""What is shipped: the package and the contract files, no more; the pins are hashed and name no machine."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Any

import pytest

import spanpact
from spanpact.contract import shipped as shipped_contracts
from spanpact.contract.semconv import FOLDER as FRAGMENTS
from spanpact.errors import UsageError

ROOT = Path(__file__).parents[2]
NAME_OF_REQUIREMENT = re.compile(r"[A-Za-z0-9._-]+")
IMPORTED_BY_NAME = {
    "backports-zstd": "backports",
    "google-re2": "re2",
    "grpcio": "grpc",
    "opentelemetry-proto": "opentelemetry.proto",
    "protobuf": "google.protobuf",
    "ruamel-yaml": "ruamel",
}
OTHER_FOLDERS = ("reference_impl", "contracts", "containers", "demo")


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def pins() -> str:
    return (ROOT / "constraints.txt").read_text()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    folder = tmp_path_factory.mktemp("dist")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    (file,) = folder.glob("*.whl")
    return frozenset(zipfile.ZipFile(file).namelist())


def test_the_wheel_holds_the_package_and_nothing_else(wheel: frozenset[str]) -> None:
    assert {name.partition("/")[0] for name in wheel} == {"spanpact", f"spanpact-{spanpact.__version__}.dist-info"}


def test_the_wheel_holds_every_module_and_the_typing_marker(wheel: frozenset[str]) -> None:
    modules = {p.relative_to(ROOT / "src").as_posix() for p in (ROOT / "src" / "spanpact").rglob("*.py")}
    assert modules | {"spanpact/py.typed"} <= wheel


def test_the_wheel_holds_every_contract_and_no_other_data(wheel: frozenset[str]) -> None:
    files = {f"spanpact/contracts_v1/{p.name}" for p in (ROOT / "contracts" / "v1").iterdir()}
    assert files == {name for name in wheel if name.startswith("spanpact/contracts_v1/")}
    assert all(name.endswith(".contract.yaml") for name in files)


def test_the_wheel_holds_every_fragment(wheel: frozenset[str]) -> None:
    files = {path.relative_to(ROOT / "src").as_posix() for path in FRAGMENTS.glob("*.yaml")}
    assert {name for name in wheel if name.startswith("spanpact/contract/semconv/") and name.endswith(".yaml")} == files
    assert files


def test_the_version_is_the_same_everywhere(pyproject: dict[str, Any]) -> None:
    assert spanpact.__version__ == pyproject["project"]["version"] == version("spanpact")


def test_a_checkout_has_the_contracts_of_the_checkout() -> None:
    assert shipped_contracts.shipped_contracts() == ROOT / "contracts" / "v1"


def test_a_package_has_its_own_contracts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shipped_contracts, "IN_PACKAGE", tmp_path)
    assert shipped_contracts.shipped_contracts() == tmp_path


def test_an_installation_without_contracts_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shipped_contracts, "IN_PACKAGE", tmp_path / "package")
    monkeypatch.setattr(shipped_contracts, "IN_CHECKOUT", tmp_path / "checkout")
    with pytest.raises(UsageError, match="no shipped contracts"):
        shipped_contracts.shipped_contracts()


def test_every_dependency_of_the_wheel_and_its_extras_is_imported_by_it(pyproject: dict[str, Any]) -> None:
    source = "\n".join(p.read_text() for p in (ROOT / "src").rglob("*.py"))
    extras = pyproject["project"]["optional-dependencies"].values()
    needed = [*pyproject["project"]["dependencies"], *(requirement for extra in extras for requirement in extra)]
    names = [_name(requirement) for requirement in needed]
    modules = {name: re.escape(IMPORTED_BY_NAME.get(name, name)) for name in names}
    imports = r'^\s*(?:from|import) {0}\b|import_module\("{0}"\)'
    assert [name for name, module in modules.items() if not re.search(imports.format(module), source, re.M)] == []


@pytest.mark.parametrize("folder", OTHER_FOLDERS)
def test_the_package_imports_no_other_folder_of_the_checkout(folder: str) -> None:
    importing = [
        p.name for p in (ROOT / "src").rglob("*.py") if re.search(rf"^\s*(from|import) {folder}\b", p.read_text(), re.M)
    ]
    assert importing == []


def test_every_entry_point_can_be_loaded(pyproject: dict[str, Any]) -> None:
    groups = {"console_scripts": pyproject["project"]["scripts"], **pyproject["project"]["entry-points"]}
    for group, declared in groups.items():
        for name in declared:
            (found,) = entry_points(group=group, name=name)
            assert found.load() is not None


def test_every_pin_has_a_hash(pins: str) -> None:
    blocks = re.split(r"\n(?=[a-z0-9])", re.sub(r"^#.*\n", "", pins, flags=re.M).strip())
    assert len(blocks) > 50
    assert [b.splitlines()[0] for b in blocks if not re.match(r"\S+==\S+ .*\n +--hash=sha256:", b)] == []


def test_the_pins_name_no_registry_and_no_folder_of_a_machine(pins: str) -> None:
    assert re.findall(r"https?:|--index|--find-links|--trusted|file:|(?:^|\s)/\w+/", pins) == []


def test_every_requirement_of_the_checkout_is_pinned(pyproject: dict[str, Any], pins: str) -> None:
    pinned = set(re.findall(r"^([a-z0-9.-]+)==", pins, re.M))
    groups = {k: v for k, v in pyproject["dependency-groups"].items() if k != "lock"}
    needed = [*pyproject["project"]["dependencies"], *(r for g in groups.values() for r in g if isinstance(r, str))]
    assert {_name(requirement) for requirement in needed} - pinned == set()


def _name(requirement: str) -> str:
    found = NAME_OF_REQUIREMENT.match(requirement)
    assert found is not None
    return re.sub(r"[-_.]+", "-", found[0]).lower()
