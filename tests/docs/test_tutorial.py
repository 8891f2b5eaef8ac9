"""The tutorial, as a reader takes it: its files are written, its commands are run and print what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import Block, blocks, commands, page, printed_by, settled

PAGE = page("tutorial.md")
STEPS = [block for block in blocks(PAGE.partition("\n## Your service is not Python")[0]) if block.language != "sh"]


def take(step: Block, folder: Path) -> None:
    """Do what a step says: write a file, add to it, take lines out of it, or run commands."""
    if step.language == "console":
        for command, printed in commands(step):
            assert settled(printed_by(command, folder)) == settled(printed), command
    elif step.language == "diff":
        removed = step.text.removeprefix("-")
        file = folder / step.file
        assert file.read_text().count(removed) == 1
        file.write_text(file.read_text().replace(removed, ""))
    else:
        assert step.file, f"no file is named before {step.text[:40]!r}"
        file = folder / step.file
        before = f"{file.read_text()}\n" if file.exists() else ""
        file.write_text(before + step.text)


@pytest.mark.timeout(240)
def test_every_step_does_what_the_page_says(tmp_path: Path) -> None:
    assert [step.language for step in STEPS] == [
        "python", "yaml", "console", "diff", "console", "yaml", "console", "python", "console", "python", "console",
    ]  # fmt: skip
    for step in STEPS:
        take(step, tmp_path)
    saved = printed_by("spanpact verify checkout.contract.yaml --from traces.json; echo $?", tmp_path)
    assert "private/privacy-leak" in saved  # as step 5 says of the saved traces
    assert saved.endswith("\n1\n")
    assert printed_by("spanpact lint --all checkout.contract.yaml", tmp_path).count("expectation-unproven") == 5


@pytest.mark.parametrize(("language", "file"), [("ts", "shop.ts"), ("go", "main.go")])
def test_services_in_other_languages_make_the_spans_that_the_contract_asks_for(language: str, file: str) -> None:
    (block,) = [block for block in blocks(PAGE) if block.language == language]
    assert block.file == file
    assert all(f'"{name}"' in block.text for name in ("POST /checkout", "stock.reserve", "payment.charge"))
    assert '"payment.amount"' in block.text
