"""`lint`: what is wrong with contract files, as far as it shows without a trace of an implementation.

Every message is sure: what cannot be decided from the closed vocabulary is not said. Errors of the language are
`contract-error`; with them nothing else is said of a file.
"""

from __future__ import annotations

from spanpact.lint.linting import lint
from spanpact.lint.messages import LINT_IDS, LintId, LintMessage, LintReport

__all__ = ["LINT_IDS", "LintId", "LintMessage", "LintReport", "lint"]
