"""The examples of docs/lint.md: contract files with one mistake, and what `spanpact lint` prints for it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from ruamel.yaml import YAML

from spanpact.lint import LintMessage, lint
from tests.engine.corpus_cases import as_yaml

TODAY = dt.date(2026, 1, 1)
_HEAD = {"spanpact": 1, "contract": "case", "version": "1.0.0", "span": "top"}
_EXAMPLES = {"accepted": {"trace": ["top"]}, "rejected": {"trace": [], "findings": []}}


def lint_messages(example: str, folder: Path) -> list[LintMessage]:
    """Write the files of an example into a folder, with the head that the page leaves out, and lint them."""
    for number, text in enumerate(example.split("---\n"), start=1):
        body = YAML(typ="safe", pure=True).load(text)
        name = str(body.get("fragment", number))
        head = {"spanpact": 1} if "fragment" in body else {**_HEAD, "examples": _EXAMPLES}
        (folder / f"{name}.contract.yaml").write_text(as_yaml({**head, **body}))
    return list(lint([folder], today=TODAY).messages)


def printed(message: LintMessage, folder: Path) -> str:
    """Return the message as the text report prints it, without its place and without the folder of its files."""
    return f"{message.level} {message.id}: {message.message}\n    {message.hint}\n".replace(f"{folder}/", "")
