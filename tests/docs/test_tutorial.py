"""The tutorials, as a reader takes them: their files are written, their commands are run and print what they say."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Block, blocks, page
from tests.docs.tutorial_steps import Reader

PAGE = page("tutorial.md")
STEPS = list(blocks(PAGE.partition("\n## Your service is not Python")[0]))
NODE_STEPS = list(blocks(page("tutorial-node.md")))
PYTHON_PAGE = ["sh", "python", "console", "diff", "console", "diff", "console", "yaml", "console", "yaml", "console"]


def folder_next_to_a_checkout(folder: Path) -> Path:
    """Make an empty folder with a checkout next to it, which pip builds a wheel of."""
    (folder / "spanpact").symlink_to(ROOT)
    (folder / "shop").mkdir()
    return folder / "shop"


@pytest.mark.timeout(240)
def test_every_step_does_what_the_page_says(tmp_path: Path) -> None:
    assert [step.language for step in STEPS] == [*PYTHON_PAGE, "python", "console", "python", "console"]
    reader = Reader(tmp_path)
    for step in STEPS:
        reader.take(step)
    for contract in ("post-checkout", "checkout"):  # as step 5 says of the saved traces
        saved = reader.run(f"spanpact verify {contract}.contract.yaml --from traces.json; echo $?")
        assert "private/privacy-leak" in saved
        assert saved.endswith("\n1\n")
    assert reader.run("spanpact lint --all checkout.contract.yaml").count("expectation-unproven") == 5


@pytest.mark.expensive
@pytest.mark.timeout(900)
@pytest.mark.parametrize("steps", [STEPS, NODE_STEPS], ids=["python", "node"])
def test_a_newcomer_with_an_empty_environment_gets_what_the_page_says(
    steps: list[Block], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    needed = ["python3", "npm", "npx"] if steps is NODE_STEPS else ["python3"]
    missing = [name for name in needed if shutil.which(name) is None]
    assert not missing, f"install what is missing on PATH: {', '.join(missing)}"
    reader = Reader(folder_next_to_a_checkout(tmp_path), installs=True)
    started = time.monotonic()
    for number, step in enumerate(steps, 1):
        reader.take(step)
        with capsys.disabled():
            print(f"\n{time.monotonic() - started:5.0f} s  block {number}, {step.language}", end="")


def test_the_service_in_go_makes_the_spans_that_the_contract_asks_for() -> None:
    (block,) = [block for block in blocks(PAGE) if block.language == "go"]
    assert block.file == "main.go"
    assert all(f'"{name}"' in block.text for name in ("POST /checkout", "stock.reserve", "payment.charge"))
    assert '"payment.amount"' in block.text
