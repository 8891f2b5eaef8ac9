"""Lint: find mistakes in contract files and their examples without traces of an implementation.

`linting` runs all rules, `rules/` has one module for each kind of mistake, `messages` lists the ids. A rule reports
only what is certain. A file with a mistake of the language gets `contract-error` and nothing else.

May import `verification` (to judge examples), `engine`, `contract`, `findings`, `trace` and `errors`.
"""

from __future__ import annotations

from spanpact.lint.linting import lint
from spanpact.lint.messages import LINT_IDS, LintId, LintMessage, LintReport

__all__ = ["LINT_IDS", "LintId", "LintMessage", "LintReport", "lint"]
