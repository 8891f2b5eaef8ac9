"""docs/lint.md shows exactly what is printed for every id of lint."""

from __future__ import annotations

from pathlib import Path

import pytest

from spanpact.lint import LINT_IDS
from tests.docs.documented_lint import lint_messages, printed
from tests.docs.rule_pages import rules

RULES = {rule.id: rule for rule in rules("lint.md")}


@pytest.mark.parametrize("id", LINT_IDS)
def test_the_example_gives_the_message_that_the_page_shows(id: str, tmp_path: Path) -> None:
    example, shown = (block.text for block in RULES[id].blocks)
    assert shown in [printed(message, tmp_path) for message in lint_messages(example, tmp_path) if message.id == id]
