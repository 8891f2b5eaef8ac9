"""The manifest of an archive: what belongs to it. A file that it does not list does not exist for readers.

It is written anew for each commit, under another name, and renamed: it is always one whole state.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from spanpact.errors import SourceError
from spanpact.otlp.unread import UnreadFields
from spanpact.sources.archive.rows.columns import AttributeColumn
from spanpact.sources.archive.rows.schema import FORMAT, MANIFEST, VERSION
from spanpact.trace.model import UnreadField

_NOT_ONE: Final = "accepted: a folder that `spanpact archive write` has made"


class ArchivedSource(msgspec.Struct):
    """A source whose spans and log records are in the archive: what it is, and how far it was read.

    `identity` is the size of a file and the time of its last change, "" for other sources. `documents` were read of it,
    with the numbers (`seq`) from `first` until before `end`. `signals` are those that its documents have fields for.
    """

    name: str
    identity: str = ""
    capabilities: list[str] = []
    resolution_ns: int = 1
    version: str = ""
    signals: list[str] = []
    unread: list[UnreadField] = []
    documents: int = 0
    first: int = 0
    end: int = 0
    complete: bool = False


class PartFile(msgspec.Struct):
    """A file of one table: its path from the archive's folder, and its number of rows."""

    path: str
    rows: int


class Commit(msgspec.Struct):
    """What was added at once: the numbers from `first` until before `end`, and the files of each table."""

    first: int
    end: int
    spans: list[PartFile] = []
    contents: list[PartFile] = []
    logs: list[PartFile] = []

    @property
    def files(self) -> list[PartFile]:
        """Return the files of all tables."""
        return [*self.spans, *self.contents, *self.logs]


class Manifest(msgspec.Struct):
    """All of an archive. `columns` are the columns of attributes, `partitions` how many ranges of trace ids there are.

    `next_content` is the number of the next content.
    """

    format: str = FORMAT
    version: int = VERSION
    partitions: int = 16
    columns: list[tuple[str, str, str]] = []
    sources: list[ArchivedSource] = []
    commits: list[Commit] = []
    next_content: int = 0

    @property
    def spans(self) -> int:
        """Return the number of spans."""
        return sum(file.rows for commit in self.commits for file in commit.spans)

    @property
    def records(self) -> int:
        """Return the number of log records."""
        return sum(file.rows for commit in self.commits for file in commit.logs)

    @property
    def end(self) -> int:
        """Return the number that the next span or log record gets."""
        return self.commits[-1].end if self.commits else 0

    def unread(self) -> Sequence[UnreadField]:
        """Return the unknown fields of all sources."""
        unread = UnreadFields()
        for each in self.sources:
            unread.update(each.unread)
        return unread.fields()

    def attribute_columns(self) -> list[AttributeColumn]:
        """Return the columns of attributes."""
        return [AttributeColumn(*each) for each in self.columns]  # type: ignore[arg-type]


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of an archive. Raise SourceError where there is none, or one that is not understood."""
    path = folder / MANIFEST
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise SourceError(f"{folder}: is no archive: it has no {MANIFEST}", hint=_NOT_ONE) from None
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from None
    return parsed_manifest(data, str(path))


def parsed_manifest(data: bytes | str, name: str) -> Manifest:
    """Return the manifest in a text. Raise SourceError, which calls it `name`, for what is not understood."""
    try:
        head: Any = json.loads(data)
    except ValueError:
        raise SourceError(f"{name}: is damaged: it is no JSON", hint="write the archive anew") from None
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise SourceError(f"{name}: is no manifest of an archive", hint=_NOT_ONE)
    if head.get("version") != VERSION:
        found = head.get("version")
        hint = f"this spanpact reads version {VERSION}: use the spanpact that wrote it, or write the archive anew"
        raise SourceError(f"{name}: the schema has version {found!r}", hint=hint)
    try:
        return msgspec.convert(head, Manifest)
    except msgspec.ValidationError as error:
        raise SourceError(f"{name}: is damaged: {error}", hint="write the archive anew") from None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest as a whole: after a crash at any point there is the old one or this one."""
    data = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    written = folder / f"{MANIFEST}.tmp"
    with open(written, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(written, folder / MANIFEST)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make sure that the names of a folder's files survive a crash of the machine."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
