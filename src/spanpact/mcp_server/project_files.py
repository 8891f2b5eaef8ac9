"""Which files and stores tools may read: those of the project, and what the person who starts the server allows."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from spanpact.contract.loader.folders import FolderSearch
from spanpact.errors import UsageError

MOST_PATHS: Final = 200
"""Paths of contracts in one call: each is searched for files."""
LONGEST_TEXT: Final = 4096
"""Characters of a path or another argument."""
STORES: Final = ("jaeger:", "clickhouse:", "tempo:", "zipkin:")
"""How sources begin that are no files."""


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """The root of a project, further folders, and the stores that may be asked. Links are followed before a check."""

    root: Path
    folders: Sequence[Path] = ()
    stores: Sequence[str] = ()

    @classmethod
    def of(cls, root: str, allowed: Iterable[str]) -> ProjectFiles:
        """Return the project in a folder. Raise UsageError for what is no folder and no store."""
        stores = tuple(each for each in allowed if each.startswith(STORES))
        folders = tuple(_folder(each) for each in allowed if not each.startswith(STORES))
        return cls(_folder(root), folders, stores)

    def contracts(self, paths: Sequence[str]) -> list[str]:
        """Return contract files and folders as arguments. Raise UsageError where one leads out of the project."""
        if not paths:
            raise UsageError("no contracts are given", hint="name contract files, or folders that hold some")
        if len(paths) > MOST_PATHS:
            raise UsageError(f"more than {MOST_PATHS} paths of contracts", hint="name folders that hold them")
        arguments = [self._path(each) for each in paths]
        for found in FolderSearch().files(self.root / each for each in arguments):
            self._check(found.path)
        return arguments

    def source(self, text: str) -> str:
        """Return a trace file, or the address of a store that is allowed. Raise UsageError for others."""
        check_length(text)
        if any(text == store or text.startswith(f"{store}?") for store in self.stores):
            return text
        if text.startswith(STORES):
            allowed = ", ".join(self.stores) or "none: start the server with --allow ADDRESS"
            raise UsageError("this store may not be asked", hint=f"allowed: {allowed}")
        return self.file(text)

    def file(self, text: str) -> str:
        """Return a file as an argument. Raise UsageError where it leads out of the project, or is no file."""
        argument = self._path(text)
        if not (self.root / argument).is_file():
            raise UsageError(f"there is no file {text!r}", hint="accepted: a path from the root of the project")
        return argument

    def report(self, text: str) -> str:
        """Return a saved report as an argument. Raise UsageError where it names a contract out of the project."""
        argument = self.file(text)

        def check(pairs: list[tuple[str, Any]]) -> None:
            for name, value in pairs:
                if name == "file" and isinstance(value, str):
                    self._check(self.root / value)

        try:
            json.loads((self.root / argument).read_bytes(), object_pairs_hook=check)
        except (ValueError, RecursionError):
            raise UsageError(
                f"{text!r} is no report", hint="save one with: spanpact verify … --format json=FILE"
            ) from None
        return argument

    def _path(self, text: str) -> str:
        """Return a path from the root that no command line takes for an option or a store; else the whole path."""
        check_length(text)
        real = self._check(self.root / text)
        if not real.is_relative_to(self.root):
            return str(real)
        argument = os.path.relpath(real, self.root)
        return f"./{argument}" if argument.startswith("-") or ":" in argument else argument

    def _check(self, path: Path) -> Path:
        try:
            real = Path(os.path.realpath(path))
        except ValueError:
            raise UsageError("not a path") from None
        if not any(real.is_relative_to(each) for each in (self.root, *self.folders)):
            raise UsageError(
                f"{str(path)!r} is outside of the project",
                hint="accepted: files of the project; --allow FOLDER adds one",
            )
        return real


def check_length(text: str) -> None:
    """Raise UsageError for an argument that is too long: its error would be as long, and no process could take it."""
    if len(text) > LONGEST_TEXT:
        raise UsageError("an argument is too long", hint=f"accepted: at most {LONGEST_TEXT:,} characters")


def _folder(text: str) -> Path:
    real = Path(os.path.realpath(text))
    if not real.is_dir():
        raise UsageError(f"there is no folder {text}", hint="accepted: a folder, or a store such as jaeger:http://…")
    return real
