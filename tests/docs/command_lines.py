"""The command lines that pages show: those in blocks `sh`, and in blocks that begin with a command."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.docs.pages import DOCS, ROOT

PAGES = [*sorted(DOCS.glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_PROGRAMS = (
    r"\.|cat|cmp|curl|docker|export|git|go|grep|hatchling|jaeger|mkdir|nox|pip|prometheus|python3?|source <|spanpact"
)
_COMMAND = re.compile(rf"(?:\$ )?(?:\*/5 |(?:[A-Z_]+=\S* )*(?:{_PROGRAMS})[ \n(])")
_COMMENT = re.compile(r"\s+# .*$")


@dataclass(frozen=True, slots=True)
class CommandLine:
    """One command line, with its page, the section that it is in, and without the comment behind it."""

    page: str
    section: str
    text: str


def command_lines() -> Iterator[CommandLine]:
    """Yield every command line of every page, in order; lines that end with a backslash are joined."""
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        for found in _FENCE.finditer(text):
            block = textwrap.dedent(found[3])
            if found[2] in ("sh", "console") or (not found[2] and _COMMAND.match(block)):
                section = re.findall(r"^#+ (.+)$", text[: found.start()], re.MULTILINE)[-1]
                for line in _lines(block, with_output=bool(re.match(r"\$ ", block))):
                    yield CommandLine(path.relative_to(ROOT).as_posix(), section, line)


def _lines(block: str, *, with_output: bool) -> list[str]:
    joined = re.sub(r"\\\n\s*", "", block).splitlines()
    if with_output:
        return [line.removeprefix("$ ") for line in joined if line.startswith("$ ")]
    return [bare for line in joined if (bare := _COMMENT.sub("", line).strip()) and not bare.startswith("#")]


def runs_elsewhere(test: str) -> bool:
    """Return whether `path::name` names a test, or `path` a file of tests."""
    path, _, name = test.partition("::")
    file = Path(ROOT, path)
    return file.is_file() and (not name or f"def {name}(" in file.read_text(encoding="utf-8"))
