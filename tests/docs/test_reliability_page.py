"""The page of reliability has each fault with its promise and its tests, and the scorecard counts what ran."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from integration.scorecard.catalogue import BY_ID, FAULTS, GROUPS, Fault
from integration.scorecard.marked import files_by_fault, marks_of
from integration.scorecard.outcomes import Outcome
from integration.scorecard.page import PAGE, write_page
from integration.scorecard.score import headline, render_scorecard, score_faults
from tests.docs.pages import ROOT

KEPT = Fault("E1", "one", "kept")
OPEN = Fault("E2", "two", "kept", missing="not built")
MARKED = """
import pytest

@pytest.mark.fault("E1")
def test_passes(): pass

@pytest.mark.parametrize("n", [1, pytest.param(2, marks=pytest.mark.fault("E3"))])
@pytest.mark.fault("E2")
def test_fails(n): assert n == 1

@pytest.mark.fault("E4")
def test_is_skipped(): pytest.skip("no server")

@pytest.mark.fault("E5")
@pytest.mark.xfail(strict=True)
def test_is_expected_to_fail(): assert False

@pytest.fixture
def broken(): raise ValueError

@pytest.mark.fault("E6")
def test_has_no_set_up(broken): pass

def test_is_not_marked(): pass
"""


def outcome(result: str, *faults: str) -> Outcome:
    return Outcome(f"test_{result}", list(faults), result, 0.5)


def test_there_are_52_faults() -> None:
    assert len(BY_ID) == len(FAULTS) == 52
    assert {fault.id[0] for fault in FAULTS} == set(GROUPS)


def test_every_promise_has_a_test_and_every_marker_a_fault() -> None:
    files = files_by_fault()
    assert [fault.id for fault in FAULTS if fault.id not in files and not fault.missing] == []
    assert files.keys() - BY_ID.keys() == set()


def test_the_page_has_every_fault_with_its_promise_and_tests(tmp_path: Path) -> None:
    written = tmp_path / "page.md"
    shutil.copy(PAGE, written)
    write_page(written)
    assert written.read_text() == PAGE.read_text(), "run: nox -s faults -- --write-docs"


@pytest.mark.parametrize(
    ("outcomes", "result"),
    [
        ([], "NO TEST"),
        ([outcome("passed", "E9")], "NO TEST"),
        ([outcome("passed", "E1"), outcome("passed", "E9", "E1")], "pass"),
        ([outcome("passed", "E1"), outcome("skipped", "E1")], "SKIPPED"),
        ([outcome("passed", "E1"), outcome("skipped", "E1"), outcome("failed", "E1")], "FAILED"),
    ],
)
def test_a_fault_is_survived_if_all_of_its_tests_pass(outcomes: list[Outcome], result: str) -> None:
    (score,) = score_faults(outcomes, [KEPT])
    assert score.result == result
    assert score.is_wrong == (result != "pass")


@pytest.mark.parametrize(("result", "shown"), [("passed", "not promised"), ("failed", "FAILED")])
def test_what_is_not_promised_never_counts_as_survived(result: str, shown: str) -> None:
    scores = score_faults([outcome("passed", "E1"), outcome(result, "E2")], [KEPT, OPEN])
    assert headline(scores) == f"1 of 2 faults are survived; 1 {shown}: E2"
    assert scores[1].is_wrong == (result == "failed")


def test_the_scorecard_names_what_did_not_pass() -> None:
    lines = render_scorecard(
        score_faults([outcome("failed", "E1"), outcome("passed", "E2")], [KEPT, OPEN])
    ).splitlines()
    assert [line.split() for line in lines[:3]] == [
        ["E1", "FAILED", "1", "test", "0.5", "s", "one"],
        ["failed:", "test_failed"],
        ["E2", "not", "promised", "1", "test", "0.5", "s", "two:", "not", "built"],
    ]


@pytest.mark.timeout(180)
@pytest.mark.parametrize("distributed", [[], ["-p", "xdist", "--numprocesses=1"]])
def test_outcomes_are_those_of_pytest(tmp_path: Path, distributed: list[str]) -> None:
    (tmp_path / "test_marked.py").write_text(MARKED)
    done = run_pytest(tmp_path, *distributed)
    assert done.returncode == 1, done.stdout
    scores = {score.fault.id: score for score in score_faults(read_outcomes(tmp_path))}
    assert {name: scores[name].result for name in ("E1", "E2", "E3", "E4", "E5", "E6", "E7")} == {
        "E1": "pass", "E2": "FAILED", "E3": "FAILED", "E4": "SKIPPED", "E5": "SKIPPED", "E6": "FAILED", "E7": "NO TEST",
    }  # fmt: skip
    assert len(scores["E2"].outcomes) == 2
    assert set(marks_of(MARKED)) == {"E1", "E2", "E3", "E4", "E5", "E6"}


def test_an_unknown_fault_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "test_marked.py").write_text(MARKED.replace("E3", "E99"))
    done = run_pytest(tmp_path)
    assert done.returncode == 4
    assert "no fault has the id E99" in done.stdout + done.stderr


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the marked tests of a folder with the plug-in, and without the many others of this checkout."""
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = fault: a fault that is survived\n")
    options = ["-p", "integration.scorecard.outcomes", "--outcomes", str(folder / "outcomes"), "-m", "fault"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *arguments, str(folder)],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True, text=True, timeout=170, check=False,
    )  # fmt: skip


def read_outcomes(folder: Path) -> list[Outcome]:
    return [msgspec.json.decode(line, type=Outcome) for line in (folder / "outcomes").read_bytes().splitlines()]
