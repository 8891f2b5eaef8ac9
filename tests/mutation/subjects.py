"""Read subjects.toml: what is mutated, and which tests must notice the mutants."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SUBJECTS = HERE / "subjects.toml"


class SubjectError(Exception):
    """Raised with one line about what cannot be run."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Code, and the tests that must notice its mutants.

    - `copy`: the files and folders that the tests need, below the checkout; `source`: the folder among them that is
      mutated, in the files that match `mutate` (globs).
    - `sample`: how many mutants are tried, 0 for all; `seed` and their names decide which.
    - `bar`: the least score, 0 to 1.
    - `left_out`: globs of `file function` that these tests need not notice, with the reason.
    - `folder`: where the file of the explained survivors is.
    """

    name: str
    about: str
    copy: Sequence[str]
    source: str
    mutate: Sequence[str]
    tests: Sequence[str]
    bar: float
    sample: int = 0
    seed: int = 0
    timeout_factor: float = 5.0
    left_out: Mapping[str, str] = field(default_factory=dict)
    folder: Path = HERE

    @property
    def survivors(self) -> Path:
        """Return the file of the explained survivors."""
        return self.folder / f"survivors_{self.name}.toml"

    def leaves_out(self, file: str, function: str) -> bool:
        """Return whether these tests need not notice mutants of a function (`name` or `Class.name`)."""
        return any(fnmatchcase(f"{file} {function}", glob) for glob in self.left_out)


def load_subjects(file: Path = SUBJECTS) -> Mapping[str, Subject]:
    """Return the subjects by name. Raise SubjectError for an unknown or missing key."""
    known = {each.name for each in fields(Subject)} - {"name", "folder"}
    return {name: _subject(name, keys, known) for name, keys in tomllib.loads(file.read_text()).items()}


def _subject(name: str, keys: Mapping[str, Any], known: set[str]) -> Subject:
    if unknown := keys.keys() - known:
        raise SubjectError(f"{name}: {min(unknown)} is not known; one of {', '.join(sorted(known))}")
    try:
        return Subject(name, **keys)
    except TypeError as error:
        raise SubjectError(f"{name}: {error}") from None
