"""Open contract files, and the fragments that `extends` names."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

from spanpact.contract.document import Location, Mapping, quote
from spanpact.contract.file_names import OWN_SUFFIXES, SUFFIXES
from spanpact.contract.loader.folders import is_foreign
from spanpact.contract.yaml_reader import MAX_BYTES, from_yaml
from spanpact.errors import ContractError, UsageError


@dataclass(slots=True)
class ContractFiles:
    """Opens contract files, each once. Fragments must be below `root`."""

    root: Path
    _documents: dict[Path, Mapping] = field(default_factory=dict)

    def document(self, path: Path) -> Mapping:
        """Return the document of a file; its places have the path as given.

        Raise UsageError for a file that cannot be read, ContractError for one that is not a document.
        """
        real = real_path(path)
        if real not in self._documents:
            self._documents[real] = from_yaml(_read(path), file=str(path))
        return self._documents[real]

    def is_foreign(self, path: Path) -> bool:
        """Return whether a file is of another tool. Raise UsageError for one that cannot be read."""
        if path.name.endswith(OWN_SUFFIXES):
            return False
        try:
            document = self.document(path)
        except ContractError:
            return is_foreign(_read(path), None)
        return is_foreign(b"", document)

    def resolve(self, path: Path, name: str, location: Location) -> Path:
        """Return the path of `name` relative to the file `path`. Raise ContractError where it is not below `root`."""
        target = resolve_inside(path.parent, name, location, root=self.root)
        try:
            found = target.is_file()
        except OSError as error:
            raise location.error(f"cannot read {quote(str(target))}: {error.strerror}") from None
        if not found:
            raise location.error(f"there is no file {quote(str(target))}")
        return target


def resolve_inside(folder: Path, name: str, location: Location, *, root: Path) -> Path:
    """Return `folder/name`. Raise ContractError unless it is a relative path without `..` that is within `root`.

    Links are followed.
    """
    parts = PurePosixPath(name).parts
    hint = "accepted: a file in the same folder or below it"
    foreign = "://" in name or "\\" in name or "\0" in name or PureWindowsPath(name).drive
    if foreign or PurePosixPath(name).is_absolute():
        raise location.error(f"{quote(name)} is not a relative path", hint=hint)
    if ".." in parts:
        raise location.error(f"{quote(name)} leads out of its folder", hint=hint)
    target = folder.joinpath(*parts)
    if not real_path(target).is_relative_to(real_path(root)):
        raise location.error(f"{quote(name)} is a link that leads out of the contracts' folder")
    return target


def real_path(path: Path) -> Path:
    """Return the path with links followed. A loop of links is left as it is: it is not a file."""
    try:
        return Path(os.path.realpath(path))
    except ValueError:
        raise UsageError(f"{quote(str(path))} is not a valid path") from None


def _similar_file(path: Path) -> str:
    """Return a hint at the contract file of the same folder whose name is most similar; "" if none is."""
    import difflib

    try:
        names = sorted(each.name for each in path.parent.iterdir() if each.name.endswith(SUFFIXES))
    except OSError:
        return ""
    near = difflib.get_close_matches(path.name, names, 1)
    return f"did you mean {quote(near[0])}?" if near else ""


def _read(path: Path) -> bytes:
    try:
        if not path.is_file():  # reading a device or a pipe might never end
            raise UsageError(f"there is no contract file {quote(str(path))}", hint=_similar_file(path))
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read {quote(str(path))}: {error.strerror}") from None
