"""Find the contract files of a folder, and report what is not read there."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from spanpact.contract.document import Mapping
from spanpact.contract.file_names import SUFFIXES
from spanpact.errors import UsageError

Notify: TypeAlias = Callable[[str], None]
"""Takes one line about what was not read."""

_INSTALLED: Final = frozenset(["node_modules", "site-packages", "__pycache__"])
_ENVIRONMENT: Final = "pyvenv.cfg"  # the file that marks a Python virtual environment, whatever its name
_OWN_KEY: Final = re.compile(rb"^[\xef\xbb\xbf{\s]*[\"']?spanpact\b", re.MULTILINE)
_OWN_KINDS: Final = frozenset(["contract", "fragment"])
_OWN_BODY: Final = frozenset(["span", "children", "descendants", "every", "aliases", "classes"])
_MOST_LISTED: Final = 5


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A contract file, the folder that its fragments must be in, and whether it was named itself."""

    root: Path
    path: Path
    named: bool


@dataclass(slots=True)
class FolderSearch:
    """Finds contract files, and notes what it does not read: folders, and files of other tools."""

    folders: list[str] = field(default_factory=list)
    linked: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def files(self, paths: Iterable[str | os.PathLike[str]]) -> Iterator[FoundFile]:
        """Yield each contract file in `paths`, or found below a folder in `paths`.

        Raise UsageError for a folder that cannot be read.
        """
        for given in paths:
            path = Path(given)
            if is_folder(path):
                yield from (FoundFile(path, file, named=False) for file in self._below(path))
            else:
                yield FoundFile(path.parent, path, named=True)

    def _below(self, folder: Path) -> Iterator[Path]:
        """Yield the contract files below a folder in alphabetical order, without installed and hidden folders."""
        for place, folders, names in os.walk(folder, onerror=_refuse):
            folders.sort()
            for name in tuple(folders):
                path = Path(place, name)
                skipped = self.linked if path.is_symlink() else self.folders if _is_skipped(path) else None
                if skipped is not None:
                    folders.remove(name)
                    skipped.append(str(path))
            yield from (Path(place, name) for name in sorted(names) if name.endswith(SUFFIXES))

    def notices(self) -> Iterator[str]:
        """Yield a line for each kind of thing that was found and not read."""
        for found, what in (
            (self.folders, "hidden or installed, so not searched for contracts"),
            (self.linked, "links to folders, so not searched for contracts"),
            (self.foreign, "without the key `spanpact`, so not read as contracts"),
        ):
            if found:
                more = f" and {len(found) - _MOST_LISTED} more" if len(found) > _MOST_LISTED else ""
                yield f"note: {', '.join(found[:_MOST_LISTED])}{more}: {what}; name one to read it"


def is_folder(path: Path) -> bool:
    """Return whether the path is a folder. Raise UsageError where that cannot be found out."""
    try:
        return path.is_dir()
    except OSError as error:
        raise _unreadable(path, error) from None


def _refuse(error: OSError) -> None:
    raise _unreadable(Path(error.filename), error)


def _unreadable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"cannot read {path}: {error.strerror}")


def _is_skipped(folder: Path) -> bool:
    return folder.name.startswith(".") or folder.name in _INSTALLED or os.path.exists(folder / _ENVIRONMENT)


def is_foreign(data: bytes, document: Mapping | None) -> bool:
    """Return whether a file is certainly of another tool: it has no key `spanpact`, and does not look like a contract.

    `document` is None where the file cannot be read as one.
    """
    if document is None:
        return bool(data.strip()) and not _OWN_KEY.search(data)
    keys = document.items.keys()
    return "spanpact" not in keys and not (keys & _OWN_KINDS and keys & _OWN_BODY)
