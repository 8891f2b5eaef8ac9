"""What is mutated, and by which tests the mutants are to be noticed: subjects.toml, checked as it is read."""

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
    """What cannot be run, in one line."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Code and the tests that judge its mutants.

    `copy` are the files and folders that the tests need, all below the checkout; `source` is the folder among them
    that is mutated, in the files of `mutate` (globs). `sample` is how many mutants are tried, all where it is 0; which
    ones, `seed` and their names decide. `bar` is the least score, 0 to 1. `left_out` maps globs of `file function` to
    the reason why these tests have no business with them. `folder` holds the file of the explained survivors.
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
        """The file of the survivors that are explained."""
        return self.folder / f"survivors_{self.name}.toml"

    def leaves_out(self, file: str, function: str) -> bool:
        """Whether a function (`name` or `Class.name`) is none of these tests' business."""
        return any(fnmatchcase(f"{file} {function}", glob) for glob in self.left_out)


def load_subjects(file: Path = SUBJECTS) -> Mapping[str, Subject]:
    """The subjects by name; raises SubjectError where the file says what is not known, or not enough."""
    known = {each.name for each in fields(Subject)} - {"name", "folder"}
    return {name: _subject(name, said, known) for name, said in tomllib.loads(file.read_text()).items()}


def _subject(name: str, said: Mapping[str, Any], known: set[str]) -> Subject:
    if unknown := said.keys() - known:
        raise SubjectError(f"{name}: {min(unknown)} is not known; one of {', '.join(sorted(known))}")
    try:
        return Subject(name, **said)
    except TypeError as error:
        raise SubjectError(f"{name}: {error}") from None
