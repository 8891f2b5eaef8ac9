"""The table of licences of supply-chain.md: `python -m docs.draw_licences` prints it, from what is installed here.

A licence is what the package's metadata says: its SPDX expression, else its short name, else its classifier. Packages
that constraints.txt pins for other platforms or Pythons are not installed here; their rows stay as they are.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from packaging.markers import Marker

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "supply-chain.md"
HEAD = "| package | licence | needed by |\n|---|---|---|\n"
SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""SPDX identifiers of what metadata says in words."""


def pins() -> Mapping[str, str]:
    """Return the text of each pin of constraints.txt, with its hashes and comments, by its normalized name."""
    blocks = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / "constraints.txt").read_text())
    return {normalized(block): block for block in blocks if not block.startswith("#")}


def normalized(requirement: str) -> str:
    """Return the name of a requirement as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower())


def belongs_here(block: str) -> bool:
    """Return whether a pin is for this platform and this Python."""
    _, _, marker = block.splitlines()[0].rstrip(" \\").partition(" ; ")
    return not marker or Marker(marker).evaluate()


def licence(name: str) -> str | None:
    """Return what the metadata of an installed package says of its licence; None where it is not installed."""
    try:
        found = metadata(name)
    except PackageNotFoundError:
        return None
    classifiers = [
        each.rpartition(":: ")[2] for each in found.get_all("Classifier") or () if each.startswith("License ::")
    ]
    short = "".join(found.get_all("License") or ()).removeprefix("License :: OSI Approved :: ")
    said = [short] if 0 < len(short) <= 40 and "\n" not in short else classifiers
    named = "".join(found.get_all("License-Expression") or ()) or " AND ".join(SPDX.get(each, each) for each in said)
    return named or "not said"


def needed_by() -> Mapping[str, Sequence[str]]:
    """Return who needs each pinned package: the wheel, an extra of it, the services; tools where nobody else does.

    The extra `spark` is not here: its packages are pinned in integration/spark.
    """
    described = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = described["project"]["optional-dependencies"]
    roots = {
        "the wheel": described["project"]["dependencies"],
        **{f"extra {name}": lines for name, lines in extras.items() if name != "spark"},
        "the services": described["dependency-groups"]["reference"],
    }
    blocks = pins()
    parents = {name: set(re.findall(r"^ +# +(?:via )?([\w.-]+)$", block, re.M)) for name, block in blocks.items()}
    users: dict[str, list[str]] = {name: [] for name in blocks}
    for user, lines in roots.items():
        reached = {normalized(line) for line in lines}
        while more := {name for name, by in parents.items() if by & reached} - reached:
            reached |= more
        for name in reached:
            users[name].append(user)
    return {name: found or ["tools"] for name, found in users.items()}


def rows_of_page() -> Mapping[str, str]:
    """Return the licences that the page names, by package."""
    return dict(re.findall(r"^\| `([\w.-]+)` \| ([^|]+) \|", PAGE.read_text(), re.M))


def as_markdown() -> str:
    """Return the table: every package that constraints.txt pins, its licence and who needs it."""
    users, known = needed_by(), rows_of_page()
    rows = (
        f"| `{name}` | {licence(name) or known.get(name, 'not installed here')} | {', '.join(users[name])} |\n"
        for name in sorted(users)
    )
    return HEAD + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
