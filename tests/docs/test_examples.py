"""The examples in other languages: their contracts prove themselves, and their pages name what their code does."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from examples.emitter_programs import EMITTERS, Emitter
from examples.emitters import build_and_check, run_scenarios, run_service
from spanpact.cli import main
from tests.docs.pages import ROOT

SOURCES = {"node": "src/*.ts", "java": "*.java", "go": "*.go", "python": "shop.py"}
SCENARIO_SERVICE = (sys.executable, str(ROOT / "tests" / "conformance" / "redis_service.py"))
CONTRACTS = [emitter.folder / f"{name}.contract.yaml" for emitter in EMITTERS for name in ("empty", "service")]

each_emitter = pytest.mark.parametrize("emitter", EMITTERS, ids=lambda emitter: emitter.language)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_contract_is_clean_and_agrees_with_its_examples(contract: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", str(contract)]) == 0
    assert capsys.readouterr().out == "clean: 1 contract\n"
    assert main(["verify", str(contract)]) == 0


@each_emitter
def test_a_service_plants_five_breaks_that_its_page_lists(emitter: Emitter) -> None:
    files = emitter.folder.glob(SOURCES[emitter.language])
    source = "".join(file.read_text(encoding="utf-8") for file in files)
    breaks = [*emitter.breaks, *emitter.scenario_breaks]
    listed = (emitter.folder / "README.md").read_text(encoding="utf-8").rpartition("`BREAK` plants")[2]
    assert len(emitter.breaks) >= 5
    assert [name for name in breaks if f'"{name}"' not in source] == []
    assert re.findall(r"`([a-z-]+)`", listed) == breaks


@each_emitter
def test_what_to_run_in_a_folder_is_on_its_page(emitter: Emitter) -> None:
    page = (emitter.folder / "README.md").read_text(encoding="utf-8")
    if emitter.language != "python":  # which runs with the Python of the checkout
        assert f"-- {' '.join(emitter.command)}".removesuffix(" --silent") in page
    assert page.count("spanpact run service.contract.yaml -- ") == 2
    assert (
        not emitter.scenarios or f"spanpact conform -- {' '.join(emitter.scenarios)}".removesuffix(" --silent") in page
    )


def test_the_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (ROOT / "examples" / "node" / "package-lock.json").read_text(encoding="utf-8")


@pytest.fixture
def python_service() -> Emitter:
    return next(emitter for emitter in EMITTERS if emitter.language == "python")


@pytest.mark.parametrize("contract", ["empty", "service"])
def test_the_python_service_gives_no_finding_not_even_advice(contract: str, python_service: Emitter) -> None:
    run = run_service(python_service, f"{contract}.contract.yaml", flows=20)
    assert (run.exit_code, run.flows, dict(run.keys)) == (0, 20, {}), run.printed


@pytest.mark.parametrize("broken", ["email", "lost-context"])
def test_a_break_of_the_python_service_is_caught(broken: str, python_service: Emitter) -> None:
    run = run_service(python_service, "service.contract.yaml", flows=20, broken=broken)
    assert (run.exit_code, run.flows, list(run.keys)) == (1, 20, list(python_service.breaks[broken])), run.printed


def test_scenarios_of_a_service_are_performed_and_judged(python_service: Emitter) -> None:
    service = replace(python_service, scenarios=SCENARIO_SERVICE)
    run = run_scenarios(service, "redis://unused")
    assert (run.exit_code, run.flows, dict(run.keys)) == (0, 2, {}), run.printed
    broken = run_scenarios(service, "redis://unused", "raw-key")
    assert (broken.exit_code, broken.flows, dict(broken.keys)) == (1, 0, {"redis/attribute-value": 2}), broken.printed


@pytest.mark.parametrize("allowed", [True, False])
def test_a_service_without_its_toolchain_is_reported_and_fails_unless_that_is_allowed(
    allowed: bool, python_service: Emitter
) -> None:
    service = replace(python_service, programs=("no-such-compiler",))
    row, wrong, failed = build_and_check(service, "redis://unused", quick=True, allow_missing=allowed)
    assert row[:2] == ("python", "not run")
    assert wrong == ["not run: no no-such-compiler on PATH"]
    assert failed is not allowed
