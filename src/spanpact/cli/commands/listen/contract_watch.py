"""Notice that contract files have changed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from spanpact.contract.loader.folders import FolderSearch, is_folder
from spanpact.errors import UsageError

_YAML: Final = (".yaml", ".yml")
_State: TypeAlias = tuple[tuple[str, int, int, int], ...]


class ContractWatch:
    """The contract files of a command line, and the fragments next to them, as they were when they were last looked at.

    A change is a file that comes, goes, or has another time, size or inode.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths
        self._state = self._look()

    def has_changed(self) -> bool:
        """Return whether something has changed since the last call."""
        state = self._look()
        changed = state != self._state
        self._state = state
        return changed

    def _look(self) -> _State:
        found = set[Path]()
        try:
            for path in map(Path, self._paths):
                files = [each.path for each in FolderSearch().files([path])] if is_folder(path) else [path]
                found.update(files)
                for folder in {file.parent for file in files}:  # a fragment has any name
                    found.update(each for each in folder.iterdir() if each.suffix in _YAML)
        except (OSError, UsageError):
            pass  # a folder that cannot be read now: loading says why
        return tuple(sorted(_states(found)))


def _states(files: set[Path]) -> Iterator[tuple[str, int, int, int]]:
    for file in files:
        try:
            status = os.stat(file)
        except OSError:
            continue
        yield str(file), status.st_mtime_ns, status.st_size, status.st_ino
