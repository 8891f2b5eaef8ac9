"""What pyproject.toml claims of versions is what the sessions `lowest` and `python` run."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from tests.test_noxfile import load_noxfile

ROOT = Path(__file__).parents[2]
LOWEST = Path(__file__).parent / "versions" / "lowest.txt"
ON_SPARK = ROOT / "integration" / "spark" / "requirements.txt"
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def requirements() -> Sequence[Requirement]:
    """Return what the wheel and its extras need."""
    extras = PROJECT["optional-dependencies"].values()
    return [Requirement(line) for line in (*PROJECT["dependencies"], *(line for extra in extras for line in extra))]


def lower_bound(requirement: Requirement) -> Version:
    """Return the version of `>=`, the only operator that this project uses for what it ships."""
    (specifier,) = requirement.specifier
    assert specifier.operator == ">="
    return Version(specifier.version)


def run_lowest() -> dict[str, Version]:
    """Return the versions that `nox -s lowest` and, of Spark, `nox -s spark` install on the lowest Python."""
    lines = [*ON_SPARK.read_text().splitlines(), *LOWEST.read_text().splitlines()]
    pins = (Requirement(line.rstrip(" \\")) for line in lines if re.match(r"[a-z0-9]", line))
    python = {"python_version": lowest_python(), "python_full_version": f"{lowest_python()}.0"}
    return {
        pin.name: Version(next(iter(pin.specifier)).version)
        for pin in pins
        if pin.marker is None or pin.marker.evaluate(python)
    }


def lowest_python() -> str:
    accepted: str = PROJECT["requires-python"]
    return accepted.removeprefix(">=")


@pytest.mark.parametrize("requirement", requirements(), ids=lambda requirement: requirement.name)
def test_a_lower_bound_is_the_version_that_was_run(requirement: Requirement) -> None:
    name = re.sub(r"[-_.]+", "-", requirement.name)
    assert run_lowest()[name] == lower_bound(requirement)


def test_what_is_lowered_in_spite_of_the_sdk_has_the_bounds_of_the_package() -> None:
    lines = LOWEST.with_name("overrides.in").read_text().splitlines()
    overridden = {Requirement(line) for line in lines if not line.startswith("#")}
    assert {each.name for each in overridden} == {"opentelemetry-proto", "protobuf"}
    assert overridden <= set(requirements())


def test_every_python_that_is_claimed_has_a_session() -> None:
    said = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert tuple(said) == load_noxfile().PYTHONS
    accepted = SpecifierSet(PROJECT["requires-python"])
    assert [minor for minor in range(9, 15) if accepted.contains(f"3.{minor}.0")] == [
        int(version.removeprefix("3.")) for version in said
    ]


def test_the_lowest_versions_have_hashes_and_name_no_registry() -> None:
    pins = LOWEST.read_text()
    blocks = re.split(r"\n(?=[a-z0-9])", re.sub(r"^#.*\n", "", pins, flags=re.M).strip())
    assert [b.splitlines()[0] for b in blocks if not re.match(r"\S+==\S+ .*\n +--hash=sha256:", b)] == []
    assert re.findall(r"https?:|--index|--find-links|--trusted|file:|(?:^|\s)/\w+/", pins) == []
